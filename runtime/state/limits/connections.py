"""
Requests in progress that the node's workers share, counted without leaks: `limit_conn`.

A set (see `file`) has digests, and for each of its keys one count of 2 bytes a row. A process changes the counts of its
own row only; what is in progress under a key is their sum. A key has a slot while any count of it is above 0.

A process that is killed leaves its row. Whoever is about to refuse looks, at most once a second, whether a row is left over,
and sets its counts to 0; so does each process that starts, and `sweep`. Until then its places count as taken.
"""

import struct
from collections.abc import Callable
from typing import Final

from runtime.limits.counts import LimitCounts
from runtime.state.limits.file import KEY_BYTES, KEYS_BYTES, WAYS, LimitsFile
from runtime.state.limits.requests import Policy

MAX_COUNT: Final = 65_535
_COUNT: Final = struct.Struct("@H")
_SWEEP_EVERY_S: Final = 1.0


def set_bytes(rows: int) -> int:
    """Of a set with counts for so many rows."""
    return KEYS_BYTES + WAYS * rows * _COUNT.size


class SharedConnections:
    """One process's access to the counts of all. `mono` is a clock of seconds that does not jump."""

    def __init__(
        self, file: LimitsFile, counts: LimitCounts, policy: Policy, mono: Callable[[], float]
    ) -> None:
        self._file = file
        self._map = file.map
        self._totals = counts
        self._admits_without_count = policy == "admit"
        self._mono = mono
        self._swept_at = mono()
        layout = file.layout
        self._sets = layout.connection_sets
        self._at = layout.connections_at
        self._set_bytes = layout.connection_set_bytes
        self._rows = struct.Struct(f"@{layout.rows}H")
        self._owed: list[SharedPlace] = []
        """Places that could not be given back at once."""
        self._clear(file.row)
        self.sweep()

    def acquire(self, site: str, key: str, most: int) -> "SharedPlace | None":
        """As `runtime.limits.connections.Connections.acquire`, of all processes."""
        if self._owed:
            self._pay()
        digest = self._file.digest(f"{len(site)}:{site}{most}:{key}")
        place = self._take(digest, most)
        if place is None and self._mono() - self._swept_at >= _SWEEP_EVERY_S and self.sweep():
            place = self._take(digest, most)
        return place

    def _take(self, digest: bytes, most: int) -> "SharedPlace | None":
        index = int.from_bytes(digest[:8], "little") % self._sets
        base = self._at + index * self._set_bytes
        lock = self._file.layout.request_sets + index
        if not self._file.lock(lock):
            self._totals.contended += 1
            return self._uncounted()
        try:
            way = self._file.find(base, digest)
            if way < 0:
                way = self._free_way(base)
                if way < 0:
                    if self._admits_without_count:
                        self._totals.admitted_full += 1
                    else:
                        self._totals.refused_full += 1
                    return self._uncounted()
                at = base + way * KEY_BYTES
                self._map[at : at + KEY_BYTES] = digest
            counts = self._counts(base, way)
            own = counts[self._file.row]
            if sum(counts) >= most or own >= MAX_COUNT:
                return None
            _COUNT.pack_into(self._map, self._count_at(base, way, self._file.row), own + 1)
            return SharedPlace(self, lock, base, way)
        finally:
            self._file.unlock(lock)

    def _uncounted(self) -> "SharedPlace | None":
        return SharedPlace(None, 0, 0, 0) if self._admits_without_count else None

    def give_back(self, place: "SharedPlace") -> None:
        """Of a `SharedPlace`; later if its set is locked too long, never once the file is closed: the row is given back."""
        if self._file.closed:
            return
        if not self._file.lock(place.lock):
            self._owed.append(place)
            return
        try:
            at = self._count_at(place.base, place.way, self._file.row)
            count = _COUNT.unpack_from(self._map, at)[0]
            if count:
                _COUNT.pack_into(self._map, at, count - 1)
        finally:
            self._file.unlock(place.lock)

    def _pay(self) -> None:
        owed, self._owed = self._owed, []
        for place in owed:
            self.give_back(place)

    def sweep(self) -> int:
        """Set the counts of processes that have ended to 0; how many there were. For the supervisor, now and then."""
        self._swept_at = self._mono()
        return self._file.clear_left_over(self._clear)

    def in_progress(self) -> int:
        """Places held in all processes; looks at the whole table."""
        return sum(
            sum(self._counts(self._at + index * self._set_bytes, way))
            for index in range(self._sets)
            for way in range(WAYS)
        )

    def _clear(self, row: int) -> None:
        # Without the sets' locks: nobody but its owner, which has ended or is this process, writes a row.
        for index in range(self._sets):
            for way in range(WAYS):
                at = self._count_at(self._at + index * self._set_bytes, way, row)
                if _COUNT.unpack_from(self._map, at)[0]:
                    _COUNT.pack_into(self._map, at, 0)

    def _free_way(self, base: int) -> int:
        for way in range(WAYS):
            if not any(self._counts(base, way)):
                return way
        return -1

    def _counts(self, base: int, way: int) -> tuple[int, ...]:
        return self._rows.unpack_from(self._map, self._count_at(base, way, 0))

    def _count_at(self, base: int, way: int, row: int) -> int:
        return base + KEYS_BYTES + way * self._rows.size + row * _COUNT.size


class SharedPlace:
    """One request in progress. Its slot is its key's for as long as it is held."""

    __slots__ = ("_connections", "base", "lock", "way")

    def __init__(self, connections: SharedConnections | None, lock: int, base: int, way: int) -> None:
        self._connections = connections
        self.lock = lock
        self.base = base
        self.way = way

    def release(self) -> None:
        """Give the place back; once is as good as often."""
        if self._connections is not None:
            connections, self._connections = self._connections, None
            connections.give_back(self)
