"""A store that was put back from a copy goes on above what nodes have seen."""

from tests.console.service.world import OPERATOR, refused


def test_purges_go_on_above_all_numbers_that_were_given_out(world):
    who = world.domain()
    world.live(who)
    for number in (1, 2):
        made = world.console.purges.make(who, "shop", "production", "tag", f"t{number}")
        assert made.seq == number
    seen = world.manifest()
    world.passes(60)
    world.console.recovery.restored(OPERATOR)
    made = world.console.purges.make(who, "shop", "production", "tag", "t3")
    assert made.seq == world.now + 1
    manifest = world.manifest(newer_than=seen.generation)
    assert [(each.seq, each.value) for each in manifest.purges] == [(made.seq, "t3")]
    assert manifest.first_purge_seq == made.seq
    newest = world.console.audit.list(OPERATOR).items
    assert [each.action for each in newest[:2]] == ["purge", "store.restore"]
    assert world.console.audit.verify(OPERATOR).intact


def test_twice_from_the_same_copy_gives_other_numbers(world):
    who = world.domain()
    world.live(who)
    numbers = []
    for _ in range(2):
        world.passes(60)
        world.console.recovery.restored(OPERATOR)
        numbers.append(world.console.purges.make(who, "shop", "production", "tag", "t").seq)
    assert numbers[1] > numbers[0] + 1


def test_an_environment_that_nobody_has_heard_of_has_no_numbers_yet(world):
    who = world.domain()
    world.version(who)
    world.publish(who, "staging")
    world.console.recovery.restored(OPERATOR)
    assert world.console.bundles.generation("production") == 0


def test_customers_may_not(world):
    assert refused(world.console.recovery.restored, world.domain()).code == "forbidden"
