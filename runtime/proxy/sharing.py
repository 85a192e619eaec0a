"""
What an exchange has to do with others that want the same object: it leads their fetch, waits for it, or goes alone.

Invariants:
- Whoever leads a flight settles it exactly once, on every path: `settle` is harmless the second time.
- `_since` is the store's generation when the origin is asked. What was purged after it is given to nobody who asks later.
"""

from typing import Any

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Flight, Role
from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse
from runtime.proxy.messages import Command, FlightSettled, Wake
from runtime.proxy.plan import Plan


class Sharing:
    """Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_cache", "_flight", "_plan", "_since", "_started", "leads")

    def __init__(self, plan: Plan, cache: Cache, now: float) -> None:
        self._plan = plan
        self._cache = cache
        self._started = now
        # Naming the key has other workers' unsafe requests reach this fetch.
        since = cache.store.generation(plan.cache_key) if plan.coalesce else cache.store.generation()
        self._since = since if plan.since is None else plan.since
        self._flight: Flight[Any] | None = None
        """The one that is led, or waited for."""
        self.leads = False
        """Others may wait for this exchange."""

    def join(self, waiter: object) -> Role:
        """
        The part of an exchange whose answer may be stored: `waiter` is who is woken.

        A fetch behind a client's back never goes alone: it would for each request that a stale response answers.
        """
        key = self._plan.cache_key
        if not self._plan.background and self._cache.uncacheable.covers(key, self._started):
            return Role.ALONE
        role, flight = self._cache.flights.join(key, waiter)
        if role is Role.ALONE:
            return role
        growing = flight.growing
        if growing is not None and self._is_purged(growing, flight):
            # What grows is of the time before, and so would be the wait for it.
            flight.waiters.pop(waiter, None)
            role, flight = Role.LEADS, self._cache.flights.lead(key)
        self._flight = flight
        self.leads = role is Role.LEADS
        return role

    def _is_purged(self, growing: Growing, flight: Flight[Any]) -> bool:
        return self._cache.store.was_purged(flight.key, growing.told.tags, flight.since)

    def is_fetched(self) -> bool:
        """Whether another exchange is fetching the object now."""
        return self._plan.cache_key in self._cache.flights

    @property
    def joined(self) -> Growing | None:
        """What can be read of the fetch that is waited for."""
        return None if self._flight is None or self.leads else self._flight.growing

    def leave(self, waiter: object) -> None:
        """Wait no more."""
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.waiters.pop(waiter, None)

    def begin_again(self) -> None:
        """
        The fetch that was waited for is over, and this exchange asks the origin itself, from now on.

        What it asks about may have been purged while it waited: a 304 must not bring that back.
        """
        if self._plan.stale is None:
            self._since = self._cache.store.generation(self._plan.cache_key)

    def settle(
        self, stored: StoredResponse | None, failed_status: int = 0, *, disconnected: bool = True
    ) -> list[Command]:
        """End the flight this exchange leads, if it does: those who wait hear of its object, its failure, or neither."""
        flight = self._flight
        if flight is None or not self.leads:
            return []
        self.leads = False
        self._flight = None
        waiters = self._cache.flights.settle(flight)
        return [Wake(waiters, FlightSettled(stored, failed_status, disconnected))] if waiters else []

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for the whole."""
        return self._flight is not None and bool(self._flight.waiters)
