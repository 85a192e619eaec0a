"""
The store in a worker's own memory: least recently used goes first, bounded by bytes.

Three bounds: all of it `max_bytes`; one response's body `max_object_bytes`, so that one large object cannot empty the
cache; one primary key `MAX_VARIANTS`, so that an origin that varies on what clients choose cannot either. An entry is
a tuple of variants, latest first, and is replaced, never changed: its size is what was counted.

Purges have numbers. The number of the latest stands in `_announced`, where other processes may raise it in a store that
shares it (`runtime.cache.tiers`); `_seen` is the number up to which this store has acted, or `_WALKING` while a walk is
under way. A `get` compares the two before anything else, so a purge is in force the moment it is announced.

Measured (CPython 3.11, 2000 objects): `get` without Vary 0.1 µs, of nothing 0.06 µs.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from typing import ClassVar, Final, TypeAlias

from runtime.cache.index import KeyIndex
from runtime.cache.keys import vary_values
from runtime.cache.parts import held_bytes
from runtime.cache.purge import Purge, both_schemes, is_within
from runtime.cache.recent import RecentPurges
from runtime.cache.stale import stale_from
from runtime.cache.store import StoredResponse
from runtime.cache.walk import Walk
from runtime.cache.writing import Overflow
from runtime.http.fields import Fields

MAX_VARIANTS: Final = 32
"""Variants of one primary key; the oldest goes first."""
_WALKING: Final = -1
"""No purge's number."""
_MAX_WALKS: Final = 64
"""Purges by prefix under way at once; one more, and the first is finished where it comes from."""

_Entry: TypeAlias = tuple[StoredResponse, ...]


def _entry_bytes(entry: _Entry) -> int:
    return sum(stored.size_bytes for stored in entry)


def _tags(entry: _Entry) -> Iterable[str]:
    if len(entry) == 1:
        return entry[0].tags
    return {tag for stored in entry for tag in stored.tags}


class MemoryStore:
    """A `CacheStore` (see there) that ends with its process."""

    __slots__ = (
        "_announced",
        "_entries",
        "_index",
        "_keys",
        "_recent",
        "_seen",
        "_size",
        "_walks",
        "evictions",
        "max_bytes",
        "max_object_bytes",
    )

    def __init__(
        self,
        max_bytes: int,
        max_object_bytes: int | None = None,
        announced: MutableSequence[int] | memoryview | None = None,
    ) -> None:
        """
        Raises ValueError for bounds below 1. Without `max_object_bytes` a response may take all there is.

        `announced[0]` is the number of the latest purge; without it, purges are this store's own.
        """
        self.max_bytes = max_bytes
        self.max_object_bytes = max_bytes if max_object_bytes is None else max_object_bytes
        if max_bytes <= 0 or self.max_object_bytes <= 0:
            raise ValueError("want max_bytes and max_object_bytes above 0")
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._keys: set[str] = set()
        """The same keys: a set is copied for a walk in a tenth of the time."""
        self._size = 0
        self.evictions = 0
        """Keys that went for want of room."""
        self._index = KeyIndex()
        self._recent = RecentPurges()
        self._announced: MutableSequence[int] | memoryview = [0] if announced is None else announced
        self._seen = 0
        self._walks: list[Walk] = []

    # --- what requests ask --------------------------------------------------------------------------------------

    def get(self, primary: str, request_fields: Fields) -> StoredResponse | None:
        if self._announced[0] != self._seen:
            self._act_on_purges(primary)
        entry = self._entries.get(primary)
        if entry is None:
            return self._below(primary, request_fields)
        self._entries.move_to_end(primary)
        latest = entry[0]
        if not latest.vary_names:
            return latest
        return _select(entry, request_fields) or self._below(primary, request_fields)

    def glance(self, primary: str, request_fields: Fields) -> StoredResponse | None:
        if self._announced[0] != self._seen:
            return None
        entry = self._entries.get(primary)
        if entry is None:
            return None
        self._entries.move_to_end(primary)
        latest = entry[0]
        return latest if not latest.vary_names else _select(entry, request_fields)

    def _below(self, _primary: str, _request_fields: Fields, /) -> StoredResponse | None:
        """What another tier has, where there is one."""
        return None

    def generation(self, _primary: str = "", /) -> int:
        return self._announced[0]

    def was_purged(self, primary: str, tags: Sequence[str], since: int) -> bool:
        if self._announced[0] != self._seen:
            self._act_on_purges(primary)
        return self._recent.concern(primary, tags, since)

    def put(self, primary: str, stored: StoredResponse, since: int | None = None) -> bool:
        if self._announced[0] != self._seen:
            self._act_on_purges(primary)
        if since is not None and self._recent.concern(primary, stored.tags, since):
            return False
        return self._keep(primary, stored)

    def _keep(self, primary: str, stored: StoredResponse) -> bool:
        for walk in self._walks:
            walk.leave_out(primary)
        entry = self._with_variant(primary, stored)
        body = stored.body
        too_long = len(body) > self.max_object_bytes and held_bytes(body) > self.max_object_bytes
        if too_long or stored.size_bytes > self.max_bytes:
            # What it would have replaced is out of date, and goes all the same.
            self._replace(primary, entry[1:])
            return False
        self._replace(primary, self._fitting(entry))
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
        while len(entry) > 1 and _entry_bytes(entry) > self.max_bytes:
            entry = entry[:-1]
        return entry

    def _replace(self, primary: str, entry: _Entry) -> None:
        """Have `entry` under `primary`, nothing if it is empty, and let go of what there is no more room for."""
        old = self._entries.pop(primary, ())
        self._size += _entry_bytes(entry) - _entry_bytes(old)
        if old:
            self._keys.discard(primary)
            self._index.remove(primary, _tags(old))
        if entry:
            self._entries[primary] = entry
            self._keys.add(primary)
            self._index.add(primary, _tags(entry))
        while self._size > self.max_bytes:
            gone, variants = self._entries.popitem(last=False)
            self.evictions += 1
            self._keys.discard(gone)
            self._size -= _entry_bytes(variants)
            self._index.remove(gone, _tags(variants))

    def delete(self, primary: str) -> bool:
        found = primary in self._entries
        # Responses of fetches begun before are not to come after it, so it is a purge.
        self._record(Purge("url", primary))
        self._replace(primary, ())
        return found

    def clear(self) -> None:
        self._entries.clear()
        self._keys.clear()
        self._index.clear()
        self._walks.clear()
        self._size = 0

    # --- purges -------------------------------------------------------------------------------------------------

    def purge(self, purge: Purge, now: float) -> int:
        self._record(purge)
        found = self.apply(purge, now)
        self._settle()
        return found

    def _record(self, purge: Purge) -> None:
        """Number `purge` and announce it, so that no fetch begun before it is stored after it."""
        self._recent.add(purge)
        self._announced[0] = self._recent.last
        self._settle()

    def _learn(self) -> int:
        """Act on what other processes announced; how many responses that found."""
        return 0

    def _act_on_purges(self, primary: str) -> int:
        """Be as if all purges were carried out, as far as `primary` goes; how many responses were found."""
        found = self._learn() + sum(self._step(walk, primary) for walk in self._walks)
        self._walks = [walk for walk in self._walks if not walk.done]
        self._settle()
        return found

    def _settle(self) -> None:
        self._seen = _WALKING if self._walks else self._recent.last

    def apply(self, purge: Purge, now: float) -> int:
        """Carry out a purge here and nowhere else; the number of responses found at once."""
        if purge.kind == "all" and not (purge.soft or purge.hosts):
            found = sum(map(len, self._entries.values()))
            self.clear()
            return found
        return self._APPLY[purge.kind](self, purge, now)

    def _apply_to_url(self, purge: Purge, now: float) -> int:
        return sum(self._purge_key(key, purge, now) for key in self._index.under(purge.value))

    def _apply_to_tag(self, purge: Purge, now: float) -> int:
        return sum(self._purge_key(key, purge, now) for key in self._index.tagged(purge.value))

    def _apply_by_walk(self, purge: Purge, now: float) -> int:
        if len(self._walks) >= _MAX_WALKS:
            self._finish(self._walks.pop(0))
        prefixes = both_schemes(purge.value) if purge.kind == "prefix" else ("",)
        walk = Walk(purge, prefixes, self._keys.copy(), now)
        found = self._step(walk, "")
        if not walk.done:
            self._walks.append(walk)
        return found

    def _step(self, walk: Walk, primary: str) -> int:
        return sum(self._purge_key(key, walk.purge, walk.now) for key in walk.step(primary))

    def _finish(self, walk: Walk) -> None:
        while not walk.done:
            self._step(walk, "")

    _APPLY: ClassVar[dict[str, Callable[["MemoryStore", Purge, float], int]]] = {
        "url": _apply_to_url,
        "tag": _apply_to_tag,
        "prefix": _apply_by_walk,
        "all": _apply_by_walk,
    }

    def _purge_key(self, primary: str, purge: Purge, now: float) -> int:
        """Purge what is stored under `primary`; of a purge by tag only the variants with it. How many there were."""
        if purge.hosts and not is_within(purge.hosts, primary):
            return 0
        entry = self._entries.get(primary, ())
        concerned = [stored for stored in entry if purge.kind != "tag" or purge.value in stored.tags]
        if not concerned:
            return 0
        if not purge.soft:
            self._replace(primary, tuple(stored for stored in entry if stored not in concerned))
            return len(concerned)
        # In place: softly purged is not recently used, and no size changes.
        self._entries[primary] = tuple(
            stale_from(stored, now) if stored in concerned else stored for stored in entry
        )
        return len(concerned)

    # --- what is held -------------------------------------------------------------------------------------------

    @property
    def overflow(self) -> Overflow | None:
        return None

    @property
    def size_bytes(self) -> int:
        return self._size

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<memory store, {len(self)} keys, {self._size} of {self.max_bytes} bytes>"


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
