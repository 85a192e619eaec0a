"""
Connections to origins: one protocol object a connection, a keep-alive pool an origin.

A connection serves one exchange at a time and tells its user (`UpstreamUser`) what happened, in order: the head, the
content, the end; or that it failed before a head, or was cut after one. Which of them, and when a connection may be
used again, is decided here and nowhere else.
"""

import asyncio
import select
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol, TypeAlias, cast

from runtime.http.body import BodyError, Decoder, decoder_for
from runtime.http.framing import decide_response_framing
from runtime.http.raw import may_become_response_head
from runtime.http.refusal import Refuse
from runtime.io.heads import parse_response_head
from runtime.proxy.messages import (
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
)
from runtime.upstreams.upstream import Upstream

MAX_RESPONSE_HEAD_BYTES: Final = 65_536
MAX_RESPONSE_FIELDS: Final = 256
MAX_INTERIM_RESPONSES: Final = 16
MAX_IDLE_PER_ORIGIN: Final = 256
IDLE_S: Final = 60.0
_HEAD_END: Final = b"\r\n\r\n"

Failure: TypeAlias = Literal["refused", "timeout", "cut", "malformed"]
"""How an origin fails: not reached, silent for too long, gone before the end, or not speaking HTTP."""
UpstreamEvent = UpstreamHead | UpstreamBody | UpstreamCompleted | UpstreamCut | UpstreamFailed


class UpstreamUser(Protocol):
    """Whose request a connection carries."""

    def on_upstream(self, event: UpstreamEvent) -> None: ...
    def on_upstream_writable(self, writable: bool) -> None: ...
    def hold(self) -> None:
        """Events of one read follow: head, content and end often come together."""

    def release(self) -> None:
        """They have come."""


class UpstreamTimeouts(Protocol):
    """Seconds; the node's configuration."""

    connect_s: float
    response_s: float
    idle_s: float


class UpstreamConnection(asyncio.Protocol):
    """One connection to an origin."""

    def __init__(self, pool: "OriginPool") -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._user: UpstreamUser | None = None
        self._method = b""
        self._buffer = b""
        self._decoder: Decoder | None = None
        self._received = False
        self._interim = 0
        self._reusable = False
        self._request_sent = False
        """All of the request was written: until then the next one's bytes would be taken for this one's."""
        self._paused = False
        self._closed = False
        self._readable = select.poll()
        self.deadline_mono_s = 0.0
        self.idle_since_mono_s = 0.0
        self.failure: Failure | None = None
        """Known when the user hears that the answer failed or was cut."""

    @property
    def usable(self) -> bool:
        """
        Idle, open and silent, as a connection must be to carry a request.

        The system is asked too: the origin's end, or bytes that answer nothing, may have come since the loop last
        looked, and a request that finds out by failing cannot always be repeated. 0.5 µs.
        """
        transport = self._transport
        if self._closed or self._user is not None or transport is None or transport.is_closing():
            return False
        return not self._readable.poll(0)

    # --- used by the driver -------------------------------------------------------------------------------------

    def begin(self, user: UpstreamUser, method: bytes) -> None:
        """Start carrying `user`'s request; its bytes follow through `send`."""
        self._user = user
        self._method = method
        self._buffer = b""
        self._decoder = None
        self._received = False
        self._interim = 0
        self._reusable = False
        self._request_sent = False
        self._touch(self._pool.timeouts.response_s)

    def send(self, data: bytes, *, last: bool) -> None:
        """Write request bytes; the request is complete with the `last` ones."""
        self._request_sent = last
        if self._transport is not None and not self._closed:
            self._transport.write(data)
            self._touch(self._pool.timeouts.response_s)

    def close(self) -> None:
        """Drop the connection; its user hears nothing more."""
        self._user = None
        self._closed = True
        self._pool.forget(self)
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Stop reading: the client is slower than the origin."""
        if not self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()
            self.deadline_mono_s = 0.0

    def resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
            self._touch(self._pool.timeouts.idle_s)

    def expire(self) -> None:
        """The deadline passed."""
        self._end("timeout")

    # --- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the interface without the base class.
        self._transport = cast("asyncio.Transport", transport)
        self._readable.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._pool.opened(self)
        self._touch(self._pool.timeouts.response_s)  # nobody may come for it, if the one who asked gave up

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        if exc is None and self._decoder is not None and self._user is not None and self._decoder.close():
            self._complete()
        else:
            self._end("cut")

    def pause_writing(self) -> None:
        if self._user is not None:
            self._user.on_upstream_writable(False)

    def resume_writing(self) -> None:
        if self._user is not None:
            self._user.on_upstream_writable(True)

    def data_received(self, data: bytes) -> None:
        if self._user is None:
            self.close()  # bytes nobody asked for: the next answer could not be told from them
            return
        self._received = True
        self._touch(self._pool.timeouts.idle_s)
        user = self._user
        user.hold()
        if self._decoder is None:
            data = self._read_head(self._buffer + data)
        if self._decoder is not None and data:
            self._read_body(data)
        user.release()

    # --- reading ------------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> bytes:
        """Take heads off the front of `data`; what is left is body, or kept until the head is complete."""
        while self._decoder is None and self._user is not None:
            end = data.find(_HEAD_END)
            if end < 0:
                if len(data) > MAX_RESPONSE_HEAD_BYTES or not may_become_response_head(data):
                    self._end("malformed")
                self._buffer = data
                return b""
            head, data = data[: end + 4], data[end + 4 :]
            self._buffer = b""
            if len(head) > MAX_RESPONSE_HEAD_BYTES or not self._on_head(head, follows=bool(data)):
                self._end("malformed")
                return b""
        return data

    def _on_head(self, head: bytes, *, follows: bool) -> bool:
        """Take in one head, which more bytes follow or not; False when it is malformed."""
        parts = parse_response_head(head)
        if parts is None or len(parts.fields) > MAX_RESPONSE_FIELDS:
            return False
        status, version, fields = parts
        if 100 <= status < 200:
            self._interim += 1
            return status != 101 and self._interim <= MAX_INTERIM_RESPONSES
        framing = decide_response_framing(self._method, status, version, fields)
        if isinstance(framing, Refuse):
            return False
        self._decoder = decoder_for(framing)
        self._reusable = version == b"1.1" and not _says_close(fields)
        self._tell(UpstreamHead(status, fields, framing))
        if self._decoder.done:
            if follows:  # an answer to nothing, which must not become that to the next request
                self._reusable = False
            self._complete()
        return True

    def _read_body(self, data: bytes) -> None:
        decoder = self._decoder
        assert decoder is not None
        try:
            fed = decoder.feed(data)
        except BodyError:
            self._end("malformed")
            return
        if fed.used < len(data):
            self._reusable = False
        if fed.content:
            self._tell(UpstreamBody(fed.content))
        if decoder.done and self._user is not None:
            self._complete()

    def _tell(self, event: UpstreamEvent) -> None:
        if self._user is not None:
            self._user.on_upstream(event)

    def _complete(self) -> None:
        """The response is whole: back to the pool first, so that the user's next step may take it."""
        user, self._user = self._user, None
        self._decoder = None
        self._buffer = b""
        if self._reusable and self._request_sent and not self._closed:
            self.resume()
            self.deadline_mono_s = 0.0
            self._pool.give_back(self)
        else:
            self.close()
        if user is not None:
            user.on_upstream(UpstreamCompleted())

    def _end(self, failure: Failure) -> None:
        """The response will not be whole."""
        self.failure = failure
        user, had_head, received = self._user, self._decoder is not None, self._received
        self.close()
        if user is not None:
            failed = UpstreamFailed(silent=failure == "timeout", may_have_acted=received)
            user.on_upstream(UpstreamCut() if had_head else failed)

    def _touch(self, seconds: float) -> None:
        self.deadline_mono_s = self._pool.clock() + seconds


def _says_close(fields: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"connection" and b"close" in value.lower() for name, value in fields)


class OriginPool:
    """The connections to one origin. `failed` is told how the origin failed the request of an id."""

    def __init__(
        self,
        address: Upstream,
        timeouts: UpstreamTimeouts,
        loop: asyncio.AbstractEventLoop,
        failed: Callable[[Failure, str], None],
    ) -> None:
        self.server = address.servers[0]
        self.timeouts = timeouts
        self.failed = failed
        self.clock = loop.time
        self._loop = loop
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()

    def take_idle(self) -> UpstreamConnection | None:
        """A kept connection, the most recently used, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        return None

    async def connect(self) -> UpstreamConnection | None:
        """A new connection; None when refused or unreachable. Raises TimeoutError."""
        async with asyncio.timeout(self.timeouts.connect_s):
            try:
                _, connection = await self._loop.create_connection(
                    lambda: UpstreamConnection(self), self.server.host, self.server.port
                )
            except OSError:
                return None
        if not connection.usable:
            connection.close()
            return None
        return connection

    def opened(self, connection: UpstreamConnection) -> None:
        self._open.add(connection)

    def give_back(self, connection: UpstreamConnection) -> None:
        """Keep an idle connection for the next request."""
        if len(self._idle) >= MAX_IDLE_PER_ORIGIN:
            connection.close()
            return
        connection.idle_since_mono_s = self.clock()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)

    def sweep(self, now_mono_s: float) -> None:
        """Expire overdue connections and drop those long idle."""
        for connection in list(self._open):
            if 0 < connection.deadline_mono_s < now_mono_s:
                connection.expire()
        stale = [
            idle for idle in self._idle if now_mono_s - idle.idle_since_mono_s > IDLE_S or not idle.usable
        ]
        if stale:
            self._idle = [idle for idle in self._idle if idle not in stale]
            for connection in stale:
                connection.close()

    def close(self) -> None:
        for connection in list(self._open):
            connection.close()
        self._idle.clear()
