"""
Purges as the processes of a node share them: a log in the index, and the number of the latest in shared memory.

The number is eight bytes of a mapped file. A process compares it before each answer from its store and reads the log
when it differs, so a purge is in force everywhere when `announce` returns. The log keeps the last `MAX_LOG` purges;
who is further behind forgets what is in its memory.

A purge about more records than are worth waiting for stays *pending*: reads compare records older than it with it,
while any process that writes carries it out slice by slice. `floor` is the number of the first pending one, or above all.

When the log cannot be written (a full disk) the purge has to hold all the same: `lost` is the highest number whose purge is not
known, and whatever is older than it is no longer given. Readers look at `floor` before they begin to read the index:
a purge that has left the pending ones is then sure to be in what they read.
"""

import mmap
import os
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from runtime.cache.purge import Purge
from runtime.cache.tiers import Announced

MAX_LOG: Final = 4096
"""Purges kept for processes that have not seen them. About 100 bytes each."""
MAX_PENDING: Final = 256
"""Purges carried out in slices at one time; one more becomes a purge of everything."""
_PAGE: Final = 4096
NONE_PENDING: Final = (1 << 64) - 1
"""The floor when no purge is pending: above every number."""
_GENERATION: Final = 0
_FLOOR: Final = 1
_LOST: Final = 2


class Pending(NamedTuple):
    """A purge under way in the index: it goes on after `last`, in the range number `part`."""

    purge: Purge
    now: float
    part: int = 0
    last: bytes = b""


_encode: Final = msgspec.msgpack.Encoder().encode
decode_logged: Final = msgspec.msgpack.Decoder(Announced).decode
decode_pending: Final = msgspec.msgpack.Decoder(Pending).decode


def encode(entry: Announced | Pending) -> bytes:
    return _encode(entry)


class Numbers:
    """The shared numbers. Only who holds the index's write lock changes them."""

    def __init__(self, path: Path) -> None:
        """Raises OSError. A new file is all zeros."""
        self._map = map_file(path, _PAGE)
        self.view: memoryview = memoryview(self._map).cast("Q")
        """`view[0]` is the number of the latest purge, which nothing but a purge changes."""

    @property
    def generation(self) -> int:
        return int(self.view[_GENERATION])

    @property
    def floor(self) -> int:
        return int(self.view[_FLOOR])

    @property
    def lost(self) -> int:
        return int(self.view[_LOST])

    def announce(self, number: int) -> None:
        """Purge `number` can be read in the log."""
        self.view[_GENERATION] = max(number, self.generation)

    def set_floor(self, number: int) -> None:
        """No purge below `number` is pending."""
        self.view[_FLOOR] = number

    def lose(self) -> int:
        """A purge that could not be logged: its number."""
        number = self.generation + 1
        self.view[_LOST] = number
        self.view[_GENERATION] = number
        return number

    def flush(self) -> None:
        """Have them on the disk. Raises OSError."""
        self._map.flush()


def map_file(path: Path, size: int) -> mmap.mmap:
    """
    `size` bytes shared with whoever maps `path`, zeros at first. Raises OSError.

    The file's blocks are taken now: a hole touched on a full disk would end the process (SIGBUS), not the call.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(fd).st_size != size:
            os.ftruncate(fd, size)
        os.posix_fallocate(fd, 0, size)
        return mmap.mmap(fd, size)
    finally:
        os.close(fd)
