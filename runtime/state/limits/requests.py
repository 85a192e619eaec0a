"""
Request counts that the node's workers share: token buckets and sliding windows in one table.

A set (see `file`), each part with room for `WAYS` keys:

    digests 16 | expires 8, span 8 | ten counts of 4

`expires` is when the key means nothing any more, Unix seconds: a bucket's theoretical arrival time, or a window's last
slice and its length. `span` is how far ahead of now it can be at most. A slot whose time has come, or is impossible (the
clock was set back more than an hour), may be given to another key; any other never is. A set full of keys that count is
answered by the policy: `refuse`, or `admit` uncounted; both are counted in `LimitCounts`.

A worker killed between two writes leaves a slot that is right: a new key is written while `expires` is 0, and means
nothing until that is set; a bucket changes by one aligned store; the counts of a window are a ring, of which slices that
are over are set to 0 first, then `expires` says which slice is newest, then one is added to one count.

At most `rate * W + burst + 1` requests of a key pass in any W seconds, in all processes together, and never more than
`most` in a window: what one process decided is seen by the next that holds the lock.
"""

import math
import struct
from typing import Final, Literal

from runtime.limits.counts import LimitCounts
from runtime.limits.gcra import REFUSED, decide
from runtime.limits.windows import COUNTS, SLICES, slide
from runtime.state.limits.file import HEADER_BYTES, KEY_BYTES, KEYS_BYTES, WAYS, LimitsFile

Policy = Literal["refuse", "admit"]
"""What happens to a request that there is no room to count."""

_TIMES_AT: Final = KEYS_BYTES
_COUNTS_AT: Final = _TIMES_AT + WAYS * 16
_COUNTS_BYTES: Final = COUNTS * 4
SET_BYTES: Final = _COUNTS_AT + WAYS * _COUNTS_BYTES
_TIMES: Final = struct.Struct("@dd")
_ALL_TIMES: Final = struct.Struct(f"@{2 * WAYS}d")
_COUNTS: Final = struct.Struct(f"@{COUNTS}I")
_COUNT: Final = struct.Struct("@I")
_NO_COUNTS: Final = bytes(_COUNTS_BYTES)
_MAX_COUNT: Final = (1 << 32) - 1
_SET_BACK_S: Final = 3600.0
"""A clock that is set by less moves no key out of its slot."""
_LONGEST_S: Final = 366 * 86_400.0
"""A burst of more than a year's requests may lose its slot when others need it: more likely it is damage."""
_MAX_PLACES: Final = 65_536
"""Keys whose place a process remembers; about 20 MB. Then it begins anew."""


class _Place:
    """Where a key is, as far as this process knows."""

    __slots__ = ("base", "digest", "index", "key_at", "times_at", "way")

    def __init__(self, digest: bytes, sets: int) -> None:
        self.digest = digest
        self.index = int.from_bytes(digest[:8], "little") % sets
        self.base = HEADER_BYTES + self.index * SET_BYTES
        self.stay(0)

    def stay(self, way: int) -> None:
        """It is in this way."""
        self.way = way
        self.key_at = self.base + way * KEY_BYTES
        self.times_at = self.base + _TIMES_AT + way * 16


class SharedRequests:
    """One process's access to the counts of all."""

    __slots__ = ("_counts", "_doubles", "_file", "_map", "_places", "_sets", "_without_count")

    def __init__(self, file: LimitsFile, counts: LimitCounts, policy: Policy) -> None:
        self._file = file
        self._map = file.map
        self._doubles = file.doubles
        self._sets = file.layout.request_sets
        self._counts = counts
        self._without_count = 0.0 if policy == "admit" else REFUSED
        self._places: dict[tuple[str, str, float] | tuple[str, str, int, float], _Place] = {}

    def wait(self, site: str, key: str, rate_per_s: float, burst: float, now_s: float, /) -> float:
        """As `runtime.limits.requests.TokenBuckets.wait`, of all processes."""
        if not rate_per_s > 0:
            return REFUSED
        place = self._places.get((site, key, rate_per_s))
        if place is None:
            place = self._remember((site, key, rate_per_s), f"b{len(site)}:{site}{rate_per_s!r}:{key}")
        file = self._file
        if not file.lock(place.index):
            return self._no_lock()
        try:
            found = self._map[place.key_at : place.key_at + KEY_BYTES] == place.digest
            if not found and not self._settle(place, now_s):
                return self._no_room()
            interval_s = 1 / rate_per_s
            doubles, at = self._doubles, place.times_at >> 3
            tat_s = doubles[at]
            wait_s, new_tat_s = decide(tat_s, now_s, interval_s, burst)
            if new_tat_s != tat_s:
                span_s = (burst + 1) * interval_s if burst > 0 else interval_s
                if doubles[at + 1] != span_s:
                    doubles[at + 1] = span_s
                doubles[at] = new_tat_s
            return wait_s
        finally:
            file.unlock(place.index)

    def admit_in_window(self, site: str, key: str, most: int, window_s: float, now_s: float, /) -> bool:
        """As `runtime.limits.windows.SlidingWindows.admit`, of all processes."""
        if most < 1:
            return False
        place = self._places.get((site, key, most, window_s))
        if place is None:
            place = self._remember(
                (site, key, most, window_s), f"w{len(site)}:{site}{most},{window_s!r}:{key}"
            )
        file = self._file
        if not file.lock(place.index):
            return self._no_lock() >= 0
        try:
            found = self._map[place.key_at : place.key_at + KEY_BYTES] == place.digest
            if not found and not self._settle(place, now_s):
                return self._no_room() >= 0
            return self._count_in_window(place, most, window_s / SLICES, now_s)
        finally:
            file.unlock(place.index)

    def _count_in_window(self, place: _Place, most: int, slice_s: float, now_s: float) -> bool:
        at = int(now_s / slice_s)
        newest = self._newest(place, slice_s)
        counts_at = place.base + _COUNTS_AT + place.way * _COUNTS_BYTES
        ring = _COUNTS.unpack_from(self._map, counts_at)
        if newest != at:
            # Of the ring, slice n is at n % COUNTS.
            counts = [ring[(newest + 1 + age) % COUNTS] for age in range(COUNTS)]
            newest = slide(newest, counts, at, slice_s)
            for age, count in enumerate(counts):
                ring_at = (newest + 1 + age) % COUNTS
                if ring[ring_at] != count:
                    _COUNT.pack_into(self._map, counts_at + 4 * ring_at, count)
            _TIMES.pack_into(self._map, place.times_at, (newest + COUNTS) * slice_s, (COUNTS + 1) * slice_s)
            ring = _COUNTS.unpack_from(self._map, counts_at)
        if sum(ring) >= most:
            return False
        ring_at = newest % COUNTS
        _COUNT.pack_into(self._map, counts_at + 4 * ring_at, min(ring[ring_at] + 1, _MAX_COUNT))
        return True

    def _newest(self, place: _Place, slice_s: float) -> int:
        """The slice that the counts end with; 0, long over, if nothing was counted yet."""
        expires_s = _TIMES.unpack_from(self._map, place.times_at)[0]
        return round(expires_s / slice_s) - COUNTS if expires_s > 0 and math.isfinite(expires_s) else 0

    def _remember(self, identity: tuple[str, str, float] | tuple[str, str, int, float], text: str) -> _Place:
        if len(self._places) >= _MAX_PLACES:
            self._places.clear()
        place = self._places[identity] = _Place(self._file.digest(text), self._sets)
        return place

    def _settle(self, place: _Place, now_s: float) -> bool:
        """Find the key, or give it a slot; False when there is none. The set is locked."""
        way = self._file.find(place.base, place.digest)
        if way >= 0:
            place.stay(way)
            return True
        times = _ALL_TIMES.unpack_from(self._map, place.base + _TIMES_AT)
        for free, expires_s in enumerate(times[::2]):
            span_s = min(times[2 * free + 1], _LONGEST_S)
            if not now_s < expires_s <= now_s + span_s + _SET_BACK_S:
                break
        else:
            return False
        place.stay(free)
        _TIMES.pack_into(self._map, place.times_at, 0.0, 0.0)
        counts_at = place.base + _COUNTS_AT + free * _COUNTS_BYTES
        self._map[counts_at : counts_at + _COUNTS_BYTES] = _NO_COUNTS
        self._map[place.key_at : place.key_at + KEY_BYTES] = place.digest
        return True

    def _no_room(self) -> float:
        if self._without_count < 0:
            self._counts.refused_full += 1
        else:
            self._counts.admitted_full += 1
        return self._without_count

    def _no_lock(self) -> float:
        self._counts.contended += 1
        return self._without_count

    def keys(self, now_s: float) -> int:
        """Keys that count at `now_s`; looks at the whole table, for tests and statistics."""
        total = 0
        for base in range(HEADER_BYTES, HEADER_BYTES + self._sets * SET_BYTES, SET_BYTES):
            times = _ALL_TIMES.unpack_from(self._map, base + _TIMES_AT)
            total += sum(expires_s > now_s for expires_s in times[::2])
        return total
