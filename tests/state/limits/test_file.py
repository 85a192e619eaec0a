"""The file of shared limits: full sets, clocks that are set, damage, other layouts, no room."""

import fcntl
import os
import subprocess
import sys

import pytest

from runtime.state.limits import file as limits_file
from runtime.state.limits.file import WAYS, LimitsError
from runtime.state.limits.shared import SharedLimits, layout
from tests.support.limit_process import ROOT

T0 = 1_700_000_001.0
ONE_SET = layout(max_keys=1, max_connection_keys=1, rows=4)


@pytest.fixture
def opened(tmp_path):
    made = []

    def make(policy="refuse", shape=ONE_SET):
        limits = SharedLimits(tmp_path / "limits", shape, policy)
        made.append(limits)
        return limits

    yield make
    for limits in made:
        limits.close()


def test_a_full_set_refuses_new_keys_and_forgets_none(opened):
    limits = opened()
    limiter = limits.site().limiter
    keys = [str(number) for number in range(WAYS + 1)]
    assert [limiter.admit(key, 1, 0, T0) for key in keys] == [True] * WAYS + [False]
    assert limits.counts().refused_full == 1
    assert not any(limiter.admit(key, 1, 0, T0 + 0.5) for key in keys)
    assert limits.keys(T0 + 0.5) == WAYS


def test_a_full_set_admits_uncounted_where_the_policy_says_so(opened):
    limits = opened("admit")
    limiter = limits.site().limiter
    for number in range(WAYS):
        limiter.admit(str(number), 1, 0, T0)
    assert [limiter.admit("new", 1, 0, T0) for _ in range(3)] == [True] * 3
    assert limiter.admit_in_window("new", 1, 1.0, T0)
    assert limits.counts().admitted_full == 4
    assert not limiter.admit("0", 1, 0, T0)


def test_keys_that_mean_nothing_any_more_make_room(opened):
    limiter = opened().site().limiter
    for number in range(WAYS):
        limiter.admit(str(number), 1, 0, T0)
    assert limiter.admit_in_window("window", 1, 9.0, T0 + 1.5)
    assert not limiter.admit_in_window("window", 1, 9.0, T0 + 1.5)
    assert limiter.admit("bucket", 1, 0, T0 + 1.5)
    assert not limiter.admit("bucket", 1, 0, T0 + 1.5)


def test_a_slot_given_on_keeps_no_count_of_the_key_before(opened):
    limiter = opened().site().limiter
    for number in range(WAYS):
        assert [limiter.admit_in_window(f"old {number}", 2, 9.0, T0) for _ in range(3)] == [True, True, False]
    for number in range(WAYS):
        key = f"new {number}"
        assert [limiter.admit_in_window(key, 2, 9.0, T0 + 30) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("back_s", "makes_room"), [(10, False), (3000, False), (8000, True)])
def test_a_clock_set_back_far_leaves_no_dead_keys(back_s, makes_room, opened):
    limiter = opened().site().limiter
    for number in range(WAYS):
        limiter.admit(str(number), 1, 0, T0)
    assert limiter.admit("new", 1, 0, T0 - back_s) == makes_room


def test_a_clock_set_forward_empties_buckets_once(opened):
    limiter = opened().site().limiter
    assert [limiter.admit("k", 1, 2, T0) for _ in range(4)] == [True] * 3 + [False]
    assert [limiter.admit("k", 1, 2, T0 + 1e6) for _ in range(4)] == [True] * 3 + [False]


def test_full_sets_of_connections(opened):
    for policy, expected in (("refuse", False), ("admit", True)):
        limits = opened(policy)
        connections = limits.site().connections
        places = [connections.acquire(str(number), 1) for number in range(WAYS)]
        assert all(places)
        extra = connections.acquire("new", 1)
        assert (extra is not None) == expected
        if extra is not None:
            extra.release()
        places[0].release()
        assert connections.acquire("new", 1)
        assert limits.in_progress() == WAYS
        limits.close()


def test_a_place_released_after_the_end_does_nothing(opened):
    limits = opened()
    place = limits.site().connections.acquire("k", 1)
    limits.close()
    place.release()


@pytest.mark.parametrize("filling", [b"\xff", b"\x7f", b"\x00", b"\x01", b"A"], ids=bytes.hex)
def test_a_damaged_file_raises_nothing_and_heals(filling, tmp_path, opened):
    opened().close()
    path = tmp_path / "limits"
    data = bytearray(path.read_bytes())
    data[limits_file.HEADER_BYTES :] = filling * (len(data) - limits_file.HEADER_BYTES)
    path.write_bytes(data)
    limits = opened()
    limiter, connections = limits.site()
    for now in (T0, T0 + 30):
        limiter.admit("k", 1, 0, now)
        limiter.admit_in_window("k", 1, 9.0, now)
        place = connections.acquire("k", 10)
        if place is not None:
            place.release()
    assert limiter.admit("k", 1, 0, T0 + 60)
    assert not limiter.admit("k", 1, 0, T0 + 60)


def test_damage_in_the_slot_of_a_key_that_is_there(opened):
    limits = opened()
    limiter = limits.site().limiter
    limiter.admit("k", 1, 0, T0)
    limiter.admit_in_window("w", 2, 9.0, T0)
    times_at = limits_file.HEADER_BYTES + WAYS * 16
    for damage in (b"\xff" * 16, b"\x7f" * 16, (b"\x00" * 6 + b"\xf0\x7f") * 2):
        for way in range(2):
            limits._file.map[times_at + way * 16 : times_at + way * 16 + 16] = damage
        for _ in range(3):
            limiter.admit("k", 1, 0, T0 + 60)
            limiter.admit_in_window("w", 2, 9.0, T0 + 60)
        assert limiter.admit("k", 1, 0, T0 + 90)
        assert limiter.admit_in_window("w", 2, 9.0, T0 + 90)


def test_another_layout_is_another_file(tmp_path, opened):
    first = opened()
    first.site().limiter.admit("k", 1, 0, T0)
    first.close()
    other = opened(shape=layout(max_keys=100))
    assert other.site().limiter.admit("k", 1, 0, T0)
    assert other._file.map.size() == (tmp_path / "limits").stat().st_size


@pytest.mark.parametrize("content", [b"", b"x", b"ESLIMIT1", b"\x00" * 10_000])
def test_what_is_no_such_file_is_replaced(content, tmp_path, opened):
    (tmp_path / "limits").write_bytes(content)
    assert opened().site().limiter.admit("k", 1, 0, T0)


def test_nobody_else_may_read_it(tmp_path, opened):
    opened()
    assert (tmp_path / "limits").stat().st_mode & 0o777 == 0o600


def test_one_process_opens_it_once(opened):
    first = opened()
    with pytest.raises(LimitsError, match="open in this process already"):
        opened()
    first.close()
    opened()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(LimitsError, match="No such file"):
        SharedLimits(tmp_path / "none" / "limits", ONE_SET)


def test_no_room_for_it(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(LimitsError, match="No space left"):
        SharedLimits(tmp_path / "limits", ONE_SET)
    assert [entry.name for entry in tmp_path.iterdir()] == ["limits.lock"]


HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.lockf(fd, fcntl.LOCK_EX, int(sys.argv[3]), int(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path):
    started = []

    def start(first, count):
        command = [sys.executable, "-c", HOLDER, str(tmp_path / "limits"), str(first), str(count)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("policy", "answer"), [("refuse", False), ("admit", True)])
def test_a_lock_that_is_never_given_back_is_not_waited_for_long(policy, answer, opened, hold):
    limits = opened(policy)
    limiter, connections = limits.site()
    place = connections.acquire("held", 1)
    holder = hold(0, 2)
    assert limiter.admit("k", 1, 0, T0) == answer
    assert limiter.admit_in_window("k", 1, 1.0, T0) == answer
    assert (connections.acquire("k", 1) is not None) == answer
    place.release()
    assert limits.counts().contended == 3
    assert limits.in_progress() == 1
    holder.kill()
    holder.wait()
    assert limiter.admit("k", 1, 0, T0)
    assert connections.acquire("k", 1) is not None
    assert limits.in_progress() == 1, "what was released while the lock was held is given back by now"


def test_every_row_is_taken(opened, hold):
    opened().close()
    hold(1 << 40, ONE_SET.rows)
    with pytest.raises(LimitsError, match="4 processes use it already"):
        opened()


def test_locks_are_the_kernels_to_free(opened):
    limits = opened()
    assert limits._file.lock(0)
    limits._file.unlock(0)
    assert fcntl.lockf(limits._file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0) is None
