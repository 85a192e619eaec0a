"""A store that was put back from a copy goes on above what nodes have seen."""

import pytest

from runtime.console.service.desk import MAX_AHEAD_S
from tests.console.service.world import OPERATOR, node, refused


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


def next_generation(world, who):
    """The generation of a change in production."""
    return world.console.purges.make(who, "shop", "production", "tag", "t").generation


YEAR_S = 365 * 86_400
AHEAD = [
    # a node says it has had, ahead of the clock; the next change is numbered, ahead of the clock
    (YEAR_S, YEAR_S + 1),
    (MAX_AHEAD_S, MAX_AHEAD_S + 1),
    (MAX_AHEAD_S + 1, 0),
    (2**63 - 1, 0),
    (0, 0),
    (-YEAR_S, 0),
]


@pytest.mark.parametrize(("said", "numbered"), AHEAD)
def test_the_next_change_is_numbered_above_what_nodes_have_had(world, said, numbered):
    who = world.domain()
    world.live(who)
    world.passes(60)
    now = int(world.now)
    world.console.nodes.keep([node("a", min(now + said, 2**63 - 1))])
    assert next_generation(world, who) == now + numbered
    entries = [each for each in world.console.audit.list(OPERATOR).items if each.action == "generation.skip"]
    assert [(each.subject, each.details["above"]) for each in entries] == (
        [("production", now + said)] if numbered else []
    )
    assert world.console.audit.verify(OPERATOR).intact


def test_what_a_node_says_again_and_again_comes_to_no_end_of_the_range(world):
    who = world.domain()
    world.live(who)
    for _ in range(20):
        now = int(world.now)
        world.console.nodes.keep([node("liar", world.console.bundles.generation("production") + MAX_AHEAD_S)])
        newest = next_generation(world, who)
        world.console.nodes.keep([node("liar", now + MAX_AHEAD_S)])
        newest = next_generation(world, who)
    assert newest <= now + MAX_AHEAD_S + 40
    assert world.manifest().generation == newest


def test_a_node_of_another_environment_says_nothing_of_this_one(world):
    who = world.domain()
    world.live(who)
    world.passes(60)
    world.console.nodes.keep([node("a", int(world.now) + YEAR_S, environment="staging")])
    assert next_generation(world, who) == int(world.now)


def test_a_node_that_is_ahead_of_the_store_is_not_current_before_the_next_change(world):
    who = world.domain()
    world.live(who)
    world.console.nodes.keep([node("a", int(world.now) + YEAR_S)])
    [found] = world.console.nodes.list(OPERATOR, "production").items
    assert found.state == "behind"
    assert "the next change" in found.error
    [shown] = world.console.nodes.list(who, "production").items
    assert shown.error == ""
    newest = next_generation(world, who)
    world.console.nodes.keep([node("a", newest)])
    [found] = world.console.nodes.list(OPERATOR, "production").items
    assert (found.state, found.error) == ("current", "")
