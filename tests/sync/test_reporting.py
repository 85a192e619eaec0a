"""Figures become reports: totals of what changed since the last report that was answered."""

from pathlib import Path

import pytest

from runtime.bundles.report import MAX_COUNTERS, ScriptCounter, SiteCounter
from runtime.io.sync.access import ConsoleAccess
from runtime.io.sync.reporting import Reporter
from tests.sync.console import TOKEN

VERSION = ("shop", "3", "auth", "7")


def access(url="http://127.0.0.1:1"):
    return ConsoleAccess(url, TOKEN, "edge-1", Path("state"), version="0.1.0")


def figures(runs=2, requests=5, release="3"):
    return [
        (("domain_requests", ("shop", release)), requests),
        (("domain_errors_5xx", ("shop", release)), 1),
        (("domain_aborted", ("shop", release)), 0),
        (("version_runs", (*VERSION, "ExecutedAndHit")), runs),
        (("version_runs", (*VERSION, "Exception")), 1),
        (("version_runs", (*VERSION, "made up")), 9),
        (("version_fuel", VERSION), 100),
        (("version_time_us", VERSION), 7.5),
        (("requests", ("2xx", "HIT")), 99),
    ]


SITE = SiteCounter("shop", 3, 5, 1, 0)
SCRIPT = ScriptCounter("shop", 3, "auth", 7, {"ExecutedAndHit": 2, "Exception": 1}, 100, 7.5)


def test_figures_by_release_and_version():
    report = Reporter(access(), 17.5).report(figures(), generation=100)
    assert (report.sites, report.counters) == ((SITE,), (SCRIPT,))
    assert (report.node, report.started, report.generation, report.refused) == ("edge-1", 17.5, 100, 0)
    assert (report.environment, report.pool, report.region) == ("production", "pool-a", "eu")


def test_only_what_changed_is_told_again_and_only_once_it_was_answered():
    reporter = Reporter(access(), 0.0)
    assert reporter.report(figures()).sites == (SITE,)
    assert reporter.report(figures()).sites == (SITE,)  # the first was lost
    reporter.answered()
    quiet = reporter.report(figures())
    assert (quiet.sites, quiet.counters) == ((), ())
    reporter.answered()
    more = reporter.report(figures(runs=3))
    assert (more.sites, [each.states["ExecutedAndHit"] for each in more.counters]) == ((), [3])


def test_what_is_no_more_is_forgotten_and_told_anew_when_it_comes_back():
    reporter = Reporter(access(), 0.0)
    reporter.report(figures())
    reporter.answered()
    reporter.report(figures(release="4"))
    reporter.answered()
    assert reporter.report(figures()).sites == (SITE,)


def test_more_than_fits_into_a_report_goes_with_the_next():
    many = [
        (("version_fuel", ("shop", "1", f"s{number}", "1")), number) for number in range(MAX_COUNTERS + 10)
    ]
    reporter = Reporter(access(), 0.0)
    told = []
    for expected in (MAX_COUNTERS, 10, 0):
        report = reporter.report(many)
        assert len(report.counters) == expected
        told += report.counters
        reporter.answered()
    assert len({each.script for each in told}) == MAX_COUNTERS + 10


def test_a_node_without_anything_of_the_consoles_says_so_with_zeros():
    report = Reporter(access(), 0.0).report([], trouble=["t" * 3_000] * 50, error="e" * 3_000)
    assert (report.generation, report.refused, len(report.trouble), len(report.error)) == (0, 0, 20, 2_000)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://console.example", False),
        ("http://127.0.0.1:8090", False),
        ("http://localhost:8090/a", False),
        ("http://[::1]:8090", False),
        ("http://console.example", True),
        ("http://10.0.0.1:8090", True),
    ],
)
def test_a_token_that_could_be_read_on_its_way(url, expected):
    assert access(url).is_in_clear is expected


def test_nothing_shows_the_token():
    assert TOKEN.secret not in repr(access())
