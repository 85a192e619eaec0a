"""
A client's connection: requests in order, answers out.

Requests are taken one at a time; what a client sends ahead (pipelining) waits in a bounded buffer. A request that
memory can answer is parsed, decided and written in one call of `data_received`; any other becomes an `Ongoing`.

Most requests of a connection repeat the header block of the one before, byte for byte. Then only the target is
new: the block's fields, judgement and site are reused (`_last_block`). Any other head is first scanned raw, then
parsed by httptools, then judged (`runtime.http.raw`, `.framing`), so that no leniency of a parser decides anything.

Malformed input is answered once, with `Connection: close`, and the connection ends; what follows is not read.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from edgescript.request import Request
from edgescript.services import Lease
from runtime.http.refusal import Refuse
from runtime.io.client.accounts import SERVER_FAILED
from runtime.io.client.ongoing import Ongoing
from runtime.io.client.sockets import MAX_JOINED_BYTES, write_pieces
from runtime.io.client.stream import ClientStream
from runtime.io.client.tunnel import Tunnel
from runtime.io.heads import read_request_head, refuse_beginning
from runtime.io.passage import Passage, begin_passage
from runtime.proxy.front import AtOnce, Held, Known
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.own_answer import Immediate, refusal
from runtime.proxy.plan import Plan
from runtime.proxy.straight import goes_straight

if TYPE_CHECKING:
    from runtime.io.worker import Worker

_HEAD_END: Final = b"\r\n\r\n"
_TARGET_OCTETS: Final = bytes(octet for octet in range(0x21, 0x7F) if octet != ord("#"))
"""What an origin-form target may hold, as `runtime.http.target` judges it."""
READ_AHEAD_BYTES: Final = 65_536
"""Pipelined or early body bytes kept while a request is in progress; beyond it reading pauses."""


class ClientConnection(ClientStream):
    """One connection from a client. Implements `ongoing.Client`."""

    __slots__ = (
        "_buffer",
        "_busy",
        "_flushing",
        "_head_deadline_mono_s",
        "_last_block",
        "_last_rest",
        "_leases",
        "_max_target_bytes",
        "_request",
        "_tunnel",
    )

    def __init__(self, worker: "Worker", scheme: str = "http", announced: tuple[str, int] = ("", 0)) -> None:
        super().__init__(worker, scheme, announced)
        self._buffer = b""
        self._last_rest = b""
        """How the last request's head went on after its target; '' when it cannot be taken for granted again."""
        self._max_target_bytes = worker.config.head_limits.target_bytes
        self._last_block: HeaderBlock | None = None
        self._request: Ongoing | Passage | None = None
        self._busy = False
        """A request is in progress, or its answer is still to be taken by the client."""
        self._flushing = False
        """Busy only because the client has yet to take what it was sent: nothing more is made for it till then."""
        self._leases: Sequence[Lease] = ()
        """What the request in progress holds until the client has its answer."""
        self._tunnel: Tunnel | None = None
        self._head_deadline_mono_s = 0.0
        """What `deadline_mono_s` was set to when the head that is being received began."""

    # --- asyncio ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.opened(transport):
            self._worker.clients.add(self)
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._worker.client_gone(self)
        self.closing = True
        self._leave_request()
        self._give_back()

    def eof_received(self) -> bool:
        """The client will send no more. A request in progress is still answered (half-close)."""
        if isinstance(self._request, Ongoing) and self._request.receives_body:
            self.abort()  # the body broke off
            return False
        self._eof = True
        return self._busy and not self.closing and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._writable = False
        self.await_client()
        if self._request is not None:
            self._request.client_writable(False)
        elif not self.closing:
            self._busy = self._flushing = True

    def resume_writing(self) -> None:
        self._writable = True
        if self.closing:
            self._flushing = False
            self._give_back()
            self.flushed_last()
        elif self._flushing:
            self._flushing = False
            self._finish()
        elif self._request is not None:
            self._request.client_writable(True)

    def await_client(self) -> None:
        super().await_client()
        if self._request is not None:
            self.deadline_mono_s = min(self.deadline_mono_s, self._request.ends_mono_s)

    def data_received(self, data: bytes) -> None:
        if self.closing:
            self.drop(len(data))
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        elif not self._busy:
            if self._take_repeated(data):  # what nearly every read brings
                return
            if 0 < data.find(_HEAD_END) == len(data) - 4:
                self._take_new_head(data)
                return
        self._consume(data)

    # --- reading requests ---------------------------------------------------------------------------------------

    def _consume(self, data: bytes) -> None:
        """Take requests and body off the front of `data`; keep the rest."""
        position = 0
        size = len(data)
        while position < size and not self.closing:
            if self._busy:
                if not isinstance(self._request, Ongoing) or not self._request.wants_body:
                    break
                position += self._request.take_body(data[position:] if position else data)
                continue
            end = data.find(_HEAD_END, position)
            if end < 0:
                break
            end += 4
            head = data if position == 0 and end == size else data[position:end]
            position = end
            if not self._take_repeated(head):
                self._take_new_head(head)
        if self.closing:
            self._buffer = b""
            return
        self._buffer = data[position:] if position < size else b""
        if self._buffer:
            self._look_at_rest()
        elif self._reading_paused:
            self.resume_reading()

    def _look_at_rest(self) -> None:
        """Bound what waits, and refuse at once a head that can only be malformed."""
        rest = self._buffer
        if self._busy:
            if len(rest) > READ_AHEAD_BYTES:
                self.pause_reading()
            return
        self.resume_reading()  # what has begun is a head, and there is no more of it here
        if self.deadline_mono_s != self._head_deadline_mono_s:
            self._await_head()
        refused = refuse_beginning(rest, self._worker.config.head_limits)
        if refused is not None:
            self.refuse(refused, rest)

    def _await_head(self) -> None:
        """A head has just begun, or is the first thing to come."""
        self.deadline_mono_s = self._worker.mono() + self._worker.config.header_timeout_s
        self._head_deadline_mono_s = self.deadline_mono_s

    def read_on(self) -> None:
        """Take up what waits in the buffer."""
        if self._buffer:
            data, self._buffer = self._buffer, b""
            self._consume(data)
        elif self._reading_paused:
            self.resume_reading()

    def _take_repeated(self, head: bytes) -> bool:
        """Take up a GET if `head` is one whole request that differs from the last one only in its target."""
        begun, block = head.removesuffix(self._last_rest), self._last_block
        if block is None or len(begun) == len(head):
            return False
        worker, table = self._worker, block.table
        if table is not None and not table.worth.rest and worker.accepting:
            now = worker.clock()
            found = worker.front.at_once(block, begun, now, worker.new_id)
            if found is not None:
                if isinstance(found, tuple):
                    self._answer(found, block, begun, now)
                else:
                    self._begin("GET", begun[4:].decode("ascii"), "HTTP/1.1", block, found, now)
                return True  # what is known was judged when it came for the first time
        if not begun.startswith(b"GET /"):
            return False
        target = begun[4:]
        if target.translate(None, _TARGET_OCTETS) or len(target) > self._max_target_bytes:
            return False
        asked = target.decode("ascii")
        if block.glances and worker.accepting:
            now = worker.clock()
            hit = worker.front.hit(block, asked, now, worker.new_id)
            if hit is not None:
                self._answer(hit, block, begun, now)
                return True
        self._begin("GET", asked, "HTTP/1.1", block)
        return True

    def _take_new_head(self, head: bytes) -> None:
        head = head.removeprefix(b"\r\n")  # RFC 9112 section 2.2 lets one empty line pass
        accepted = read_request_head(head, self._worker.config.head_limits)
        if isinstance(accepted, Refuse):
            self.refuse(accepted, head)
            return
        method, version, fields, judged = accepted
        block = HeaderBlock(fields, judged, self._connection.scheme, version)
        if self._worker.draining:
            block.close_after()
        if block.repeatable:
            self._last_block = block
            self._last_rest = b" HTTP/1.1" + head[head.find(b"\r\n") :]
        target = judged.target.path_and_query.decode("ascii")
        self._begin(method.decode("ascii"), target, f"HTTP/{version}", block)

    # --- answering ----------------------------------------------------------------------------------------------

    def _begin(
        self,
        method: str,
        target: str,
        protocol: str,
        block: HeaderBlock,
        known: Known = None,
        now: float = 0.0,
    ) -> None:
        """Decide on an accepted request and answer it, or set out to. `known` is what is known of it at Unix second `now`."""
        worker = self._worker
        if known is None:
            now = worker.clock()
        request = Request(
            method, target, protocol, block.host, block.headers, self._connection, worker.new_id()
        )
        try:
            decision = worker.front.decide(request, block, now, known)
        except Exception as error:  # noqa: BLE001 - what a builtin gets wrong is the node's to answer for
            worker.loop.call_exception_handler(
                {"message": "deciding on a request failed", "exception": error}
            )
            self.refuse(Refuse(500, "deciding failed"), request=request)
            return
        if decision.__class__ is Immediate:
            head, body, keep_alive, rate, _, status, label, refresh, file, _, _ = decision
            if rate is None and refresh is None and file is None:
                size = len(head) + len(body)
                if keep_alive and size < MAX_JOINED_BYTES and worker.accepting:
                    self.deadline_mono_s = (
                        worker.idle_deadline_mono_s
                    )  # before the write, which may set a nearer one
                    self._transport.write(head + body)
                else:
                    self._send(head, body, keep_alive)
                worker.counters.answered(label, status, size)
                if status >= SERVER_FAILED:
                    block.served.counts.errors_5xx += 1
                if worker.access is not None:
                    worker.access.add(request, status, label, size, now, now)
                return
        if isinstance(decision, Refuse):
            self.refuse(decision, request=request)
            return
        self._set_out(request, block, decision, now)

    def _answer(self, found: AtOnce, block: HeaderBlock, begun: bytes, now: float) -> None:
        """Send what was answered without so much as a Request."""
        data, label, status, _, _ = found
        worker = self._worker
        self.deadline_mono_s = worker.idle_deadline_mono_s
        self._transport.write(data)
        worker.counters.answered(label, status, len(data))
        if worker.access is not None:
            worker.access.add_at_once(self._connection, block, begun[4:].decode("ascii"), found, now)

    def _send(self, head: bytes, body: bytes, keep_alive: bool) -> None:
        """Write a whole answer that is long, or the last one."""
        persists = keep_alive and self._worker.accepting
        if persists:
            self.deadline_mono_s = self._worker.idle_deadline_mono_s
        write_pieces(
            self._transport, (head, body)
        )  # a long body as it is: clients of an object share its bytes
        if not persists:
            self.linger()

    def _set_out(
        self, request: Request, block: HeaderBlock, decision: Immediate | Plan | Held, now: float
    ) -> None:
        """Begin a request that is not answered at once."""
        delay_s = 0.0
        if isinstance(decision, Held):
            decision, delay_s, self._leases = decision
        worker = self._worker
        if block.upgrade and isinstance(decision, Plan) and worker.tunnels >= worker.config.max_tunnels:
            self.refuse(Refuse(503, "tunnels full"), request=request)
            return
        self._busy = True
        server = None
        if isinstance(decision, Plan) and not delay_s and goes_straight(decision):
            begun = begin_passage(self, self._transport, worker, block, decision, now)
            if isinstance(begun, Passage):
                self._request = begun
                return
            server = begun
        ongoing = self._request = Ongoing(self, self._transport, worker, request, block, now)
        if delay_s:
            ongoing.act_after(delay_s, decision)
        else:
            ongoing.act(decision, server)

    def goes_on(self, ongoing: Ongoing) -> None:
        """What is in progress is `ongoing` from now on."""
        self._request = ongoing

    def refuse(self, refused: Refuse, begun: bytes = b"", request: Request | None = None) -> None:
        """Answer the request in progress, or `request`, or what has `begun`: it is not accepted. And end."""
        worker = self._worker
        now = worker.clock()
        answer = refusal(refused.status, now)
        access = worker.access
        if access is not None and request is not None:
            access.add(request, refused.status, "SYNTH", len(answer), now, now, refused=refused.reason)
        elif access is not None and self._request is None:
            access.add_begun(self._connection, begun, *refused, len(answer), now)
        self._leave_request(refused, whole=True)
        self._give_back()
        worker.refused(refused)
        self._transport.write(answer)
        self.linger()

    def linger(self) -> None:
        self._buffer = b""
        super().linger()

    def answered(self, *, keep_alive: bool) -> None:
        """All of the answer in progress was written."""
        self._leave_request(whole=True)
        self.passed(keep_alive=keep_alive)

    def passed(self, *, keep_alive: bool) -> None:
        """As `answered`, of a request that is accounted for."""
        self._request = None
        if not keep_alive or not self._worker.accepting:
            self.linger()
            if self._writable:
                self._give_back()
        elif self._writable:
            self._finish()
        else:
            self._flushing = True

    def _finish(self) -> None:
        """The client has its answer; the next request may come."""
        if self._leases:
            self._give_back()
        if not self._worker.accepting:
            self.linger()
            return
        self.deadline_mono_s = self._worker.idle_deadline_mono_s
        if self._buffer:
            self._worker.loop.call_soon(self._go_on)  # busy until then, so that nothing overtakes
            return
        self._busy = False
        if self._eof:
            self.close()
        elif self._reading_paused:
            self.resume_reading()

    def _go_on(self) -> None:
        """Take up the requests that were sent ahead."""
        if self.closing or self._flushing or self._request is not None:
            return
        self._busy = False
        data, self._buffer = self._buffer, b""
        self._consume(data)
        if (self._eof or not self._worker.accepting) and not self._busy and not self.closing:
            self.close()

    def _leave_request(self, refused: Refuse | None = None, *, whole: bool = False) -> None:
        """The request in progress, if any, has its `whole` answer, is refused, or loses its client."""
        request, self._request = self._request, None
        if request is not None:
            request.leave()
            request.account(refused, whole=whole)

    def _give_back(self) -> None:
        """Let go what the request in progress held; each thing once."""
        leases = self._leases
        if leases:
            self._leases = ()
            for lease in leases:
                lease.release()

    # --- tunnels ------------------------------------------------------------------------------------------------

    def begin_tunnel(self, origin: asyncio.Transport, early: bytes) -> None:
        """Join this connection with the origin's, which sent `early` already."""
        worker = self._worker
        self._leave_request(whole=True)
        worker.tunnels += 1
        self._tunnel = Tunnel(self._transport, origin, worker.mono, self._on_tunnel_ended)
        self.deadline_mono_s = worker.mono() + worker.config.tunnel_idle_timeout_s
        buffered, self._buffer = self._buffer, b""
        self._tunnel.begin(from_client=buffered, from_origin=early)

    def _on_tunnel_ended(self) -> None:
        self._worker.tunnels -= 1
        self._tunnel = None
        self.connection_lost(None)

    # --- endings ------------------------------------------------------------------------------------------------

    @property
    def in_progress(self) -> bool:
        """A request's answer is not all out."""
        return self._busy and not self.closing

    @property
    def answering(self) -> bool:
        return self._busy and (self._flushing or (self._request is not None and self._request.begun))

    @property
    def queued_bytes(self) -> int:
        """What this node itself holds of bytes on their way, in either direction."""
        if self._tunnel is not None:
            return self._tunnel.queued_bytes
        paced = 0 if self._request is None else self._request.waiting_bytes
        return self._transport.get_write_buffer_size() + len(self._buffer) + paced

    def announce_end(self) -> None:
        """Let the next answer say that the connection ends with it."""
        if self._last_block is not None:
            self._last_block.close_after()

    def drain(self) -> None:
        """The node stops: end now if idle, else after the answer in progress."""
        if not (self._busy or self.closing):
            self.close()

    def abort(self) -> None:
        """End at once; a request in progress is given up."""
        if self._tunnel is not None:
            self.closing = True
            self._tunnel.abort()
            return
        super().abort()
        self._leave_request()
        self._give_back()

    def expire(self) -> None:
        """The deadline passed: 408 when a request was begun, silence otherwise (RFC 9110 section 15.5.9)."""
        request = self._request
        if self._tunnel is not None:
            self._expire_tunnel(self._tunnel)
        elif request is not None and self._worker.mono() >= request.ends_mono_s:
            self.abort()
        elif self._takes_answer():
            return
        elif self.closing or self.answering:
            self.abort()
        elif isinstance(request, Ongoing) and request.receives_body:
            request.refuse(Refuse(408, "request body took too long"))
        elif self._buffer:
            self.refuse(Refuse(408, "request took too long"), self._buffer)
        else:
            self.abort()

    def _expire_tunnel(self, tunnel: Tunnel) -> None:
        due = tunnel.active_mono_s + self._worker.config.tunnel_idle_timeout_s
        if self._worker.mono() < due:
            self.deadline_mono_s = due
        else:
            self.abort()
