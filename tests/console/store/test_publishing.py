"""Releases, what is live where, rollouts, and the numbers that nodes go by."""

import msgspec
import pytest

from runtime.console.store import (
    Conflict,
    Missing,
    blobs,
    documents,
    domains,
    environments,
    generations,
    purges,
    releases,
    rollouts,
)
from runtime.console.store.environments import LiveRow
from runtime.console.store.generations import EnvironmentRow
from runtime.console.store.releases import ReleaseRow
from tests.console.store.conftest import T0
from tests.console.store.given import rollout, shop


def test_releases_are_numbered_in_their_domain(t):
    domains.add(t, "shop", "ann")
    domains.add(t, "news", "ann")
    made = [
        releases.add(t, "shop", settings_revision=3, scripts={"auth": n, "a": 1}, author="ann", message="why")
        for n in (1, 2)
    ]
    other = releases.add(t, "news", settings_revision=1, scripts={}, author="ann", message="")
    assert [release.number for release in [*made, other]] == [1, 2, 1]
    assert releases.get(t, "shop", 2) == ReleaseRow("shop", 2, 3, {"auth": 2, "a": 1}, "ann", "why", T0)
    assert releases.page(t, "shop", 10).items == made[::-1]
    assert releases.many(t, [("shop", 1), ("news", 1), ("news", 2)]) == {
        ("shop", 1): made[0],
        ("news", 1): other,
    }


def test_what_is_live_and_what_was(t):
    shop(t)
    assert environments.live(t, "shop", "staging") is None
    assert environments.of(t, "shop") == {}

    def go(release, version, environment="staging"):
        return environments.go_live(
            t, "shop", environment, release, scripts={"auth": version, "a": 1}, rollout=None, author="ann"
        )

    first, second = go(1, 1), go(2, 5)
    back = go(1, 1)
    assert back == LiveRow("shop", "staging", 3, 1, None, "ann", T0, True)
    assert environments.live(t, "shop", "staging") == back
    assert environments.of(t, "shop") == {"staging": back}
    assert environments.live(t, "shop", "production") is None
    history = environments.history(t, "shop", "staging", 10).items
    assert [(row.release, row.latest) for row in history] == [(1, True), (2, False), (1, False)]
    assert [row.number for row in (back, second, first)] == [row.number for row in history]


@pytest.mark.parametrize(
    ("asked", "been"),
    [
        ({"auth": 1}, {"auth"}),
        ({"auth": 2}, {"auth"}),
        ({"auth": 3}, set()),
        ({"auth": 2, "a": 1, "b": 1}, {"auth", "a"}),
        ({}, set()),
    ],
)
def test_which_versions_have_been_live(t, asked, been):
    shop(t)
    for version in (1, 2):
        environments.go_live(
            t, "shop", "staging", version, scripts={"auth": version, "a": 1}, rollout=None, author="ann"
        )
    assert environments.been_live(t, "shop", "staging", asked) == been
    assert environments.been_live(t, "shop", "production", asked) == set()


def test_a_rollout(t):
    shop(t)
    made = rollout(t)
    assert made.number == 1
    assert rollouts.get(t, "shop", 1) == made == rollouts.running(t, "shop", "production")
    assert rollouts.running(t, "shop", "staging") is None
    assert rollouts.all_running(t) == [made]
    ended = msgspec.structs.replace(
        made, state="aborted", reason="5xx", ended=T0 + 5, percent=25, evidence={"before": 1}
    )
    rollouts.put(t, ended)
    assert rollouts.get(t, "shop", 1) == ended
    assert rollouts.all_running(t) == []


def test_one_runs_at_a_time_where_it_runs(store):
    with store.write() as t:
        shop(t)
        domains.add(t, "news", "ann")
        first = rollout(t)
        rollout(t, environment="staging")
        rollout(t, "news")
        rollout(t, state="completed")
        assert [(row.domain, row.environment) for row in rollouts.all_running(t)] == [
            ("news", "production"),
            ("shop", "production"),
            ("shop", "staging"),
        ]
    with pytest.raises(Conflict):
        store.transact(rollout)
    with pytest.raises(Conflict):
        store.transact(
            lambda t: rollouts.put(
                t,
                msgspec.structs.replace(
                    rollouts.get(t, "shop", 3), environment="production", state="running"
                ),
            )
        )
    with pytest.raises(Missing, match="no rollout 9"):
        store.transact(lambda t: rollouts.put(t, msgspec.structs.replace(first, number=9)))


def test_rollouts_newest_first(t):
    shop(t)
    for environment in ("staging", "production", "staging"):
        rollout(t, environment=environment, state="completed")
    assert [row.number for row in rollouts.page(t, "shop", 10).items] == [3, 2, 1]
    assert [row.number for row in rollouts.page(t, "shop", 10, environment="staging").items] == [3, 1]


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [
        (0, 1000.9, 1000),
        (1000, 1000.9, 1001),
        (1000, 900.0, 1001),
        (2000, 1000.0, 2001),
        (1000, 5000.0, 5000),
    ],
)
def test_a_generation_only_grows(store, clock, before, now, after):
    clock.now = now
    with store.write() as t:
        generations.put(t, EnvironmentRow("staging", before, 1.0, 7, 3))
        assert generations.advance(t, "staging") == after
        assert generations.get(t, "staging") == EnvironmentRow("staging", after, now, 7, 3)


def test_the_first_generation(t):
    assert generations.get(t, "staging") == EnvironmentRow("staging", 0, 0.0, 0, 1)
    assert generations.all(t) == {}
    generation = generations.advance(t, "staging")
    assert generation == int(T0)
    assert generations.all(t) == {"staging": generation}


def purge(t, value, environment="staging"):
    return purges.add(
        t, environment, domain="shop", hosts=["a"], kind="tag", value=value, soft=False, author="ann"
    )


def test_purges_are_numbered_in_their_environment(t):
    assert [purge(t, "a"), purge(t, "b"), purge(t, "c", "production")] == [1, 2, 1]
    assert purges.recent(t, "staging")[1] == purges.PurgeRow(
        "staging", 2, "shop", ["a"], "tag", "b", False, "ann", T0
    )
    assert generations.get(t, "staging").last_purge == 2


@pytest.mark.parametrize(
    ("keep", "before", "left", "first"),
    [
        (10, 0.0, [1, 2, 3, 4], 1),
        (2, 0.0, [3, 4], 3),
        (10, T0 + 25, [4], 4),
        (2, T0 + 15, [3, 4], 3),
        (0, 0.0, [], 5),
        (10, T0 + 99, [], 5),
    ],
)
def test_old_purges_go_and_numbers_go_on(store, clock, keep, before, left, first):
    for number in range(4):
        clock.now = T0 + 10 * number
        store.transact(lambda t: purge(t, "x"))
    with store.write() as t:
        assert purges.prune(t, "staging", keep=keep, before=before) == 4 - len(left)
        assert [row.seq for row in purges.recent(t, "staging")] == left
        assert generations.get(t, "staging").first_purge == first
        assert purges.prune(t, "staging", keep=keep, before=before) == 0
        assert purge(t, "next") == 5


def test_blobs_by_either_digest(t):
    blobs.put(t, [("aa", "11", b"sealed a"), ("bb", "22", b"sealed b")])
    assert blobs.get(t, "aa") == b"sealed a"
    assert blobs.get(t, "11") is None
    assert blobs.by_plain(t, ["11", "33"]) == {"11": blobs.BlobRef("aa", "11", 8)}
    blobs.put(t, [("aa", "11", b"sealed a")])
    assert blobs.get(t, "aa") == b"sealed a"
    blobs.put(t, [])


def test_blobs_that_nobody_uses_go(store, clock):
    store.transact(lambda t: blobs.put(t, [("aa", "11", b"a"), ("bb", "22", b"b"), ("cc", "33", b"c")]))
    clock.now = T0 + 100
    with store.write() as t:
        blobs.touch(t, ["aa", "nothing"])
        blobs.put(t, [("bb", "22", b"b")])
    with store.write() as t:
        assert blobs.prune(t, T0 + 50) == 1
        assert [name for name in ("aa", "bb", "cc") if blobs.get(t, name)] == ["aa", "bb"]


def test_documents_by_environment(t):
    for name in ("shop", "news"):
        domains.add(t, name, "ann")
        made = documents.put(
            t, "staging", name, digest="d1", sha256="s1", size=5, refs=["r2", "r1"], generation=7
        )
        assert made in documents.all(t, "staging")
    again = documents.put(t, "staging", "shop", digest="d2", sha256="s2", size=6, refs=[], generation=8)
    assert [row.domain for row in documents.all(t, "staging")] == ["news", "shop"]
    assert documents.all(t, "staging")[1] == again
    assert documents.all(t, "production") == []
    assert documents.delete(t, "staging", "shop")
    assert not documents.delete(t, "staging", "shop")
