"""
The limits of a node with several workers: `SharedLimits`, in place of `runtime.limits.local.LocalLimits`.

Each worker makes one on the same path, after it was forked; the path is best on tmpfs, since every request that is
counted writes to it.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runtime.limits.counts import LimitCounts
from runtime.limits.local import SiteConnections, SiteLimiter, SiteLimits
from runtime.limits.requests import DEFAULT_MAX_KEYS
from runtime.state.limits import connections, requests
from runtime.state.limits.connections import SharedConnections
from runtime.state.limits.file import WAYS, Layout, LimitsFile
from runtime.state.limits.requests import Policy, SharedRequests

DEFAULT_ROWS: Final = 64
"""Processes at one time that count connections."""
DEFAULT_MAX_CONNECTION_KEYS: Final = 4_096
_KEYS_OF_A_SET: Final = WAYS // 2
"""Half full is as full as sets can be on average before some are over full."""


def layout(
    max_keys: int = DEFAULT_MAX_KEYS,
    max_connection_keys: int = DEFAULT_MAX_CONNECTION_KEYS,
    rows: int = DEFAULT_ROWS,
) -> Layout:
    """Of a file with room for so many keys that are counted at one time, and so many that have requests in progress."""
    return Layout(
        -(-max_keys // _KEYS_OF_A_SET),
        requests.SET_BYTES,
        -(-max_connection_keys // _KEYS_OF_A_SET),
        connections.set_bytes(rows),
        rows,
    )


def rows_for(workers: int) -> int:
    """A worker and the one that takes its place are there together for a moment."""
    return max(DEFAULT_ROWS, 2 * workers + 2)


class SharedLimits:
    """The limits of all sites, the same in all processes that open `path`."""

    def __init__(
        self,
        path: Path,
        shape: Layout,
        policy: Policy = "refuse",
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises LimitsError."""
        self._file = LimitsFile(path, shape)
        self._counts = LimitCounts()
        self._requests = SharedRequests(self._file, self._counts, policy)
        self._connections = SharedConnections(self._file, self._counts, policy, mono)
        self._of_all = self._requests.wait, self._requests.admit_in_window, self._counts
        self._acquire = self._connections.acquire

    def site(self, name: str = "") -> SiteLimits:
        """The limits of one site: keys of two sites are never the same."""
        return SiteLimits(SiteLimiter(name, *self._of_all), SiteConnections(name, self._acquire))

    def counts(self) -> LimitCounts:
        """Of this process, kept up to date."""
        return self._counts

    def keys(self, now_s: float) -> int:
        """Keys of rates that count at `now_s`, of all processes; looks at the whole table."""
        return self._requests.keys(now_s)

    def in_progress(self) -> int:
        """Places that requests hold, in all processes; looks at the whole table."""
        return self._connections.in_progress()

    def sweep(self) -> int:
        """Give back what processes that have ended held; how many there were."""
        return self._connections.sweep()

    def close(self) -> None:
        """Give everything back. Nothing may be asked afterwards."""
        self._file.close()
