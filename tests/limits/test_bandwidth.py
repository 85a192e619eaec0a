"""Bandwidth pacing of one response."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.limits.bandwidth import QUANTUM_S, Pacer

ALL = 1 << 40


def test_the_free_part_goes_at_once_and_then_the_rate():
    pacer = Pacer(1000, after_bytes=500, now=0)
    assert pacer.delay(0) == 0
    assert pacer.grant(0, 200) == 200
    assert pacer.grant(0, ALL) == 300
    assert pacer.grant(0, ALL) == 0
    assert pacer.grant(0.05, ALL) == 50
    assert pacer.grant(0.1, ALL) == 50


def test_time_not_used_is_not_made_up_for():
    pacer = Pacer(1000, after_bytes=0, now=0)
    assert pacer.grant(60, ALL) == 100


def test_nothing_wanted_nothing_granted():
    pacer = Pacer(1000, after_bytes=10, now=0)
    assert pacer.grant(1, 0) == 0
    assert pacer.grant(1, -5) == 0
    assert pacer.grant(1, 10) == 10


def test_after_the_delay_a_piece_goes():
    pacer = Pacer(1000, after_bytes=0, now=0)
    delay = pacer.delay(0)
    assert delay == pytest.approx(0.05)
    assert pacer.grant(delay, ALL) == 50


def test_slow_rates_go_byte_by_byte():
    pacer = Pacer(2, after_bytes=0, now=0)
    assert pacer.delay(0) == 0.5
    assert pacer.grant(0.5, ALL) == 1
    assert pacer.grant(0.9, ALL) == 0
    assert pacer.grant(1.0, ALL) == 1


def test_a_clock_that_goes_back_earns_nothing():
    pacer = Pacer(1000, after_bytes=0, now=10)
    assert pacer.grant(9, ALL) == 0
    assert pacer.grant(9.05, ALL) == 50


@pytest.mark.parametrize(("rate", "after"), [(0, 0), (-1, 0), (float("nan"), 0), (1, -1)])
def test_bounds_must_make_sense(rate, after):
    with pytest.raises(ValueError, match="want a rate"):
        Pacer(rate, after, 0)


rates = st.floats(1, 1e9)
afters = st.integers(0, 10**7)
steps = st.lists(st.tuples(st.floats(0, 2), st.integers(0, 10**9)), max_size=50)


@given(rates, afters, steps)
def test_sent_is_at_most_the_free_part_and_the_rate(rate, after, steps):
    pacer = Pacer(rate, after, 0)
    now, sent = 0.0, 0
    for gap, wanted in steps:
        now += gap
        granted = pacer.grant(now, wanted)
        assert 0 <= granted <= wanted
        sent += granted
        assert sent <= after + rate * now * (1 + 1e-9) + 1e-3  # sums of doubles


@given(rates, afters, steps)
def test_no_burst_after_the_free_part(rate, after, steps):
    pacer = Pacer(rate, after, 0)
    now, sent = 0.0, 0
    for gap, wanted in steps:
        now += gap
        granted = pacer.grant(now, wanted)
        assert max(0, sent + granted - after) - max(0, sent - after) <= max(rate * QUANTUM_S, 1)
        sent += granted


@given(rates, st.integers(0, 10_000), st.integers(1, 200))
def test_whoever_obeys_the_delay_gets_the_rate(rate, after, rounds):
    pacer = Pacer(rate, after, 0)
    now, sent = 0.0, pacer.grant(0, after)
    for _ in range(rounds):
        now += pacer.delay(now) + 1e-9
        sent += pacer.grant(now, ALL)
    # A byte or two may be left over as a fraction, and rounding of sums.
    assert sent - after >= rate * now * (1 - 1e-6) - 2


def sent_at(rate, late, duration_s):
    """(moment, bytes) as the node sends a long body: it asks, sends, waits what it is told and up to `late` more."""
    pacer, now, sent, turn = Pacer(rate, 0, 0), 0.0, [], 0
    while now < duration_s:
        sent.append((now, pacer.grant(now, ALL)))
        now += max(pacer.delay(now), 0.001) + late[turn % len(late)]
        turn += 1
    return sent


lateness = st.lists(st.floats(0, 0.02), min_size=1, max_size=20)
"""Seconds by which timers of a busy node come too late."""


@given(st.floats(4096, 1e9), lateness)
def test_a_stream_is_smooth_by_the_tenth_of_a_second(rate, late):
    """In every tenth of a second between half of what the rate has in one and twice that; over a second, the rate."""
    sent = sent_at(rate, late, 2.0)
    for tenth in range(2, 18):
        begin, end = tenth / 10, (tenth + 1) / 10
        size = sum(size for moment, size in sent if begin <= moment < end)
        assert 0.5 * rate * 0.1 - 2 <= size <= 2 * rate * 0.1 + 1
    total = sum(size for moment, size in sent if 0.5 <= moment < 1.5)
    assert 0.9 * rate <= total <= 1.1 * rate + 1


@given(st.floats(4096, 1e9), lateness)
def test_no_piece_is_larger_than_a_tenth_of_a_second(rate, late):
    assert max(size for _, size in sent_at(rate, late, 1.0)) <= rate * QUANTUM_S
