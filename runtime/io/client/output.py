"""
What an answer still has to send, in order: bytes and parts of files, at limit_rate's pace or as fast as the client takes it.

Files are read a piece at a time and only when the client has taken the one before, so an answer of any size holds one
piece. Between two pieces other connections have their turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from runtime.cache.body import MAX_READ_BYTES, DamagedBodyError, FileBody
from runtime.limits.bandwidth import Pacer

_SHORTEST_WAIT_S: Final = 0.001
"""The loop's clock has milliseconds: a shorter wait would come back too early, again and again."""


class _Piece(Protocol):
    """Content that waits."""

    left: int
    """Bytes not yet taken."""

    def take(self, size: int) -> bytes | memoryview:
        """The next `size` bytes. Raises DamagedBodyError."""
        ...


class _Bytes:
    __slots__ = ("_data", "left")

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)  # cut many times, without a copy
        self.left = len(data)

    def take(self, size: int) -> memoryview:
        taken, self._data = self._data[:size], self._data[size:]
        self.left -= size
        return taken


class _FilePart:
    __slots__ = ("_file", "_offset", "left")

    def __init__(self, file: FileBody, offset: int, length: int) -> None:
        self._file = file
        self._offset = offset
        self.left = length

    def take(self, size: int) -> bytes:
        taken = self._file.read(self._offset, size)
        if len(taken) != size:
            raise DamagedBodyError(f"got {len(taken)} bytes at {self._offset}, want {size}")
        self._offset += size
        self.left -= size
        return taken


class Output:
    """
    Writes to `transport`. `when_empty` is called when nothing is left and more may come, `when_broken` when content cannot
    be read: what was sent is not whole then.
    """

    __slots__ = (
        "_loop",
        "_pacer",
        "_pieces",
        "_timer",
        "_transport",
        "_when_broken",
        "_when_empty",
        "paused",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        when_empty: Callable[[], None],
        when_broken: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._when_empty = when_empty
        self._when_broken = when_broken
        self._pacer: Pacer | None = None
        self._pieces: deque[_Piece] = deque()
        self._timer: asyncio.Handle | None = None
        self.paused = False
        """The client is slower than the pace; set by whoever hears of it, who then calls `go`."""

    @property
    def pending(self) -> bool:
        """Whether anything waits."""
        return bool(self._pieces)

    @property
    def paced(self) -> bool:
        return self._pacer is not None

    @property
    def waiting_bytes(self) -> int:
        """Bytes held in memory."""
        return sum(piece.left for piece in self._pieces if isinstance(piece, _Bytes))

    def pace(self, pacer: Pacer) -> None:
        """Send what waits and what comes as fast as `pacer` grants."""
        self._pacer = pacer

    def add(self, data: bytes) -> None:
        """Send `data` after what waits."""
        if data:
            self._add(_Bytes(data))

    def add_file(self, file: FileBody, offset: int, length: int) -> None:
        """Send `length` bytes of `file` after what waits."""
        if length:
            self._add(_FilePart(file, offset, length))

    def _add(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        if self._timer is None:
            self.go()

    def go(self) -> None:
        """Send what may go now, and come back for the rest."""
        self.stop()
        while self._pieces and not self.paused:
            piece = self._pieces[0]
            wanted = min(piece.left, MAX_READ_BYTES)
            granted = wanted if self._pacer is None else self._pacer.grant(self._loop.time(), wanted)
            if granted and not self._send(piece, granted):
                return
            if not piece.left:
                self._pieces.popleft()
            elif granted == wanted:
                self._timer = self._loop.call_soon(self.go)
                return
            else:
                self._timer = self._loop.call_later(self._delay(), self.go)
                return
        if not self.paused:
            self._when_empty()

    def _send(self, piece: _Piece, size: int) -> bool:
        try:
            data = piece.take(size)
        except DamagedBodyError:
            self._pieces.clear()
            self._when_broken()
            return False
        self._transport.write(data)
        return True

    def _delay(self) -> float:
        assert self._pacer is not None
        return max(self._pacer.delay(self._loop.time()), _SHORTEST_WAIT_S)

    def stop(self) -> None:
        """Send no more until `go`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
