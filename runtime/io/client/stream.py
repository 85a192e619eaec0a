"""
A client's connection as a stream of bytes: who waits for whom and for how long, and the ways it ends.

What the bytes mean is for `runtime.io.client.connection`, which builds on this. Deadlines are not timers: the worker's sweep looks
at `deadline_mono_s` and calls `expire`.

Over TLS there is no half-close: after a `close_notify` nothing more is sent (RFC 8446 section 6.1 would allow it, the
loop does not), and an ending is `close`, which waits for the client's `close_notify` for a while.
"""

import asyncio
from typing import TYPE_CHECKING, Final, cast

from edgescript.request import Connection
from runtime.io.client.sockets import reset

if TYPE_CHECKING:
    from runtime.io.worker import Worker

LINGER_S: Final = 2.0
"""After a last answer the connection half-closes and drains this long, so that the client can read the answer."""
MAX_LINGER_BYTES: Final = 1 << 20


class ClientStream(asyncio.Protocol):
    """One connection from a client, without the requests on it."""

    __slots__ = (
        "_connection",
        "_eof",
        "_lingered",
        "_reading_paused",
        "_transport",
        "_unsent",
        "_worker",
        "_writable",
        "closing",
        "deadline_mono_s",
    )

    def __init__(self, worker: "Worker", scheme: str = "http", announced: tuple[str, int] = ("", 0)) -> None:
        """`announced` is the client's address and port where a proxy before this node has told it."""
        self._worker = worker
        self._connection = Connection(*announced, scheme=scheme)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before any other call
        self._eof = False
        self._reading_paused = False
        self._writable = True
        self._unsent = 0
        """Bytes the client had not taken when its deadline was last looked at."""
        self._lingered = 0
        self.closing = False
        self.deadline_mono_s = 0.0
        """When the sweep ends this connection; 0 while nothing of it is waited for."""

    @property
    def answering(self) -> bool:
        """Some of an answer is out and not all of it was written."""
        return False

    def opened(self, transport: asyncio.BaseTransport) -> bool:
        """Take the connection in, unless the node is full or stopping."""
        # uvloop's transports have the interface without the base class.
        self._transport = cast("asyncio.Transport", transport)
        worker = self._worker
        connection = self._connection
        if not connection.client_addr:
            connection.client_addr, connection.client_port = worker.client_address(self._transport)
        connection.server_addr, connection.server_port = transport.get_extra_info("sockname")[:2]
        if len(worker.clients) >= worker.config.max_connections or not worker.accepting:
            worker.connection_refused()
            self.closing = True
            self._transport.abort()
            return False
        return True

    # --- waiting ------------------------------------------------------------------------------------------------

    def await_client(self) -> None:
        """From now on the client has to take some of what it is sent (`_takes_answer`)."""
        self._unsent = self._transport.get_write_buffer_size()
        self.deadline_mono_s = self._worker.mono() + self._worker.config.write_timeout_s

    def _takes_answer(self) -> bool:
        """Whether the client took some of what it was sent since the last look; then it is given more time."""
        before = self._unsent
        self.await_client()
        return self._unsent not in {0, before}

    def pause_reading(self) -> None:
        """Take no more from the client until `resume_reading`."""
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()

    # --- endings ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End after what was written; nothing is in progress."""
        self.closing = True
        self._transport.close()

    def abort(self) -> None:
        """End at once, visibly if an answer is cut short."""
        self.closing = True
        if self.answering or self._transport.get_write_buffer_size():
            reset(self._transport)
        else:
            self._transport.abort()

    def linger(self) -> None:
        """Half-close, then read on a little (RFC 9112 section 9.6)."""
        self.closing = True
        if self._eof:
            self._transport.close()
            return
        self.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            # The loop ends a TLS connection in bounded time, sent or not: it is asked to when all is.
            self._transport.set_write_buffer_limits(1)
            if self._writable:
                self._transport.close()
        self.await_client()
        if self._unsent == 0:
            self.deadline_mono_s = self._worker.mono() + LINGER_S

    def flushed_last(self) -> None:
        """The client has taken the last answer."""
        if not self._transport.can_write_eof():
            self._transport.close()
        self.deadline_mono_s = self._worker.mono() + LINGER_S

    def drop(self, size: int) -> None:
        """Bytes came after the last answer: they are nobody's, and not without bound."""
        self._lingered += size
        if self._lingered > MAX_LINGER_BYTES:
            self._transport.abort()
