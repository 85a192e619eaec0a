"""
The lower tier of a node without one: nothing is stored there, but workers hear of each other's purges.

Each worker then has a store in its own memory. What one of them learns is out of date, from an unsafe request that it
passed on (RFC 9111 §4.4), would go on being sent by the others. The log is that of `tier`, in a directory that ends with
the node.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runtime.cache.purge import Purge
from runtime.cache.store import StoredResponse
from runtime.cache.tiers import Announced, Below
from runtime.cache.writing import BodyWriter
from runtime.http.fields import Fields
from runtime.state.objects.tier import Objects

_BYTES: Final = 1 << 20
"""Nothing is stored; the directory wants a bound."""


class PurgesAlone:
    """A `LowerTier` (see there)."""

    max_object_bytes = 0

    def __init__(self, directory: Path) -> None:
        """Raises DirectoryError. To be opened by each process for itself, after it was forked."""
        self._objects = Objects(directory, max_bytes=_BYTES, max_object_bytes=_BYTES)

    @property
    def announced(self) -> memoryview:
        return self._objects.announced

    def find(self, _primary: str, _request_fields: Fields, /) -> Below | None:
        return None

    def begin(self, _length: int | None, /) -> BodyWriter | None:
        return None

    def offer(self, _primary: str, _stored: StoredResponse, _since: int, /) -> bool:
        return False

    def purge(self, purge: Purge, now: float) -> int:
        return self._objects.purge(purge, now)

    def purges_after(self, number: int) -> Sequence[Announced] | None:
        return self._objects.purges_after(number)

    def ever_stored(self, primary: str) -> bool:
        return self._objects.ever_stored(primary)

    def expect(self, primary: str) -> None:
        self._objects.expect(primary)

    def remind(self, _primary: str, /) -> None:
        """Nothing here is kept or let go."""

    def close(self) -> None:
        """Let go of the directory."""
        self._objects.close()
