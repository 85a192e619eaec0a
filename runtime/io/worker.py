"""
One worker: what its connections share, its listening sockets, its timer.

A worker owns everything it touches, so that several may run side by side, each with listening sockets of its own. Clock,
log and client addresses come in as arguments: tests give their own.
"""

import asyncio
import contextlib
import functools
import itertools
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from edgescript.pipeline import ScriptResult
from edgescript.request import Request
from runtime.cache.cache import Allowance, Cache
from runtime.cache.purge import Purge
from runtime.config import Config, ConfigError
from runtime.config.formats import read_address
from runtime.config.tables import Listener
from runtime.http.proxy_protocol import parse_networks
from runtime.http.refusal import Refuse
from runtime.io.access_file import AccessFile
from runtime.io.client.connection import ClientConnection
from runtime.io.driver import Driver
from runtime.io.listen.bound import Sockets, listen_at
from runtime.io.listen.listener import Bounds, Listeners
from runtime.io.listen.tls import ServerTls
from runtime.io.outbox import Outbox
from runtime.io.stderr import to_stderr
from runtime.io.upstream.group import UpstreamGroup
from runtime.io.upstream.past import PastServers
from runtime.observe.access_log import AccessLog
from runtime.observe.counters import Counters
from runtime.observe.events import EventLog, fault_facts
from runtime.observe.tail import Tail
from runtime.proxy.front import Front
from runtime.proxy.plan import Plan, Settings
from runtime.scripts.site import Site, Sites
from runtime.state.objects.worker_store import OpenedStore, open_store
from runtime.upstreams.retry import Failure
from runtime.upstreams.upstream import Server, Upstream

SWEEP_S: Final = 0.5
"""How late a deadline may be noticed: one timer looks at all connections, instead of one timer each a request."""
FOLLOWED_S: Final = 30.0
"""For how long lines are kept for who asked for them once."""
CLOCK_STEP_S: Final = 5.0
"""By so much the clock is set back, not adjusted: between two sweeps adjusting takes less than a millisecond of it."""


class _Timeouts:
    """The upstream side of a Config."""

    def __init__(self, config: Config) -> None:
        self.connect_s = config.connect_timeout_s
        self.response_s = config.response_timeout_s
        self.idle_s = config.upstream_idle_timeout_s


def endpoints_of(config: Config) -> tuple[Listener, ...]:
    """Where a node of `config` listens."""
    return config.listeners or (Listener(address=config.listen),)


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
        tls: ServerTls | None = None,
        shared: Path | None = None,
    ) -> None:
        """
        `tls` are certificates that were loaded before; without them they are read where a listener wants some. `shared` is a
        directory of the node's workers, where there are several.
        """
        self.config = config
        self.clock = clock
        self.log = EventLog(write, clock)
        self._reuse_port = reuse_port
        self.client_address = client_address
        self._opened = open_store(
            config.cache_bytes,
            config.max_object_bytes,
            state=Path(config.state_dir) if config.state_dir else None,
            disk_bytes=config.disk_cache_bytes,
            max_disk_object_bytes=config.max_disk_object_bytes,
            shared=shared,
        )
        self.cache = Cache(self._opened.store, collecting=Allowance(config.cache_bytes))
        self.settings = Settings(
            config.max_object_bytes,
            config.store_cookies,
            frozenset(name.lower().encode("ascii") for name in config.tag_headers),
        )
        self.counters = Counters()
        self.access_log = self._new_access_log() if config.access_log else None
        """What waits to be written to the file, where there is one."""
        self.access: AccessLog | Tail | None = None
        """Told of each answer, where anybody wants to know."""
        self._access_file: AccessFile | None = None
        self._tail: Tail | None = None
        self._tail_ends_mono_s = 0.0
        self.front = Front(
            sites, self.cache.store, time.monotonic, self.on_fault, decision_bytes=config.decision_bytes
        )
        self._tell(self.access_log)
        self._counted: list[Site] = []
        """Sites that had counted something when they were installed."""
        self._states_before: dict[str, dict[str, int]] = {}
        """Of the scripts of those, at that time."""
        self.clients: set[ClientConnection] = set()
        self.tunnels = 0
        """How many of them are tunnels."""
        self.draining = False
        """The node stops: answers from now on are the last of their connections, and say so."""
        self.accepting = True
        self._hurried = asyncio.Event()
        self._empty = asyncio.Event()
        """Set when the last client leaves a draining worker, or nobody will wait for it."""
        self.new_id = _request_ids(secrets.token_hex(8)).__next__
        """A request id: 32 hexadecimal digits, unique across workers and restarts."""
        self.idle_deadline_mono_s = 0.0
        """When a connection that falls idle now will have been idle too long; kept by the sweep, so it costs no
        clock call a request and is right to within `SWEEP_S`."""
        self.upstreams: dict[Upstream, UpstreamGroup] = {}
        self._retired: list[UpstreamGroup] = []
        """Groups that are served no more, until the requests they carry have ended."""
        self.past_servers = PastServers()
        """What those before them counted."""
        self._timeouts = _Timeouts(config)
        bounds = Bounds(config.max_handshakes, config.handshake_timeout_s, config.write_timeout_s)
        self.listeners = Listeners(
            lambda scheme, announced: ClientConnection(self, scheme, announced),
            self.log.note,
            bounds,
            parse_networks(config.trusted_proxies),
        )
        self.listeners.tls = tls
        self._sweeper: asyncio.TimerHandle | None = None
        self._clock_lead_s = 0.0
        """Unix time less the loop's, at the last sweep."""
        self.loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]  # set by start, before any use
        self.mono: Callable[[], float] = time.monotonic
        self.outbox: Outbox = None  # type: ignore[assignment]  # the same

    async def start(self, sockets: Sockets | None = None) -> tuple[str, int]:
        """
        Listen; the address and port taken, the first where there are several. Raises OSError, ConfigError.

        `sockets` listen already, a group for each endpoint of the configuration; without them it takes the addresses
        itself.
        """
        config = self.config
        self.loop = asyncio.get_running_loop()
        self.outbox = Outbox(self.loop)
        self.mono = self.loop.time
        if self.access_log is not None:
            self._access_file = AccessFile(config.access_log, self.access_log, self._access_log_failed)
        endpoints = endpoints_of(config)
        if self.listeners.tls is None and any(endpoint.tls for endpoint in endpoints):
            self.listeners.tls = ServerTls(config.certificates, config.tls_min)
        self._look_at_certificates()
        if sockets is None:
            reuse_port = self._reuse_port
            sockets = [listen_at(*read_address(each.address), reuse_port=reuse_port) for each in endpoints]
        address: tuple[str, int] = sockets[0][0].getsockname()[:2]
        for endpoint, group in zip(endpoints, sockets, strict=True):
            await self.listeners.open(group, tls=endpoint.tls, proxy_protocol=endpoint.proxy_protocol)
        self._know_upstreams()
        self._clock_lead_s = self.clock() - self.mono()
        self._sweep()
        return address

    def _new_access_log(self) -> AccessLog:
        config = self.config
        return AccessLog(query=config.access_log_query, traces=config.trace_context)

    def _tell(self, access: AccessLog | Tail | None) -> None:
        """Tell `access` of each answer from now on, and of what scripts do."""
        self.access = access
        self.front.record_with(None if access is None else access.record)

    def follow(self, domains: Collection[str]) -> list[dict[str, Any]]:
        """
        The newest lines of the access log about `domains` since the last call, as `Tail.take` gives them, and keep such
        lines from now on; for () none. Who does not call again within `FOLLOWED_S` follows no more.
        """
        tail = self._tail
        if tail is None and domains:
            tail = self._tail = Tail(self.access_log, self._new_access_log(), self._site_of)
            self._tell(tail)
        if tail is None:
            return []
        lines = tail.take()
        tail.sites = frozenset(domains)
        self._tail_ends_mono_s = self.mono() + FOLLOWED_S
        if not domains:
            self._follow_no_more()
        return lines

    def _follow_no_more(self) -> None:
        self._tail = None
        self._tell(self.access_log)

    def _site_of(self, host: str) -> str:
        site = self.front.sites.find(host)
        return "" if site is None else site.name

    def _access_log_failed(self, reason: str) -> None:
        self.log.note("access-log-failed", reason=reason)

    def _know_upstreams(self) -> None:
        """
        Look up the names of origins and begin their checks before a request needs them; forget other origins.

        Of those known, the certificates to trust are read anew.
        """
        served = self.front.sites.upstreams
        for upstream in served:
            try:
                self.upstream(upstream).renew_tls()
            except OSError as error:
                self.log.note(
                    "certificates-kept", reason=f"{upstream.name}: {error.strerror or error}".lower()
                )
        for upstream in self.upstreams.keys() - served:
            group = self.upstreams.pop(upstream)
            group.retire()
            self._retired.append(group)

    async def stop(self) -> None:
        """
        Serve on for `lame_duck_s`, each connection up to its next answer, for those who choose nodes to notice; then stop
        accepting, let answers in progress finish for at most `drain_s`, and close everything.
        """
        self.draining = True
        for client in self.clients:
            client.announce_end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), self.config.lame_duck_s)
        self.accepting = False
        self.listeners.close()
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
        for group in (*self.upstreams.values(), *self._retired):
            group.close()
        if self._access_file is not None:
            await self._access_file.close()
        self._opened.close()
        await asyncio.sleep(0)

    def install(self, sites: Sites) -> dict[str, dict[str, int]]:
        """Serve `sites` from the next request on. How often each script before came to each state."""
        before = self.states()
        self.front.install(sites)
        self._counted = [site for site in sites.all() if site.has_counted]
        states = sites.states()
        self._states_before = {script: counts for script, counts in states.items() if any(counts.values())}
        self._know_upstreams()
        if self.listeners.tls is not None:
            try:
                self.listeners.tls.reload(self.config.certificates, self.config.tls_min)
            except ConfigError as error:
                self.log.note("certificates-kept", reason=str(error))
            self._look_at_certificates()
        return before

    def trust(self, proxies: Collection[str]) -> None:
        """Have these alone announce clients by a PROXY header from the next connection on."""
        self.listeners.trusted = parse_networks(proxies)

    def states(self) -> dict[str, dict[str, int]]:
        """How often each script came to each state since `install`; what is counted of it in all goes on."""
        now = self.front.sites.states()
        for script, before in self._states_before.items():
            now[script] = {state: count - before[state] for state, count in now[script].items()}
        return now

    def counted_sites(self) -> list[Site]:
        """
        Sites, and releases of them, of which anything is counted.

        The others are not so much as looked at, every second: of ten thousand most may be idle, and looking at what this
        process shares with the one it was begun by makes a copy of it.
        """
        return list({id(site): site for site in (*self._counted, *self.front.asked)}.values())

    def _look_at_certificates(self) -> None:
        tls = self.listeners.tls
        expired = [] if tls is None else tls.expired(self.clock())
        if expired:
            self.log.note("certificates-expired", names=expired)

    @property
    def retired(self) -> tuple[UpstreamGroup, ...]:
        """Groups that are served no more and still carry requests."""
        return tuple(self._retired)

    @property
    def stored(self) -> OpenedStore:
        """Where responses are stored, and how that is."""
        return self._opened

    def refresh(self, plan: Plan) -> None:
        """Fetch a response anew that was sent stale, unless that is under way."""
        if plan.cache_key not in self.cache.flights:
            Driver(plan, None, self, self.clock()).start()

    def reopen_logs(self) -> None:
        """Write to new files from now on: the old ones were moved away."""
        if self._access_file is not None:
            self._access_file.reopen()

    def hurry(self) -> None:
        """Wait for no answer in progress any more: `stop` ends at once."""
        self._hurried.set()
        self._empty.set()

    def connection_refused(self) -> None:
        """Count a client that was not let in, and log it unless the node is stopping."""
        self.counters.connections_refused += 1
        if not self.draining:
            self.log.note("connections-full", count=len(self.clients))

    def client_gone(self, client: ClientConnection) -> None:
        """A connection ended."""
        self.clients.discard(client)
        if not self.accepting and not self.clients:
            self._empty.set()

    def upstream(self, origin: Upstream) -> UpstreamGroup:
        """The servers of `origin` and the connections to them."""
        group = self.upstreams.get(origin)
        if group is None:
            group = self.upstreams[origin] = UpstreamGroup(
                origin,
                self._timeouts,
                self.loop,
                functools.partial(self._origin_failed, origin),
                changed=functools.partial(self._server_changed, origin),
            )
        return group

    def refused(self, refused: Refuse) -> None:
        """Count a request that was not accepted."""
        self.counters.refused[refused.status] += 1

    def on_fault(self, request: Request, results: Sequence[ScriptResult]) -> None:
        """Count and log the scripts that raised."""
        for result in results:
            if result.fault is not None:
                self.counters.script_faults += 1
                self.log.note("script-fault", **fault_facts(request.id, result))

    def _server_changed(self, origin: Upstream, server: Server, up: bool) -> None:
        self.log.note(
            "server-up" if up else "server-down", origin=origin.name, server=f"{server.host}:{server.port}"
        )

    def _origin_failed(self, origin: Upstream, kind: Failure, request_id: str) -> None:
        self.log.note("origin-failed", origin=origin.name, kind=kind, request_id=request_id)

    def _sweep(self) -> None:
        """Look at every deadline."""
        now = self.mono()
        self.idle_deadline_mono_s = now + self.config.idle_timeout_s
        for client in list(self.clients):
            if 0 < client.deadline_mono_s < now:
                client.expire()
        for group in self.upstreams.values():
            group.sweep(now)
        if self._retired:
            self._sweep_retired(now)
        if self._access_file is not None:
            self._access_file.flush()
        if self._tail is not None and now > self._tail_ends_mono_s:
            self._follow_no_more()
        self._look_at_clock(now)
        self._sweeper = self.loop.call_later(SWEEP_S, self._sweep)

    def _look_at_clock(self, now: float) -> None:
        """
        Take all that is stored to be stale if the clock was set back.

        It would count as fresh until the clock has caught up; how old it is, nobody knows.
        """
        wall = self.clock()
        set_back_s = self._clock_lead_s - (wall - now)
        self._clock_lead_s = wall - now
        if set_back_s >= CLOCK_STEP_S:
            self.log.note("clock-set-back", seconds=round(set_back_s))
            self.cache.store.purge(Purge("all", "", soft=True), wall)

    def _sweep_retired(self, now: float) -> None:
        for group in self._retired:
            group.sweep(now)
            if not group.is_used:
                self.past_servers.add(group.report())
                group.close()
        self._retired = [group for group in self._retired if group.is_used]
