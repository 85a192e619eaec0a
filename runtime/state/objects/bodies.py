"""
Bodies in files: the bytes as they are, then a table with the CRC-32 of each 64 KiB of them.

A file has a random number for a name and is nobody's until a record of the index names it; one that no record names is
removed, by whoever wrote it or at the next start. The record has the table's own checksum, so that a file cut short
by a crash, changed on the disk or not the one that is meant is noticed before a byte of it is given. A chunk is checked
when it is first read through an open file, later reads of it trust the page cache.

An open file is shared by all who read it, and closes when the last of them lets go of it. Removing its name does not
touch it.
"""

import os
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from runtime.cache.body import MAX_READ_BYTES, DamagedBodyError
from runtime.cache.writing import Allowance, Along, BodyWriter
from runtime.state.objects.record import FileSum

CHUNK_BYTES: Final = 64 << 10
_FLUSH_BYTES: Final = 256 << 10
"""Collected before it is written: 40 µs of the page cache's time."""
_TABLE: Final = "I"
FOLDERS: Final = 256
"""Files are spread over these, by number."""


class OpenBody:
    """A `FileBody` (see there) with its file open."""

    __slots__ = (
        "__weakref__",
        "_checked",
        "_fd",
        "_remove",
        "_table",
        "_unnamed",
        "damaged",
        "file",
        "size",
        "table_crc",
    )

    def __init__(
        self,
        fd: int,
        file: int,
        size: int,
        table: "array[int]",
        table_crc: int,
        remove: Callable[[int], None],
    ) -> None:
        """`fd` is the body's from here on; `remove` takes the file of that number away."""
        self._fd = fd
        self.file = file
        self.size = size
        self.table_crc = table_crc
        self._table = table
        self._checked = bytearray(len(table))
        self._remove = remove
        self._unnamed = False
        """No record names the file: it goes with this object."""
        self.damaged = False
        """Something read from it was not what was stored. The file is gone then, so that nobody is given it again."""

    def __len__(self) -> int:
        return self.size

    def read(self, offset: int, length: int) -> bytes:
        try:
            return self._read(offset, length)
        except DamagedBodyError:
            if not self.damaged:
                self.damaged = True
                self._remove(self.file)
            raise

    def _read(self, offset: int, length: int) -> bytes:
        end = min(offset + min(length, MAX_READ_BYTES), self.size)
        if offset < 0 or end <= offset:
            return b""
        first, last = offset // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
        if 0 not in self._checked[first : last + 1]:
            return self._pread(offset, end)
        start = first * CHUNK_BYTES
        data = self._pread(start, min((last + 1) * CHUNK_BYTES, self.size))
        view = memoryview(data)
        for chunk in range(first, last + 1):
            at = chunk * CHUNK_BYTES - start
            if zlib.crc32(view[at : at + CHUNK_BYTES]) != self._table[chunk]:
                raise DamagedBodyError(f"chunk {chunk} is not what was stored")
            self._checked[chunk] = 1
        return data[offset - start : end - start]

    def _pread(self, start: int, end: int) -> bytes:
        try:
            data = os.pread(self._fd, end - start, start)
        except OSError as error:
            raise DamagedBodyError(str(error)) from error
        if len(data) != end - start:
            raise DamagedBodyError(f"got {len(data)} bytes, want {end - start}")
        return data

    def goes_unnamed(self) -> None:
        """Nothing names the file yet: it is to go with this object."""
        self._unnamed = True

    def named(self) -> None:
        """A record names the file: it outlives this object."""
        self._unnamed = False

    def __del__(self) -> None:
        os.close(self._fd)
        if self._unnamed:
            self._remove(self.file)

    def __repr__(self) -> str:
        return f"<body {self.file:016x}, {self.size} bytes>"


class Bodies:
    """The files of one directory, read by as many processes as like; at most `max_open` of them open here."""

    def __init__(
        self, directory: Path, *, max_object_bytes: int, max_open: int, max_writing_bytes: int
    ) -> None:
        self.max_object_bytes = max_object_bytes
        self._directory = directory
        self._max_open = max_open
        self._open: WeakValueDictionary[int, OpenBody] = WeakValueDictionary()
        self._writing = Allowance(max_writing_bytes)
        self.trouble = ""
        """Why bodies could not be written the last time, empty when they could."""
        self.failed_writes = 0

    def path(self, file: int) -> Path:
        return self._directory / f"{file % FOLDERS:02x}" / f"{file:016x}"

    def open(self, file: int, what: FileSum) -> OpenBody | None:
        """The body in `file`; None while too many are open. Raises DamagedBodyError."""
        known = self._open.get(file)
        if known is not None:
            if known.damaged:
                raise DamagedBodyError("it was found damaged before")
            return known
        if len(self._open) >= self._max_open:
            return None
        try:
            # What is no file, as a pipe that somebody put there, would be waited for.
            fd = os.open(self.path(file), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise DamagedBodyError(str(error)) from error
        try:
            table = _read_table(fd, what)
        except BaseException:
            os.close(fd)
            raise
        body = self._open[file] = OpenBody(fd, file, what.size, table, what.table_crc, self.remove)
        return body

    def exists(self, file: int) -> bool:
        return self.path(file).exists()

    def begin(self, length: int | None) -> BodyWriter | None:
        """`Overflow.begin`."""
        if length is not None and length > self.max_object_bytes:
            return None
        return self._begin()

    def _begin(self) -> "FileWriter | None":
        if len(self._open) >= self._max_open:
            return None
        file = int.from_bytes(os.urandom(8), "little") or 1
        path = self.path(file)
        try:
            path.parent.mkdir(exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.failed(error)
            return None
        return FileWriter(self, fd, file)

    def write(self, data: bytes) -> OpenBody | None:
        """A new file with this body; None when it cannot be written."""
        writer = self._begin()
        if writer is None or not writer.write(data):
            return None
        return writer.finish()

    def take(self, size: int) -> bool:
        return self._writing.take(size)

    def give_back(self, size: int) -> None:
        self._writing.give_back(size)

    def adopt(self, fd: int, file: int, size: int, table: "array[int]") -> OpenBody:
        """A file just written: it goes with the object given, unless that is `named` before."""
        body = self._open[file] = OpenBody(fd, file, size, table, zlib.crc32(table.tobytes()), self.remove)
        body.goes_unnamed()
        return body

    def remove(self, file: int) -> None:
        """Whoever has it open goes on reading."""
        try:
            self.path(file).unlink(missing_ok=True)
        except OSError as error:
            self.trouble = _reason(error)

    def failed(self, error: OSError) -> None:
        """A body could not be written."""
        self.failed_writes += 1
        self.trouble = _reason(error)

    def __len__(self) -> int:
        """Files open here."""
        return len(self._open)


def _read_table(fd: int, what: FileSum) -> "array[int]":
    chunks = -(-what.size // CHUNK_BYTES)
    table = array(_TABLE)
    try:
        data = os.pread(fd, chunks * table.itemsize, what.size)
    except OSError as error:
        raise DamagedBodyError(str(error)) from error
    if zlib.crc32(data) != what.table_crc or len(data) != chunks * table.itemsize:
        raise DamagedBodyError("the table of checksums is not what was stored")
    table.frombytes(data)
    return table


def _reason(error: OSError) -> str:
    """Without the file, which is another one each time: what is in trouble is told in a label of a metric."""
    return f"a body cannot be written: {error.strerror or error}"


class PartOfBody:
    """An `Along` (see there): what is read was written a moment before, and is not checked."""

    __slots__ = ("_fd", "_writer")

    def __init__(self, writer: "FileWriter", fd: int) -> None:
        """`fd` is its own from here on."""
        self._writer = writer
        self._fd = fd

    @property
    def written(self) -> int:
        return self._writer.written

    def unwritten(self) -> bytes:
        return self._writer.unwritten()

    def read(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._fd, min(length, MAX_READ_BYTES), offset)
        except OSError as error:
            raise DamagedBodyError(str(error)) from error

    def __del__(self) -> None:
        os.close(self._fd)


class FileWriter:
    """A `BodyWriter` (see there) into a new file."""

    __slots__ = ("_bodies", "_buffer", "_fd", "_file", "_table", "size")

    def __init__(self, bodies: Bodies, fd: int, file: int) -> None:
        self.size = 0
        self._bodies = bodies
        self._fd = fd
        self._file = file
        self._buffer = bytearray()
        self._table = array(_TABLE)

    def write(self, data: bytes) -> bool:
        size = len(data)
        if self.size + size > self._bodies.max_object_bytes or not self._bodies.take(size):
            self.abort()
            return False
        self.size += size
        self._buffer += data
        if len(self._buffer) >= _FLUSH_BYTES:
            return self._flush(len(self._buffer) // CHUNK_BYTES * CHUNK_BYTES)
        return True

    def _flush(self, length: int) -> bool:
        """Write the first `length` bytes of the buffer, whole chunks or all there is."""
        whole = bytes(self._buffer[:length])
        del self._buffer[:length]
        view = memoryview(whole)
        for at in range(0, length, CHUNK_BYTES):
            self._table.append(zlib.crc32(view[at : at + CHUNK_BYTES]))
        return self._write_all(whole)

    def _write_all(self, data: bytes) -> bool:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            self._bodies.failed(error)
            self.abort()
            return False
        return True

    @property
    def written(self) -> int:
        """Bytes that the file has."""
        return self.size - len(self._buffer)

    def unwritten(self) -> bytes:
        """Those that it does not have yet."""
        return bytes(self._buffer)

    def along(self) -> Along | None:
        try:
            return PartOfBody(self, os.dup(self._fd))
        except OSError:  # too many are open: who waits goes on waiting
            return None

    def finish(self) -> OpenBody | None:
        if not self._flush(len(self._buffer)) or not self._write_all(self._table.tobytes()):
            return None
        fd, self._fd = self._fd, -1
        self._bodies.give_back(self.size)
        self._bodies.trouble = ""
        return self._bodies.adopt(fd, self._file, self.size, self._table)

    def abort(self) -> None:
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        self._buffer.clear()
        self._bodies.give_back(self.size)
        self._bodies.remove(self._file)

    def __del__(self) -> None:
        self.abort()
