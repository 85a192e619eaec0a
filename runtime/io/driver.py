"""
Carries out an exchange's commands on real connections and tells it what happened.

Which server is asked, and that another one is when the first cannot be reached, the exchange does not know: it asks for
a connection and hears of one, or of the last failure. Only a kept connection that proves dead is its own affair.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from runtime.http.fields import Field
from runtime.http.framing import NO_BODY
from runtime.io.sides import ClientSide, Node
from runtime.io.upstream.connection import UpstreamConnection, UpstreamEvent
from runtime.io.upstream.group import Waiting
from runtime.io.upstream.pool import ConnectError, ServerPool
from runtime.proxy.exchange import Exchange
from runtime.proxy.messages import (
    AnswerClient,
    BecomeTunnel,
    ClientClosed,
    CloseUpstream,
    Command,
    CutClient,
    Event,
    FinishResponse,
    FlightGrows,
    FlightSettled,
    Follow,
    Grow,
    NobodyReads,
    OpenUpstream,
    Pace,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendFile,
    SendUpstream,
    UpstreamAnswered,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamOpened,
    Wake,
)
from runtime.proxy.plan import Plan
from runtime.proxy.storing import Storing
from runtime.upstreams.peers import Peer
from runtime.upstreams.retry import Failure, may_try_another

_OPENED: Final = UpstreamOpened(reused=False)
_REUSED: Final = UpstreamOpened(reused=True)
_FINAL: Final = frozenset({UpstreamCompleted, UpstreamCut, UpstreamFailed})


Chosen: TypeAlias = ServerPool | None
"""The server to be asked first, where it was chosen already."""


class Driver:
    """
    One exchange with its client and its origin connection. The client may leave first; the fetch may go on. Without a
    client it is a fetch for the cache alone.
    """

    __slots__ = (
        "_chosen",
        "_client",
        "_clock",
        "_connecting",
        "_exchange",
        "_group",
        "_held",
        "_pool",
        "_request",
        "_reused",
        "_stalled",
        "_told",
        "_tried",
        "_upstream",
        "_waiting",
        "response_s",
    )

    def __init__(
        self,
        plan: Plan,
        client: ClientSide | None,
        node: Node,
        now: float,
        exchange: Exchange | None = None,
    ) -> None:
        if exchange is None:
            exchange = Exchange(plan, node.cache, node.settings, now, waiter=self)
        self._exchange = exchange
        self._client = client
        self._held: ClientSide | None = None
        self._stalled = False
        self._group = node.upstream(plan.origin)
        self._pool: ServerPool | None = None
        """Of the server asked last."""
        self._chosen = False
        """It is still to be asked."""
        self._tried: tuple[Peer, ...] = ()
        """Servers that failed this request."""
        self._upstream: UpstreamConnection | None = None
        self._reused = False
        self._told = False
        """The exchange knows of a connection: one to another server takes its place unnoticed."""
        self._request = b""
        """The whole request as it was sent, where it can be sent again."""
        self._connecting: asyncio.Task[UpstreamConnection] | None = None
        self._waiting: Waiting | None = None
        self._clock = node.clock
        self.response_s = 0.0
        """From the request's last byte to the answer's head, or 0."""

    def start(self, first: Chosen = None) -> None:
        """Begin; with the server `first`, where it was chosen already."""
        self._pool = first
        self._chosen = first is not None
        self._run(self._exchange.start())

    @classmethod
    def of_sent(
        cls,
        plan: Plan,
        client: ClientSide | None,
        node: Node,
        storing: Storing,
        pool: ServerPool,
        connection: UpstreamConnection,
        now: float,
    ) -> "Driver":
        """For a request that went to a kept connection already; it tells this driver what comes from now on."""
        exchange = Exchange.of_sent(plan, node.cache, node.settings, now, storing)
        driver = cls(plan, client, node, now, exchange)
        driver._pool = pool
        driver._upstream = connection
        driver._reused = driver._told = True
        driver._request = plan.forward.head(NO_BODY)
        connection.hand_over(driver)
        return driver

    @property
    def server(self) -> str:
        """`host:port` of the server asked last, or ''."""
        return "" if self._pool is None else self._pool.name

    # --- from the client ----------------------------------------------------------------------------------------

    def request_body(self, data: bytes) -> None:
        self._tell(RequestBody(data))

    def request_completed(self, trailers: Sequence[Field] = ()) -> None:
        self._tell(RequestCompleted(trailers))

    def settled(self, event: FlightSettled | FlightGrows) -> None:
        """The fetch this exchange waits for has ended, or can be read along."""
        self._tell(event)

    def client_closed(self) -> None:
        self._client = None
        self._stalled = False
        self._tell(ClientClosed())
        self._balance()

    def client_writable(self, writable: bool) -> None:
        """The client drains slower, or again as fast, as the origin sends."""
        self._stalled = not writable
        self._balance()

    def _balance(self) -> None:
        """Read from the origin no faster than the client takes, unless others wait for the object as well."""
        if self._upstream is not None:
            exchange = self._exchange
            if (self._stalled and not exchange.collects) or exchange.is_full:
                self._upstream.pause()
            else:
                self._upstream.resume()

    # --- from the origin ----------------------------------------------------------------------------------------

    def on_upstream(self, event: UpstreamEvent) -> None:
        connection = self._upstream
        kind = event.__class__
        if kind is UpstreamAnswered:
            self._on_answered(event)
            return
        if kind is UpstreamHead:
            if connection is not None:
                self.response_s = connection.response_s
        elif kind in _FINAL and connection is not None:
            self._upstream = None
            if connection.failure is not None:
                self._on_failure(event, connection.failure)
                return
        self._tell(event)
        if self._stalled or self._exchange.is_full:
            self._balance()

    def _on_answered(self, event: UpstreamEvent) -> None:
        connection, self._upstream = self._upstream, None
        if connection is not None:
            self.response_s = connection.response_s
        commands = self._exchange.handle(event, self._clock())
        if len(commands) == 1 and isinstance(commands[0], AnswerClient):
            self._answer(commands[0])
            return
        self.hold()
        self._run(commands)
        self.release()

    def on_upstream_writable(self, writable: bool) -> None:
        if self._client is not None:
            self._client.want_body(writable)

    def hold(self) -> None:
        """Have what goes to the client collected, so that one read from the origin is one write."""
        self._held = self._client
        if self._held is not None:
            self._held.hold()

    def release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release()

    # --- failures -----------------------------------------------------------------------------------------------

    def _on_failure(self, event: UpstreamEvent, failure: Failure) -> None:
        """The connection failed: before the head another server may make it good, after it nobody."""
        pool = self._pool
        assert pool is not None
        if isinstance(event, UpstreamFailed):
            # The end of a kept connection says nothing about its server, and the exchange asks for a fresh one.
            unheard = self._reused and failure == "cut" and not event.may_have_acted
            if not unheard:
                self._group.server_failed(pool, failure)
                plan = self._exchange.plan
                may = self._request and may_try_another(
                    failure, sent=True, method=plan.forward.method, has_content=plan.framing is not NO_BODY
                )
                if may and self._try_another(pool):
                    return
        else:
            pool.count(failure)
        self._fail(event, failure)

    def _connect_failed(self, pool: ServerPool, failure: Failure) -> None:
        self._group.server_failed(pool, failure)
        if not self._try_another(pool):
            self._fail(UpstreamFailed(silent=failure == "timeout", may_have_acted=False), failure)

    def _try_another(self, failed: ServerPool) -> bool:
        """Go to another server than those that failed, if one may be asked and `retries` allows."""
        self._tried = (*self._tried, failed.peer)
        if len(self._tried) > self._group.retries:
            return False
        pool = self._group.choose(self._exchange.plan.cache_key, self._tried)
        if pool is None:
            return False
        # What was sent once is not risked on a kept connection, which may be dead.
        self._go_to(pool, fresh=self._told)
        return True

    def _fail(self, event: UpstreamEvent, failure: Failure) -> None:
        """Tell of a failure; the log too, unless another connection is tried."""
        commands = self._exchange.handle(event, self._clock())
        if not any(command.__class__ is OpenUpstream for command in commands):
            self._group.failed(failure, self._exchange.plan.request.id)
        self._run(commands)

    # --- carrying out -------------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        self._run(self._exchange.handle(event, self._clock()))

    def _run(self, commands: list[Command]) -> None:
        # The commonest first, and tests of class: matching patterns takes twice as long.
        for command in commands:
            if isinstance(command, SendClient):
                if self._client is not None:
                    self._client.write(command.data, paced=command.paced)
            elif isinstance(command, SendUpstream):
                self._send(command.data, last=command.last)
            elif isinstance(command, OpenUpstream):
                self._open(fresh=command.fresh)
            elif isinstance(command, AnswerClient):
                self._answer(command)
            elif isinstance(command, FinishResponse):
                client, self._client = self._client, None
                self._stalled = False
                if client is not None:
                    client.response_finished(keep_alive=command.keep_alive)
            else:
                self._run_rare(command)

    def _answer(self, answer: AnswerClient) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.answer(answer)

    def _run_rare(
        self, command: SendFile | Follow | Grow | Pace | CutClient | CloseUpstream | BecomeTunnel | Wake
    ) -> None:
        client = self._client
        match command:
            case SendFile(body, offset, length):
                if client is not None:
                    client.write_file(body, offset, length)
            case Follow():
                if client is not None:
                    client.follow(command)
            case Grow(growing, waiters):
                growing.when_unread = self._on_unread
                growing.when_room = self._balance
                for waiter in waiters:
                    assert isinstance(waiter, Driver)
                    waiter.settled(FlightGrows(growing))
                self._balance()  # whoever was too slow is not waited for any more
            case Pace(rate_bytes_per_s, after_bytes):
                if client is not None:
                    client.pace(rate_bytes_per_s, after_bytes)
            case CutClient():
                self._client = None
                if client is not None:
                    client.cut()
            case CloseUpstream():
                self._close_upstream()
            case BecomeTunnel():
                self._become_tunnel()
            case Wake():
                wake_all(command)

    def _on_unread(self) -> None:
        self._tell(NobodyReads())

    def _send(self, data: bytes, *, last: bool) -> None:
        if self._upstream is not None:
            # With a body it comes in pieces, which are not kept.
            self._request = data if last and self._exchange.plan.framing is NO_BODY else b""
            self._upstream.send(data, last=last)

    def _open(self, *, fresh: bool) -> None:
        """Find a server and a connection; a `fresh` one, if possible to another server than before."""
        key = self._exchange.plan.cache_key
        self._told = False
        self._request = b""
        pool = None
        if self._chosen:
            self._chosen = False
            pool = self._pool
        elif fresh and self._pool is not None:
            pool = self._group.choose(key, (*self._tried, self._pool.peer))
        if pool is None:
            pool = self._group.choose(key, self._tried)
        if pool is None:
            self._wait(None)
        else:
            self._go_to(pool, fresh=fresh)

    def _go_to(self, pool: ServerPool, *, fresh: bool) -> None:
        self._pool = pool
        idle = None if fresh else pool.take_idle()
        if idle is not None:
            self._attach(idle, reused=True)
        else:
            pool.claim()
            self._connecting = asyncio.get_running_loop().create_task(pool.connect())
            self._connecting.add_done_callback(self._on_connected)

    def _wait(self, before: Waiting | None) -> None:
        """For a server to have room, where that is what is missing; a place in the queue held `before` is kept."""
        waiting = self._group.wait(self._on_room, self._tried, before)
        if isinstance(waiting, Waiting):
            self._waiting = waiting
        else:
            self._no_server(waiting)

    def _on_room(self, room: bool) -> None:
        """A server may have room, or the time for waiting is up."""
        waiting, self._waiting = self._waiting, None
        if not room:
            self._no_server("busy")
            return
        pool = self._group.choose(self._exchange.plan.cache_key, self._tried)
        if pool is None:
            self._wait(waiting)
        else:
            self._go_to(pool, fresh=False)

    def _no_server(self, why: Failure) -> None:
        self._fail(UpstreamFailed(silent=False, may_have_acted=False, busy=why == "busy"), why)

    def _on_connected(self, connecting: asyncio.Task[UpstreamConnection]) -> None:
        pool = self._pool
        assert pool is not None
        pool.ended()
        if connecting.cancelled():
            return
        error = connecting.exception()
        if self._connecting is not connecting:  # nobody wants it any more
            if error is None:
                connecting.result().close()
            return
        self._connecting = None
        if isinstance(error, ConnectError):
            self._connect_failed(pool, error.failure)
        else:
            self._attach(connecting.result(), reused=False)

    def _attach(self, connection: UpstreamConnection, *, reused: bool) -> None:
        self._upstream = connection
        self._reused = reused
        forward = self._exchange.plan.forward
        connection.begin(self, forward.method, forward.upgrade)
        if self._told:
            connection.send(self._request, last=True)
            return
        self._told = True
        self._tell(_REUSED if reused else _OPENED)
        if self._client is not None and self._exchange.plan.framing is not NO_BODY:
            self._client.want_body(True)

    def _become_tunnel(self) -> None:
        connection, self._upstream = self._upstream, None
        client, self._client = self._client, None
        switched = None if connection is None else connection.switch()
        if switched is None:
            if client is not None:
                client.cut()
        elif client is None or not client.switch(*switched):
            switched.transport.abort()

    def _close_upstream(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._waiting is not None:
            self._group.leave(self._waiting)
            self._waiting = None
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None


def wake_all(wake: Wake) -> None:
    """Tell the drivers that waited."""
    for waiter in wake.waiters:
        assert isinstance(waiter, Driver)
        waiter.settled(wake.event)
