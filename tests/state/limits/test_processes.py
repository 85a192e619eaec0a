"""Limits that processes share: whatever the interleaving, and whoever is killed, what is admitted stays in its bound."""

import os
import signal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.limit_process import askers, most_in_any_window

T0 = 1_700_000_001.0
new_key = map(str, count()).__next__


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    with askers(tmp_path_factory.mktemp("limits") / "limits", 3) as started:
        yield started


rates = st.sampled_from([0.5, 1.0, 3.0, 10.0])
steps = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 3)), min_size=10, max_size=40)
few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@few
@given(rates, st.integers(0, 5), steps)
def test_in_any_window_at_most_rate_and_burst_and_one(three, rate, burst, steps):
    key, at, passed = new_key(), T0, []
    for who, gap in steps:
        at += gap / rate
        if three[who].ask("wait", key, rate, burst, at) >= 0:
            passed.append(at)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window_s = passed[last] - passed[first]
            assert last - first + 1 <= rate * window_s + burst + 1 + 1e-3


@few
@given(st.integers(1, 6), steps)
def test_in_any_sliding_window_at_most_so_many(three, most, steps):
    key, at, passed = new_key(), T0, []
    for who, gap in steps:
        at += gap
        if three[who].ask("admit_in_window", key, most, 9.0, at):
            passed.append(at)
    assert most_in_any_window(passed, 9.0 - 1e-5) <= most


@few
@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=40))
def test_places_of_all_processes_together(three, most, steps):
    key, held = new_key(), []
    for who, wants in steps:
        if wants:
            number = three[who].ask("acquire", key, most)
            assert (number is not None) == (len(held) < most)
            if number is not None:
                held.append((who, number))
        elif held:
            owner, number = held.pop(0)
            three[owner].ask("release", number)
    for owner, number in held:
        three[owner].ask("release", number)
    assert three[0].ask("in_progress") == 0


def test_ten_a_second_of_four_processes_is_ten_a_second(tmp_path):
    seconds, rate, burst = 1.5, 10, 2
    with askers(tmp_path / "limits", 4) as workers:
        for worker in workers:
            worker.start("hammer", "everybody", rate, burst, seconds)
        passed = sorted(moment for worker in workers for moment in worker.answer())
    span_s = passed[-1] - passed[0]
    assert len(passed) <= rate * span_s + burst + 1 + 0.01
    assert most_in_any_window(passed, 0.5) <= rate * 0.5 + burst + 1
    assert most_in_any_window(passed, 1.0) <= rate * 1.0 + burst + 1
    # None is lost either: while all ask all the time, each place is taken when it comes free.
    assert len(passed) >= rate * (seconds - 0.5)


def test_a_sliding_window_of_four_processes_is_one_window(tmp_path):
    with askers(tmp_path / "limits", 4) as workers:
        for worker in workers:
            worker.start("hammer_window", "everybody", 20, 0.5, 1.2)
        passed = [moment for worker in workers for moment in worker.answer()]
    assert most_in_any_window(passed, 0.5 - 1e-6) <= 20
    assert len(passed) >= 40


def test_requests_at_one_moment_from_all_sides(tmp_path):
    with askers(tmp_path / "limits", 4) as workers:
        for worker in workers:
            worker.start("spend", "k", 1.0, 99, 2000, T0)
        assert sum(worker.answer() for worker in workers) == 100


def test_a_killed_worker_leaks_no_place(tmp_path):
    with askers(tmp_path / "limits", 3) as (one, two, three):
        assert [one.ask("acquire", "k", 3) for _ in range(2)] == [0, 1]
        assert two.ask("acquire", "k", 3) == 0
        assert two.ask("acquire", "k", 3) is None
        one.kill()
        assert three.ask("sweep") == 1
        assert three.ask("in_progress") == 1
        assert [three.ask("acquire", "k", 3) is not None for _ in range(3)] == [True, True, False]
        assert three.ask("sweep") == 0


def test_whoever_would_be_refused_looks_for_the_dead(tmp_path):
    with askers(tmp_path / "limits", 2) as (one, two):
        assert one.ask("acquire", "k", 1) == 0
        one.kill()
        got = None
        for _ in range(200):
            got = two.ask("acquire", "k", 1)
            if got is not None:
                break
            signal.sigtimedwait([], 0.02)
        assert got is not None


def test_a_new_worker_takes_the_row_of_a_dead_one_without_its_counts(tmp_path):
    path = tmp_path / "limits"
    with askers(path, 1) as (one,):
        assert one.ask("acquire", "k", 1) == 0
    with askers(path, 1) as (two,):
        assert two.ask("in_progress") == 0
        assert two.ask("acquire", "k", 1) == 0


def test_workers_killed_while_they_count_harm_no_limit(tmp_path):
    """Five are killed at any moment of their work; one that stays goes on counting, and the bound holds."""
    path = tmp_path / "limits"
    with askers(path, 1) as (survivor,):
        passed = []
        for _ in range(5):
            with askers(path, 1) as (victim,):
                victim.start("hammer", "k", 1000.0, 0, 5.0)
                passed += survivor.ask("hammer", "k", 1000.0, 0, 0.05)
                os.kill(victim.process.pid, signal.SIGKILL)
        passed += survivor.ask("hammer", "k", 1000.0, 0, 0.1)
        assert most_in_any_window(passed, 0.05) <= 1000 * 0.05 + 1
        assert survivor.ask("wait", "another", 1.0, 0, T0) == 0


def test_counts_survive_a_restart(tmp_path):
    path = tmp_path / "limits"
    with askers(path, 1) as (one,):
        assert one.ask("spend", "k", 1.0, 4, 10, T0) == 5
    with askers(path, 1) as (two,):
        assert two.ask("spend", "k", 1.0, 4, 10, T0) == 0
        assert two.ask("spend", "k", 1.0, 4, 10, T0 + 2) == 2
