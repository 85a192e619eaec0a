"""How often one may ask: changes by a token and by a customer, sign-ins by a customer, failed sign-ins by an address."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from runtime.console.api.problems import RETRY_S, ProblemError
from runtime.limits.gcra import REFUSED, decide

WRITES_PER_S: Final = 50
"""Of one token."""
CUSTOMER_WRITES_PER_S: Final = 100
"""Of all tokens of one customer, who makes as many as he likes."""
SIGN_INS_PER_MINUTE: Final = 20
"""Of one token: each is kept for hours, and in the audit for ever."""
CUSTOMER_SIGN_INS_PER_MINUTE: Final = 60
FAILURES_PER_MINUTE: Final = 20
TRIED_AT_ONCE: Final = 8
"""Texts of one customer that are checked, tested or run, or wait for that: one at a time is."""
TAILED_AT_ONCE: Final = 20
"""Logs that one customer follows: a tenth of what there is room for."""
MAX_KEYS: Final = 20_000


class Rate:
    """
    `burst` at once by key, then `per_s`. `now` gives monotonic seconds.

    The table is bounded: the key not seen for longest is forgotten, and may ask as if it were new.
    """

    def __init__(self, per_s: float, burst: int, now: Callable[[], float], max_keys: int = MAX_KEYS) -> None:
        self._interval_s = 1 / per_s
        self._ahead = burst - 1
        self._now = now
        self._max_keys = max_keys
        self._arrivals: OrderedDict[str, float] = OrderedDict()
        """The theoretical arrival time of each key."""

    def wait_s(self, key: str) -> float:
        """Seconds until `key` may ask again, 0 for now. Counts nothing."""
        arrival = self._arrivals.get(key, 0.0)
        waited, _ = decide(arrival, self._now(), self._interval_s, self._ahead)
        return arrival - self._now() - self._ahead * self._interval_s if waited == REFUSED else 0.0

    def take(self, key: str) -> float:
        """Count one if it may be; else the seconds to wait."""
        wait_s = self.wait_s(key)
        if wait_s == 0.0:
            arrival = self._arrivals.pop(key, 0.0)
            self._arrivals[key] = decide(arrival, self._now(), self._interval_s, self._ahead)[1]
            if len(self._arrivals) > self._max_keys:
                self._arrivals.popitem(last=False)
        return wait_s


class Shares:
    """A rate of each token, and one of all tokens of a customer together."""

    def __init__(self, by_token: Rate, by_customer: Rate) -> None:
        self._by_token = by_token
        self._by_customer = by_customer

    def take(self, token: str, customer: str) -> float:
        """Count one of both if it may be; else the seconds to wait, and nothing is counted."""
        wait_s = max(self._by_token.wait_s(token), self._by_customer.wait_s(customer))
        if wait_s == 0.0:
            self._by_token.take(token)
            self._by_customer.take(customer)
        return wait_s


class Turns:
    """One of something for each key at a time, and at most `most` that wait for theirs."""

    def __init__(self, most: int, what: str) -> None:
        self._under_way = UnderWay(most, what)
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def one(self, key: str) -> AsyncIterator[None]:
        """The block runs when it is its turn. Raises ProblemError where `key` has its share."""
        with self._under_way.one(key):
            lock = self._locks.setdefault(key, asyncio.Lock())
            try:
                async with lock:
                    yield
            finally:
                if self._under_way.of(key) == 1:
                    del self._locks[key]


class UnderWay:
    """How much of something each key has under way, at most `most`."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._counts: dict[str, int] = {}

    def of(self, key: str) -> int:
        """How much that is now."""
        return self._counts.get(key, 0)

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """One more while the block runs. Raises ProblemError where `key` has its share."""
        count = self._counts.get(key, 0)
        if count >= self._most:
            refuse_too_many(RETRY_S, self._what)
        self._counts[key] = count + 1
        try:
            yield
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]


def refuse_too_many(wait_s: float, what: str) -> None:
    """Raise ProblemError if there is anything to wait for."""
    if wait_s > 0:
        seconds = int(wait_s) + 1
        raise ProblemError(
            "too-many", f"too many {what}", {"Retry-After": str(seconds)}, retry_after_s=seconds
        )
