"""Sliding windows: arrivals in seconds -> which are admitted."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.limits.local import LocalLimits
from runtime.limits.windows import COUNTS, SLICES, SlidingWindows, slide
from runtime.state.limits.shared import SharedLimits, layout
from tests.support.limit_process import most_in_any_window

T0 = 1_700_000_001.0  # nine seconds divide it: slices of a second begin at whole ones
new_key = map(str, count()).__next__


@pytest.fixture(scope="module", params=["one process", "shared"])
def limiter(request, tmp_path_factory):
    if request.param == "one process":
        yield LocalLimits().site().limiter
        return
    limits = SharedLimits(tmp_path_factory.mktemp("limits") / "limits", layout(max_keys=100_000))
    yield limits.site().limiter
    limits.close()


@pytest.mark.parametrize(
    ("why", "most", "arrivals", "answers"),
    [
        ("so many at once", 3, [0] * 5, "+++--"),
        ("none", 0, [0, 100], "--"),
        ("not again within the window", 2, [0, 0, 8.9], "++-"),
        ("a slice late at most", 2, [0, 0, 9.5, 10, 10, 10], "++-++-"),
        ("no second burst at a seam", 2, [8, 8, 9, 10, 17.9], "++---"),
        ("spread out", 3, [0, 3, 6, 9, 10, 13, 16], "+++-+++"),
        ("refused ones are not counted", 1, [0, 1, 5, 9, 10], "+---+"),
        ("long after", 1, [0, 1000, 1001], "++-"),
        ("a clock that goes back a little counts on", 1, [5, 0, 10, 15], "+--+"),
        ("a clock set back locks nobody out", 1, [1000, 0, 9, 10], "+--+"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_admission_in_nine_seconds(why, most, arrivals, answers, limiter):
    key = new_key()
    got = "".join("+" if limiter.admit_in_window(key, most, 9.0, T0 + at) else "-" for at in arrivals)
    assert got == answers, why


def test_one_key_under_two_windows_is_two_limits(limiter):
    key = new_key()
    assert [limiter.admit_in_window(key, 1, window_s, T0) for window_s in (1.0, 60.0, 1.0)] == [
        True,
        True,
        False,
    ]
    assert limiter.admit_in_window(key, 2, 1.0, T0)


gaps = st.lists(st.floats(0, 4), max_size=80)


@given(st.integers(1, 6), st.sampled_from([1.0, 5.0, 60.0]), gaps)
def test_never_more_in_any_window(limiter, most, window_s, gaps):
    key, at, passed = new_key(), T0, []
    for gap in gaps:
        at += gap * window_s / 9
        if limiter.admit_in_window(key, most, window_s, at):
            passed.append(at)
    assert most_in_any_window(passed, window_s * (1 - 1e-6)) <= most


@given(st.integers(1, 6), st.sampled_from([1.0, 5.0, 60.0]), gaps)
def test_whoever_waits_a_window_and_a_slice_is_admitted(limiter, most, window_s, gaps):
    key, at = new_key(), T0
    for gap in gaps:
        at += gap * window_s / 9
        limiter.admit_in_window(key, most, window_s, at)
    assert limiter.admit_in_window(key, most, window_s, at + window_s * (1 + 1 / SLICES))


@given(st.integers(1, 6), st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_whatever_the_clock_did_two_windows_are_enough(limiter, most, moments):
    key = new_key()
    for moment in moments:
        limiter.admit_in_window(key, most, 9.0, T0 + moment)
    now = T0 + (moments[-1] if moments else 0.0)
    for _ in range(3):  # a refusal may be what finds out that the clock was set
        limiter.admit_in_window(key, most, 9.0, now)
    assert limiter.admit_in_window(key, most, 9.0, now + 2 * 9 + 2 + 60)


def test_a_moment_that_is_late_gives_nothing_away(limiter):
    key = new_key()
    got = [limiter.admit_in_window(key, 1, 1.0, T0 + at) for at in (5, 0, 5.5, 6.2)]
    assert got == [True, False, False, True]


def test_counts_move_along():
    counts = list(range(COUNTS))
    assert slide(100, counts, 103, 10.0) == 103
    assert counts == [3, 4, 5, 6, 7, 8, 9, 0, 0, 0]
    assert slide(103, counts, 100, 10.0) == 103
    assert slide(103, counts, 50, 10.0) == 50
    assert counts == [3, 4, 5, 6, 7, 8, 9, 0, 0, 0]
    assert slide(50, counts, 60, 10.0) == 60
    assert counts == [0] * COUNTS


def test_a_full_table_refuses_new_keys_and_forgets_none():
    windows = SlidingWindows(3)
    assert [windows.admit("", key, 1, 9.0, T0) for key in "abcd"] == [True, True, True, False]
    assert windows.counts.refused_full == 1
    assert [windows.admit("", key, 1, 9.0, T0 + 5) for key in "abc"] == [False] * 3
    assert windows.admit("", "d", 1, 9.0, T0 + 10)
    assert len(windows) == 1
