from dataclasses import replace

import pytest

from loadtest.stats import Sample, compare, summarise

ROUND = Sample(
    requests=30_000,
    duration_s=3.0,
    p50_us=800,
    p99_us=2_000,
    unexpected=0,
    broken=0,
    cpu_s=2.97,
    elapsed_s=3.0,
)


def test_a_sample_tells_rate_and_processor_time_per_request():
    assert ROUND.rate == pytest.approx(10_000)
    assert ROUND.cpu_us_per_request == pytest.approx(99.0)
    assert ROUND.busy == pytest.approx(0.99)


def test_processor_time_per_request_of_no_request_is_nothing():
    assert replace(ROUND, requests=0).cpu_us_per_request == 0


def test_errors_are_wrong_answers_and_broken_connections():
    assert replace(ROUND, unexpected=3, broken=2).errors == 5


def test_summary_is_the_median_of_the_rounds_and_the_sum_of_the_errors():
    rounds = [replace(ROUND, requests=n, unexpected=1) for n in (9_000, 30_000, 12_000)]
    summary = summarise(rounds)
    assert summary.rate == pytest.approx(4_000)
    assert summary.errors == 3


@pytest.mark.parametrize(("cpu_s", "held_back"), [(2.97, False), (2.85, False), (2.84, True), (1.0, True)])
def test_a_server_with_less_than_95_percent_of_its_core_was_held_back(cpu_s, held_back):
    assert summarise([replace(ROUND, cpu_s=cpu_s)]).was_held_back is held_back


def test_ratios_are_taken_within_a_round_and_their_median_is_quoted():
    ours = [replace(ROUND, requests=n) for n in (20_000, 30_000, 90_000)]
    theirs = [replace(ROUND, requests=n) for n in (10_000, 40_000, 60_000)]
    ratio = compare(ours, theirs)
    assert ratio.by_rate == pytest.approx((2.0, 0.75, 1.5))
    assert ratio.rate == pytest.approx(1.5)


def test_the_ratio_by_processor_time_is_above_one_for_the_cheaper_server():
    ratio = compare([replace(ROUND, cpu_s=1.0)], [replace(ROUND, cpu_s=2.0)])
    assert ratio.cpu == pytest.approx(2.0)


def test_rounds_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="zip"):
        compare([ROUND, ROUND], [ROUND])
