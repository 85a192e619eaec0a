"""
A client's connection: bytes in, requests in order, answers out.

Requests are taken one at a time; what a client sends ahead (pipelining) waits in a bounded buffer. A request that
memory can answer is parsed, decided and written in one call of `data_received`.

Most requests of a connection repeat the header block of the one before, byte for byte. Then only the target is
new: the block's fields, judgement and site are reused (`_last_block`). Any other head is first scanned raw, then
parsed by httptools, then judged (`runtime.http.raw`, `.framing`), so that no leniency of a parser decides anything.

Malformed input is answered once, with `Connection: close`, and the connection ends; what follows is not read.
"""

import asyncio
from typing import TYPE_CHECKING, Final, cast

from edgescript.request import Connection, Request
from runtime.http.body import BodyError, Decoder, decoder_for
from runtime.http.framing import NO_BODY
from runtime.http.refusal import Refuse
from runtime.io.driver import Driver
from runtime.io.heads import read_request_head, refuse_beginning
from runtime.io.pacing import PacedOutput
from runtime.io.sockets import MAX_JOINED_BYTES, reset, write_pieces
from runtime.limits.bandwidth import Pacer
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.own_answer import Immediate, refusal

if TYPE_CHECKING:
    from runtime.io.worker import Worker

_HEAD_END: Final = b"\r\n\r\n"
_TARGET_OCTETS: Final = bytes(octet for octet in range(0x21, 0x7F) if octet != ord("#"))
"""What an origin-form target may hold, as `runtime.http.target` judges it."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
READ_AHEAD_BYTES: Final = 65_536
"""Pipelined or early body bytes kept while a request is in progress; beyond it reading pauses."""
LINGER_S: Final = 2.0
"""After a refusal the connection half-closes and drains this long, so that the client can read the answer."""
MAX_LINGER_BYTES: Final = 1 << 20


class ClientConnection(asyncio.Protocol):
    """One connection from a client. Implements `driver.ClientSide`."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before any other call
        self._buffer = b""
        self._last_rest = b""
        """How the last request's head went on after its target; '' when it cannot be taken for granted again."""
        self._max_target_bytes = worker.config.head_limits.target_bytes
        self._last_block: HeaderBlock | None = None
        self._driver: Driver | None = None
        self._busy = False
        """A request is in progress, or its answer is still to be paced out or taken by the client."""
        self._flushing = False
        """Busy only because the client has yet to take what it was sent: nothing more is made for it till then."""
        self._decoder: Decoder | None = None
        """Of the body that is being received."""
        self._body_wanted = True
        self._body_bytes = 0
        self._reading_paused = False
        self._writable = True
        self._unsent = 0
        """Bytes the client had not taken when its deadline was last looked at."""
        self._paced: PacedOutput | None = None
        """The answer in progress, when it obeys limit_rate."""
        self._held: list[bytes] | None = None
        """Writes collected between `hold` and `release`."""
        self._paced_finish: bool | None = None
        self._closing = False
        self._eof = False
        self._answer_begun = False
        self._lingered = 0
        self._connection = Connection()
        self.deadline_mono_s = 0.0
        """When the sweep ends this connection; 0 while an origin's or pacing deadline holds instead."""
        self._head_deadline_mono_s = 0.0
        """What `deadline_mono_s` was set to when the head that is being received began."""

    # --- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the interface without the base class.
        self._transport = cast("asyncio.Transport", transport)
        client = self._worker.client_address(self._transport)
        self._connection = Connection(*client, *transport.get_extra_info("sockname")[:2])
        if len(self._worker.clients) >= self._worker.config.max_connections or self._worker.draining:
            self._worker.connection_refused()
            self._closing = True
            self._transport.abort()
            return
        self._worker.clients.add(self)
        self.deadline_mono_s = self._worker.mono() + self._worker.config.header_timeout_s
        self._head_deadline_mono_s = self.deadline_mono_s

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._worker.client_gone(self)
        self._closing = True
        if self._paced is not None:
            self._paced.stop()
            self._paced = None
        self._leave_driver()

    def eof_received(self) -> bool:
        """The client will send no more. A request in progress is still answered (half-close)."""
        if self._decoder is not None:
            self.abort()  # the body broke off
            return False
        self._eof = True
        return self._busy and not self._closing

    def pause_writing(self) -> None:
        self._writable = False
        self._await_client()
        if self._paced is not None:
            self._paced.paused = True
        if not self._busy:
            self._busy = self._flushing = True
        elif self._driver is not None:
            self._driver.client_writable(False)

    def resume_writing(self) -> None:
        self._writable = True
        if self._closing:
            self._flushing = False
            self.deadline_mono_s = self._worker.mono() + LINGER_S
        elif self._flushing:
            self._flushing = False
            self._finish(keep_alive=True)
        else:
            self.deadline_mono_s = 0.0
            if self._paced is not None:
                self._paced.paused = False
                self._paced.go()
            elif self._driver is not None:
                self._driver.client_writable(True)
            if self._decoder is not None and self._body_wanted:
                self.deadline_mono_s = self._worker.mono() + self._worker.config.body_timeout_s

    def _await_client(self) -> None:
        """From now on the client has to take some of what it is sent (`_takes_answer`)."""
        self._unsent = self._transport.get_write_buffer_size()
        self.deadline_mono_s = self._worker.mono() + self._worker.config.write_timeout_s

    def _takes_answer(self) -> bool:
        """Whether the client took some of what it was sent since the last look; then it is given more time."""
        before = self._unsent
        self._await_client()
        return self._unsent not in {0, before}

    def data_received(self, data: bytes) -> None:
        if self._closing:
            self._lingered += len(data)
            if self._lingered > MAX_LINGER_BYTES:
                self._transport.abort()
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        elif not self._busy and self._decoder is None and 0 < data.find(_HEAD_END) == len(data) - 4:
            self._take_head(data)  # one whole head: what nearly every read brings
            return
        self._consume(data)

    # --- reading requests ---------------------------------------------------------------------------------------

    def _consume(self, data: bytes) -> None:
        """Take requests and body off the front of `data`; keep the rest."""
        position = 0
        size = len(data)
        while position < size and not self._closing:
            if self._decoder is not None:
                if not self._body_wanted:
                    break
                position += self._take_body(data[position:] if position else data)
                continue
            if self._busy:
                break
            end = data.find(_HEAD_END, position)
            if end < 0:
                break
            end += 4
            head = data if position == 0 and end == size else data[position:end]
            position = end
            self._take_head(head)
        if self._closing:
            self._buffer = b""
            return
        self._buffer = data[position:] if position < size else b""
        if self._buffer:
            self._look_at_rest()
        elif self._reading_paused:
            self._resume_reading()

    def _look_at_rest(self) -> None:
        """Bound what waits, and refuse at once a head that can only be malformed."""
        rest = self._buffer
        if self._busy or self._decoder is not None:
            if len(rest) > READ_AHEAD_BYTES and not self._reading_paused:
                self._reading_paused = True
                self._transport.pause_reading()
            return
        if self.deadline_mono_s != self._head_deadline_mono_s:  # the head has just begun
            self.deadline_mono_s = self._worker.mono() + self._worker.config.header_timeout_s
            self._head_deadline_mono_s = self.deadline_mono_s
        refused = refuse_beginning(rest, self._worker.config.head_limits)
        if refused is not None:
            self._refuse(refused)

    def _resume_reading(self) -> None:
        self._reading_paused = False
        self._transport.resume_reading()

    def _take_head(self, head: bytes) -> None:
        """Take up a request; by the short way when only its target differs from the one before."""
        rest = self._last_rest
        if rest and head.startswith(b"GET /") and head.endswith(rest):
            target = head[4 : -len(rest)]
            if not target.translate(None, _TARGET_OCTETS) and len(target) <= self._max_target_bytes:
                assert self._last_block is not None
                self._begin("GET", target.decode("ascii"), "HTTP/1.1", self._last_block)
                return
        self._take_new_head(head)

    def _take_new_head(self, head: bytes) -> None:
        head = head.removeprefix(b"\r\n")  # RFC 9112 section 2.2 lets one empty line pass
        accepted = read_request_head(head, self._worker.config.head_limits)
        if isinstance(accepted, Refuse):
            self._refuse(accepted)
            return
        method, version, fields, judged = accepted
        block = HeaderBlock(fields, judged, self._connection.scheme, version)
        if block.repeatable:
            self._last_block = block
            self._last_rest = b" HTTP/1.1" + head[head.find(b"\r\n") :]
        target = judged.target.path_and_query.decode("ascii")
        self._begin(method.decode("ascii"), target, f"HTTP/{version}", block)

    def _begin(self, method: str, target: str, protocol: str, block: HeaderBlock) -> None:
        """Decide on an accepted request and answer it, or set out to."""
        worker = self._worker
        now = worker.clock()
        request = Request(
            method, target, protocol, block.host, block.headers, self._connection, worker.new_id()
        )
        try:
            decision = worker.front.decide(request, block, now)
        except Exception as error:  # noqa: BLE001 - what a builtin gets wrong is the node's to answer for
            worker.loop.call_exception_handler(
                {"message": "deciding on a request failed", "exception": error}
            )
            self._refuse(Refuse(500, "deciding failed"))
            return
        if decision.__class__ is Immediate:
            self._send(decision)
            return
        if isinstance(decision, Refuse):
            self._refuse(decision)
            return
        assert not isinstance(decision, Immediate)
        self._busy = True
        self._answer_begun = False
        self.deadline_mono_s = 0.0
        if not block.repeatable:
            self._await_body(block)
        if decision.effects.rate_bytes_per_s is not None:
            self.pace(decision.effects.rate_bytes_per_s, decision.effects.rate_after_bytes)
        self._driver = Driver(decision, self, worker, now)
        self._driver.start()

    # --- request bodies -----------------------------------------------------------------------------------------

    def _await_body(self, block: HeaderBlock) -> None:
        if block.framing is NO_BODY:
            return
        self._decoder = decoder_for(block.framing)
        self._body_bytes = 0
        self._body_wanted = False
        self.deadline_mono_s = self._worker.mono() + self._worker.config.body_timeout_s
        if block.expects_continue:
            self._transport.write(_CONTINUE)

    def want_body(self, wanted: bool) -> None:
        """Whether the origin can take body bytes now."""
        self._body_wanted = wanted
        if self._decoder is None:
            return
        self.deadline_mono_s = 0.0
        if wanted:
            self.deadline_mono_s = self._worker.mono() + self._worker.config.body_timeout_s
            data, self._buffer = self._buffer, b""
            self._consume(data)

    def _take_body(self, data: bytes) -> int:
        """Hand body bytes on; how many of `data` were body."""
        decoder = self._decoder
        driver = self._driver
        assert decoder is not None
        if driver is None:
            return len(data)  # answered before the body came; what is left of it is nobody's
        try:
            fed = decoder.feed(data)
        except BodyError as error:
            self._refuse_body(Refuse(400, str(error)))
            return len(data)
        self._body_bytes += len(fed.content)
        if self._body_bytes > self._worker.config.max_body_bytes:
            self._refuse_body(Refuse(413, "body too long"))
            return len(data)
        self.deadline_mono_s = self._worker.mono() + self._worker.config.body_timeout_s
        if decoder.done:
            self._decoder = None
            self.deadline_mono_s = 0.0
        if fed.content:
            driver.request_body(fed.content)
        if decoder.done:
            driver.request_completed()
        return fed.used

    def _refuse_body(self, refused: Refuse) -> None:
        """The body cannot be forwarded: the origin's connection is dropped, so it never sees a whole request."""
        self._leave_driver()
        if self._answer_begun:
            self.abort()
        else:
            self._refuse(refused)

    # --- answers ------------------------------------------------------------------------------------------------

    def _send(self, answer: Immediate) -> None:
        if answer.rate_bytes_per_s is not None and answer.body:
            self._busy = True
            self.deadline_mono_s = 0.0
            self.pace(answer.rate_bytes_per_s, answer.after_bytes)
            self._transport.write(answer.head)
            self.write(answer.body, paced=True)
            self.response_finished(keep_alive=answer.keep_alive)
            return
        worker = self._worker
        persists = answer.keep_alive and not worker.draining
        if persists:
            self.deadline_mono_s = worker.idle_deadline_mono_s  # before the write, which may set a nearer one
        large = len(answer.body) > MAX_JOINED_BYTES
        self._transport.write(answer.head if large else answer.head + answer.body)
        if large:  # as it is: clients of an object share its bytes
            self._transport.write(answer.body)
        if not persists:
            self._linger()

    def _refuse(self, refused: Refuse) -> None:
        self._worker.refused(refused)
        self._transport.write(refusal(refused.status, self._worker.clock()))
        self._linger()

    def write(self, data: bytes, *, paced: bool) -> None:
        """Bytes of the answer; paced ones go out at limit_rate's speed."""
        if self._closing:
            return
        self._answer_begun = True
        if not paced or self._paced is None:
            if self._held is None:
                self._transport.write(data)
            else:
                self._held.append(data)
            return
        self.release()
        self._paced.add(data)
        if self._paced.pending and self._driver is not None:
            self._driver.client_writable(False)

    def hold(self) -> None:
        """Collect what is written until `release`."""
        self._held = []

    def release(self) -> None:
        """Write what was collected, in one piece."""
        held, self._held = self._held, None
        if held and not self._closing:
            write_pieces(self._transport, held)

    def pace(self, rate_bytes_per_s: int, after_bytes: int | None) -> None:
        pacer = Pacer(rate_bytes_per_s, after_bytes or 0, self._worker.mono())
        self._paced = PacedOutput(self._transport, pacer, self._worker.loop, self._on_paced_out)

    def _on_paced_out(self) -> None:
        if self._paced_finish is not None:
            keep_alive, self._paced_finish = self._paced_finish, None
            self._finish(keep_alive=keep_alive)
        elif self._driver is not None:
            self._driver.client_writable(True)

    def response_finished(self, *, keep_alive: bool) -> None:
        """The answer is complete; it may still be being paced out."""
        self._driver = None
        if self._paced is not None and self._paced.pending:
            self._paced_finish = keep_alive
        else:
            self._finish(keep_alive=keep_alive)

    def _finish(self, *, keep_alive: bool) -> None:
        self.release()
        self._paced = None
        if not keep_alive or self._worker.draining:
            self._linger()
            return
        if not self._writable:
            self._flushing = True
            return
        self.deadline_mono_s = self._worker.idle_deadline_mono_s
        if self._buffer:
            self._worker.loop.call_soon(self._go_on)  # busy until then, so that nothing overtakes
            return
        self._busy = False
        if self._eof:
            self._close()
        elif self._reading_paused:
            self._resume_reading()

    def _go_on(self) -> None:
        """Take up the requests that were sent ahead."""
        if self._closing:
            return
        self._busy = False
        data, self._buffer = self._buffer, b""
        self._consume(data)
        if (self._eof or self._worker.draining) and not self._busy and not self._closing:
            self._close()

    # --- endings ------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Break the connection visibly: what was sent must not look whole."""
        self._driver = None
        self.abort()

    @property
    def in_progress(self) -> bool:
        """A request's answer is not all out."""
        return self._busy and not self._closing

    def drain(self) -> None:
        """The node stops: end now if idle, else after the answer in progress."""
        if not (self._busy or self._closing):
            self._close()

    def expire(self) -> None:
        """The deadline passed: 408 when a request was begun, silence otherwise (RFC 9110 section 15.5.9)."""
        if self._takes_answer():
            return
        if self._closing or self._answering:
            self.abort()
        elif self._decoder is not None:
            self._refuse_body(Refuse(408, "request body took too long"))
        elif self._buffer:
            self._refuse(Refuse(408, "request took too long"))
        else:
            self.abort()

    @property
    def _answering(self) -> bool:
        """Some of an answer is out and not all of it."""
        return self._busy and (self._answer_begun or self._flushing)

    def _leave_driver(self) -> None:
        """The request in progress, if any, has lost its client."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.client_closed()

    def _close(self) -> None:
        self._closing = True
        self._transport.close()

    def abort(self) -> None:
        """End at once; a request in progress is given up."""
        self._closing = True
        if self._answering:
            reset(self._transport)
        else:
            self._transport.abort()
        self._leave_driver()

    def _linger(self) -> None:
        """Half-close, then read on a little (RFC 9112 section 9.6)."""
        self._closing = True
        self._answer_begun = False
        self._buffer = b""
        self._decoder = None
        if self._eof:
            self._transport.close()
            return
        self._transport.write_eof()
        if self._reading_paused:
            self._resume_reading()
        self._await_client()
        if self._unsent == 0:
            self.deadline_mono_s = self._worker.mono() + LINGER_S
