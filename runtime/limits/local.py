"""
The limits of a node with one worker: everything in the process's memory.

`LocalLimits.site(name)` is what a site's scripts reach as `Services.limiter` and `Services.connections`. A node with
several workers has `runtime.state.limits.shared.SharedLimits` in its place, with the same members.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

from runtime.limits.connections import Connections
from runtime.limits.counts import LimitCounts
from runtime.limits.requests import DEFAULT_MAX_KEYS, TokenBuckets
from runtime.limits.windows import SlidingWindows

Wait = Callable[[str, float, float, float], float]
WaitOf = Callable[[str, str, float, float, float], float]
AdmitInWindow = Callable[[str, int, float, float], bool]
AdmitOf = Callable[[str, str, int, float, float], bool]


class Place(Protocol):
    """One request in progress."""

    def release(self) -> None:
        """Give the place back; once is as good as often."""
        ...


class SiteLimiter:
    """
    A site's `edgescript.services.RequestLimiter`. `wait_of` and `admit_of` are those of all sites, told the site's name.

    Its own are made when they are first asked for: most sites of thousands count nothing, and those that do pay nothing
    for the rest.
    """

    __slots__ = ("_name", "admit_in_window", "admit_of", "counts", "wait", "wait_of")

    wait: Wait
    admit_in_window: AdmitInWindow

    def __init__(self, name: str, wait_of: WaitOf, admit_of: AdmitOf, counts: LimitCounts) -> None:
        self._name = name
        self.wait_of = wait_of
        self.admit_of = admit_of
        self.counts = counts
        """Of all sites' limits in this process."""

    def __getattr__(self, name: str) -> Any:
        if name == "wait":
            self.wait = partial(self.wait_of, self._name)
            return self.wait
        if name == "admit_in_window":
            self.admit_in_window = partial(self.admit_of, self._name)
            return self.admit_in_window
        raise AttributeError(name)

    def admit(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> bool:
        """Whether one more request under `key` keeps to `rate_per_s` with `burst` to spare; counts it if so."""
        return self.wait(key, rate_per_s, burst, now_s) >= 0

    def shadow_refused(self) -> None:
        """Note what a limit in shadow mode would have refused."""
        self.counts.shadow_refused += 1


class SiteConnections:
    """A site's `edgescript.services.ConnectionLimiter`, made as `SiteLimiter` is."""

    __slots__ = ("_acquire_of", "_name", "acquire")

    acquire: Callable[[str, int], Place | None]

    def __init__(self, name: str, acquire_of: Callable[[str, str, int], Place | None]) -> None:
        self._name = name
        self._acquire_of = acquire_of

    def __getattr__(self, name: str) -> Any:
        if name == "acquire":
            self.acquire = partial(self._acquire_of, self._name)
            return self.acquire
        raise AttributeError(name)


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
        # A method is an object, made each time it is asked for: these are of all sites.
        self._of_all = self._buckets.wait, self._windows.admit, self._counts
        self._acquire = self._connections.acquire

    def site(self, name: str = "") -> SiteLimits:
        """The limits of one site: keys of two sites are never the same."""
        return SiteLimits(SiteLimiter(name, *self._of_all), SiteConnections(name, self._acquire))

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
