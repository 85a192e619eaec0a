"""Carries out an exchange's commands on real connections and tells it what happened."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from runtime.cache.cache import Cache
from runtime.io.upstream import Failure, OriginPool, UpstreamConnection, UpstreamEvent
from runtime.proxy.exchange import Exchange
from runtime.proxy.messages import (
    ClientClosed,
    CloseUpstream,
    Command,
    CutClient,
    Event,
    FinishResponse,
    FlightSettled,
    OpenUpstream,
    Pace,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendUpstream,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamOpened,
    Wake,
)
from runtime.proxy.plan import Plan, Settings
from runtime.upstreams.upstream import Upstream

_FINAL: Final = frozenset({UpstreamCompleted, UpstreamCut, UpstreamFailed})


class ClientSide(Protocol):
    """The connection an exchange answers on."""

    def write(self, data: bytes, *, paced: bool) -> None: ...
    def response_finished(self, *, keep_alive: bool) -> None: ...
    def cut(self) -> None: ...
    def want_body(self, wanted: bool) -> None: ...
    def pace(self, rate_bytes_per_s: int, after_bytes: int | None) -> None: ...
    def hold(self) -> None: ...
    def release(self) -> None: ...


class Node(Protocol):
    """What a driver needs of its worker."""

    cache: Cache
    settings: Settings
    clock: Callable[[], float]

    def pool(self, origin: Upstream, /) -> OriginPool: ...


class Driver:
    """One exchange with its client and its origin connection. The client may leave first; the fetch may go on."""

    __slots__ = ("_client", "_clock", "_connecting", "_exchange", "_held", "_pool", "_stalled", "_upstream")

    def __init__(self, plan: Plan, client: ClientSide, node: Node, now: float) -> None:
        self._exchange = Exchange(plan, node.cache, node.settings, now, waiter=self)
        self._client: ClientSide | None = client
        self._held: ClientSide | None = None
        self._stalled = False
        self._pool = node.pool(plan.origin)
        self._upstream: UpstreamConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._clock = node.clock

    def start(self) -> None:
        self._run(self._exchange.start())

    # --- from the client ----------------------------------------------------------------------------------------

    def request_body(self, data: bytes) -> None:
        self._tell(RequestBody(data))

    def request_completed(self) -> None:
        self._tell(RequestCompleted())

    def settled(self, event: FlightSettled) -> None:
        """The fetch this exchange waited for has ended."""
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
            if self._stalled and not self._exchange.collects:
                self._upstream.pause()
            else:
                self._upstream.resume()

    # --- from the origin ----------------------------------------------------------------------------------------

    def on_upstream(self, event: UpstreamEvent) -> None:
        if self._upstream is not None and event.__class__ in _FINAL:
            failure, self._upstream = self._upstream.failure, None
            if failure is not None:
                self._fail(event, failure)
                return
        self._tell(event)

        if self._stalled:
            self._balance()

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

    # --- carrying out -------------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        self._run(self._exchange.handle(event, self._clock()))

    def _fail(self, event: UpstreamEvent, failure: Failure) -> None:
        """Tell of a failure; the log too, unless another connection is tried."""
        commands = self._exchange.handle(event, self._clock())
        if not any(command.__class__ is OpenUpstream for command in commands):
            self._pool.failed(failure, self._exchange.plan.request.id)
        self._run(commands)

    def _run(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case SendClient(data, paced):
                    if self._client is not None:
                        self._client.write(data, paced=paced)
                case Pace(rate_bytes_per_s, after_bytes):
                    if self._client is not None:
                        self._client.pace(rate_bytes_per_s, after_bytes)
                case SendUpstream(data, last):
                    if self._upstream is not None:
                        self._upstream.send(data, last=last)
                case OpenUpstream(fresh):
                    self._open(fresh=fresh)
                case FinishResponse(keep_alive):
                    client, self._client = self._client, None
                    if client is not None:
                        client.response_finished(keep_alive=keep_alive)
                case CutClient():
                    client, self._client = self._client, None
                    if client is not None:
                        client.cut()
                case CloseUpstream():
                    self._close_upstream()
                case Wake(waiters, event):
                    for waiter in waiters:
                        assert isinstance(waiter, Driver)
                        waiter.settled(event)

    def _open(self, *, fresh: bool) -> None:
        idle = None if fresh else self._pool.take_idle()
        if idle is not None:
            self._attach(idle, reused=True)
        else:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        failure: Failure = "refused"
        connection = None
        try:
            connection = await self._pool.connect()
        except TimeoutError:
            failure = "timeout"
        self._connecting = None
        if connection is None:
            self._fail(UpstreamFailed(silent=failure == "timeout", may_have_acted=False), failure)
        else:
            self._attach(connection, reused=False)

    def _attach(self, connection: UpstreamConnection, *, reused: bool) -> None:
        self._upstream = connection
        connection.begin(self, self._exchange.plan.forward.method)
        self._tell(UpstreamOpened(reused))
        if self._client is not None:
            self._client.want_body(True)

    def _close_upstream(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None
