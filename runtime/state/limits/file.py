"""
The file that the limits of a node's workers live in: one mapping, many small locks.

    header | sets of request counts | sets of connection counts

A set holds `WAYS` keys; a key's digest says which set it belongs to, and the digest is all that is kept of it. Whoever
reads or changes a set holds its lock: one byte of the file, by `fcntl`. The kernel gives a lock back when its holder
dies, so a killed worker stops nobody, and an order of writes that the tables keep makes what it left half done harmless.
A lock is held for about a microsecond; who does not get it in some milliseconds (its holder is stopped, or starved)
goes on without, and the table's policy decides. So no request waits without bound.

The digest is keyed with a secret of the file's: no client can choose keys that fall into one set.

A row belongs to one process at a time: it holds the row's own byte locked while it lives. So a row whose byte can be
locked is left over, whatever happened to its owner, with no process number to be taken for another's.

`fcntl` locks belong to the process: a second opening in the same process would share them, and closing it would drop them.
`LimitsFile` refuses it. They are not inherited either: each worker opens the file after it was forked.

What a restart finds is used as it is, unless the file has another layout; then a new one takes its place, and processes
that have the old one open keep that. A damaged count is a wrong count of one key for as long as its limit remembers.
"""

import fcntl
import mmap
import os
import secrets
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

WAYS: Final = 32
"""Keys of a set. Of a table half full, one set in 10,000 is over full (Poisson with mean 16)."""
KEY_BYTES: Final = 16
KEYS_BYTES: Final = WAYS * KEY_BYTES
_HEADER: Final = struct.Struct("=8sQQQQQ16s")
_MAGIC: Final = b"ESLIMIT1"
_CLAIMED_AT: Final = 256
"""One byte for each row: whether it may have counts."""
HEADER_BYTES: Final = 4096
_ROW_LOCKS: Final = 1 << 40
"""Beyond the locks of all sets; locks may lie beyond the file's end."""
_TRY: Final = fcntl.LOCK_EX | fcntl.LOCK_NB
_YIELDS: Final = 200
"""A lock is held for a microsecond: whoever has it, on another processor, is done after a few."""
_NAPS: Final = 5
_NAP_S: Final = 0.0005
"""If its holder lost the processor, ours may be what it needs."""


class LimitsError(Exception):
    """The file cannot be used; the text says why."""


class Layout(NamedTuple):
    """What a file holds; files of another layout are replaced."""

    request_sets: int
    request_set_bytes: int
    connection_sets: int
    connection_set_bytes: int
    rows: int

    @property
    def connections_at(self) -> int:
        return HEADER_BYTES + self.request_sets * self.request_set_bytes

    @property
    def size(self) -> int:
        return self.connections_at + self.connection_sets * self.connection_set_bytes


class LimitsFile:
    """One process's view of the file. `open` makes it if need be."""

    _opened: ClassVar[set[tuple[int, int, int]]] = set()

    def __init__(self, path: Path, layout: Layout) -> None:
        """Raises LimitsError: no room, no permission, no row left, or open in this process already."""
        self.layout = layout
        try:
            self.fd = self._opened_or_made(path)
        except OSError as error:
            raise LimitsError(f"{path}: {error.strerror}") from None
        self._identity = _identity(os.fstat(self.fd))
        self._opened.add(self._identity)
        self.map = mmap.mmap(self.fd, layout.size)
        self.doubles = memoryview(self.map)[: layout.size & ~7].cast("d")
        """The same as numbers: read and written in a quarter of the time that unpacking takes."""
        self.closed = False
        self._secret: bytes = _HEADER.unpack_from(self.map)[-1]
        self.row = self._claim_row(path)

    def digest(self, identity: str) -> bytes:
        """16 bytes that stand for `identity`, in this file."""
        return blake2b(identity.encode(), key=self._secret, digest_size=KEY_BYTES).digest()

    def lock(self, index: int) -> bool:
        """Whether this process now holds lock `index`; False after some milliseconds."""
        try:
            fcntl.lockf(self.fd, _TRY, 1, index)
        except OSError:
            return self._lock_later(index)
        return True

    def _lock_later(self, index: int) -> bool:
        for attempt in range(_YIELDS + _NAPS):
            if attempt < _YIELDS:
                os.sched_yield()
            else:
                time.sleep(_NAP_S)
            with suppress(OSError):
                fcntl.lockf(self.fd, _TRY, 1, index)
                return True
        return False

    def unlock(self, index: int) -> None:
        """Give lock `index` back."""
        fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, index)

    def find(self, base: int, digest: bytes) -> int:
        """The way of the set at `base` that holds `digest`, or -1. The set is locked."""
        keys = self.map[base : base + KEYS_BYTES]
        at = keys.find(digest)
        while at > 0 and at % KEY_BYTES:  # the end of one key and the start of the next
            at = keys.find(digest, at + 1)
        return at // KEY_BYTES  # -1 stays -1

    def clear_left_over(self, clear: Callable[[int], None]) -> int:
        """Call `clear(row)` for each row whose process has ended; how many there were."""
        found = 0
        for row in range(self.layout.rows):
            if row == self.row or not self.map[_CLAIMED_AT + row]:
                continue
            try:
                fcntl.lockf(self.fd, _TRY, 1, _ROW_LOCKS + row)
            except OSError:
                continue  # it lives
            clear(row)
            self.map[_CLAIMED_AT + row] = 0
            fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, _ROW_LOCKS + row)
            found += 1
        return found

    def _claim_row(self, path: Path) -> int:
        for row in range(self.layout.rows):
            with suppress(OSError):
                fcntl.lockf(self.fd, _TRY, 1, _ROW_LOCKS + row)
                self.map[_CLAIMED_AT + row] = 1
                return row
        self.close()
        raise LimitsError(f"{path}: {self.layout.rows} processes use it already")

    def _opened_or_made(self, path: Path) -> int:
        """A descriptor of the file at `path`, which has the layout."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        guard = os.open(f"{path}.lock", flags, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)  # for as long as it takes to make a file
            if not path.exists():
                return _made(path, self.layout, flags)
            if _identity(path.stat()) in self._opened:
                raise LimitsError(f"{path}: open in this process already")
            fd = os.open(path, flags)
            if _layout_of(fd) == self.layout:
                return fd
            os.close(fd)
            return _made(path, self.layout, flags)
        finally:
            os.close(guard)

    def close(self) -> None:
        """Give row and locks back. Nothing may be asked afterwards."""
        if not self.closed:
            self.closed = True
            self._opened.discard(self._identity)
            self.doubles.release()
            self.map.close()
            os.close(self.fd)


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return os.getpid(), status.st_dev, status.st_ino


def _layout_of(fd: int) -> Layout | None:
    header = os.pread(fd, _HEADER.size, 0)
    if len(header) < _HEADER.size:
        return None
    magic, *numbers, _ = _HEADER.unpack(header)
    layout = Layout(*numbers)
    return layout if magic == _MAGIC and os.fstat(fd).st_size == layout.size else None


def _made(path: Path, layout: Layout, flags: int) -> int:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    fd = os.open(new, flags | os.O_EXCL, 0o600)
    try:
        # All of it now: a page that finds no room when it is first written to ends the process.
        os.posix_fallocate(fd, 0, layout.size)
        os.pwrite(fd, _HEADER.pack(_MAGIC, *layout, secrets.token_bytes(KEY_BYTES)), 0)
        new.replace(path)
    except OSError:
        os.close(fd)
        new.unlink()
        raise
    return fd
