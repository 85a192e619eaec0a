"""
A request that is not answered at once: the origin is asked, the answer is paced or read from a file, or it has to wait.

The driver's side of the client (`driver.ClientSide`). There is one for each such request, so whatever a fetch has still
to say when its request is over reaches no other request of the connection.
"""

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from edgescript.request import Request
from runtime.cache.body import FileBody
from runtime.http.framing import NO_BODY
from runtime.http.refusal import Refuse
from runtime.io.client.accounts import account
from runtime.io.client.output import Output
from runtime.io.client.reception import BodyReception
from runtime.io.client.sockets import MAX_JOINED_BYTES, write_pieces
from runtime.io.driver import Chosen, Driver
from runtime.limits.bandwidth import Pacer
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.messages import AnswerClient, Follow
from runtime.proxy.own_answer import Immediate
from runtime.proxy.plan import Plan

if TYPE_CHECKING:
    from runtime.io.worker import Worker

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


_INTERIM: Final = b"HTTP/1.1 1"
_LABEL: Final = b"\r\nX-Cache: "


class Client(Protocol):
    """The connection a request came on."""

    closing: bool
    deadline_mono_s: float

    def answered(self, *, keep_alive: bool) -> None:
        """All of the answer was written."""

    def refuse(self, refused: Refuse) -> None:
        """Answer so, and end."""

    def abort(self) -> None: ...

    def read_on(self) -> None:
        """Body bytes that came already may be taken."""

    def begin_tunnel(self, origin: asyncio.Transport, early: bytes) -> None: ...


class Ongoing:
    """One request. `ends_mono_s` is when it has taken too long, all in all."""

    __slots__ = (
        "_begun",
        "_block",
        "_body",
        "_client",
        "_driver",
        "_fetch",
        "_finish",
        "_held",
        "_label",
        "_now",
        "_output",
        "_over",
        "_slow",
        "_status",
        "_timer",
        "_transport",
        "_worker",
        "ends_mono_s",
        "head",
        "request",
        "sent_bytes",
        "started_s",
    )

    def __init__(
        self,
        client: Client,
        transport: asyncio.Transport,
        worker: "Worker",
        request: Request,
        block: HeaderBlock,
        now: float,
    ) -> None:
        self._client = client
        self._transport = transport
        self._worker = worker
        self._block = block
        self._now = now
        self._driver: Driver | None = None
        self._fetch: Driver | None = None
        """The same, for the access log, when it has nothing more to do."""
        self._timer: asyncio.TimerHandle | None = None
        self._body: BodyReception | None = None
        self._output: Output | None = None
        self._held: list[bytes] | None = None
        """Writes collected between `hold` and `release`."""
        self._finish: bool | None = None
        """Keep the connection or not, when the answer is complete but not all out."""
        self._begun = False
        self._over = False
        self._slow = False
        """The client takes less than it is sent."""
        self.request = request
        self.started_s = now
        self.ends_mono_s = worker.mono() + worker.config.request_timeout_s
        self._status = 0
        self._label = ""
        """Of an answer that came whole, for the access log."""
        self.head = b""
        """Of any other."""
        self.sent_bytes = 0

    # --- beginning ----------------------------------------------------------------------------------------------

    def act_after(self, delay_s: float, decision: Immediate | Plan) -> None:
        """Act on `decision` once `delay_s` have passed; what the client sends meanwhile waits."""
        self._client.deadline_mono_s = self.ends_mono_s
        self._timer = self._worker.loop.call_later(delay_s, self.act, decision)

    def act(self, decision: Immediate | Plan, server: Chosen = None) -> None:
        """Begin to answer; by asking `server` first, where it was chosen already."""
        self._timer = None
        if self._over:
            return
        self._client.deadline_mono_s = self.ends_mono_s
        if isinstance(decision, Immediate):
            self._answer(decision)
            return
        if self._block.framing is not NO_BODY:
            self._expect_body()
        effects = decision.effects
        if effects.rate_bytes_per_s is not None:
            self.pace(effects.rate_bytes_per_s, effects.rate_after_bytes)
        self._driver = self._fetch = Driver(decision, self, self._worker, self._now)
        self._driver.start(server)

    def go_on(self, driver: Driver, ends_mono_s: float) -> None:
        """The origin was asked already."""
        self.ends_mono_s = ends_mono_s
        self._driver = self._fetch = driver

    def _answer(self, answer: Immediate) -> None:
        if answer.rate_bytes_per_s is not None and (answer.body or answer.file is not None):
            self.pace(answer.rate_bytes_per_s, answer.after_bytes)
        self.hold()
        self.write(answer.head, paced=False)
        self.write(answer.body, paced=True)
        if answer.file is not None:
            self.write_file(answer.file, answer.offset, answer.length)
        self.release()
        if answer.refresh is not None:
            self._worker.refresh(answer.refresh)
        self.response_finished(keep_alive=answer.keep_alive)

    # --- the request's body -------------------------------------------------------------------------------------

    def _expect_body(self) -> None:
        config = self._worker.config
        of_site = self._block.served.site.max_body_bytes
        self._body = BodyReception(
            self._block.framing,
            max_bytes=min(config.max_body_bytes, of_site) if of_site else config.max_body_bytes,
            timeout_s=config.body_timeout_s,
            bytes_per_s=config.body_bytes_per_s,
            expects_continue=self._block.expects_continue,
        )

    @property
    def receives_body(self) -> bool:
        """More of the request's body is to come."""
        return self._body is not None and not self._body.done

    @property
    def wants_body(self) -> bool:
        """Body bytes can be taken now. Those behind a finished answer are nobody's, and taken too."""
        body = self._body
        return body is not None and not body.done and (body.wanted or self._driver is None)

    def want_body(self, wanted: bool) -> None:
        """Whether the origin can take body bytes now."""
        body = self._body
        if body is None or body.done or self._over:
            return
        now = self._worker.mono()
        body.want(wanted, now)
        self._client.deadline_mono_s = self._body_deadline(now) if wanted else self.ends_mono_s
        if wanted:
            if body.expects_continue and not self._begun:
                body.expects_continue = False
                self._transport.write(_CONTINUE)
            self._client.read_on()

    def _body_deadline(self, now_mono_s: float) -> float:
        assert self._body is not None
        return min(self._body.deadline(now_mono_s), self.ends_mono_s)

    def take_body(self, data: bytes) -> int:
        """Hand body bytes on; how many of `data` were body."""
        body = self._body
        driver = self._driver
        assert body is not None
        if driver is None:
            return len(data)  # answered before the body came; what is left of it is nobody's
        fed = body.feed(data)
        if isinstance(fed, Refuse):
            self.refuse(fed)
            return len(data)
        content, used = fed
        done = body.done
        self._client.deadline_mono_s = self.ends_mono_s if done else self._body_deadline(self._worker.mono())
        if content:
            driver.request_body(content)
        if done:
            driver.request_completed(body.trailers)
        return used

    def refuse(self, refused: Refuse) -> None:
        """The request cannot go on: the origin's connection is dropped, so it never sees a whole request."""
        begun = self._begun
        self.leave()
        if begun:
            self._client.abort()
        else:
            self._client.refuse(refused)

    # --- the answer ---------------------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Some of the answer is out."""
        return self._begun

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the answer that wait in memory to be paced out."""
        return 0 if self._output is None else self._output.waiting_bytes

    def write(self, data: bytes, *, paced: bool) -> None:
        """Bytes of the answer; paced ones go out at limit_rate's speed."""
        if self._over or self._client.closing:
            return
        if not self._begun and not data.startswith(_INTERIM):
            self._begun = True
            self.head = data
        self.sent_bytes += len(data)
        output = self._output
        if output is not None and (output.pending or (paced and output.paced)):
            self.release()
            output.add(data)
            self._balance()
        elif self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def answer(self, answer: AnswerClient, /) -> None:
        """The whole answer, and its end."""
        head, content, keep_alive, status, label = answer
        size = len(head) + len(content)
        if self._output is None and size <= MAX_JOINED_BYTES and not (self._over or self._client.closing):
            self._begun = True
            self._status, self._label = status, label
            self.sent_bytes += size
            self._driver = None
            self._transport.write(head + content)
            self._client.answered(keep_alive=keep_alive)
            return
        self.hold()
        self.write(head, paced=False)
        self.write(content, paced=True)
        self.release()
        self.response_finished(keep_alive=keep_alive)

    def write_file(self, body: FileBody, offset: int, length: int) -> None:
        """`length` bytes of `body` from `offset` on, as the client takes them."""
        if self._over or self._client.closing:
            return
        self._begun = True
        self.sent_bytes += length
        self.release()
        self._queue().add_file(body, offset, length)
        self._balance()

    def follow(self, follow: Follow, /) -> None:
        """Content that is being stored, as it comes and as the client takes it."""
        if self._over or self._client.closing:
            return
        growing, offset, chunked, trailers = follow
        self.release()
        self._queue().follow(growing, offset, chunked=chunked, trailers=trailers)

    def _balance(self) -> None:
        if self._driver is not None and self._output is not None and self._output.pending:
            self._driver.client_writable(False)

    def hold(self) -> None:
        """Collect what is written until `release`."""
        self._held = []

    def release(self) -> None:
        """Write what was collected, in one piece."""
        held, self._held = self._held, None
        if held and not self._client.closing:
            write_pieces(self._transport, held)

    def pace(self, rate_bytes_per_s: int, after_bytes: int | None) -> None:
        """From here on obey limit_rate."""
        self._queue().pace(Pacer(rate_bytes_per_s, after_bytes or 0, self._worker.mono()))

    def _queue(self) -> Output:
        output = self._output
        if output is None:
            output = Output(self._transport, self._worker.loop, self._on_all_out, self._on_broken)
            output.paused = self._slow
            self._output = output
        return output

    def _on_all_out(self) -> None:
        if self._finish is not None:
            keep_alive, self._finish = self._finish, None
            self._client.answered(keep_alive=keep_alive)
        elif self._driver is not None:
            self._driver.client_writable(True)

    def _on_broken(self, stored: bool) -> None:
        """Content broke off, or what is `stored` of it cannot be read: no answer may look whole that is not."""
        if stored:
            self._worker.log.note("stored-body-unreadable", request_id=self.request.id)
        self._client.abort()

    def client_writable(self, writable: bool) -> None:
        """The client is slow, or has caught up."""
        self._slow = not writable
        if writable:
            waits = self.wants_body and self._driver is not None
            self._client.deadline_mono_s = (
                self._body_deadline(self._worker.mono()) if waits else self.ends_mono_s
            )
        if self._output is not None:
            self._output.paused = not writable
            if writable:
                self._output.go()  # which tells the driver once all is out
                return
        if self._driver is not None:
            self._driver.client_writable(writable)

    def response_finished(self, *, keep_alive: bool) -> None:
        """The answer is complete; it may still be on its way out."""
        self._driver = None
        if self._over:
            return
        if self._output is not None and self._output.pending:
            self._finish = keep_alive
        else:
            self._client.answered(keep_alive=keep_alive)

    def cut(self) -> None:
        """Break the connection visibly: what was sent must not look whole."""
        self._driver = None
        if not self._over:
            self._client.abort()

    def switch(self, upstream: asyncio.Transport, early: bytes, /) -> bool:
        """
        Join the connection with the origin's, from which `early` came behind the 101; the exchange is over.

        False when the client is gone: then the origin's connection is still the caller's.
        """
        self._driver = None
        if self._over or self._client.closing:
            return False
        self.release()
        self._client.begin_tunnel(upstream, early)
        return True

    # --- the end ------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The client is gone, or has its answer: nothing more reaches it."""
        self.release()
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        output, self._output = self._output, None
        if output is not None:
            output.drop()
            self.sent_bytes += output.followed_bytes - output.dropped_bytes
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.client_closed()

    def account(self, refused: Refuse | None, *, whole: bool) -> None:
        """
        Count and log this request: that it was `refused`, else the answer there was, if there was one. The client has the
        `whole` of it, as far as we know.
        """
        status, label = self._status, self._label
        if refused is None and self.head:
            status, label = int(self.head[9:12]), _label_of(self.head)
        fetch = self._fetch
        server, response_s = ("", 0.0) if fetch is None else (fetch.server, fetch.response_s)
        account(
            self._worker,
            self.request,
            self._block,
            status,
            label,
            self.sent_bytes,
            self.started_s,
            server,
            response_s,
            refused,
            whole,
        )


def _label_of(head: bytes) -> str:
    """What X-Cache says in `head`, '' if it is not there."""
    at = head.find(_LABEL)
    return "" if at < 0 else head[at + len(_LABEL) : head.find(b"\r\n", at + len(_LABEL))].decode("latin-1")
