"""
What an exchange has to do with others that want the same object: it leads their fetch, waits for it, or goes alone.

Invariants:
- Whoever leads a flight settles it exactly once, on every path: `settle` is harmless the second time.
- `_since` is the store's generation when the origin is asked. What was purged after it is given to nobody who asks later.
- Who asks for a part shares the fetch of those who ask for the same part, never that of the whole.
"""

from typing import Any, Final

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Flight, Role
from runtime.cache.growing import Growing
from runtime.cache.keys import vary_values
from runtime.cache.purge import UPSTREAM_MARK
from runtime.cache.store import StoredResponse
from runtime.proxy.messages import Command, FlightSettled, Wake
from runtime.proxy.plan import Plan

_PART: Final = f"{UPSTREAM_MARK}\0bytes="
"""What separates a key from a range: no key has the mark but before an upstream's name."""


class Sharing:
    """Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_cache", "_flight", "_flight_key", "_in_vain_key", "_plan", "_since", "_started", "leads")

    def __init__(self, plan: Plan, cache: Cache, now: float) -> None:
        self._plan = plan
        self._cache = cache
        self._started = now
        # Naming the key has other workers' unsafe requests reach this fetch.
        stores = plan.coalesce or plan.part
        since = cache.store.generation(plan.cache_key) if stores else cache.store.generation()
        self._since = since if plan.since is None else plan.since
        self._in_vain_key = plan.cache_key + _PART if plan.part else plan.cache_key
        """What it is in vain to wait for: the whole, or parts whatever they are."""
        self._flight_key = self._in_vain_key + plan.part
        """What those have in common who may share a fetch."""
        self._flight: Flight[Any] | None = None
        """The one that is led, or waited for."""
        self.leads = False
        """Others may wait for this exchange."""

    def join(self, waiter: object, variant: str = "") -> Role:
        """
        The part of an exchange whose answer may be stored: `waiter` is who is woken. With `variant`, what `variant_of` gives,
        it shares a fetch with those alone who want the same one.

        A fetch behind a client's back never goes alone: it would for each request that a stale response answers.
        """
        key = self._flight_key
        if not self._plan.background and self._cache.uncacheable.covers(self._in_vain_key, self._started):
            return Role.ALONE
        role, flight = self._cache.flights.join(key + variant, waiter)
        if role is Role.ALONE:
            return role
        growing = flight.growing
        if growing is not None and self._is_purged(growing, flight):
            # What grows is of the time before, and so would be the wait for it.
            flight.waiters.pop(waiter, None)
            role, flight = Role.LEADS, self._cache.flights.lead(key + variant)
        self._flight = flight
        self.leads = role is Role.LEADS
        return role

    def _is_purged(self, growing: Growing, flight: Flight[Any]) -> bool:
        return self._cache.store.was_purged(self._plan.cache_key, growing.told.tags, flight.since)

    def variant_of(self, other: StoredResponse) -> str:
        """Which variant this exchange wants of what `other` is one of; no key of a response has a NUL before such text."""
        return f"\0{vary_values(other.vary_names, self._plan.vary_fields)!r}"

    def is_fetched(self) -> bool:
        """Whether another exchange is fetching the object now."""
        return self._flight_key in self._cache.flights

    @property
    def joined(self) -> Growing | None:
        """What can be read of the fetch that is waited for."""
        return None if self._flight is None or self.leads else self._flight.growing

    def leave(self, waiter: object) -> None:
        """Wait no more."""
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.waiters.pop(waiter, None)

    def begin_again(self, now: float, stale: StoredResponse | None) -> StoredResponse | None:
        """
        The fetch that was waited for is over, and this exchange is as one that begins at Unix second `now`.

        What it was to ask about, `stale`, or None if that was purged meanwhile: a 304 must not bring it back.
        """
        self._started = now
        self._flight = None
        key, store = self._plan.cache_key, self._cache.store
        if stale is not None and store.was_purged(key, stale.tags, self._since):
            stale = None
        if stale is None:
            self._since = store.generation(key)
        return stale

    def settle(
        self,
        stored: StoredResponse | None,
        failed_status: int = 0,
        *,
        disconnected: bool = True,
        says_nothing: bool = False,
    ) -> list[Command]:
        """End the flight this exchange leads, if it does: those who wait hear of its object, its failure, or neither."""
        flight = self._flight
        if flight is None or not self.leads:
            return []
        self.leads = False
        self._flight = None
        waiters = self._cache.flights.settle(flight)
        if not waiters:
            return []
        return [Wake(waiters, FlightSettled(stored, failed_status, disconnected, says_nothing))]

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for the whole."""
        return self._flight is not None and bool(self._flight.waiters)
