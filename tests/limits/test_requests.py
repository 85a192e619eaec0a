"""Request limiting: arrivals in seconds -> which are admitted."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgescript.services import RequestLimiter
from runtime.limits.local import LocalLimits
from runtime.limits.requests import TokenBuckets
from runtime.state.limits.shared import SharedLimits, layout

T0 = 1_700_000_000.0
new_key = map(str, count()).__next__


@pytest.fixture(scope="module", params=["one process", "shared"])
def limiter(request, tmp_path_factory) -> RequestLimiter:
    if request.param == "one process":
        yield LocalLimits().site().limiter
        return
    limits = SharedLimits(tmp_path_factory.mktemp("limits") / "limits", layout(max_keys=100_000))
    yield limits.site().limiter
    limits.close()


def admitted(limiter, rate, burst, arrivals, key=None):
    key = key or new_key()
    return "".join("+" if limiter.admit(key, rate, burst, T0 + at) else "-" for at in arrivals)


def admit(buckets, key, rate, burst, now):
    return buckets.wait("", key, rate, burst, now) >= 0


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
        ("a moment that is late gives nothing away", 10, 0, [5, 0, 0, 5.05, 5.1], "+---+"),
        ("a clock set back locks nobody out", 1, 0, [3600, 0, 0.5, 1, 2], "+--++"),
        ("nor after a burst", 1, 2, [3600, 3600, 3600, 0, 1, 2, 3], "+++-+++"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_admission(why, rate, burst, arrivals, answers, limiter):
    assert admitted(limiter, rate, burst, arrivals) == answers, why


@pytest.mark.parametrize(
    ("rate", "burst", "arrivals", "waits"),
    [
        (10, 2, [0, 0, 0, 0], [0, 0.1, 0.2, -1]),
        (10, 2, [0, 0, 0.05, 0.1], [0, 0.1, 0.15, 0.2]),
        (0.5, 1, [0, 1, 1.5], [0, 1, -1]),
        (10, 0, [0, 0.05, 0.1], [0, -1, 0]),
    ],
)
def test_the_wait_is_until_the_rate_alone_would_admit(rate, burst, arrivals, waits, limiter):
    key = new_key()
    got = [limiter.wait(key, rate, burst, T0 + at) for at in arrivals]
    assert got == pytest.approx(waits, abs=1e-5)


def test_keys_are_limited_each_for_itself(limiter):
    a, b = new_key(), new_key()
    assert [limiter.admit(key, 1, 0, T0) for key in (a, b, a)] == [True, True, False]


def test_one_key_under_two_rates_is_two_limits(limiter):
    key = new_key()
    assert admitted(limiter, 1, 0, [0], key) == "+"
    assert admitted(limiter, 100, 0, [0, 0.01], key) == "++"
    assert admitted(limiter, 1, 0, [0.5], key) == "-"


@pytest.mark.parametrize("kind", ["one process", "shared"])
def test_a_key_of_two_sites_is_two_keys(kind, tmp_path):
    limits = LocalLimits() if kind == "one process" else SharedLimits(tmp_path / "limits", layout(100))
    a, b = limits.site("a"), limits.site("a:1")
    assert a.limiter.admit("k", 1, 0, T0)
    assert b.limiter.admit("k", 1, 0, T0)
    assert not a.limiter.admit("k", 1, 0, T0)
    assert a.limiter.admit_in_window("k", 1, 1.0, T0)
    assert b.limiter.admit_in_window("k", 1, 1.0, T0)
    assert a.connections.acquire("k", 1)
    assert b.connections.acquire("k", 1)
    assert a.connections.acquire("k", 1) is None
    limits.close()


@given(st.floats(0.01, 1000), st.integers(0, 20), st.lists(st.floats(-100, 100), max_size=60))
def test_both_limiters_say_the_same(limits_of_both, rate, burst, moments):
    key = new_key()
    local, shared = limits_of_both
    for moment in moments:
        now = T0 + moment
        assert local.wait(key, rate, burst, now) == pytest.approx(shared.wait(key, rate, burst, now))
        most = burst + 1
        assert local.admit_in_window(key, most, 7.0, now) == shared.admit_in_window(key, most, 7.0, now)


@pytest.fixture(scope="module")
def limits_of_both(tmp_path_factory):
    shared = SharedLimits(tmp_path_factory.mktemp("limits") / "limits", layout(max_keys=10_000))
    yield LocalLimits().site().limiter, shared.site().limiter
    shared.close()


def test_a_full_table_refuses_new_keys_and_says_so():
    buckets = TokenBuckets(max_keys=3)
    assert [admit(buckets, key, 1, 0, T0) for key in "abcd"] == [True, True, True, False]
    assert buckets.counts.refused_full == 1
    assert repr(buckets) == "<3 of 3 buckets, 1 refused for want of room>"


def test_a_full_table_never_forgets_a_bucket_that_still_counts():
    buckets = TokenBuckets(max_keys=3)
    for key in "abc":
        admit(buckets, key, 1, 0, T0)
    for number in range(100):
        assert not admit(buckets, f"flood {number}", 1, 0, T0 + 0.5)
    assert [admit(buckets, key, 1, 0, T0 + 0.5) for key in "abc"] == [False, False, False]


def test_known_keys_are_served_while_the_table_is_full():
    buckets = TokenBuckets(max_keys=2)
    for key in "ab":
        admit(buckets, key, 1, 1, T0)
    assert not admit(buckets, "c", 1, 1, T0)
    assert admit(buckets, "a", 1, 1, T0)


def test_buckets_that_are_full_again_make_room():
    buckets = TokenBuckets(max_keys=100)
    for number in range(100):
        admit(buckets, str(number), 1, 0, T0)
    assert admit(buckets, "new", 1, 0, T0 + 1)
    assert buckets.counts.refused_full == 0
    assert len(buckets) < 100


def test_the_table_follows_the_keys_in_use():
    buckets = TokenBuckets(max_keys=10_000)
    for number in range(5000):
        admit(buckets, str(number), 10, 0, T0 + number)
    assert len(buckets) < 10


def test_room_is_found_behind_buckets_that_must_stay():
    buckets = TokenBuckets(max_keys=100)
    for number in range(99):
        admit(buckets, f"slow {number}", 0.001, 0, T0)
    admit(buckets, "fast", 1, 0, T0)
    answers = [admit(buckets, "new", 1, 0, T0 + 2) for _ in range(10)]
    assert any(answers)


def test_a_table_without_room_is_refused():
    with pytest.raises(ValueError, match="want max_keys"):
        TokenBuckets(max_keys=0)


def test_a_clock_set_back_by_a_day_leaves_no_dead_keys():
    buckets = TokenBuckets(max_keys=10)
    for number in range(10):
        admit(buckets, str(number), 1, 0, T0)
    back = T0 - 86_400
    assert [admit(buckets, "0", 1, 0, back) for _ in range(2)] == [False, False]
    assert not admit(buckets, "new", 1, 0, back)
    assert admit(buckets, "new", 1, 0, back + 2)


rates = st.floats(0.01, 1000)
bursts = st.integers(0, 20)
gaps = st.lists(st.floats(0, 3), max_size=60)


@given(rates, bursts, gaps)
def test_never_more_than_rate_and_burst_in_any_window(rate, burst, gaps):
    buckets = TokenBuckets()
    at, passed = 0.0, []
    for gap in gaps:
        at += gap
        if admit(buckets, "k", rate, burst, at):
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
        admit(buckets, "k", rate, burst, at)
    assert admit(buckets, "k", rate, burst, at + 1 / rate)


@given(rates, bursts, st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_whatever_the_clock_did_a_full_wait_helps(rate, burst, moments):
    buckets = TokenBuckets()
    for moment in moments:
        admit(buckets, "k", rate, burst, moment)
    now = moments[-1] if moments else 0.0
    assert admit(buckets, "k", rate, burst, now + (burst + 3) / rate + 60)


def test_what_a_site_counts_with_is_made_once_and_when_it_is_asked_for():
    first, second = LocalLimits().site("a"), LocalLimits().site("a")
    for made in (first.limiter, first.connections):
        with pytest.raises(AttributeError):
            _ = made.unknown
    assert first.limiter.wait is first.limiter.wait is not second.limiter.wait
    assert first.limiter.admit_in_window is first.limiter.admit_in_window
    assert first.connections.acquire is first.connections.acquire
