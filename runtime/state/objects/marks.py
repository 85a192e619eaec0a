"""
Which records were read or written of late: a byte each in shared memory, for a clock's second chance.

A read of the index must not write to it, so what it leaves behind is one byte in a mapped file, chosen by the key's CRC-32.
Two keys may share a byte; then one of them gets a second chance it did not earn. A byte also tells that a key with
this sum was ever stored: where it is 0, no process has anything to invalidate.
"""

import zlib
from pathlib import Path
from typing import Final

from runtime.state.objects.purges import map_file

_MARKS: Final = 1 << 20
"""Bytes; a fair chance for a million records."""
_STORED: Final = 1
_USED: Final = 3


class Marks:
    """See the module's text. Keys are URLs as bytes; races between processes cost a second chance at most."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._map = map_file(path, _MARKS)

    def stored(self, url: bytes) -> None:
        """Something is stored under `url` now."""
        at = zlib.crc32(url) % _MARKS
        if not self._map[at]:
            self._map[at] = _STORED

    def used(self, url: bytes) -> None:
        self._map[zlib.crc32(url) % _MARKS] = _USED

    def ever_stored(self, url: bytes) -> bool:
        """False only if nothing was."""
        return self._map[zlib.crc32(url) % _MARKS] != 0

    def spare(self, url: bytes) -> bool:
        """Whether the record was used since it was last asked; the next time it was not."""
        at = zlib.crc32(url) % _MARKS
        if self._map[at] != _USED:
            return False
        self._map[at] = _STORED
        return True

    def flush(self) -> None:
        """Have them on the disk. Raises OSError."""
        self._map.flush()
