"""
A body being collected for the store while it passes through.

Whoever collects does not know where to: a writer for memory, one for a file, or one that begins in memory and goes over
to a file when the body proves too long for memory. Every writer ends with either `finish` or `abort`, once; after
`write` has said False it has aborted itself.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from runtime.cache.body import Body

DEFAULT_COLLECTING_BYTES: Final = 256 << 20


@dataclass(slots=True)
class Allowance:
    """Bytes that may be collected for the store at one time, all objects together; what is beyond is not stored."""

    limit: int
    used: int = 0

    def take(self, size: int) -> bool:
        """Whether `size` more bytes may be collected; they count then."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        self.used -= size


class Along(Protocol):
    """What a file has of a body that is still being written. Can be read after the writer has ended, well or not."""

    @property
    def written(self) -> int:
        """Bytes from the start on that can be read; to be asked while the writer is of use."""

    def unwritten(self) -> bytes:
        """Those that were taken beyond."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on: `length` of them, and `MAX_READ_BYTES` at most. Raises DamagedBodyError."""
        ...


class BodyWriter(Protocol):
    """Takes a body piece by piece."""

    size: int
    """Bytes taken so far."""

    def write(self, data: bytes) -> bool:
        """Take the next piece; False when the body cannot be stored, and the writer is of no further use."""
        ...

    def along(self) -> Along | None:
        """What can be read of it meanwhile; None while it is in memory, or cannot be read."""
        ...

    def finish(self) -> Body | None:
        """The whole body, for a `StoredResponse`; None when the last of it could not be written."""
        ...

    def abort(self) -> None:
        """Forget what was taken; harmless when there is nothing."""
        ...


class Overflow(Protocol):
    """Where bodies go that are too long for memory."""

    @property
    def max_object_bytes(self) -> int: ...

    def begin(self, length: int | None) -> BodyWriter | None:
        """A writer for a body of `length` bytes, None for unknown; None while nothing can be written."""
        ...


class MemoryWriter:
    """Collects in memory, within `limit` and what the allowance has left, and goes over to `overflow` beyond `limit`."""

    __slots__ = ("_allowance", "_chunks", "_further", "_held", "_limit", "_overflow", "size")

    def __init__(self, limit: int, allowance: Allowance, overflow: Overflow | None = None) -> None:
        self.size = 0
        self._limit = limit
        self._allowance = allowance
        self._overflow = overflow
        self._chunks: list[bytes] = []
        self._held = 0
        """Bytes the allowance counts for this body."""
        self._further: BodyWriter | None = None

    def write(self, data: bytes) -> bool:
        size = len(data)
        if self._further is not None:
            taken = self._further.write(data)
        elif self.size + size > self._limit:
            taken = self._go_over(data)
        else:
            taken = self._allowance.take(size)
            if taken:
                self._held += size
                self._chunks.append(data)
        if not taken:
            self.abort()
            return False
        self.size += size
        return True

    def _go_over(self, data: bytes) -> bool:
        """Give what was collected, and `data`, to the writer for longer bodies."""
        if self._overflow is None:
            return False
        self._further = self._overflow.begin(None)
        if self._further is None:
            return False
        collected, self._chunks = self._chunks, []
        self._let_go()
        return all(self._further.write(chunk) for chunk in (*collected, data))

    def along(self) -> Along | None:
        return None if self._further is None else self._further.along()

    def finish(self) -> Body | None:
        if self._further is not None:
            return self._further.finish()
        body = b"".join(self._chunks)
        self.abort()
        return body

    def abort(self) -> None:
        self._chunks = []
        self._let_go()
        if self._further is not None:
            self._further.abort()
            self._further = None

    def _let_go(self) -> None:
        self._allowance.give_back(self._held)
        self._held = 0


def writer_for(
    length: int | None, limit: int, allowance: Allowance, overflow: Overflow | None
) -> BodyWriter | None:
    """A writer for a body of `length` bytes, None for unknown; None when no tier takes one of that length."""
    if length is None or length <= limit:
        return MemoryWriter(limit, allowance, overflow)
    if overflow is None or length > overflow.max_object_bytes:
        return None
    return overflow.begin(length)
