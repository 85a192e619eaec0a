"""
Two connections joined: what one side sends the other gets, in another protocol than HTTP (RFC 9110 section 7.8).

Each side is read no faster than the other takes. A side that sends no more (half-close) still gets what the other has to
say, where both are plain TCP; TLS knows no such thing, so there the end of one is the end of both, after what was under
way. Only the time of silence is bounded, by whoever owns the tunnel.
"""

import asyncio
from collections.abc import Callable


class Tunnel:
    """
    `client` and `origin` belong to the tunnel from here on. `ended` is called once, when both are gone.

    `active_mono_s` is when either side last sent or took something, by `clock`.
    """

    __slots__ = ("_clock", "_ended", "_ends", "_open", "_speaking", "active_mono_s")

    def __init__(
        self,
        client: asyncio.Transport,
        origin: asyncio.Transport,
        clock: Callable[[], float],
        ended: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._ended = ended
        self._ends = (_End(self, client, origin), _End(self, origin, client))
        self._open = 2
        self._speaking = 2
        self.active_mono_s = clock()

    def begin(self, *, from_client: bytes, from_origin: bytes) -> None:
        """Join them, beginning with what either sent already."""
        for end, early in zip(self._ends, (from_client, from_origin), strict=True):
            end.transport.set_protocol(end)
            if early:
                end.other.write(early)
        for end in self._ends:
            end.balance()

    def abort(self) -> None:
        """End both at once."""
        for end in self._ends:
            end.transport.abort()

    def touch(self) -> None:
        """Something moved."""
        self.active_mono_s = self._clock()

    def fell_silent(self) -> bool:
        """One side will send no more; whether the other may still."""
        self._speaking -= 1
        return self._speaking > 0

    @property
    def queued_bytes(self) -> int:
        """What waits to be taken by either side."""
        return sum(end.transport.get_write_buffer_size() for end in self._ends)

    def lost(self) -> None:
        """One of the two is gone."""
        self._open -= 1
        if self._open == 0:
            self._ended()


class _End(asyncio.Protocol):
    """One side: `transport` is its connection, `other` the one that gets what it sends."""

    __slots__ = ("_tunnel", "other", "transport")

    def __init__(self, tunnel: Tunnel, transport: asyncio.Transport, other: asyncio.Transport) -> None:
        self._tunnel = tunnel
        self.transport = transport
        self.other = other

    def balance(self) -> None:
        """Read, unless the other has more to take already than it should."""
        if self.transport.is_closing():
            self.connection_lost(None)
        elif self.other.get_write_buffer_size() > self.other.get_write_buffer_limits()[1]:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._tunnel.touch()
        if not self.other.is_closing():
            self.other.write(data)

    def eof_received(self) -> bool:
        if self.other.is_closing():
            return False
        both_plain = self.transport.can_write_eof() and self.other.can_write_eof()
        if self._tunnel.fell_silent() and both_plain:
            self.other.write_eof()
            return True
        self.other.close()
        return False

    def pause_writing(self) -> None:
        if not self.other.is_closing():
            self.other.pause_reading()

    def resume_writing(self) -> None:
        self._tunnel.touch()
        if not self.other.is_closing():
            self.other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.other.close()
        else:
            self.other.abort()
        self._tunnel.lost()
