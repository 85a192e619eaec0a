"""Totals of nodes become figures: every run is counted once, whatever is told twice, lost, or begun anew."""

import pytest

from runtime.bundles.report import Report, ScriptCounter, SiteCounter
from runtime.console.sync.counting import Counting


def report(started=1.0, hits=0, requests=0, script="auth"):
    return Report(
        "n1",
        "0.1",
        started,
        "production",
        counters=(ScriptCounter("shop", 3, script, 7, {"ExecutedAndHit": hits}, hits * 10, hits * 2.0),),
        sites=(SiteCounter("shop", 3, requests, 0, 0),),
    )


def told(counting, *reports, now=100.0):
    """Hits and requests written after `reports`, which come one after the other."""
    for each in reports:
        counting.take("n1", "production", each, now)
    rows = counting.drain()
    return sum(row.hit for row in rows), sum(row.requests for row in rows)


REPORTS = {
    "first totals are all new": ([report(hits=5, requests=9)], (5, 9)),
    "differences afterwards": ([report(hits=5, requests=9), report(hits=8, requests=10)], (8, 10)),
    "the same twice": ([report(hits=5), report(hits=5)], (5, 0)),
    "a node that began anew": ([report(hits=5), report(started=2.0, hits=3)], (8, 0)),
    "two nodes of one name": (
        [report(hits=5), report(started=2.0, hits=3), report(hits=6), report(started=2.0, hits=3)],
        (9, 0),
    ),
    "a total that shrinks adds nothing": ([report(hits=5), report(hits=2)], (5, 0)),
    "another script": ([report(hits=5), report(hits=4, script="b")], (9, 0)),
}


@pytest.mark.parametrize("case", REPORTS)
def test_totals(case):
    reports, sums = REPORTS[case]
    assert told(Counting(), *reports) == sums


def test_what_an_earlier_console_was_told_is_not_counted_again():
    counting = Counting()
    counting.recall({"n1": 1.0})
    assert told(counting, report(hits=1000, requests=5000)) == (0, 0)
    assert told(counting, report(hits=1004, requests=5001)) == (4, 1)


def test_a_node_that_began_anew_while_the_console_was_away_is_counted_whole():
    counting = Counting()
    counting.recall({"n1": 1.0})
    assert told(counting, report(started=2.0, hits=4)) == (4, 0)


def test_a_release_that_comes_later_is_counted_whole_after_a_console_restart():
    counting = Counting()
    counting.recall({"n1": 1.0})
    assert told(counting, report(hits=1000), now=100.0) == (0, 0)
    assert told(counting, report(hits=7, script="new"), now=200.0) == (7, 0)


def test_figures_that_could_not_be_written_are_written_later():
    counting = Counting()
    counting.take("n1", "production", report(hits=5), 100.0)
    counting.give_back(counting.drain())
    counting.take("n1", "production", report(hits=6), 101.0)
    (row,) = [row for row in counting.drain() if row.script == "auth"]
    assert (row.hit, row.fuel, row.bucket, row.version, row.release) == (6, 60, 100, 7, 3)
    assert counting.drain() == []


def test_a_clock_that_is_wrong_at_the_node_changes_nothing():
    counting = Counting()
    assert told(counting, report(started=9e9, hits=5), report(started=9e9, hits=6)) == (6, 0)
