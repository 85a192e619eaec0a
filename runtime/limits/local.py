"""
The limits of a node with one worker: everything in the process's memory.

`LocalLimits.site(name)` is what a site's scripts reach as `Services.limiter` and `Services.connections`. A node with
several workers has `runtime.state.limits.shared.SharedLimits` in its place, with the same members.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from runtime.limits.connections import Connections
from runtime.limits.counts import LimitCounts
from runtime.limits.requests import DEFAULT_MAX_KEYS, TokenBuckets
from runtime.limits.windows import SlidingWindows

Wait = Callable[[str, float, float, float], float]
AdmitInWindow = Callable[[str, int, float, float], bool]


class Place(Protocol):
    """One request in progress."""

    def release(self) -> None:
        """Give the place back; once is as good as often."""
        ...


class SiteLimiter:
    """A site's `edgescript.services.RequestLimiter`."""

    __slots__ = ("admit_in_window", "counts", "wait")

    def __init__(self, wait: Wait, admit_in_window: AdmitInWindow, counts: LimitCounts) -> None:
        self.wait = wait
        self.admit_in_window = admit_in_window
        self.counts = counts
        """Of all sites' limits in this process."""

    def admit(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> bool:
        """Whether one more request under `key` keeps to `rate_per_s` with `burst` to spare; counts it if so."""
        return self.wait(key, rate_per_s, burst, now_s) >= 0

    def shadow_refused(self) -> None:
        """Note what a limit in shadow mode would have refused."""
        self.counts.shadow_refused += 1


class SiteConnections:
    """A site's `edgescript.services.ConnectionLimiter`."""

    __slots__ = ("acquire",)

    def __init__(self, acquire: Callable[[str, int], Place | None]) -> None:
        self.acquire = acquire


class SiteLimits(NamedTuple):
    """What a site's scripts count with."""

    limiter: SiteLimiter
    connections: SiteConnections


class LocalLimits:
    """The limits of all sites in one process."""

    def __init__(self, max_keys: int = DEFAULT_MAX_KEYS) -> None:
        self._counts = LimitCounts()
        self._buckets = TokenBuckets(max_keys, self._counts)
        self._windows = SlidingWindows(max_keys, self._counts)
        self._connections = Connections()

    def site(self, name: str = "") -> SiteLimits:
        """The limits of one site: keys of two sites are never the same."""
        return SiteLimits(
            SiteLimiter(partial(self._buckets.wait, name), partial(self._windows.admit, name), self._counts),
            SiteConnections(partial(self._connections.acquire, name)),
        )

    def counts(self) -> LimitCounts:
        """Of this process, kept up to date."""
        return self._counts

    def keys(self, _now_s: float) -> int:
        """Keys of rates in memory, some of which may count no more."""
        return len(self._buckets) + len(self._windows)

    def in_progress(self) -> int:
        """Places that requests hold."""
        return self._connections.held

    def sweep(self) -> int:
        """No other process leaves anything over."""
        return 0

    def close(self) -> None:
        """Nothing is open."""
