"""
What an answer still has to send, in order: bytes and parts of files, at limit_rate's pace or as fast as the client takes it.

Files are read a piece at a time and only when the client has taken the one before, so an answer of any size holds one
piece. Between two pieces other connections have their turn. What is still being stored is sent as far as it has come, and
on when it has grown.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from runtime.cache.body import MAX_READ_BYTES, DamagedBodyError, FileBody
from runtime.cache.growing import Growing
from runtime.http.trailers import forwardable, trailer_section
from runtime.limits.bandwidth import Pacer

_SHORTEST_WAIT_S: Final = 0.001
"""The loop's clock has milliseconds: a shorter wait would come back too early, again and again."""


class _Piece(Protocol):
    """Content that waits."""

    @property
    def left(self) -> int:
        """Bytes that can be taken now."""

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


class Following:
    """What grows, read from `offset` on; a `growing.Reader`. `look_again` is called when there is more of it, or its end."""

    __slots__ = ("_chunked", "_growing", "_look_again", "_trailers", "offset")

    def __init__(
        self, growing: Growing, offset: int, look_again: Callable[[], None], *, chunked: bool, trailers: bool
    ) -> None:
        self._growing = growing
        self._chunked = chunked
        self._trailers = trailers
        self._look_again = look_again
        self.offset = offset
        growing.join(self)

    @property
    def left(self) -> int:
        return self._growing.come - self.offset

    def take(self, size: int) -> bytes:
        data = self._growing.read(self.offset, size)
        self.offset += len(data)
        self._growing.advanced()
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data

    def end(self) -> bytes | None:
        """What follows all that came; None when more may come. Raises DamagedBodyError when it broke off."""
        growing = self._growing
        if growing.is_broken:
            raise DamagedBodyError("it broke off")
        if not growing.is_whole:
            return None
        if not self._chunked:
            return b""
        return trailer_section(forwardable(growing.trailers) if self._trailers else ())

    def grown(self) -> None:
        self._look_again()

    def leave(self) -> None:
        """Read no more."""
        self._growing.leave(self)


class Output:
    """
    Writes to `transport`. `when_empty` is called when nothing is left and more may come, `when_broken` when content cannot
    be read, with whether that is the store's fault: what was sent is not whole then.
    """

    __slots__ = (
        "_loop",
        "_pacer",
        "_pieces",
        "_timer",
        "_transport",
        "_when_broken",
        "_when_empty",
        "dropped_bytes",
        "followed_bytes",
        "paused",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        when_empty: Callable[[], None],
        when_broken: Callable[[bool], None],
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
        self.followed_bytes = 0
        """Sent of what grew, whose length nobody knew before."""
        self.dropped_bytes = 0
        """Added, and not sent when the client left."""

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

    def follow(self, growing: Growing, offset: int, *, chunked: bool, trailers: bool) -> None:
        """Send what grows, from `offset` to its end, after what waits."""
        self._add(Following(growing, offset, self._go_soon, chunked=chunked, trailers=trailers))

    def _go_soon(self) -> None:
        if self._timer is None and not self.paused:
            self._timer = self._loop.call_soon(self.go)

    def _add(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        if self._timer is None:
            self.go()

    def go(self) -> None:
        """Send what may go now, and come back for the rest."""
        self.stop()
        while self._pieces and not self.paused:
            piece = self._pieces[0]
            if isinstance(piece, Following) and not piece.left:
                if not self._end(piece):
                    return
                continue
            wanted = min(piece.left, MAX_READ_BYTES)
            granted = wanted if self._pacer is None else self._pacer.grant(self._loop.time(), wanted)
            if granted and not self._send(piece, granted):
                return
            if not piece.left:
                if not isinstance(piece, Following):
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
            self._break(stored=True)
            return False
        if isinstance(piece, Following):
            self.followed_bytes += len(data)
        self._transport.write(data)
        return True

    def _end(self, piece: Following) -> bool:
        """Whether a piece that was read as far as it came is over, and what is behind it may go."""
        try:
            end = piece.end()
        except DamagedBodyError:
            self._break(stored=False)
            return False
        if end is None:
            return False
        self._pieces.popleft()
        piece.leave()
        if end:
            self.followed_bytes += len(end)
            self._transport.write(end)
        return True

    def _break(self, *, stored: bool) -> None:
        self.drop()
        self._when_broken(stored)

    def drop(self) -> None:
        """Send nothing of what waits."""
        self.stop()
        for piece in self._pieces:
            if isinstance(piece, Following):
                piece.leave()
            else:
                self.dropped_bytes += piece.left
        self._pieces.clear()

    def _delay(self) -> float:
        assert self._pacer is not None
        return max(self._pacer.delay(self._loop.time()), _SHORTEST_WAIT_S)

    def stop(self) -> None:
        """Send no more until `go`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
