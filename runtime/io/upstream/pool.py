"""The connections to one server of an upstream: kept, opened, counted."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from runtime.io.upstream.connection import UpstreamConnection, UpstreamTimeouts
from runtime.io.upstream.names import Resolve
from runtime.upstreams.addresses import Addresses
from runtime.upstreams.peers import Peer
from runtime.upstreams.retry import Failure
from runtime.upstreams.upstream import Upstream

IDLE_S: Final = 60.0
"""A kept connection that has carried nothing for so long is closed."""
LEAST_CONNECT_S: Final = 0.1
"""What an address is given at least, where several share the time there is."""


class ConnectError(Exception):
    """No connection; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


@dataclass(slots=True)
class ServerCounters:
    """Since the worker began with this upstream."""

    requests: int = 0
    """Sent to the server, repetitions among them."""
    connects: int = 0
    connect_s: float = 0.0
    """All connections that came about, together."""
    failures: dict[Failure, int] = field(default_factory=dict)


class ServerPool:
    """The connections to one server. Times are the loop's."""

    def __init__(
        self,
        upstream: Upstream,
        peer: Peer,
        timeouts: UpstreamTimeouts,
        loop: asyncio.AbstractEventLoop,
        resolve: Resolve,
        context: ssl.SSLContext | None,
        has_room: Callable[[], None],
    ) -> None:
        """`has_room` is told when a request is over on a server whose connections are bounded."""
        self.peer = peer
        self.timeouts = timeouts
        self.clock = loop.time
        self.counters = ServerCounters()
        self.addresses = Addresses(peer.server.host, upstream.refresh_s, upstream.refused)
        self.context = context
        self._loop = loop
        self._resolve = resolve
        self._has_room = has_room
        self._keepalive = upstream.keepalive
        self._server_name = (
            (upstream.tls.server_name or peer.server.host) if upstream.tls is not None else None
        )
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._lent: list[asyncio.Transport] = []
        self._lookup: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """`host:port`."""
        host, port = self.peer.server.host, self.peer.server.port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # --- for the driver -----------------------------------------------------------------------------------------

    def take_idle(self) -> UpstreamConnection | None:
        """A kept connection, the most recently used, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        return None

    def take_unasked(self) -> UpstreamConnection | None:
        """As `take_idle`, but that it is silent is for the caller to find out, before anything is written to it."""
        while self._idle:
            connection = self._idle.pop()
            if connection.seems_usable:
                return connection
            connection.close()
        return None

    def claim(self) -> None:
        """A connection is to be opened for a request; `ended` says when that is over."""
        self.peer.in_use += 1

    async def connect(self) -> UpstreamConnection:
        """A new connection, within `connect_s`. Raises ConnectError."""
        began = self.clock()
        connection = await self._connect(began + self.timeouts.connect_s)
        self.counters.connects += 1
        self.counters.connect_s += self.clock() - began
        return connection

    def failed(self, failure: Failure) -> bool:
        """A request failed before its answer; whether the server is left alone from now on."""
        self.count(failure)
        return self.peer.failed(self.clock())

    def count(self, failure: Failure) -> None:
        """Count a failure that says nothing of the server's health."""
        counted = self.counters.failures
        counted[failure] = counted.get(failure, 0) + 1

    # --- opening ------------------------------------------------------------------------------------------------

    async def _connect(self, deadline: float) -> UpstreamConnection:
        try:
            async with asyncio.timeout_at(deadline):
                if not self.addresses.known and not self.addresses.forbidden:
                    await asyncio.shield(self._look_up())
        except TimeoutError:
            raise ConnectError("timeout") from None
        failure: Failure = "forbidden" if self.addresses.forbidden else "unresolved"
        candidates = self.addresses.in_turn()
        for number, address in enumerate(candidates):
            now = self.clock()
            share = (deadline - now) / (len(candidates) - number)
            try:
                # The next address is to have its chance within the time there is.
                async with asyncio.timeout_at(min(deadline, now + max(share, LEAST_CONNECT_S))):
                    return await self._connect_to(address)
            except TimeoutError:
                failure = "timeout"
            except ssl.SSLError:
                failure = "tls"
            except OSError:
                failure = "refused"
            self.addresses.failed(address)
            if self.clock() >= deadline:
                break
        raise ConnectError(failure)

    async def _connect_to(self, address: str) -> UpstreamConnection:
        """Raises OSError, of which ssl.SSLError is one."""
        transport, connection = await self._loop.create_connection(
            lambda: UpstreamConnection(self, address),
            address,
            self.peer.server.port,
            ssl=self.context,
            server_hostname=self._server_name,
        )
        if self.context is not None:
            spoken = transport.get_extra_info("ssl_object").selected_alpn_protocol()
            if spoken not in {None, "http/1.1"}:
                connection.close()
                raise ssl.SSLError(f"origin speaks {spoken}")
        if not connection.usable:
            connection.close()
            raise ConnectionResetError
        return connection

    # --- names --------------------------------------------------------------------------------------------------

    def _look_up(self) -> asyncio.Task[None]:
        """The lookup under way, or a new one."""
        if self._lookup is None:
            self.addresses.began()
            self._lookup = self._loop.create_task(self._keep_addresses())
        return self._lookup

    async def _keep_addresses(self) -> None:
        """Never raises: a failure leaves what is known. It takes as long as the resolver does, one at a time."""
        found: Sequence[str] = ()
        try:
            found = await self._resolve(self.peer.server.host)
        except (OSError, UnicodeError):
            pass  # `found` says it
        finally:
            self._lookup = None
            self._retire(self.addresses.found(found, self.clock()))

    def _retire(self, gone: frozenset[str]) -> None:
        """Use connections to addresses `gone` no more, once they have done what they do."""
        for connection in [connection for connection in self._open if connection.address in gone]:
            connection.retired = True
            if connection in self._idle:
                self._idle.remove(connection)
                connection.close()

    # --- for connections ----------------------------------------------------------------------------------------

    def opened(self, connection: UpstreamConnection) -> None:
        self._open.add(connection)

    def began(self) -> None:
        self.peer.in_use += 1
        self.counters.requests += 1

    def heard(self) -> None:
        self.peer.passive.succeeded()

    def ended(self) -> None:
        peer = self.peer
        peer.in_use -= 1
        if peer.most:
            self._has_room()

    def answered(self, connection: UpstreamConnection, now: float) -> None:
        peer = self.peer
        peer.passive.succeeded()
        peer.in_use -= 1
        if peer.most:
            self._has_room()
        if len(self._idle) >= self._keepalive:
            connection.close()
            return
        connection.idle_since_mono_s = now
        self._idle.append(connection)

    def lent(self, transport: asyncio.Transport) -> None:
        """`sweep` sees when it is closed."""
        self._lent.append(transport)

    def give_back(self, connection: UpstreamConnection) -> None:
        """Keep an idle connection for the next request."""
        if len(self._idle) >= self._keepalive:
            connection.close()
            return
        connection.idle_since_mono_s = self.clock()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)

    # --- for the group ------------------------------------------------------------------------------------------

    @property
    def idle(self) -> int:
        """Connections kept for the next request."""
        return len(self._idle)

    @property
    def open(self) -> frozenset[UpstreamConnection]:
        """All connections."""
        return frozenset(self._open)

    def sweep(self, now_mono_s: float) -> None:
        """Expire overdue connections, drop those long idle, look the name up again when it is time."""
        for connection in list(self._open):
            if 0 < connection.deadline_mono_s < now_mono_s:
                connection.expire()
        if self._lent:
            still = [transport for transport in self._lent if not transport.is_closing()]
            over = len(self._lent) - len(still)
            self._lent = still
            for _ in range(over):
                self.ended()
        kept: list[UpstreamConnection] = []
        for connection in self._idle:
            if now_mono_s - connection.idle_since_mono_s > IDLE_S or not connection.usable:
                connection.close()
            else:
                kept.append(connection)
        self._idle = kept
        if self.addresses.is_due(now_mono_s):
            self._look_up()

    def retire(self) -> None:
        """Close what is idle, and each other connection when its request has ended."""
        self._keepalive = 0
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def close(self) -> None:
        """Close every connection; who carries a request hears nothing more."""
        if self._lookup is not None:
            self._lookup.cancel()
        for connection in list(self._open):
            connection.close()
        self._idle.clear()
