"""A cache as requests use it: what is stored, what is being fetched, what is in vain to wait for."""

from dataclasses import dataclass, field
from typing import Any

from runtime.cache.coalesce import Flights, Uncacheable
from runtime.cache.store import CacheStore
from runtime.cache.writing import DEFAULT_COLLECTING_BYTES, Allowance, BodyWriter, writer_for

__all__ = ["Allowance", "Cache"]


@dataclass(slots=True)
class CacheCounts:
    """Since the start."""

    overtagged: int = 0
    """Responses not stored because they have more tags than are indexed, or a longer one."""


@dataclass(frozen=True, slots=True)
class Cache:
    """One a worker, or one a test. Waiters of `flights` are exchanges."""

    store: CacheStore
    flights: Flights[Any] = field(default_factory=Flights)
    uncacheable: Uncacheable = field(default_factory=Uncacheable)
    collecting: Allowance = field(default_factory=lambda: Allowance(DEFAULT_COLLECTING_BYTES))

    counts: CacheCounts = field(default_factory=CacheCounts)

    def writer(self, length: int | None) -> BodyWriter | None:
        """What collects a body of `length` bytes, None for unknown, for the store; None when it is too long."""
        store = self.store
        return writer_for(length, store.max_object_bytes, self.collecting, store.overflow)
