"""
What an exchange has to do with others that want the same object: it leads their fetch, waits for it, or goes alone.

Invariants:
- Whoever leads a flight settles it exactly once, on every path: `settle` is harmless the second time.
- What was purged after `since` is given to nobody who asks later.
- What is in vain for a request of its own making (no-store, credentials) says nothing to those without.
- Who asks for a part shares the fetch of those who ask for the same part, never that of the whole.
"""

from typing import Any, Final

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Flight, Role
from runtime.cache.growing import Growing
from runtime.cache.keys import vary_values
from runtime.cache.purge import UPSTREAM_MARK
from runtime.cache.store import StoredResponse
from runtime.http.storage import forbids_storing
from runtime.proxy.messages import Command, FlightSettled, Wake
from runtime.proxy.plan import Plan

_PART: Final = f"{UPSTREAM_MARK}\0bytes="
"""What separates a key from a range: no key has the mark but before an upstream's name."""
_OWN_FAULT: Final = f"{UPSTREAM_MARK}\0own"
"""Likewise, from requests that keep their answers from being stored themselves."""


class Sharing:
    """Made when the exchange begins, at Unix second `now`."""

    __slots__ = (
        "_cache",
        "_flight",
        "_flight_key",
        "_in_vain_key",
        "_own_in_vain_key",
        "_plan",
        "leads",
        "since",
        "started",
    )

    def __init__(self, plan: Plan, cache: Cache, now: float) -> None:
        self._plan = plan
        self._cache = cache
        self.started = now
        """When the origin is asked, at the earliest."""
        # Naming the key has other workers' unsafe requests reach this fetch.
        stores = plan.coalesce or plan.part
        since = cache.store.generation(plan.cache_key) if stores else cache.store.generation()
        self.since = since if plan.since is None else plan.since
        """The store's generation when the origin is asked."""
        self._in_vain_key = plan.cache_key + _PART if plan.part else plan.cache_key
        """What it is in vain to wait for: the whole, or parts whatever they are."""
        self._flight_key = self._in_vain_key + plan.part
        """What those have in common who may share a fetch."""
        forbids = not plan.plain and forbids_storing(plan.request_fields)
        self._own_in_vain_key = self._in_vain_key + _OWN_FAULT if forbids else ""
        """As `_in_vain_key`, for a request that itself keeps its answer from being stored."""
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
        if not self._plan.background and self._is_in_vain():
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

    def _is_in_vain(self) -> bool:
        """Whether to fetch without waiting for others."""
        covers, own = self._cache.uncacheable.covers, self._own_in_vain_key
        return covers(self._in_vain_key, self.started) or (bool(own) and covers(own, self.started))

    def note_in_vain(self, now: float) -> None:
        """What came could not be stored: who asks likewise need not wait."""
        self._cache.uncacheable.note(self._own_in_vain_key or self._in_vain_key, now)

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
        self.started = now
        self._flight = None
        key, store = self._plan.cache_key, self._cache.store
        if stale is not None and store.was_purged(key, stale.tags, self.since):
            stale = None
        if stale is None:
            self.since = store.generation(key)
        return stale

    def note_kept(self) -> None:
        """What came is stored: it is not in vain to wait for the next."""
        uncacheable = self._cache.uncacheable
        uncacheable.forget(self._in_vain_key)
        if self._own_in_vain_key:
            uncacheable.forget(self._own_in_vain_key)

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

    def grow(self, growing: Growing) -> list[object]:
        """Those who wait for the fetch that is led may read along `growing`; who they are."""
        flight = self._flight
        assert flight is not None, "it is led"
        flight.growing = growing
        flight.since = self.since
        return list(flight.waiters)

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for the whole."""
        return self._flight is not None and bool(self._flight.waiters)
