"""What goes live, how, and back: releases, staging, rollouts, rollback, and what nodes are sent each time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.console.model.access import Scope
from runtime.console.model.reasons import Reason
from runtime.console.model.refusal import Refused
from runtime.console.model.verdict import Seen
from tests.console.service.world import OPERATOR, SCRIPT, START, refused


def served(world, environment="production", domain="shop"):
    """`{script: version}` of each release that nodes are sent, in order."""
    document = world.document(domain, environment)
    if document is None:
        return []
    return [{script.name: script.version for script in release.scripts} for release in document.releases]


@pytest.fixture
def me(world):
    return world.domain()


def test_a_first_release_goes_to_all_at_once(world, me):
    world.version(me)
    rollout = world.publish(me, percent=5)
    assert (rollout.state, rollout.percent, rollout.from_release, rollout.to_release) == (
        "completed",
        100,
        None,
        1,
    )
    assert rollout.reason == "the first release: nothing to go from by steps"
    assert rollout.reasons == (Reason("first-release"),)
    assert served(world, "staging") == [{"auth": 1}]
    assert served(world) == []


def test_a_first_release_for_some_pools_is_refused(world, me):
    world.version(me)
    assert refused(world.publish, me, pools=("p",)).code == "invalid"


def test_from_staging_by_steps_to_all(world, me):
    world.live(me)
    world.version(me)
    assert world.publish(me).state == "completed"
    rollout = world.publish(me, "production")
    assert (rollout.state, rollout.percent, rollout.scripts) == ("running", 5, {"auth": (1, 2)})
    assert served(world) == [{"auth": 1}, {"auth": 2}]
    split = world.document().split
    assert (split.percent, split.sticky) == (5.0, "client_ip")
    for percent in (25, 100):
        rollout = world.console.publishing.promote(me, "shop", rollout.id)
        assert rollout.percent == percent
    assert rollout.state == "completed"
    assert served(world) == [{"auth": 2}]
    assert world.document().split is None
    assert world.environment(me).release == rollout.to_release


def test_of_many_who_promote_at_once_from_one_step_one_does(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    rollout = world.publish(me, "production", steps=[5, 10, 20, 40, 80])
    promote = world.console.publishing.promote

    def attempt(_):
        try:
            return promote(me, "shop", rollout.id, seen=5).percent
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(6) as people:
        ends = [*people.map(attempt, range(6))]
    assert sorted(ends, key=str) == [10, *["conflict"] * 5]
    assert world.console.publishing.rollout(me, "shop", rollout.id).percent == 10


def test_clients_stay_on_their_side_from_step_to_step(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    rollout = world.publish(me, "production", sticky="cookie:id")
    salt = world.document().split.salt
    world.console.publishing.promote(me, "shop", rollout.id)
    assert (world.document().split.salt, world.document().split.sticky) == (salt, "cookie:id")


def test_aborting_gives_back_the_release_from_before(world, me):
    number = world.live(me)
    world.version(me)
    world.publish(me)
    rollout = world.publish(me, "production")
    aborted = world.console.publishing.abort(me, "shop", rollout.id, "looks wrong")
    assert (aborted.state, aborted.reason, aborted.reasons) == ("aborted", "looks wrong", ())
    assert served(world) == [{"auth": 1}]
    assert world.environment(me).release == number
    assert world.environment(me).rollout is None


def test_one_rollout_at_a_time(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    rollout = world.publish(me, "production")
    refusal = refused(world.publish, me, "production", settings=True)
    assert (refusal.code, refusal.extra["rollout"]) == ("rollout-running", rollout.id)
    assert refused(world.publish, me, "production").code == "rollout-running"


def test_production_wants_what_was_live_in_staging(world, me):
    world.live(me)
    world.version(me)
    world.version(me, "other")
    refusal = refused(world.publish, me, "production")
    assert (refusal.code, refusal.extra["scripts"]) == ("not-staged", ["auth", "other"])
    world.publish(me, scripts={"other": None})
    assert refused(world.publish, me, "production").extra["scripts"] == ["auth"]
    assert refused(world.publish, me, "production", skip_staging=True).code == "invalid"
    assert world.publish(me, "production", skip_staging=True, message="a fire").state == "running"


def test_what_was_live_in_staging_once_may_go_on(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    world.version(me)
    world.publish(me)
    assert world.publish(me, "production", scripts={"auth": 2}).state == "running"


def test_a_release_that_was_aborted_in_staging_was_not_live_there(world, me):
    world.live(me)
    world.version(me)
    rollout = world.publish(me, percent=50)
    world.console.publishing.abort(me, "shop", rollout.id)
    assert refused(world.publish, me, "production").code == "not-staged"


# What is live: a@1, b@1. Latest: a@2, b@2. What is published, and what the release has.
PUBLISHED = [
    ({}, {"a": 2, "b": 2}),
    ({"scripts": {"a": 2}}, {"a": 2, "b": 1}),
    ({"scripts": {"a": None}}, {"a": 2, "b": 1}),
    ({"scripts": {}, "remove": ("b",)}, {"a": 1}),
    ({"remove": ("b",)}, {"a": 2}),
    ({"scripts": {"a": 2}, "remove": ("a", "b")}, {}),
    ({"scripts": {"a": 3}}, "not-found"),
    ({"scripts": {"a": 0}}, {"a": 2, "b": 1}),
    ({"scripts": {"c": None}}, "not-found"),
    ({"scripts": {"../a": None}}, "invalid"),
    ({"remove": ("c",)}, "invalid"),
    ({"scripts": {"a": 1}}, "conflict"),
    ({"scripts": {}}, "conflict"),
    ({"steps": (5,), "percent": 5}, "invalid"),
    ({"steps": ()}, {"a": 2, "b": 2}),
    ({"percent": 0}, "invalid"),
]


@pytest.mark.parametrize(("wanted", "result"), PUBLISHED)
def test_what_a_release_has(world, me, wanted, result):
    for script in ("a", "b"):
        world.version(me, script)
    world.publish(me)
    for script in ("a", "b"):
        world.version(me, script, f"{SCRIPT}# new\n")
    if isinstance(result, str):
        assert refused(world.publish, me, **wanted).code == result
    else:
        world.publish(me, **wanted)
        assert world.environment(me, "staging").live == result


def test_settings_go_live_when_they_are_asked_for(world, me):
    world.live(me)
    settings = {**world.console.domains.get(me, "shop").settings, "redirect_https": True}
    world.console.domains.change_settings(me, "shop", settings, 1)
    world.version(me)
    world.publish(me, scripts={"auth": 2})
    assert "redirect_https" not in world.document(environment="staging").settings
    rollout = world.publish(me, "production", settings=True)
    document = world.document()
    assert "redirect_https" not in document.settings
    assert document.settings_of(document.releases[1])["redirect_https"] is True
    world.console.publishing.promote(me, "shop", rollout.id, 100)
    assert world.document().settings["redirect_https"] is True


def test_rolling_back_twice_goes_further_back(world, me):
    releases = [world.live(me)]
    for _ in range(2):
        world.passes(1)
        releases.append(world.live(me))
    assert world.console.publishing.rollback(me, "shop", "production").to_release == releases[1]
    assert served(world) == [{"auth": 2}]
    rollout = world.console.publishing.rollback(me, "shop", "production", message="still bad")
    assert (rollout.to_release, rollout.state, rollout.percent) == (releases[0], "completed", 100)
    assert served(world) == [{"auth": 1}]
    assert refused(world.console.publishing.rollback, me, "shop", "production").code == "conflict"
    assert world.console.publishing.rollback(me, "shop", "production", releases[2]).to_release == releases[2]


def test_a_rollback_ends_a_rollout(world, me):
    number = world.live(me)
    world.version(me)
    world.publish(me)
    running = world.publish(me, "production")
    back = world.console.publishing.rollback(me, "shop", "production")
    assert (back.from_release, back.to_release) == (running.to_release, number)
    assert world.console.publishing.rollout(me, "shop", running.id).state == "cancelled"
    assert served(world) == [{"auth": 1}]


def test_nobody_goes_back_to_what_was_never_live(world, me):
    assert refused(world.console.publishing.rollback, me, "shop", "production").code == "conflict"
    number = world.live(me)
    staged = number - 1
    assert refused(world.console.publishing.rollback, me, "shop", "production", staged).code == "conflict"
    assert refused(world.console.publishing.rollback, me, "shop", "production", number).code == "conflict"
    assert refused(world.console.publishing.rollback, me, "shop", "nowhere").code == "invalid"


def test_a_rollback_serves_code_that_was_swept(world, me):
    world.live(me)
    world.passes(1)
    world.live(me)
    world.passes(10 * 86_400)
    assert world.console.bundles.sweep() > 0
    world.console.publishing.rollback(me, "shop", "production")
    [release] = world.document().releases
    assert world.text(release.scripts[0].code).startswith(b"ESC")


def test_a_step_raises_the_generation_and_nodes_are_told(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    world.told.clear()
    rollout = world.publish(me, "production")
    moved = world.console.publishing.promote(me, "shop", rollout.id)
    assert world.told == [("production", rollout.generation), ("production", moved.generation)]
    assert moved.generation > rollout.generation
    assert world.manifest(newer_than=rollout.generation).generation == moved.generation


def test_nothing_is_told_of_what_was_refused(world, me):
    world.live(me)
    world.told.clear()
    before = world.console.audit.verify(me).entries
    refused(world.publish, me, "production")
    assert (world.told, world.console.audit.verify(me).entries) == ([], before)


def counted(**by_release):
    """What `consider` asks of figures: by release, as `r1=Seen(...)`."""
    return lambda _domain, _environment, release, _since: by_release.get(f"r{release}", Seen())


@pytest.fixture
def rollout(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    return world.publish(me, "production", hold_s=60)


FINE = Seen(requests=1000, executions=1000, fuel=1000)
FAULTY = Seen(requests=1000, executions=1000, exceptions=100, fuel=1000)


def test_figures_end_a_rollout(world, me, rollout):
    figures = {f"r{rollout.from_release}": FINE, f"r{rollout.to_release}": FAULTY}
    [ended] = world.console.publishing.consider(counted(**figures))
    assert (ended.state, ended.reason) == (
        "aborted", "script errors: 10 % against 0 % before, more than 1 % above",
    )  # fmt: skip
    assert ended.reasons == (Reason("exceptions", {"now": 0.1, "was": 0.0, "margin": 0.01}),)
    assert world.console.publishing.rollout(me, "shop", ended.id).reasons == ended.reasons
    assert (ended.figures.before, ended.figures.after) == (FINE, FAULTY)
    assert served(world) == [{"auth": 1}]
    [entry] = world.console.audit.list(me, "shop", 1).items
    assert (entry.action, entry.who) == ("rollout.abort", "console")
    assert world.console.publishing.consider(counted(**figures)) == []


def test_good_figures_let_it_go_on_by_itself(world, rollout):
    figures = {f"r{rollout.from_release}": FINE, f"r{rollout.to_release}": FINE}
    assert world.console.publishing.consider(counted(**figures)) == []
    world.passes(60)
    [moved] = world.console.publishing.consider(counted(**figures))
    assert (moved.percent, moved.state) == (25, "running")
    assert world.console.publishing.consider(counted(**figures)) == []
    world.passes(60)
    [moved] = world.console.publishing.consider(counted(**figures))
    assert (moved.percent, moved.state) == (100, "completed")
    world.passes(60)
    assert world.console.publishing.consider(counted(**figures)) == []


@pytest.mark.usefixtures("rollout")
def test_a_step_is_held_for_its_time_whatever_the_clock_is_set_to(world):
    def moved():
        return [each.percent for each in world.console.publishing.consider(counted())]

    assert moved() == []
    world.now += 3600  # set forward: the step is as short as it was
    world.passes(59)
    assert moved() == []
    world.passes(1)
    assert moved() == [25]
    assert moved() == []
    world.now -= 86_400  # set back: the step is as long as it was
    world.passes(60)
    assert moved() == [100]


@pytest.mark.usefixtures("rollout")
def test_figures_count_though_the_clock_is_set_back(world):
    asked = []

    def figures(_domain, _environment, _release, since):
        asked.append(since)
        return Seen()

    world.console.publishing.consider(figures)
    world.now -= 86_400
    for _ in range(3):
        world.console.publishing.consider(figures)
        world.passes(100)
    assert set(asked) == {START, START - 86_400}  # every release of the rollout, from then on


@pytest.mark.usefixtures("rollout")
def test_a_console_that_was_away_looks_on_before_it_takes_a_step(world):
    world.console.publishing.consider(counted())
    world.close()
    world.passes(1000)
    world.open()
    assert world.console.publishing.consider(counted()) == []
    world.passes(59)
    assert world.console.publishing.consider(counted()) == []
    world.passes(1)
    assert [each.percent for each in world.console.publishing.consider(counted())] == [25]


def test_bad_figures_go_before_a_step_that_is_due(world, rollout):
    world.passes(1000)
    figures = {f"r{rollout.from_release}": FINE, f"r{rollout.to_release}": FAULTY}
    assert [each.state for each in world.console.publishing.consider(counted(**figures))] == ["aborted"]


def test_figures_are_shown_while_it_runs(world, me, rollout):
    world.console.publishing.consider(counted(**{f"r{rollout.to_release}": FINE}))
    assert world.console.publishing.rollout(me, "shop", rollout.id).figures.after == FINE


def test_releases_say_what_they_can_be_gone_back_to(world, me):
    world.live(me)  # 1 in staging, 2 in production
    world.version(me)
    world.publish(me)  # 3
    aborted = world.publish(me, "production")  # 4
    world.console.publishing.abort(me, "shop", aborted.id)
    world.console.publishing.rollback(me, "shop", "staging", to=1)
    found = {each.number: each.been_live for each in world.console.publishing.releases(me, "shop").items}
    assert found == {4: (), 3: ("staging",), 2: ("production",), 1: ("staging",)}
    roll_back = world.console.publishing.rollback
    for number, environment in ((4, "production"), (4, "staging"), (2, "staging")):
        assert refused(roll_back, me, "shop", environment, to=number).code == "conflict"


def test_lists_of_rollouts_and_releases(world, me):
    world.live(me)
    world.version(me)
    world.publish(me)
    rollouts = world.console.publishing.rollouts(me, "shop", 2)
    assert [(each.id, each.environment) for each in rollouts.items] == [(3, "staging"), (2, "production")]
    only = world.console.publishing.rollouts(me, "shop", environment="production")
    assert [each.id for each in only.items] == [2]
    releases = world.console.publishing.releases(me, "shop")
    assert [(each.number, each.live) for each in releases.items] == [
        (3, ("staging",)),
        (2, ("production",)),
        (1, ()),
    ]


SCOPES = [(Scope.READ, "forbidden"), (Scope.EDIT, "forbidden"), (Scope.PUBLISH, None)]


@pytest.mark.parametrize(("scope", "code"), SCOPES)
def test_who_may_publish(world, me, scope, code):
    world.version(me)
    who = world.actor(scope=scope)
    if code is None:
        assert world.publish(who).state == "completed"
    else:
        assert refused(world.publish, who).code == code


def test_a_deleted_domain_is_served_no_more(world, me):
    world.live(me)
    world.told.clear()
    world.console.domains.delete(me, "shop")
    assert served(world) == []
    assert {environment for environment, _ in world.told} == {"staging", "production"}
    assert refused(world.console.domains.get, OPERATOR, "shop").code == "not-found"
