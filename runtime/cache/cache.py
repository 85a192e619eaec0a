"""A cache as requests use it: what is stored, what is being fetched, what is in vain to wait for."""

from dataclasses import dataclass, field
from typing import Any

from runtime.cache.coalesce import Flights, Uncacheable
from runtime.cache.store import CacheStore


@dataclass(frozen=True, slots=True)
class Cache:
    """One a worker, or one a test. Waiters of `flights` are exchanges."""

    store: CacheStore
    flights: Flights[Any] = field(default_factory=Flights)
    uncacheable: Uncacheable = field(default_factory=Uncacheable)
