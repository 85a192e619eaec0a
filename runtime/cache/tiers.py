"""
Memory over a lower tier that other processes share and that outlasts them.

What fits into memory is in both, what does not is below alone, so a key that memory has lost is found again and comes
back. Parts of a representation are in memory alone, until they are the whole. Purges are numbered below, for all
processes: a purge is logged there, announced, and applied by each store when it next looks (`runtime.cache.memory`). A
store that is too far behind to know what was purged forgets what it has in memory.

The lower tier sees only what memory misses, and would take what is asked for most for what nobody wants. So each put
reminds it of a few keys that memory has given to somebody.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from runtime.cache.memory import MAX_VARIANTS, MemoryStore
from runtime.cache.parts import PartialBody
from runtime.cache.purge import Purge
from runtime.cache.store import StoredResponse
from runtime.cache.writing import Overflow
from runtime.http.fields import Fields

_REMINDED: Final = 4
"""Keys a put tells of: the lower tier's queue turns once in as many puts as it has records, which are more."""


class Announced(NamedTuple):
    """A purge and its Unix time."""

    purge: Purge
    now: float


class Below(NamedTuple):
    """A response found below."""

    stored: StoredResponse
    unrivalled: bool
    """No other that is there could be selected for the same request, so it may be known without them."""


class LowerTier(Overflow, Protocol):
    """What is below memory; one without `max_object_bytes` keeps nothing but the purges. No call raises, none waits for longer than a read or a small write of the disk."""

    @property
    def announced(self) -> memoryview:
        """`announced[0]` is the number of the latest purge of any process."""

    def find(self, primary: str, request_fields: Fields) -> Below | None:
        """As `CacheStore.get`."""
        ...

    def offer(self, primary: str, stored: StoredResponse, since: int) -> bool:
        """Keep it if possible, now or soon, unless a purge after number `since` is about it; False if surely not."""
        ...

    def purge(self, purge: Purge, now: float) -> int:
        """Have it in force here and announce it; how many records were found at once."""
        ...

    def purges_after(self, number: int) -> Sequence[Announced] | None:
        """What was announced after purge `number`; None when that is not known any more."""
        ...

    def ever_stored(self, primary: str) -> bool:
        """Whether any process may have something under `primary`, or be fetching it."""
        ...

    def expect(self, primary: str) -> None:
        """Something is about to be stored under `primary`, here or in memory."""
        ...

    def remind(self, primary: str) -> None:
        """`primary` is used, though not here."""
        ...


class TieredStore(MemoryStore):
    """A `CacheStore` (see there)."""

    __slots__ = ("_keeps_below", "_lower", "_to_remind")

    def __init__(self, max_bytes: int, max_object_bytes: int | None, lower: LowerTier) -> None:
        super().__init__(max_bytes, max_object_bytes, lower.announced)
        self._lower = lower
        self._keeps_below = lower.max_object_bytes > 0
        self._to_remind: list[str] = []
        self._recent.skip_to(self._announced[0])
        self._settle()

    # --- what requests ask --------------------------------------------------------------------------------------

    def _below(self, primary: str, request_fields: Fields, /) -> StoredResponse | None:
        found = self._lower.find(primary, request_fields)
        if found is None:
            return None
        if found.unrivalled and found.stored.body.__class__ is bytes:
            self._promote(primary, found.stored)
        return found.stored

    def _promote(self, primary: str, stored: StoredResponse) -> None:
        """Have in memory what was found below, behind variants that came later."""
        if len(stored.body) > self.max_object_bytes or stored.size_bytes > self.max_bytes:
            return
        for walk in self._walks:
            walk.leave_out(primary)
        entry = (*self._entries.get(primary, ()), stored)
        self._replace(primary, self._fitting(entry[:MAX_VARIANTS]))

    def generation(self, primary: str = "", /) -> int:
        if primary:
            self._lower.expect(primary)
        return self._announced[0]

    def put(self, primary: str, stored: StoredResponse, since: int | None = None) -> bool:
        if self._announced[0] != self._seen:
            self._act_on_purges(primary)
        number = self._recent.last
        if since is not None and self._recent.concern(primary, stored.tags, since):
            return False
        self._lower.expect(primary)
        if self._keeps_below:
            self._remind_of_some()
        if stored.body.__class__ is PartialBody:
            return self._keep(primary, stored)
        in_memory = stored.body.__class__ is bytes and self._keep(primary, stored)
        if not in_memory:
            # What is in memory of this variant is out of date.
            self._replace(primary, self._with_variant(primary, stored)[1:])
        return self._lower.offer(primary, stored, number) or in_memory

    def _remind_of_some(self) -> None:
        if not self._to_remind:
            self._to_remind = list(self._entries)
        for _ in range(min(_REMINDED, len(self._to_remind))):
            primary = self._to_remind.pop()
            # A head was prepared: it has been sent since memory has it. What merely was stored is nothing to tell of.
            if any(stored.prepared for stored in self._entries.get(primary, ())):
                self._lower.remind(primary)

    def delete(self, primary: str) -> bool:
        if not self._lower.ever_stored(primary):
            return False
        return self.purge(Purge("url", primary), 0.0) > 0

    # --- purges -------------------------------------------------------------------------------------------------

    def purge(self, purge: Purge, now: float) -> int:
        found = self._act_on_purges("") if self._announced[0] != self._seen else 0
        below = self._lower.purge(purge, now)
        if self._keeps_below:
            return max(below, self._act_on_purges(""))
        # Another process may have been told the same a moment ago, and each counts what was its own.
        return found + self._act_on_purges("")

    def _learn(self) -> int:
        latest = self._announced[0]
        if latest == self._recent.last:
            return 0
        news = self._lower.purges_after(self._recent.last)
        if news is None:
            found = len(self._entries)
            super().clear()
            self._recent.skip_to(latest)
            return found
        found = 0
        for purge, now in news:
            self._recent.add(purge)
            found += self.apply(purge, now)
        return found

    @property
    def overflow(self) -> Overflow | None:
        return self._lower if self._keeps_below else None
