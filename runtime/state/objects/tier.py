"""
The tier of stored objects that a node's processes share and that survives them.

Small bodies are in the index with what is known of them, longer ones in files. Nothing here raises: what cannot be
read is not there, what cannot be written is not kept, and `trouble` says why for who watches the node.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lmdb

from runtime.cache.body import Body, DamagedBodyError
from runtime.cache.purge import Purge
from runtime.cache.store import StoredResponse
from runtime.cache.tiers import Announced, Below
from runtime.cache.writing import BodyWriter
from runtime.http.fields import Fields
from runtime.state.objects.bodies import Bodies, OpenBody
from runtime.state.objects.change import Change
from runtime.state.objects.directory import Directory
from runtime.state.objects.index import DAMAGE, FAILURES, Damaged, ledger, pending, purged
from runtime.state.objects.keys import url_key
from runtime.state.objects.purges import NONE_PENDING
from runtime.state.objects.record import Draft, FileSum, draft
from runtime.state.objects.writer import Put, Writer

INLINE_BYTES: Final = 64 << 10
"""A longer body is in a file: a read of the index holds up everybody for as long as it takes."""
_MAP_SLACK: Final = 2
"""Address space for the index per byte of objects: pages half full, and those readers still hold."""
_MIN_MAP_BYTES: Final = 64 << 20
_MAX_WRITING_SHARE: Final = 4
"""Bodies being written take at most this part of the whole."""
_EVICT_WHEN_FULL: Final = 64
_FULL_BYTES: Final = 1 << 20
_CLEAR_READERS_EVERY: Final = 256
"""Batches: a killed process leaves its place among the readers, which keeps pages from being used again."""


@dataclass(slots=True)
class Counts:
    """Since the process started."""

    hits: int = 0
    misses: int = 0
    stored: int = 0
    refused: int = 0
    """Not stored: the queue was full, there was no room, or a purge came between."""
    damaged: int = 0
    """Records or bodies that were not what was stored, and removed."""
    failed_writes: int = 0


class Objects:
    """A `LowerTier` (see there)."""

    def __init__(
        self, state: Path, *, max_bytes: int, max_object_bytes: int, max_open_files: int = 512
    ) -> None:
        """Raises DirectoryError. To be opened by each process for itself, after it was forked."""
        self.max_bytes = max_bytes
        self.max_object_bytes = min(max_object_bytes, max_bytes)
        self._directory = Directory(state, max(_MIN_MAP_BYTES, _MAP_SLACK * max_bytes))
        self._index = self._directory.index
        self._numbers = self._directory.numbers
        self._marks = self._directory.marks
        self.dropped = self._directory.dropped
        """Why what was stored before was not believed; empty when it was."""
        self._trouble = ""
        self.counts = Counts()
        self._unreadable = False
        self._generation = -1
        self._pending: list[tuple[int, Purge, float]] = []
        self._batches = 0
        # Two, since the one's counting is not the other thread's.
        self._bodies = self._bodies_of(max_open_files)
        self._written = self._bodies_of(max_open_files)
        self._writer = Writer(self._write_batch, self._bodies.remove, self._go_on_purging)
        self._publish()

    def _bodies_of(self, max_open: int) -> Bodies:
        return Bodies(
            self._directory.path / "bodies",
            max_object_bytes=self.max_object_bytes,
            max_open=max_open,
            max_writing_bytes=max(self.max_bytes // _MAX_WRITING_SHARE, 1),
        )

    # --- reading ------------------------------------------------------------------------------------------------

    @property
    def announced(self) -> memoryview:
        return self._numbers.view

    def find(self, primary: str, request_fields: Fields) -> Below | None:
        found = None if self._unreadable else self._try_to_find(primary, request_fields)
        if found is None:
            self.counts.misses += 1
        else:
            self.counts.hits += 1
        return found

    def _find(self, primary: str, request_fields: Fields) -> Below | None:
        purges = self._purges_under_way()
        found = self._index.find(primary, request_fields)
        if found is None:
            return None
        if isinstance(found, Damaged):
            self._forget(found.key)
            return None
        kept = found.kept
        if kept.header.generation < self._numbers.lost:
            return None
        gone, stale_since = purged(kept, purges)
        if gone:
            return None
        try:
            body = self._body(kept.header.file, kept.file_sum, found.body)
        except DamagedBodyError:
            self._forget(found.key)
            return None
        if body is None:
            return None
        self._marks.used(url_key(primary))
        return Below(kept.response(body, stale_since), found.unrivalled)

    def _body(self, file: int, file_sum: FileSum | None, inline: bytes) -> Body | None:
        return inline if file_sum is None else self._bodies.open(file, file_sum)

    def _purges_under_way(self) -> list[tuple[int, Purge, float]]:
        """Purges that what is read has to be held against. To be asked before the index is read."""
        generation = self._numbers.generation
        if generation != self._generation:
            self._pending = [(number, each.purge, each.now) for number, each in self._index.pending()]
            self._generation = generation
        elif self._pending and self._pending[0][0] < (floor := self._numbers.floor):
            self._pending = [each for each in self._pending if each[0] >= floor]
        return self._pending

    def _try_to_find(self, primary: str, request_fields: Fields) -> Below | None:
        try:
            return self._find(primary, request_fields)
        except lmdb.ReadersFullError:
            return None
        except FAILURES as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        """The index cannot be read: it is left alone until the process starts anew."""
        self._unreadable = True
        self._doubt_for(error)
        self._trouble = f"the index cannot be read: {error}"

    def _doubt_for(self, error: Exception) -> None:
        if isinstance(error, DAMAGE):
            self._directory.doubt()

    def _forget(self, key: bytes) -> None:
        self.counts.damaged += 1
        self._change(lambda change: change.remove(key))

    # --- writing ------------------------------------------------------------------------------------------------

    def offer(self, primary: str, stored: StoredResponse, since: int) -> bool:
        put = Put(primary, stored, since)
        if isinstance(stored.body, OpenBody):
            # At once: memory does not have it. A body read from here may have gone since, but for who has it open.
            return self._bodies.exists(stored.body.file) and self._store([(put, stored.body)]) > 0
        accepted = not self._unreadable and self._writer.offer(put)
        if not accepted:
            self.counts.refused += 1
        return accepted

    def begin(self, length: int | None) -> BodyWriter | None:
        return None if self._unreadable else self._bodies.begin(length)

    def _write_batch(self, batch: list[Put]) -> None:
        self._store([(put, self._written_body(put.stored.body)) for put in batch])
        self._batches += 1
        if self._batches % _CLEAR_READERS_EVERY == 0:
            with suppress(lmdb.Error):
                self._index.env.reader_check()

    def _written_body(self, body: Body) -> OpenBody | None:
        """The body in a new file, where it is one for a file."""
        if not isinstance(body, bytes) or len(body) <= INLINE_BYTES:
            return None
        return self._written.write(body)

    def _store(self, puts: list[tuple[Put, OpenBody | None]]) -> int:
        """How many of `puts` are kept."""
        drafts: list[tuple[Put, OpenBody | None, Draft]] = []
        for put, body in puts:
            if body is not None:
                what = draft(put.primary, put.stored, body.file, FileSum(body.size, body.table_crc))
            elif len(put.stored.body) <= INLINE_BYTES:
                what = draft(put.primary, put.stored)
            else:
                continue  # its file could not be written
            drafts.append((put, body, what))
        kept: list[OpenBody | None] = []

        def put_all(change: Change) -> None:
            kept.clear()
            for put, body, what in drafts:
                if change.put(put.primary, put.stored, what, put.since):
                    kept.append(body)

        if not self._change(put_all):
            kept.clear()
        for body in kept:
            if body is not None:
                body.named()
        self.counts.stored += len(kept)
        self.counts.refused += len(puts) - len(kept)
        return len(kept)

    def _change(self, action: Callable[[Change], object]) -> bool:
        """Make a change, with room made for it where there is none. Whether it was made."""
        if self._unreadable:
            return False
        try:
            self._attempt(action)
        except FAILURES:
            try:
                # Full, the map or the disk: what goes leaves pages that can be written.
                self._index.env.reader_check()
                self._attempt(lambda change: change.evict(_EVICT_WHEN_FULL))
                self._attempt(action)
            except FAILURES as error:
                self._doubt_for(error)
                self.counts.failed_writes += 1
                self._cannot_write(error)
                return False
        if self.trouble and self._directory.free_bytes() >= _FULL_BYTES:
            self._trouble = self._bodies.trouble = self._written.trouble = ""
        return True

    def _cannot_write(self, error: Exception) -> None:
        # LMDB tells a short write by "input/output error".
        full = ", the disk is full" if self._directory.free_bytes() < _FULL_BYTES else ""
        self._trouble = f"the index cannot be written: {error}{full}"

    def _attempt(self, action: Callable[[Change], object]) -> None:
        change = Change(self._index, self._marks, self.max_bytes)
        with change:
            action(change)
        self._writer.after(change.trash, walking=self._numbers.floor != NONE_PENDING)

    # --- purges -------------------------------------------------------------------------------------------------

    def purge(self, purge: Purge, now: float) -> int:
        found: list[int] = []

        def log(change: Change) -> None:
            found[:] = [change.purge(purge, now, self._numbers.generation)]

        if self._change(log) and self._publish():
            return found[0]
        # It has to hold all the same, at the price of everything.
        self._numbers.lose()
        return 0

    def _publish(self) -> bool:
        """Announce the purges that the log has. Only who has the write lock does, so numbers never go back."""
        if self._unreadable:
            return False
        try:
            with self._index.env.begin(write=True) as transaction:
                number = ledger(transaction, self._index.tables)[2]
                first = next((each for each, _ in pending(transaction, self._index.tables)), NONE_PENDING)
                self._numbers.set_floor(first)
                self._numbers.announce(number)
        except FAILURES as error:
            self._cannot_write(error)
            return False
        if first != NONE_PENDING:
            self._writer.after([], walking=True)
        return True

    def _go_on_purging(self) -> bool:
        more: list[bool] = []

        def go_on(change: Change) -> None:
            more[:] = [change.go_on_purging()]

        return self._change(go_on) and self._publish() and more[0]

    def purges_after(self, number: int) -> list[Announced] | None:
        if self._unreadable or self._numbers.lost > number:
            return None
        try:
            return self._index.purges_after(number)
        except FAILURES as error:
            self._give_up(error)
            return None

    def ever_stored(self, primary: str) -> bool:
        return self._marks.ever_stored(url_key(primary))

    def expect(self, primary: str) -> None:
        self._marks.stored(url_key(primary))

    def remind(self, primary: str) -> None:
        self._marks.used(url_key(primary))

    # --- what is held -------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """Why something could not be written, or nothing can be read; empty when all is well."""
        return self._trouble or self._bodies.trouble or self._written.trouble

    @property
    def failed_writes(self) -> int:
        """Changes of the index and bodies that could not be written."""
        return self.counts.failed_writes + self._bodies.failed_writes + self._written.failed_writes

    @property
    def used_bytes(self) -> int:
        """Of the disk, about; 0 while it cannot be read."""
        with suppress(lmdb.Error):
            return 0 if self._unreadable else self._index.used_bytes()
        return 0

    def __len__(self) -> int:
        """Records; 0 while they cannot be read."""
        with suppress(lmdb.Error):
            return 0 if self._unreadable else len(self._index)
        return 0

    def flush(self, within_s: float = 5.0) -> bool:
        """Wait until what was offered is written; False when it took longer."""
        return self._writer.flush(within_s)

    def close(self) -> None:
        """Write what was offered and let go of the directory. Open bodies can be read on."""
        self._writer.close()
        self._directory.close()
