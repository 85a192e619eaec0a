"""
The index of stored objects in LMDB: what is where, in which order it goes, what is being purged.

| table | key | value |
| --- | --- | --- |
| `objects` | URL and variant (`keys`) | a record (`record`) |
| `queue` | ticket, 8 bytes | the ticket its record has, 8 bytes, then the record's key |
| `tags` | digest of a tag | keys of records, sorted |
| `files` | number of a body's file, 8 bytes | the key of the record that names it |
| `log` | number of a purge, 8 bytes | the purge (`purges`) |
| `pending` | number of a purge, 8 bytes | the purge and how far it is |
| `ledger` | `ledger` | bytes used, next ticket, number of the latest purge |

All processes read at once and one writes (`change`); a reader sees the whole of a change or nothing of it, and so does
who comes after a process that was killed.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import lmdb

from runtime.cache.keys import vary_values
from runtime.cache.purge import Purge, concerns
from runtime.cache.tiers import Announced
from runtime.http.fields import Fields
from runtime.state.objects.keys import VARIANT_BYTES, url_key
from runtime.state.objects.purges import Pending, decode_logged, decode_pending
from runtime.state.objects.record import DamagedRecordError, Kept, inline_body, read

MAX_READERS: Final = 510
"""Processes and threads that read at once. The lock file is made for it: see `directory`."""
_TABLES: Final = (b"objects", b"queue", b"tags", b"files", b"log", b"pending", b"ledger")
DAMAGE: Final = (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.PanicError, lmdb.InvalidError, SystemError)
"""What LMDB, or its binding, raises for a file that is not as it left it."""
FAILURES: Final = (lmdb.Error, SystemError)
LEDGER: Final = struct.Struct(">QQQ")
NUMBER: Final = struct.Struct(">Q")

Transaction = Any
"""lmdb ships no types for what its cursors and transactions give back."""


class Tables(NamedTuple):
    objects: Any
    queue: Any
    tags: Any
    files: Any
    log: Any
    pending: Any
    ledger: Any


class Found(NamedTuple):
    """A record selected for a request."""

    key: bytes
    kept: Kept
    body: bytes
    """Empty when it is in a file."""
    unrivalled: bool
    """All variants of its key vary on the same fields."""


class Damaged(NamedTuple):
    """A record that cannot be read, in the place of one."""

    key: bytes


class Index:
    """Reads; `Change` of `change` writes. Every call may raise lmdb.Error."""

    def __init__(self, directory: Path, map_bytes: int) -> None:
        # Without sync a commit costs 10 µs; what that means for a crash of the whole machine is in `directory`.
        self.env = lmdb.open(
            str(directory),
            map_size=map_bytes,
            max_dbs=len(_TABLES),
            max_readers=MAX_READERS,
            sync=False,
            metasync=False,
            readahead=False,
            meminit=True,  # else pages carry what this memory held before, secrets too, to the disk
            mode=0o600,
            create=True,
        )
        self.tables = Tables(*(self.env.open_db(name, dupsort=name == b"tags") for name in _TABLES))

    def find(self, primary: str, request_fields: Fields) -> Found | Damaged | None:
        """The latest variant that a request selects, purges not considered."""
        with self.env.begin(buffers=True) as transaction:
            best: Found | None = None
            names: set[tuple[bytes, ...]] = set()
            for key, value in under(transaction, self.tables.objects, url_key(primary)):
                try:
                    kept = read(value)
                except DamagedRecordError:
                    return Damaged(bytes(key))
                if kept.primary != primary:
                    continue
                names.add(kept.vary_names)
                if best and best.kept.header.ticket > kept.header.ticket:
                    continue
                if not kept.vary_names or kept.vary_values == vary_values(kept.vary_names, request_fields):
                    best = Found(bytes(key), kept, inline_body(value, kept.header), unrivalled=True)
            return best._replace(unrivalled=len(names) == 1) if best else None

    def purges_after(self, number: int) -> list[Announced] | None:
        """What was logged after purge `number`, in order; None when some of it is forgotten."""
        with self.env.begin() as transaction:
            entries = list(log_after(transaction, self.tables, number))
        if entries and entries[0][0] != number + 1:
            return None
        return [logged for _, logged in entries]

    def pending(self) -> list[tuple[int, Pending]]:
        """Purges under way, by number."""
        with self.env.begin() as transaction:
            return list(pending(transaction, self.tables))

    def unnamed(self, files: Iterable[int]) -> list[int]:
        """Those of `files` that no record names."""
        with self.env.begin() as transaction:
            return [
                file for file in files if transaction.get(NUMBER.pack(file), db=self.tables.files) is None
            ]

    def used_bytes(self) -> int:
        with self.env.begin() as transaction:
            return ledger(transaction, self.tables)[0]

    def __len__(self) -> int:
        """Records."""
        with self.env.begin() as transaction:
            return int(transaction.stat(self.tables.objects)["entries"])

    def close(self) -> None:
        self.env.close()


def under(transaction: Transaction, table: Any, prefix: bytes) -> Iterator[tuple[Any, Any]]:
    """Keys that begin with `prefix`, with their values."""
    cursor = transaction.cursor(table)
    found = cursor.set_range(prefix)
    while found:
        key, value = cursor.item()
        if bytes(key[: len(prefix)]) != prefix:
            return
        yield key, value
        found = cursor.next()


def log_after(transaction: Transaction, tables: Tables, number: int) -> Iterator[tuple[int, Announced]]:
    cursor = transaction.cursor(tables.log)
    found = cursor.set_range(NUMBER.pack(number + 1))
    while found:
        key, value = cursor.item()
        yield NUMBER.unpack(key)[0], decode_logged(value)
        found = cursor.next()


def pending(transaction: Transaction, tables: Tables) -> Iterator[tuple[int, Pending]]:
    for key, value in transaction.cursor(tables.pending):
        yield NUMBER.unpack(key)[0], decode_pending(value)


def ledger(transaction: Transaction, tables: Tables) -> tuple[int, int, int]:
    """Bytes used, next ticket, number of the latest purge."""
    value = transaction.get(b"ledger", db=tables.ledger)
    return (0, 1, 0) if value is None else LEDGER.unpack(value)


def purged(kept: Kept, purges: Sequence[tuple[int, Purge, float]]) -> tuple[bool, float | None]:
    """Whether one of `purges` has removed a record; and when one made it stale, if one did."""
    stale_since: float | None = None
    for number, purge, now in purges:
        if number > kept.header.generation and concerns(purge, kept.primary, kept.tags):
            if not purge.soft:
                return True, None
            stale_since = now if stale_since is None else min(stale_since, now)
    return False, stale_since


def url_bytes(key: bytes) -> bytes:
    """A record's key without the variant, by which `Marks` are kept."""
    return key[:-VARIANT_BYTES]
