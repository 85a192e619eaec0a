"""
Purges that are about keys no index knows: by prefix, or all of them softly.

Looking at every key at once would hold up the worker's other requests. So the purge takes note of the keys there are,
and each later request first looks at some of them, and at its own, until none is left. What is stored meanwhile is
not in the note: it came after the purge.
"""

from typing import Final

from runtime.cache.purge import Purge

SLICE_KEYS: Final = 2000
"""Looked at for each request while a walk is under way: about 0.2 ms."""
SLICE_FOUND: Final = 100
"""Purged for each request: about 0.3 ms more."""


class Walk:
    """One purge on its way through the keys that were stored when it came."""

    __slots__ = ("_left", "_prefixes", "now", "purge")

    def __init__(self, purge: Purge, prefixes: tuple[str, ...], keys: set[str], now: float) -> None:
        self.purge = purge
        self.now = now
        self._prefixes = prefixes
        self._left = keys

    def leave_out(self, primary: str) -> None:
        """What is stored under `primary` came after the purge."""
        self._left.discard(primary)

    def step(self, primary: str) -> list[str]:
        """The keys to purge among the next ones and `primary`."""
        left, prefixes = self._left, self._prefixes
        found = []
        if primary in left:
            left.remove(primary)
            if primary.startswith(prefixes):
                found.append(primary)
        for _ in range(min(SLICE_KEYS, len(left))):
            key = left.pop()
            if key.startswith(prefixes):
                found.append(key)
                if len(found) >= SLICE_FOUND:
                    break
        return found

    @property
    def done(self) -> bool:
        return not self._left
