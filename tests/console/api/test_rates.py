"""Rates: so many at once, then so many a second, by key."""

import asyncio

import pytest

from runtime.console.api.problems import ProblemError
from runtime.console.api.rates import Rate, Shares, Turns, refuse_too_many
from runtime.console.api.surface import customer
from runtime.console.model.access import EVERY, Actor, Scope


def test_a_burst_and_then_the_rate():
    now = 100.0
    rate = Rate(10, 3, lambda: now)
    assert [rate.take("a") for _ in range(3)] == [0, 0, 0]
    assert rate.take("a") == pytest.approx(0.1)
    assert rate.take("b") == 0
    now = 100.1
    assert rate.take("a") == 0
    assert rate.take("a") > 0


def test_looking_counts_nothing():
    rate = Rate(1, 1, lambda: 100.0)
    assert [rate.wait_s("a") for _ in range(3)] == [0, 0, 0]
    assert rate.take("a") == 0
    assert rate.wait_s("a") == pytest.approx(1)


def test_the_table_is_bounded():
    rate = Rate(1, 1, lambda: 100.0, max_keys=10)
    for key in range(1000):
        rate.take(str(key))
    assert len(rate._arrivals) == 10


def test_too_many_is_a_problem_with_retry_after():
    refuse_too_many(0, "x")
    with pytest.raises(ProblemError) as caught:
        refuse_too_many(1.2, "changes")
    assert (caught.value.code, caught.value.headers) == ("too-many", {"Retry-After": "2"})


CUSTOMERS = {
    "tokens of a domain": ({"shop": Scope.READ}, "/shop"),
    "whatever their scope": ({"shop": Scope.ADMIN}, "/shop"),
    "of several domains, the first": ({"shop": Scope.READ, "blog": Scope.READ}, "/blog"),
    "an operator for himself": ({EVERY: Scope.ADMIN}, "t"),
}


@pytest.mark.parametrize("case", CUSTOMERS)
def test_whose_share_is_used(case):
    grants, expected = CUSTOMERS[case]
    assert customer(Actor("t", "label", grants)) == expected


def test_a_change_that_may_not_be_is_counted_for_nobody():
    changes = Shares(Rate(50, 50, lambda: 100.0), Rate(100, 100, lambda: 100.0))
    assert [changes.take("a", "/shop") for _ in range(50)] == [0] * 50
    assert all(changes.take("a", "/shop") > 0 for _ in range(100))
    assert [changes.take("b", "/shop") for _ in range(50)] == [0] * 50
    assert changes.take("c", "/shop") > 0
    assert changes.take("c", "/blog") == 0


def test_who_asks_often_waits_for_himself_alone():
    order = []

    async def ask(turns, key, name):
        async with turns.one(key):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    async def all_at_once():
        turns = Turns(2, "texts")
        asked = [
            ask(turns, "a", "first"),
            ask(turns, "a", "second"),
            ask(turns, "a", "third"),
            ask(turns, "b", "other"),
        ]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert turns._locks == {}
        return found

    found = asyncio.run(all_at_once())
    assert [getattr(each, "code", None) for each in found] == [None, None, "too-many", None]
    assert order.index("other begins") < order.index("first ends") < order.index("second begins")
