"""
One worker: what its connections share, its listening socket, its timer.

A worker owns everything it touches, so that several may run side by side, each with `reuse_port`. Clock, log and
client addresses come in as arguments: tests give their own.
"""

import asyncio
import contextlib
import functools
import itertools
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from edgescript.pipeline import ScriptResult
from edgescript.request import Request
from runtime.cache.cache import Allowance, Cache
from runtime.cache.memory import MemoryStore
from runtime.config import Config
from runtime.http.refusal import Refuse
from runtime.io.client import ClientConnection
from runtime.io.upstream import Failure, OriginPool
from runtime.observe.counters import Counters
from runtime.observe.events import EventLog, fault_facts
from runtime.proxy.front import Front
from runtime.proxy.plan import Settings
from runtime.scripts.site import Sites
from runtime.upstreams.upstream import Upstream

SWEEP_S: Final = 0.5
"""How late a deadline may be noticed: one timer looks at all connections, instead of one timer each a request."""
BACKLOG: Final = 4096


class _Timeouts:
    """The upstream side of a Config."""

    def __init__(self, config: Config) -> None:
        self.connect_s = config.connect_timeout_s
        self.response_s = config.response_timeout_s
        self.idle_s = config.upstream_idle_timeout_s


def to_stderr(line: str) -> None:
    """Write a line of the node's log."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the node's log is its stderr


def peer_address(transport: asyncio.Transport) -> tuple[str, int]:
    """The client's address and port."""
    peer = transport.get_extra_info("peername")
    return (peer[0], peer[1]) if peer else ("", 0)


_HEX_TAILS: Final = [f"{number:03x}" for number in range(4096)]


def _request_ids(prefix: str) -> Iterator[str]:
    """Ids under a random prefix; formatting is paid once for 4096 of them."""
    for block in itertools.count():
        head = f"{prefix}{block:013x}"
        for tail in _HEX_TAILS:
            yield head + tail


class Worker:
    """
    Shared by all connections of one event loop.

    `write` takes the lines of the node's log. With `reuse_port` other workers may listen on the same address; alone,
    a worker refuses an address that is taken.
    """

    def __init__(
        self,
        config: Config,
        sites: Sites,
        *,
        clock: Callable[[], float] = time.time,
        client_address: Callable[[asyncio.Transport], tuple[str, int]] = peer_address,
        write: Callable[[str], None] = to_stderr,
        reuse_port: bool = False,
    ) -> None:
        self.config = config
        self.clock = clock
        self.log = EventLog(write, clock)
        self._reuse_port = reuse_port
        self.client_address = client_address
        self.cache = Cache(
            MemoryStore(config.cache_bytes, config.max_object_bytes), collecting=Allowance(config.cache_bytes)
        )
        self.settings = Settings(max_object_bytes=config.max_object_bytes)
        self.counters = Counters()
        self.front = Front(sites, self.cache.store, time.monotonic, self.on_fault)
        self.clients: set[ClientConnection] = set()
        self.draining = False
        self._empty = asyncio.Event()
        """Set when the last client leaves a draining worker, or nobody will wait for it."""
        self.new_id = _request_ids(secrets.token_hex(8)).__next__
        """A request id: 32 hexadecimal digits, unique across workers and restarts."""
        self.idle_deadline_mono_s = 0.0
        """When a connection that falls idle now will have been idle too long; kept by the sweep, so it costs no
        clock call a request and is right to within `SWEEP_S`."""
        self._pools: dict[Upstream, OriginPool] = {}
        self._timeouts = _Timeouts(config)
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self.loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]  # set by start, before any use
        self.mono: Callable[[], float] = time.monotonic

    async def start(self) -> tuple[str, int]:
        """Listen; the address and port taken. Raises OSError."""
        self.loop = asyncio.get_running_loop()
        self.mono = self.loop.time
        host, port = self.config.address
        self._server = await self.loop.create_server(
            lambda: ClientConnection(self), host, port, backlog=BACKLOG, reuse_port=self._reuse_port
        )
        for listening in self._server.sockets:
            # Answers are written whole; waiting for more would only delay them.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sweep()
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Stop accepting, let answers in progress finish for at most `drain_s`, then close everything."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for client in list(self.clients):
            client.drain()
        if self.clients:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), self.config.drain_s)
        if self._sweeper is not None:
            self._sweeper.cancel()
        cut = sum(client.in_progress for client in self.clients)
        if cut:
            self.log.note("drain-cut", count=cut)
        for client in list(self.clients):
            client.abort()
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)

    def log_states(self) -> None:
        """Log how often each script came to each state since it was installed."""
        states = self.front.sites.states()
        if states:
            self.log.note("script-states", scripts=states)

    def hurry(self) -> None:
        """Wait for no answer in progress any more: `stop` ends at once."""
        self._empty.set()

    def connection_refused(self) -> None:
        """Count a client that was not let in, and log it unless the node is stopping."""
        self.counters.connections_refused += 1
        if not self.draining:
            self.log.note("connections-full", count=len(self.clients))

    def client_gone(self, client: ClientConnection) -> None:
        """A connection ended."""
        self.clients.discard(client)
        if self.draining and not self.clients:
            self._empty.set()

    def pool(self, origin: Upstream) -> OriginPool:
        """The connections to `origin`."""
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = OriginPool(
                origin, self._timeouts, self.loop, functools.partial(self._origin_failed, origin)
            )
        return pool

    def refused(self, refused: Refuse) -> None:
        """Count a request that was not accepted."""
        self.counters.refused[refused.status] += 1

    def on_fault(self, request: Request, results: Sequence[ScriptResult]) -> None:
        """Count and log the scripts that raised."""
        for result in results:
            if result.fault is not None:
                self.counters.script_faults += 1
                self.log.note("script-fault", **fault_facts(request.id, result))

    def _origin_failed(self, origin: Upstream, kind: Failure, request_id: str) -> None:
        self.log.note("origin-failed", origin=origin.name, kind=kind, request_id=request_id)

    def _sweep(self) -> None:
        """Look at every deadline."""
        now = self.mono()
        self.idle_deadline_mono_s = now + self.config.idle_timeout_s
        for client in list(self.clients):
            if 0 < client.deadline_mono_s < now:
                client.expire()
        for pool in self._pools.values():
            pool.sweep(now)
        self._sweeper = self.loop.call_later(SWEEP_S, self._sweep)
