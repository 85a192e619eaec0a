"""The commands' exit statuses and reports: what must not have been is found."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest import faults
from loadtest.crowd import Ask, Crowd, Seen
from loadtest.edge import Memory
from loadtest.fault_scene import SHORT, Scene, SkipError
from loadtest.soak_report import QUIET, Looked, Named, Soaked, markdown


def tried(monkeypatch, trouble):
    monkeypatch.setattr(faults, "TROUBLES", {"one": trouble})
    return faults.row_of("one", SHORT, 2), faults.main(["--short"])


def test_a_trouble_after_which_all_holds(monkeypatch):
    def fine(scene):
        """Nothing happens"""
        scene.must(True, "never said")

    row, status = tried(monkeypatch, fine)
    assert (row.title, row.verdict, status) == ("Nothing happens", "held", 0)


def test_a_trouble_after_which_something_does_not(monkeypatch):
    def bad(scene):
        scene.must(False, "the sky fell")

    row, status = tried(monkeypatch, bad)
    assert (row.verdict, row.broken, status) == ("failed", ("the sky fell",), 1)
    assert "- the sky fell" in faults.markdown([row], 2, "2026-01-01")


def test_a_trouble_the_machine_cannot_make_is_said_not_to_be_tried(monkeypatch):
    def cannot(_scene):
        raise SkipError("no root")

    row, status = tried(monkeypatch, cannot)
    assert (row.verdict, status) == ("not tried", 0)
    assert "no root" in faults.markdown([row], 2, "2026-01-01")


@pytest.mark.parametrize("arguments", [["--only", "unheard-of"], ["--workers", "0"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as ended:
        faults.main(arguments)
    assert ended.value.code == 2


def test_a_status_that_was_not_wanted_is_found():
    crowd = Crowd(1, [Ask("one", ["/"])])
    crowd.begin("before")
    for what in ("200", "503"):
        crowd.add("before", "one", Seen(what), 0.1)
    scene = Scene(SHORT, Path())
    scene.always_served(crowd, Ask("one", ["/"]))
    assert scene.broken == ["before, one: saw {'503': 1}, want only 200"]
    allowed = Scene(SHORT, Path())
    allowed.always_served(crowd, Ask("one", ["/"]), but_for={"before": ("503",)})
    assert allowed.broken == []


def test_that_nothing_was_asked_is_found():
    crowd = Crowd(1, [Ask("one", ["/"])])
    crowd.begin("before")
    scene = Scene(SHORT, Path())
    scene.always_served(crowd, Ask("one", ["/"]))
    assert scene.broken == ["before, one: no request came to an end"]


FINE = Soaked(
    seconds=600,
    workers=1,
    users=4,
    named=[Named("/a", 90, 0, 30.0, {1.0: 89, 30.0: 1}), Named("reload", 1, 0, 50.0, {50.0: 1})],
    looked=[Looked(float(at), (Memory(1, 50_000, 30_000), Memory(2, 60_000, 40_000))) for at in range(600)],
    figures={**dict.fromkeys(QUIET, 0.0), "requests_total": 90.0},
    readiness={"ready": True, "trouble": []},
    events=["admin-at", "reloaded"],
    locust_status=0,
    node_status=0,
    logged=90,
    said="",
)


def growing(looked, kb):
    """The worker takes `kb` more by the end, bit by bit."""
    return Looked(looked.at_s, (looked.processes[0], Memory(2, 60_000, 40_000 + int(kb * looked.at_s / 600))))


WORSE = {
    "a request failed": ({"named": [Named("/a", 90, 1, 1.0, {1.0: 90})]}, "1 requests failed"),
    "locust found something": ({"locust_status": 1}, "status 1"),
    "a worker was replaced": (
        {"figures": {**FINE.figures, "worker_restarts_total": 1}},
        "worker_restarts_total is 1",
    ),
    "an answer was not counted": ({"figures": {**FINE.figures, "requests_total": 89}}, "the node counted 89"),
    "a line is missing": ({"logged": 89}, "logged 89"),
    "there is trouble": ({"readiness": {"ready": True, "trouble": ["x"]}}, "/readyz"),
    "something was logged": ({"events": ["script-fault"]}, "logged: script-fault, 1 times"),
    "a process ended": (
        {"looked": [Looked(0, FINE.looked[0].processes[:1]), *FINE.looked]},
        "processes ended",
    ),
    "a process grew": ({"looked": [growing(each, 20_000) for each in FINE.looked]}, "worker 1 grew by"),
    "the node did not end well": ({"node_status": 1}, "ended with status 1"),
    "nobody asked": ({"named": []}, "no request"),
}


def test_a_soak_in_which_all_held():
    assert FINE.broken() == []
    assert FINE.growth_kb() == [0, 0]
    assert "held" in FINE.summary()


@pytest.mark.parametrize("case", WORSE)
def test_a_soak_in_which_something_did_not(case):
    changes, reason = WORSE[case]
    soaked = replace(FINE, **changes)
    assert any(reason in each for each in soaked.broken()), soaked.broken()
    assert "**Failed**" in markdown(soaked, "today")


def test_a_little_growth_and_a_short_run_are_no_failure():
    assert replace(FINE, looked=[growing(each, 5_000) for each in FINE.looked]).broken() == []
    short = replace(FINE, seconds=10, looked=[growing(each, 20_000) for each in FINE.looked])
    assert short.broken() == []


def test_percentiles():
    every = FINE.all
    assert [every.percentile_ms(each) for each in (50, 98, 100)] == [1.0, 30.0, 50.0]
    assert Named("none", 0, 0, 0.0, Counter()).percentile_ms(99) == 0.0
