"""Request limiting: arrivals in seconds -> which are admitted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgescript.services import RequestLimiter
from runtime.limits.requests import TokenBuckets

T0 = 1_700_000_000.0


def admitted(rate, burst, arrivals, buckets=None):
    limiter: RequestLimiter = TokenBuckets() if buckets is None else buckets
    return "".join("+" if limiter.admit("k", rate, burst, T0 + at) else "-" for at in arrivals)


@pytest.mark.parametrize(
    ("why", "rate", "burst", "arrivals", "answers"),
    [
        ("one an interval", 1, 0, [0, 0.5, 1, 1.5, 2], "+-+-+"),
        ("a steady client at the rate", 10, 0, [n / 10 for n in range(20)], "+" * 20),
        ("a steady client at a rate no double is exact for", 3, 0, [n / 3 for n in range(30)], "+" * 30),
        ("burst passes at once, as nginx's nodelay", 1, 5, [0] * 8, "++++++--"),
        ("after a burst one an interval", 1, 2, [0, 0, 0, 0, 1, 1, 2, 2], "+++-+-+-"),
        ("idle time refills no more than the burst", 1, 2, [0, 0, 0, 100, 100, 100, 100], "++++++-"),
        ("refused ones are not counted", 1, 0, [0, 0.1, 0.2, 0.3, 0.9, 1], "+----+"),
        ("fractions of a request a second", 0.5, 0, [0, 1, 1.9, 2, 4], "+--++"),
        ("a rate of 0 admits nothing", 0, 5, [0, 1, 100], "---"),
        ("a negative rate too", -1, 5, [0], "-"),
        ("no number too", float("nan"), 5, [0], "-"),
        ("a negative burst is none", 1, -3, [0, 0, 1], "+-+"),
        ("no limit", float("inf"), 0, [0, 0, 0], "+++"),
        ("a clock that goes back a little", 1, 0, [0, -0.5, 1], "+-+"),
        ("a clock set back locks nobody out", 1, 0, [3600, 0, 0.5, 1, 2], "+--++"),
        ("nor after a burst", 1, 2, [3600, 3600, 3600, 0, 1, 2, 3], "+++-+++"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_admission(why, rate, burst, arrivals, answers):
    assert admitted(rate, burst, arrivals) == answers, why


def test_keys_are_limited_each_for_itself():
    buckets = TokenBuckets()
    assert buckets.admit("a", 1, 0, T0)
    assert buckets.admit("b", 1, 0, T0)
    assert not buckets.admit("a", 1, 0, T0)


def test_one_key_under_two_rates_is_two_limits():
    buckets = TokenBuckets()
    assert admitted(1, 0, [0], buckets) == "+"
    assert admitted(100, 0, [0, 0.01], buckets) == "++"
    assert admitted(1, 0, [0.5], buckets) == "-"


def test_a_full_table_refuses_new_keys_and_says_so():
    buckets = TokenBuckets(max_keys=3)
    assert [buckets.admit(key, 1, 0, T0) for key in "abcd"] == [True, True, True, False]
    assert buckets.refused_full == 1
    assert repr(buckets) == "<3 of 3 buckets, 1 refused for want of room>"


def test_a_full_table_never_forgets_a_bucket_that_still_counts():
    buckets = TokenBuckets(max_keys=3)
    for key in "abc":
        buckets.admit(key, 1, 0, T0)
    for number in range(100):
        assert not buckets.admit(f"flood {number}", 1, 0, T0 + 0.5)
    assert [buckets.admit(key, 1, 0, T0 + 0.5) for key in "abc"] == [False, False, False]


def test_known_keys_are_served_while_the_table_is_full():
    buckets = TokenBuckets(max_keys=2)
    for key in "ab":
        buckets.admit(key, 1, 1, T0)
    assert not buckets.admit("c", 1, 1, T0)
    assert buckets.admit("a", 1, 1, T0)


def test_buckets_that_are_full_again_make_room():
    buckets = TokenBuckets(max_keys=100)
    for number in range(100):
        buckets.admit(str(number), 1, 0, T0)
    assert buckets.admit("new", 1, 0, T0 + 1)
    assert buckets.refused_full == 0
    assert len(buckets) < 100


def test_the_table_follows_the_keys_in_use():
    buckets = TokenBuckets(max_keys=10_000)
    for number in range(5000):
        buckets.admit(str(number), 10, 0, T0 + number)
    assert len(buckets) < 10


def test_room_is_found_behind_buckets_that_must_stay():
    buckets = TokenBuckets(max_keys=100)
    for number in range(99):
        buckets.admit(f"slow {number}", 0.001, 0, T0)
    buckets.admit("fast", 1, 0, T0)
    answers = [buckets.admit("new", 1, 0, T0 + 2) for _ in range(10)]
    assert any(answers)


def test_a_table_without_room_is_refused():
    with pytest.raises(ValueError, match="want max_keys"):
        TokenBuckets(max_keys=0)


rates = st.floats(0.01, 1000)
bursts = st.integers(0, 20)
gaps = st.lists(st.floats(0, 3), max_size=60)


@given(rates, bursts, gaps)
def test_never_more_than_rate_and_burst_in_any_window(rate, burst, gaps):
    buckets = TokenBuckets()
    at, passed = 0.0, []
    for gap in gaps:
        at += gap
        if buckets.admit("k", rate, burst, at):
            passed.append(at)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = passed[last] - passed[first]
            assert last - first + 1 <= burst + 1 + rate * window + 0.001


@given(rates, bursts, gaps)
def test_whoever_waits_an_interval_is_admitted(rate, burst, gaps):
    buckets = TokenBuckets()
    at = 0.0
    for gap in gaps:
        at += gap
        buckets.admit("k", rate, burst, at)
    assert buckets.admit("k", rate, burst, at + 1 / rate)


@given(rates, bursts, st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_whatever_the_clock_did_a_full_wait_helps(rate, burst, moments):
    buckets = TokenBuckets()
    for moment in moments:
        buckets.admit("k", rate, burst, moment)
    now = moments[-1] if moments else 0.0
    assert buckets.admit("k", rate, burst, now + (burst + 3) / rate)
