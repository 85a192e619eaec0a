"""The states of active checks, and when they come: rows of results."""

import pytest

from runtime.upstreams.health import Active, is_healthy, pause_s
from runtime.upstreams.upstream import HealthCheck


@pytest.mark.parametrize(
    ("heard", "states"),
    [
        # rise 2, fall 3; + and - are checks that pass and fail, U and D the state after each
        ("+", "U"),
        ("--", "UU"),
        ("---", "UUD"),
        ("--+--", "UUUUU"),
        ("---+", "UUDD"),
        ("---++", "UUDDU"),
        ("---+-+", "UUDDDD"),
        ("---+-++", "UUDDDDU"),
        ("---++--", "UUDDUUU"),
    ],
)
def test_rise_and_fall(heard, states):
    active = Active(HealthCheck(rise=2, fall=3))
    seen = ""
    for result in heard:
        before = active.up
        changed = active.heard(result == "+")
        assert changed == (before != active.up)
        seen += "U" if active.up else "D"
    assert seen == states


@pytest.mark.parametrize(
    ("status", "healthy"), [(200, True), (399, True), (199, False), (400, False), (0, False), (503, False)]
)
def test_statuses(status, healthy):
    assert is_healthy(HealthCheck(), status) is healthy


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 9.0), (0.5, 10.0), (1.0, 11.0)])
def test_checks_do_not_fall_into_step(chance, pause):
    assert pause_s(HealthCheck(interval_s=10.0), chance) == pytest.approx(pause)
