"""
One change of the index: a write transaction with the ledger, and the files that nothing names afterwards.

What goes first is found by a clock: the queue has records in the order of their tickets, the first goes, unless it was
used since it got its ticket; then it gets a new one (`marks`). A moved record keeps the ticket it was
written with, so that a second chance costs no rewriting; an entry of the queue whose record has gone or has another ticket
is passed over. Every loop here has a bound: what a change does not get done, the next one does.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

from runtime.cache.memory import MAX_VARIANTS
from runtime.cache.purge import Purge, concerns
from runtime.cache.stale import stale_from
from runtime.cache.store import StoredResponse
from runtime.cache.tiers import Announced
from runtime.state.objects.index import LEDGER, NUMBER, Index, ledger, log_after, pending, under, url_bytes
from runtime.state.objects.keys import ranges, tag_key, url_key, variant_key
from runtime.state.objects.marks import Marks
from runtime.state.objects.purges import MAX_LOG, MAX_PENDING, Pending, encode
from runtime.state.objects.record import (
    DamagedRecordError,
    Draft,
    Header,
    Kept,
    draft,
    header_of,
    inline_body,
    read,
    record,
)

MAX_EVICTED: Final = 512
"""Records one put makes go; a large body may need many small ones gone."""
MAX_SPARED: Final = 32
"""Second chances one put gives."""
SLICE_RECORDS: Final = 64
"""Records one slice of a purge looks at: 1 to 2 ms, for which other processes' writes wait."""
MAX_TAGS: Final = 128
"""Of one record; one with more is for memory only."""


class Change:
    """Use it as a context; leaving it by an exception undoes all of it. Every call may raise lmdb.Error."""

    def __init__(self, index: Index, marks: Marks, max_bytes: int) -> None:
        self._index = index
        self._tables = index.tables
        self._marks = marks
        self._max_bytes = max_bytes
        self._transaction: Any = None
        self.used = self.number = self._ticket = 0
        self.trash: list[int] = []
        """Files to be removed once the change is made."""

    def __enter__(self) -> Self:
        self._transaction = self._index.env.begin(write=True)
        self.used, self._ticket, self.number = ledger(self._transaction, self._tables)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._transaction.abort()
            return
        line = LEDGER.pack(self.used, self._ticket, self.number)
        try:
            self._transaction.put(b"ledger", line, db=self._tables.ledger)
            self._transaction.commit()
        except BaseException:
            self._transaction.abort()
            raise

    # --- records ------------------------------------------------------------------------------------------------

    def put(self, primary: str, stored: StoredResponse, what: Draft, since: int) -> bool:
        """Keep it, unless a purge after number `since` is about it, or there is no room to be made."""
        if len(stored.tags) > MAX_TAGS or self._purged_since(primary, stored, since):
            return False
        prefix = url_key(primary)
        key = prefix + variant_key(stored.vary_names, stored.vary_values)
        self._make_way(prefix, key, alone=not stored.vary_names)
        if not self._make_room(what.cost):
            return False
        self._marks.stored(prefix)
        if what.file in self.trash:
            self.trash.remove(what.file)  # the same body under new fields
        # A purge that was not logged has a number above the ledger's.
        self._write(key, what, max(self.number, since))
        for tag in stored.tags:
            self._transaction.put(tag_key(tag), key, db=self._tables.tags)
        return True

    def _purged_since(self, primary: str, stored: StoredResponse, since: int) -> bool:
        if since >= self.number:
            return False
        known = since
        for number, logged in log_after(self._transaction, self._tables, since):
            if number != known + 1 or concerns(logged.purge, primary, stored.tags):
                return True
            known = number
        return known != self.number

    def _make_way(self, prefix: bytes, key: bytes, *, alone: bool) -> None:
        """Remove what a new record under `key` replaces: itself, all other variants, or those beyond the bound."""
        variants = [
            (bytes(each), value) for each, value in under(self._transaction, self._tables.objects, prefix)
        ]
        if not alone:
            others = sorted((v for v in variants if v[0] != key), key=lambda v: _ticket_of(v[1]))
            surplus = max(0, len(others) - MAX_VARIANTS + 1)
            variants = [v for v in variants if v[0] == key] + others[:surplus]
        for each, value in variants:
            self.remove(each, value)

    def _write(self, key: bytes, what: Draft, generation: int) -> None:
        ticket, self._ticket = self._ticket, self._ticket + 1
        self._transaction.put(key, record(what, ticket, generation), db=self._tables.objects)
        name = NUMBER.pack(ticket)
        self._transaction.put(name, name + key, db=self._tables.queue, append=True)
        if what.file:
            self._transaction.put(NUMBER.pack(what.file), key, db=self._tables.files)
        self.used += what.cost

    def remove(self, key: bytes, value: bytes | None = None) -> bool:
        """Whether there was such a record; damaged or not, it is gone."""
        if value is None:
            value = self._transaction.get(key, db=self._tables.objects)
            if value is None:
                return False
        self._transaction.delete(key, db=self._tables.objects)
        try:
            header = header_of(value)
        except DamagedRecordError:
            return True
        self.used = max(0, self.used - header.cost)
        self._transaction.delete(NUMBER.pack(header.ticket), db=self._tables.queue)
        if header.file:
            self._transaction.delete(NUMBER.pack(header.file), db=self._tables.files)
            self.trash.append(header.file)
        if header.tagged:
            self._untag(key, value)
        return True

    def _untag(self, key: bytes, value: bytes) -> None:
        try:
            tags: Iterable[str] = read(value).tags
        except DamagedRecordError:
            return  # its tags lead to a key that is not there, which a purge passes over
        for tag in tags:
            self._transaction.delete(tag_key(tag), key, db=self._tables.tags)

    # --- eviction -----------------------------------------------------------------------------------------------

    def _make_room(self, cost: int) -> bool:
        """Whether `cost` more bytes are within the bound now."""
        if cost > self._max_bytes:
            return False
        chances = MAX_SPARED
        for _ in range(MAX_EVICTED):
            if self.used + cost <= self._max_bytes:
                return True
            first = self._first_in_queue()
            if first is None:
                break
            key, value, ticket = first
            if chances and self._marks.spare(url_bytes(key)):
                chances -= 1
                self._move_to_end(key, ticket)
            else:
                self.remove(key, value)
        return self.used + cost <= self._max_bytes

    def evict(self, count: int) -> int:
        """Remove the first `count` records, used or not; how many there were."""
        for done in range(count):
            first = self._first_in_queue()
            if first is None:
                return done
            self.remove(first[0], first[1])
        return count

    def _first_in_queue(self) -> tuple[bytes, bytes, bytes] | None:
        """Key, value and written ticket of the first record; its entry in the queue is taken away."""
        cursor = self._transaction.cursor(self._tables.queue)
        for _ in range(MAX_EVICTED):
            if not cursor.first():
                return None
            entry = cursor.value()
            cursor.delete()
            ticket, key = entry[: NUMBER.size], entry[NUMBER.size :]
            value = self._transaction.get(key, db=self._tables.objects)
            if value is not None and NUMBER.pack(_ticket_of(value)) == ticket:
                return key, value, ticket
        return None

    def _move_to_end(self, key: bytes, ticket: bytes) -> None:
        name = NUMBER.pack(self._ticket)
        self._ticket += 1
        self._transaction.put(name, ticket + key, db=self._tables.queue, append=True)

    # --- purges -------------------------------------------------------------------------------------------------

    def purge(self, purge: Purge, now: float, at_least: int = 0) -> int:
        """Log a purge with a number above `at_least`, and carry out the first slice: how many records that found."""
        self.number = max(self.number, at_least) + 1
        name = NUMBER.pack(self.number)
        if self._transaction.stat(self._tables.pending)["entries"] >= MAX_PENDING:
            purge = Purge("all", "", purge.soft)
        self._transaction.put(name, encode(Announced(purge, now)), db=self._tables.log, append=True)
        self._trim_log()
        found, rest = self._slice(self.number, Pending(purge, now))
        if rest is not None:
            self._transaction.put(name, encode(rest), db=self._tables.pending)
        return found

    def _trim_log(self) -> None:
        cursor = self._transaction.cursor(self._tables.log)
        while cursor.first() and NUMBER.unpack(cursor.key())[0] <= self.number - MAX_LOG:
            cursor.delete()

    def go_on_purging(self) -> bool:
        """One more slice of the first pending purge; whether anything is pending after it."""
        for number, under_way in pending(self._transaction, self._tables):
            _, rest = self._slice(number, under_way)
            name = NUMBER.pack(number)
            if rest is not None:
                self._transaction.put(name, encode(rest), db=self._tables.pending)
            else:
                self._transaction.delete(name, db=self._tables.pending)
            break
        return bool(self._transaction.stat(self._tables.pending)["entries"])

    def _slice(self, number: int, under_way: Pending) -> tuple[int, Pending | None]:
        """How many records were purged, and what is left to do."""
        purge, now, part, last = under_way
        parts = (tag_key(purge.value),) if purge.kind == "tag" else ranges(purge)
        found, left = 0, SLICE_RECORDS
        while part < len(parts):
            keys = self._keys_after(purge, parts[part], last, left)
            for key in keys:
                found += self._purge_record(key, number, purge, now)
            left -= len(keys)
            if left <= 0:
                return found, Pending(purge, now, part, keys[-1])
            part, last = part + 1, b""
        return found, None

    def _keys_after(self, purge: Purge, part: bytes, last: bytes, limit: int) -> list[bytes]:
        """The next keys of a range or a tag, `limit` at most."""
        tables = self._tables
        by_tag = purge.kind == "tag"
        cursor = self._transaction.cursor(tables.tags if by_tag else tables.objects)
        if by_tag:
            found = cursor.set_range_dup(part, last + b"\0") if last else cursor.set_key(part)
        else:
            found = cursor.set_range(last + b"\0" if last else part)
        keys: list[bytes] = []
        while found and len(keys) < limit:
            key = cursor.value() if by_tag else cursor.key()
            if not by_tag and not key.startswith(part):
                break
            keys.append(key)
            found = cursor.next_dup() if by_tag else cursor.next()
        return keys

    def _purge_record(self, key: bytes, number: int, purge: Purge, now: float) -> int:
        value = self._transaction.get(key, db=self._tables.objects)
        if value is None:
            return 0
        try:
            kept = read(value)
        except DamagedRecordError:
            self.remove(key, value)
            return 0
        if kept.header.generation >= number or not concerns(purge, kept.primary, kept.tags):
            return 0
        if purge.soft:
            self._soften(key, value, kept, now)
        else:
            self.remove(key, value)
        return 1

    def _soften(self, key: bytes, value: bytes, kept: Kept, now: float) -> None:
        """
        Write the record again, stale from `now` on; its place in the queue and its file stay.

        Its generation stays too: an earlier purge may still be on its way to it.
        """
        header: Header = kept.header
        stale = stale_from(kept.response(inline_body(value, header)), now)
        what = draft(kept.primary, stale, header.file, kept.file_sum)
        self._transaction.put(key, record(what, header.ticket, header.generation), db=self._tables.objects)
        self.used += what.cost - header.cost


def _ticket_of(value: bytes) -> int:
    """0 for what is no record."""
    try:
        return header_of(value).ticket
    except DamagedRecordError:
        return 0
