"""
A connection to an origin.

It serves one exchange at a time and tells its user (`UpstreamUser`) what happened, in order: interim heads, the head,
the content, the end; or that it failed before a head, or was cut after one. Which of them, and when a connection may be
used again, is decided here and nowhere else.

A body that ends with the connection is whole only if the origin said so: by an orderly close, and under TLS by its
close_notify, without which anyone on the way could have ended it.
"""

import asyncio
import select
from typing import Final, NamedTuple, Protocol, cast

from runtime.http.body import BodyError, Decoder, decoder_for
from runtime.http.framing import decide_response_framing
from runtime.http.raw import may_become_response_head
from runtime.http.refusal import Refuse
from runtime.io.heads import ResponseParts
from runtime.io.upstream.answer_heads import (
    MAX_REMEMBERED_BYTES,
    Judged,
    read_head,
    read_known_head,
    says_upgraded,
)
from runtime.proxy.messages import (
    UpstreamAnswered,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamSwitched,
)
from runtime.upstreams.retry import Failure

MAX_RESPONSE_HEAD_BYTES: Final = 65_536
"""Of one answer; its interim heads count too."""
MAX_INTERIM_RESPONSES: Final = 16
_HEAD_END: Final = b"\r\n\r\n"

UpstreamEvent = (
    UpstreamInterim
    | UpstreamSwitched
    | UpstreamHead
    | UpstreamBody
    | UpstreamCompleted
    | UpstreamAnswered
    | UpstreamCut
    | UpstreamFailed
)


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


class Keeper(Protocol):
    """Whose connections these are."""

    timeouts: UpstreamTimeouts

    def clock(self) -> float: ...
    def opened(self, connection: "UpstreamConnection", /) -> None: ...
    def began(self) -> None: ...
    def heard(self) -> None:
        """A final head came: the server is alive."""

    def ended(self) -> None:
        """A request that began is over, one way or another."""

    def answered(self, connection: "UpstreamConnection", now: float, /) -> None:
        """`heard`, `ended` and `give_back` at once, by the clock's `now`."""

    def lent(self, transport: asyncio.Transport, /) -> None:
        """A request ends by giving its connection away; it is over when `transport` is closed."""

    def give_back(self, connection: "UpstreamConnection", /) -> None: ...
    def forget(self, connection: "UpstreamConnection", /) -> None: ...


class Switched(NamedTuple):
    """A connection that speaks another protocol from now on, and what came in it already."""

    transport: asyncio.Transport
    early: bytes


class UpstreamConnection(asyncio.Protocol):
    """One connection to an origin."""

    def __init__(self, keeper: Keeper, address: str = "") -> None:
        self._keeper = keeper
        self.address = address
        self._transport: asyncio.Transport | None = None
        self._user: UpstreamUser | None = None
        self._method = b""
        self._upgrade = b""
        self._buffer = b""
        self._decoder: Decoder | None = None
        self._received = False
        self._interim = 0
        self._interim_bytes = 0
        self._reusable = False
        self._request_sent = False
        """All of the request was written: until then the next one's bytes would be taken for this one's."""
        self._paused = False
        self._ended_orderly = False
        self._closed = False
        self._readable = select.poll()
        self.fileno = -1
        self._unsent = b""
        """A whole request that waits for the end of the loop's turn."""
        self.retired = False
        """Not to be used for another request: its address is the server's no more."""
        self.deadline_mono_s = 0.0
        self.idle_since_mono_s = 0.0
        self._sent_mono_s = 0.0
        self.response_s = 0.0
        """From the request's last byte to the final head."""
        self.failure: Failure | None = None
        """Known when the user hears that the answer failed or was cut."""

    @property
    def usable(self) -> bool:
        """
        Idle, open and silent, as a connection must be to carry a request.

        The system is asked too: the origin's end, or bytes that answer nothing, may have come since the loop last
        looked. A request that finds out by failing cannot always be repeated, and the bytes would be taken for its
        answer. 0.4 µs.
        """
        return self.seems_usable and not self._readable.poll(0)

    @property
    def seems_usable(self) -> bool:
        """The same as far as the loop knows."""
        transport = self._transport
        return not (self._closed or self._user is not None or transport is None or transport.is_closing())

    # --- used by the driver -------------------------------------------------------------------------------------

    def begin(self, user: UpstreamUser, method: bytes, upgrade: bytes = b"") -> None:
        """Start carrying `user`'s request, which may ask for the protocol `upgrade`; its bytes follow through `send`."""
        self._user = user
        self._method = method
        self._upgrade = upgrade
        self._buffer = b""
        self._decoder = None
        self._received = False
        self._interim = self._interim_bytes = 0
        self._reusable = False
        self._request_sent = False
        self._keeper.began()

    def send(self, data: bytes, *, last: bool) -> None:
        """Write request bytes; the request is complete with the `last` ones."""
        self._request_sent = last
        if self._transport is not None and not self._closed:
            self._transport.write(data)
            self._sent_mono_s = now = self._keeper.clock()
            self.deadline_mono_s = now + self._keeper.timeouts.response_s

    def ask(self, user: UpstreamUser, data: bytes, now: float) -> None:
        """Start carrying `user`'s GET, whose bytes `data` are to be written by `flush`. It is `now` by the keeper's clock."""
        self._user = user
        self._method = b"GET"
        self._upgrade = self._buffer = b""
        self._decoder = None
        self._received = self._reusable = False
        self._interim = self._interim_bytes = 0
        self._request_sent = True
        self._unsent = data
        self._sent_mono_s = now
        keeper = self._keeper
        self.deadline_mono_s = now + keeper.timeouts.response_s
        keeper.began()

    def flush(self, heard: bool) -> None:
        """Write what waits, unless the connection was `heard` of: what came is no answer to it."""
        data, self._unsent = self._unsent, b""
        if data and self._transport is not None:
            if heard:
                self._end("cut")
            else:
                self._transport.write(data)

    def hand_over(self, user: UpstreamUser) -> None:
        """From now on `user` hears of the request, unless it is over."""
        if self._user is not None:
            self._user = user

    def close(self) -> None:
        """Drop the connection; its user hears nothing more."""
        self._unsent = b""
        self._leave_user()
        if not self._closed:
            self._closed = True
            self._keeper.forget(self)
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
            self._touch(self._keeper.timeouts.idle_s)

    def expire(self) -> None:
        """The deadline passed."""
        self._end("timeout")

    def switch(self) -> Switched | None:
        """Give the connection away, after the user heard `UpstreamSwitched`; None if it is closed."""
        transport, early = self._transport, self._buffer
        if self._closed or transport is None or transport.is_closing():
            self.close()
            return None
        self._user = None
        self._buffer = b""
        self._closed = True
        self._keeper.forget(self)
        self._keeper.lent(transport)
        return Switched(transport, early)

    # --- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the interface without the base class.
        self._transport = cast("asyncio.Transport", transport)
        self.fileno = transport.get_extra_info("socket").fileno()
        self._readable.register(self.fileno, select.POLLIN)
        self._keeper.opened(self)
        self._touch(self._keeper.timeouts.response_s)  # nobody may come for it, if the one who asked gave up

    def eof_received(self) -> None:
        self._ended_orderly = True

    def connection_lost(self, exc: Exception | None) -> None:
        orderly = exc is None and self._ended_orderly
        if not self._closed:
            self._closed = True
            self._keeper.forget(self)
        if orderly and self._decoder is not None and self._user is not None and self._decoder.close():
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
        user = self._user
        if user is None:
            self.close()  # bytes nobody asked for: the next answer could not be told from them
            return
        if self._unsent:
            self._end("cut")  # the same, and the request goes another way
            return
        if self._decoder is None and not self._buffer and self._takes_whole(user, data):
            return
        self._received = True
        if not self._buffer:
            # A head that has begun has the time of one read to be whole, or it could drip for ever.
            self._touch(self._keeper.timeouts.idle_s)
        user.hold()
        if self._decoder is None:
            data = self._read_heads(self._buffer + data)
        if self._decoder is not None and data:
            self._read_body(data)
        user.release()

    # --- reading ------------------------------------------------------------------------------------------------

    def _read_heads(self, data: bytes) -> bytes:
        """Take heads off the front of `data`; what is left is body, or kept until the head is complete."""
        while self._decoder is None and self._user is not None:
            end = data.find(_HEAD_END)
            room = MAX_RESPONSE_HEAD_BYTES - self._interim_bytes
            if end < 0:
                self._buffer = data
                if len(data) > room or not may_become_response_head(data):
                    self._end("malformed")
                return b""
            head, data = data[: end + 4], data[end + 4 :]
            if self._buffer:
                self._buffer = b""
                self._touch(self._keeper.timeouts.idle_s)
            judged = self._read(head) if len(head) <= room else None
            if judged is None:
                self._end("malformed")
                return b""
            if isinstance(judged, ResponseParts):
                self._interim_bytes += len(head)
                if not self._on_interim(judged, data):
                    self._end("malformed")
                    return b""
                if judged.status == 101:
                    return b""
                continue
            self._on_head(judged, follows=bool(data))
        return data

    def _on_interim(self, parts: ResponseParts, rest: bytes) -> bool:
        """Pass one head of 1xx on, before `rest`; False when it may not be there."""
        status, _, fields = parts
        self._interim += 1
        if status == 101:
            if not self._upgrade or not self._request_sent or not says_upgraded(fields, self._upgrade):
                return False
            self._buffer = rest
            self._tell(UpstreamSwitched(fields))
            if self._user is not None:  # nobody wants it
                self.close()
            return True
        if self._interim > MAX_INTERIM_RESPONSES:
            return False
        if status != 100:  # the node has said that itself
            framing = decide_response_framing(self._method, status, parts.version, fields)
            if isinstance(framing, Refuse):
                return False
            self._tell(UpstreamInterim(status, fields))
        return True

    def _read(self, head: bytes) -> Judged | ResponseParts | None:
        return (read_known_head if len(head) <= MAX_REMEMBERED_BYTES else read_head)(self._method, head)

    def _takes_whole(self, user: UpstreamUser, data: bytes) -> bool:
        """Take `data` in one step if it is a whole answer, and no more."""
        end = data.find(_HEAD_END) + 4
        if not 4 <= end <= MAX_REMEMBERED_BYTES:
            return False
        judged = read_known_head(self._method, data[:end])
        if judged.__class__ is not Judged or judged.size != len(data):
            return False
        event, self._reusable, _ = judged
        keeper = self._keeper
        now = keeper.clock()
        self.response_s = now - self._sent_mono_s
        if self._reusable and self._request_sent and not (self._closed or self.retired or self._paused):
            self._user = None
            self.deadline_mono_s = 0.0
            keeper.answered(self, now)
        else:
            keeper.heard()
            self._let_go()
        # Past the `__new__` of named tuples, which takes as long as the rest.
        user.on_upstream(tuple.__new__(UpstreamAnswered, (event, data[end:])))
        return True

    def _note_head(self) -> None:
        """The final head is there."""
        self._keeper.heard()
        self.response_s = self.deadline_mono_s - self._keeper.timeouts.idle_s - self._sent_mono_s

    def _on_head(self, judged: Judged, *, follows: bool) -> None:
        """Take in the final head, which more bytes follow or not."""
        event, self._reusable, _ = judged
        decoder = self._decoder = decoder_for(event.framing)
        self._note_head()
        self._tell(event)
        if decoder.done:
            if follows:  # an answer to nothing, which must not become that to the next request
                self._reusable = False
            self._complete()

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
        """The response is whole."""
        decoder = self._decoder
        if decoder is None or self._user is None:
            return
        user = self._user
        self._decoder = None
        self._buffer = b""
        self._let_go()
        user.on_upstream(UpstreamCompleted(decoder.trailers) if decoder.trailers else _COMPLETED)

    def _let_go(self) -> None:
        """Back to the pool before the user hears the end, so that its next step may take the connection."""
        if self._reusable and self._request_sent and not self._closed and not self.retired:
            self._leave_user()
            if self._paused:
                self.resume()
            self.deadline_mono_s = 0.0
            self._keeper.give_back(self)
        else:
            self.close()

    def _end(self, failure: Failure) -> None:
        """The response will not be whole."""
        self.failure = failure
        user, had_head, received = self._user, self._decoder is not None, self._received
        self.close()
        if user is not None:
            failed = UpstreamFailed(silent=failure == "timeout", may_have_acted=received)
            user.on_upstream(UpstreamCut() if had_head else failed)

    def _leave_user(self) -> None:
        if self._user is not None:
            self._user = None
            self._keeper.ended()

    def _touch(self, seconds: float) -> None:
        self.deadline_mono_s = self._keeper.clock() + seconds


_COMPLETED: Final = UpstreamCompleted()
