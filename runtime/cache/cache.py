"""A cache as requests use it: what is stored, what is being fetched, what is in vain to wait for."""

from dataclasses import dataclass, field
from typing import Any, Final

from runtime.cache.coalesce import Flights, Uncacheable
from runtime.cache.store import CacheStore


@dataclass(slots=True)
class Allowance:
    """Bytes that may be collected for the store at one time, all objects together; what is beyond is not stored."""

    limit: int
    used: int = 0

    def take(self, size: int) -> bool:
        """Whether `size` more bytes may be collected; they count then."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        self.used -= size


DEFAULT_COLLECTING_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Cache:
    """One a worker, or one a test. Waiters of `flights` are exchanges."""

    store: CacheStore
    flights: Flights[Any] = field(default_factory=Flights)
    uncacheable: Uncacheable = field(default_factory=Uncacheable)
    collecting: Allowance = field(default_factory=lambda: Allowance(DEFAULT_COLLECTING_BYTES))
