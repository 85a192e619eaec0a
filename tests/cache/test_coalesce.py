"""One fetch for many waiters."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runtime.cache.coalesce import Flights, Role, Uncacheable


def role_of(joined):
    return joined[0]


def test_the_first_leads_the_others_wait_and_are_woken_in_order():
    flights: Flights[str] = Flights()
    role, flight = flights.join("/a", "one")
    assert role is Role.LEADS
    assert flights.join("/a", "two") == (Role.WAITS, flight)
    assert flights.join("/a", "three") == (Role.WAITS, flight)
    assert role_of(flights.join("/b", "four")) is Role.LEADS
    assert repr(flights) == "<2 flights, 2 waiters>"
    assert flights.settle(flight) == ["two", "three"]
    assert "/a" not in flights
    assert flights.settle(flight) == []
    assert role_of(flights.join("/a", "five")) is Role.LEADS


def test_as_many_as_may_wait_do_and_the_rest_goes_alone():
    flights: Flights[int] = Flights(max_waiters=2)
    _, flight = flights.join("/a", 0)
    assert [role_of(flights.join("/a", number)) for number in (1, 2, 3)] == [
        Role.WAITS,
        Role.WAITS,
        Role.ALONE,
    ]
    assert flights.settle(flight) == [1, 2]


def test_who_leaves_is_not_woken():
    flights: Flights[str] = Flights()
    _, flight = flights.join("/a", "one")
    for name in ("two", "three"):
        flights.join("/a", name)
    del flight.waiters["two"]
    assert flights.settle(flight) == ["three"]


def test_a_new_flight_takes_the_place_of_one_that_is_out_of_date_and_outlasts_its_end():
    flights: Flights[str] = Flights()
    _, old = flights.join("/a", "one")
    flights.join("/a", "two")
    new = flights.lead("/a")
    assert flights.join("/a", "three") == (Role.WAITS, new)
    assert flights.settle(old) == ["two"]
    assert "/a" in flights
    assert flights.settle(new) == ["three"]
    assert len(flights) == 0


class Airport(RuleBasedStateMachine):
    """Each waiter is woken, led or left exactly once; a key has a leader exactly while it has a flight."""

    def __init__(self):
        super().__init__()
        self.flights = Flights(max_waiters=3)
        self.waiting = {"a": [], "b": []}
        self.led = {}
        self.next = 0

    keys = st.sampled_from("ab")

    @rule(key=keys)
    def join(self, key):
        self.next += 1
        role, flight = self.flights.join(key, self.next)
        if key not in self.led:
            assert role is Role.LEADS
            self.led[key] = flight
        elif len(self.waiting[key]) < 3:
            assert role is Role.WAITS
            self.waiting[key].append(self.next)
        else:
            assert role is Role.ALONE

    @rule(key=keys)
    def settle(self, key):
        if key in self.led:
            assert self.flights.settle(self.led.pop(key)) == self.waiting[key]
            self.waiting[key] = []

    @rule(key=keys, place=st.integers(0, 2))
    def leave(self, key, place):
        if place < len(self.waiting[key]):
            del self.led[key].waiters[self.waiting[key].pop(place)]

    @invariant()
    def flights_are_led(self):
        assert {key for key in "ab" if key in self.flights} == set(self.led)


TestAirport = Airport.TestCase
TestAirport.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


def test_uncacheable_keys_are_remembered_for_a_while():
    uncacheable = Uncacheable(seconds=120)
    assert not uncacheable.covers("/a", 1000)
    uncacheable.note("/a", 1000)
    assert uncacheable.covers("/a", 1000)
    assert uncacheable.covers("/a", 1119.9)
    assert not uncacheable.covers("/a", 1120)
    assert len(uncacheable) == 0


def test_a_key_that_became_cacheable_is_forgotten():
    uncacheable = Uncacheable()
    uncacheable.note("/a", 1000)
    uncacheable.forget("/a")
    uncacheable.forget("/a")
    assert not uncacheable.covers("/a", 1000)


def test_uncacheable_keys_are_bounded_and_the_oldest_note_goes():
    uncacheable = Uncacheable(max_keys=2)
    for key in ("/a", "/b", "/a", "/c"):
        uncacheable.note(key, 1000)
    assert [key for key in ("/a", "/b", "/c") if uncacheable.covers(key, 1000)] == ["/a", "/c"]


def test_a_clock_set_back_ends_the_memory():
    uncacheable = Uncacheable(seconds=120)
    uncacheable.note("/a", 1_000_000)
    assert not uncacheable.covers("/a", 1000)
