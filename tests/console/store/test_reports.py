"""What nodes say: a thousand of them, and what they counted."""

import time

import pytest

from runtime.console.store import figures, nodes
from runtime.console.store.figures import FigureRow
from runtime.console.store.nodes import NodeRow, Sighting


def sighting(name, seen=2.0, **changes):
    row = {
        "environment": "production",
        "pool": "p1",
        "region": "north",
        "version": "0.1.0",
        "generation": 7,
        "error": "",
        "started": 1.0,
        "token": "t1",
        "refused": {},
        "highest": 7,
    }
    return Sighting(id=name, seen=seen, **{**row, **changes})


def test_the_highest_generation_that_nodes_of_an_environment_have_had(t):
    assert nodes.highest(t, "production", 100) == 0
    rows = [sighting(f"n{each}", highest=each) for each in (5, 9, 100, 101)]
    nodes.report(t, [*rows, sighting("s", highest=50, environment="staging")])
    assert [nodes.highest(t, "production", most) for most in (4, 99, 100, 1000)] == [0, 9, 100, 101]


def test_a_node_as_it_last_reported(t):
    nodes.report(t, [sighting("n1"), sighting("n2", environment="staging")])
    nodes.report(
        t,
        [
            sighting("n1", 9.0, generation=8, error="no room", refused={"shop": "why"}),
            sighting("n3", pool="p2"),
        ],
    )
    nodes.report(t, [])
    assert nodes.get(t, "n1") == NodeRow(
        "n1",
        "production",
        "p1",
        "north",
        "0.1.0",
        8,
        "no room",
        1.0,
        9.0,
        "t1",
        {"shop": "why"},
        7,
        2.0,
    )
    assert nodes.get(t, "n9") is None
    assert [row.id for row in nodes.all(t, "production")] == ["n1", "n3"]
    assert [row.id for row in nodes.page(t, 2).items] == ["n1", "n2"]
    assert [row.id for row in nodes.page(t, 2, environment="staging").items] == ["n2"]
    assert nodes.forget(t, 5.0) == 2
    assert [row.id for row in nodes.page(t, 5).items] == ["n1"]
    assert [row.id for row in nodes.with_token(t, "t1")] == ["n1"]
    assert nodes.with_token(t, "t2") == []
    assert (nodes.remove(t, "n1"), nodes.remove(t, "n1"), nodes.get(t, "n1")) == (True, False, None)


def test_a_thousand_nodes_are_noted_at_once(store, kind):
    rows = [sighting(f"n{number}") for number in range(1000)]
    store.transact(lambda t: nodes.report(t, rows))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        store.transact(lambda t: nodes.report(t, rows))
        times.append(time.perf_counter() - began)
    # 9 ms on SQLite, 30 ms on PostgreSQL where nothing else runs.
    assert min(times) < {"sqlite": 0.1, "postgresql": 0.5}[kind]
    with store.read() as t:
        assert len(nodes.all(t, "production")) == 1000


def figure(bucket, script="auth", version=1, release=1, **counts):
    return FigureRow("shop", "production", bucket, script, version, release, **counts)


@pytest.fixture
def counted(t):
    figures.add(
        t, [figure(10, hit=1, fuel=2**40), figure(20, hit=2), figure(20, "", 0, requests=9, errors_5xx=1)]
    )
    figures.add(t, [figure(20, hit=3, exception=1, fuel=2**62), figure(30, version=2, release=2, none=5)])
    figures.add(t, [])
    return t


def test_figures_add_up(counted):
    assert figures.series(counted, "shop", "production", since=0) == [
        figure(20, "", 0, requests=9, errors_5xx=1),
        figure(10, hit=1, fuel=2**40),
        figure(20, hit=5, exception=1, fuel=2**62),
        figure(30, version=2, release=2, none=5),
    ]


@pytest.mark.parametrize(
    ("asked", "steps"),
    [
        ({"since": 0, "script": "auth"}, [10, 20, 30]),
        ({"since": 10.5, "script": "auth"}, [20, 30]),
        ({"since": 0, "until": 20, "script": "auth"}, [10]),
        ({"since": 0, "until": 20.5, "script": "auth"}, [10, 20]),
        ({"since": 0, "script": ""}, [20]),
        ({"since": 0, "script": "none"}, []),
        ({"since": 0, "script": "auth", "most": 2}, [10, 20]),
        ({"since": 0, "script": "auth", "step_s": 20}, [0, 20, 20]),
        ({"since": 31}, []),
    ],
)
def test_a_part_of_the_figures(counted, asked, steps):
    assert [row.bucket for row in figures.series(counted, "shop", "production", **asked)] == steps


def test_wider_steps_hold_the_sums(counted):
    found = figures.series(counted, "shop", "production", since=0, script="auth", step_s=3600)
    assert found == [
        figure(0, hit=6, exception=1, fuel=2**62 + 2**40),
        figure(0, version=2, release=2, none=5),
    ]


def test_sums_by_version(counted):
    assert figures.sums(counted, "shop", "production", since=15) == [
        figure(0, "", 0, requests=9, errors_5xx=1),
        figure(0, hit=5, exception=1, fuel=2**62),
        figure(0, version=2, release=2, none=5),
    ]
    assert figures.sums(counted, "shop", "production", since=15, until=25)[1:] == [
        figure(0, hit=5, exception=1, fuel=2**62)
    ]
    assert figures.sums(counted, "news", "production", since=0) == []
    assert figures.sums(counted, "shop", "staging", since=0) == []


def test_old_figures_go(counted):
    assert figures.prune(counted, 20) == 1
    assert figures.prune(counted, 20.5) == 2
    assert [row.bucket for row in figures.series(counted, "shop", "production", since=0)] == [30]
