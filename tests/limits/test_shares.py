"""One member's share of a limit that several hold: what is asked, leased and admitted, in a clock of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.limits.shares import Shares, Wish

KEY = ("", "k", 10.0)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Divider:
    """What Redis's script does, for one key and members by number."""

    def __init__(self, clock, lease_s):
        self.clock, self.lease_s = clock, lease_s
        self.held = {}

    def ask(self, member, demand):
        now = self.clock()
        self.held = {who: row for who, row in self.held.items() if row[1] > now and who != member}
        count, total = len(self.held) + 1, sum(row[2] for row in self.held.values()) + demand
        part = demand / total if total else 1 / count
        share = max(0.0, min(0.1 / count + 0.9 * part, 1 - sum(row[0] for row in self.held.values())))
        self.held[member] = (share, now + self.lease_s, demand)
        return share


def shares(members=1, max_keys=100, lease_s=1.0):
    clock = Clock()
    return Shares(max_keys, lease_s, members, clock), clock


def admitted(made, count, rate=10.0, burst=4):
    return sum(made.wait("", "k", rate, burst, 0.0) >= 0 for _ in range(count))


def test_without_a_lease_a_member_takes_its_part():
    made, clock = shares(members=5)
    assert admitted(made, 10, burst=5) == 2
    clock.now_s += 1
    assert admitted(made, 10, burst=5) == 2


def test_a_lease_is_a_part_of_rate_and_burst():
    made, clock = shares(members=2)
    assert admitted(made, 10) == 3
    made.granted(KEY, 0.5, clock())
    clock.now_s += 0.9
    assert admitted(made, 10) == 3
    clock.now_s += 0.09
    assert admitted(made, 10) == 0


def test_a_larger_burst_is_no_present():
    made, clock = shares(members=10)
    assert admitted(made, 10, burst=40) == 5
    made.granted(KEY, 1.0, clock())
    assert admitted(made, 10, burst=40) == 0
    clock.now_s += 0.5
    assert admitted(made, 100, burst=40) == 5


def test_a_lease_that_ran_out_is_a_part_again():
    made, clock = shares(members=5)
    admitted(made, 10, burst=0)
    made.granted(KEY, 1.0, clock())
    clock.now_s += 0.99
    assert admitted(made, 10, burst=0) == 1
    clock.now_s += 0.4
    assert admitted(made, 10, burst=0) == 0
    clock.now_s += 0.2
    assert admitted(made, 10, burst=0) == 1


def test_the_wait_is_by_the_shares_rate():
    made, clock = shares()
    made.wait("", "k", 10.0, 4, 0.0)
    made.granted(KEY, 0.5, clock())
    assert made.wait("", "k", 10.0, 4, 0.0) == pytest.approx(0.2)


def test_what_is_asked_for():
    made, clock = shares()
    assert made.due(10) == []
    assert not made.has_unasked
    admitted(made, 3)
    assert made.has_unasked
    assert made.due(10) == [Wish(KEY, 10.0)]  # 3 in a quarter of a lease or less is more than the whole
    assert made.due(10) == []
    made.granted(KEY, 1.0, clock())
    clock.now_s += 0.4
    admitted(made, 2)
    assert made.due(10) == []
    clock.now_s += 0.1
    assert made.due(10) == [Wish(KEY, 6.0)]  # half of the 12 before outweighs 2 in half a second
    clock.now_s += 0.6
    assert made.due(10) == [], "nobody wanted it"


def test_a_call_asks_for_a_bounded_number():
    made, _ = shares()
    for number in range(5):
        made.wait("", str(number), 1.0, 0, 0.0)
    assert [len(made.due(2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_full_table_refuses_new_keys_until_old_ones_are_idle():
    made, clock = shares(max_keys=2, lease_s=1.0)
    for key in "ab":
        assert made.wait("", key, 1.0, 0, 0.0) == 0
        made.granted(("", key, 1.0), 1.0, clock())
    assert made.wait("", "c", 1.0, 0, 0.0) < 0
    assert made._counts.refused_full == 1
    clock.now_s += 1.1
    assert made.wait("", "c", 1.0, 0, 0.0) == 0
    assert len(made) == 1


def test_an_answer_for_a_key_that_is_gone_is_nothing():
    made, clock = shares()
    made.granted(KEY, 1.0, clock())
    assert len(made) == 0


@pytest.mark.parametrize("bad", [{"max_keys": 0}, {"members": 0}, {"lease_s": 0.0}])
def test_bounds_must_make_sense(bad):
    with pytest.raises(ValueError, match="want 1 or more"):
        shares(**bad)


@given(
    st.integers(1, 4),
    st.integers(0, 8),
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 0.5), st.booleans()), max_size=80),
)
def test_members_that_are_answered_at_once_keep_to_the_limit_together(count, burst, steps):
    """Rate 10: in any W seconds at most rate * W + burst + members, whoever asks and renews when."""
    clock = Clock()
    members = [Shares(10, 1.0, count, clock) for _ in range(count)]
    divider = Divider(clock, 1.0)
    passed = []
    for who, gap, renews in steps:
        clock.now_s += gap
        member = members[who % count]
        if renews:
            # Every member with a key that has none, or half of its lease over; no time passes.
            for number, each in enumerate(members):
                for identity, demand in each.due(10):
                    each.granted(identity, divider.ask(number, demand), clock())
        if member.wait("", "k", 10.0, burst, 0.0) >= 0:
            passed.append(clock())
    unleased = 1.0  # until it is first answered a member's part is on top of what the others hold
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window_s = passed[last] - passed[first]
            bound = 10.0 * window_s * (1 + unleased) + burst + count
            assert last - first + 1 <= bound + 1e-6


@given(
    st.integers(1, 5),
    st.integers(0, 10),
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 0.5)), max_size=80),
)
def test_members_that_are_all_cut_off_keep_to_the_limit_together(count, burst, steps):
    clock = Clock()
    members = [Shares(10, 1.0, count, clock) for _ in range(count)]
    passed = []
    for who, gap in steps:
        clock.now_s += gap
        if members[who % count].wait("", "k", 10.0, burst, 0.0) >= 0:
            passed.append(clock())
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= 10.0 * (passed[last] - passed[first]) + burst + count + 1e-4
