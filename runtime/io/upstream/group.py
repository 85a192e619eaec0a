"""
An upstream at work: a pool for each of its servers, which of them is asked, and whether they are well.

All of it belongs to one worker: health, turns and bounds are what this worker saw and opened. N workers check N times
as often, find out about a dead server each by itself, and may open N times `max_connections`.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Container, Mapping
from typing import NamedTuple

from runtime.io.upstream.checks import check_for_ever
from runtime.io.upstream.connection import UpstreamTimeouts
from runtime.io.upstream.names import Resolve, look_up
from runtime.io.upstream.pool import ServerPool
from runtime.io.upstream.tls import origin_context, trusting_nobody
from runtime.upstreams.peers import Peer, Peers
from runtime.upstreams.retry import Failure
from runtime.upstreams.upstream import Server, Upstream


class ServerReport(NamedTuple):
    """One server, for metrics."""

    name: str
    """`host:port`."""
    up: bool
    """By the node's own checks and by what requests ran into."""
    addresses: tuple[str, ...]
    open: int
    """Connections, those given to tunnels apart."""
    idle: int
    in_use: int
    """Requests and tunnels."""
    requests: int
    connects: int
    connect_s: float
    """All of them together."""
    failures: Mapping[Failure, int]


class Waiting:
    """A request that waits for a server to have room."""

    __slots__ = ("deadline_mono_s", "go_on")

    def __init__(self, go_on: Callable[[bool], None], deadline_mono_s: float) -> None:
        """`go_on` is told whether there may be room now, or time ran out."""
        self.go_on = go_on
        self.deadline_mono_s = deadline_mono_s


class UpstreamGroup:
    """See the module's text. Made within the loop it works in. Raises OSError for certificates that cannot be read."""

    def __init__(
        self,
        upstream: Upstream,
        timeouts: UpstreamTimeouts,
        loop: asyncio.AbstractEventLoop,
        failed: Callable[[Failure, str], None],
        *,
        changed: Callable[[Server, bool], None] | None = None,
        resolve: Resolve = look_up,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """
        `failed` is told how the origin failed the request of an id, for good; `changed` when a server goes down or comes
        up. `chance` gives numbers from 0 to 1, which keep checks from falling into step.
        """
        self.upstream = upstream
        self.failed = failed
        self.retries = upstream.retries
        self._changed = changed
        self._loop = loop
        self._peers = Peers(upstream)
        self._waiting: deque[Waiting] = deque()
        self._waking = False
        context = None
        if upstream.tls is not None:
            try:
                context = origin_context(upstream.tls)
            except OSError:  # found at load time; what is found now is one origin's trouble and no worker's
                context = trusting_nobody()
        self._pools = {
            peer: ServerPool(upstream, peer, timeouts, loop, resolve, context, self._has_room)
            for peer in self._peers.all
        }
        self._only = next(iter(self._pools.values())) if len(self._pools) == 1 else None
        self.always = self._only if upstream.health is None and not self._peers.all[0].most else None
        """What `choose` gives for every first try, where that is known."""
        self._checks: asyncio.Task[None] | None = None
        if upstream.health is not None:
            checks = check_for_ever(upstream, upstream.health, self.pools, self._tell_changed, chance)
            self._checks = loop.create_task(checks)
        for pool in self._pools.values():
            pool.sweep(loop.time())  # looks its name up

    @property
    def pools(self) -> tuple[ServerPool, ...]:
        """Of each server, in the order of configuration."""
        return tuple(self._pools.values())

    # --- for the driver -----------------------------------------------------------------------------------------

    def choose(self, key: str, tried: Container[Peer] = ()) -> ServerPool | None:
        """Where a request with cache key `key` goes; None when none of those not `tried` may be asked."""
        only = self._only
        if only is not None:  # as `Peers.choose`, at once
            alone = only.peer
            return only if alone not in tried and alone.is_healthy and alone.has_room else None
        peer = self._peers.choose(key, self._loop.time(), tried)
        return None if peer is None else self._pools[peer]

    def wait(
        self, go_on: Callable[[bool], None], tried: Container[Peer], before: Waiting | None
    ) -> Waiting | Failure:
        """
        After `choose` gave None: a place in the queue, or `down` or `busy` where waiting is no use. Who had a place
        `before` and found no room gets it again.
        """
        now = self._loop.time()
        if not self._peers.any_busy(now, tried):
            return "down"
        if before is not None:
            self._waiting.appendleft(before)
            return before
        if len(self._waiting) >= self.upstream.max_waiting:
            return "busy"
        waiting = Waiting(go_on, now + self.upstream.wait_s)
        self._waiting.append(waiting)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """The request waits no longer."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def server_failed(self, pool: ServerPool, failure: Failure) -> None:
        """A request got no answer from a server, by the server's fault."""
        if pool.failed(failure) and len(self._pools) > 1:
            self._tell_changed(pool.peer.server, False)

    # --- for the worker -----------------------------------------------------------------------------------------

    def sweep(self, now_mono_s: float) -> None:
        """What is due: deadlines, idle connections, lookups, those who have waited too long."""
        for pool in self._pools.values():
            pool.sweep(now_mono_s)
        while self._waiting and self._waiting[0].deadline_mono_s < now_mono_s:
            self._waiting.popleft().go_on(False)

    def renew_tls(self) -> None:
        """Read `ca_file` again, for connections to come. Raises OSError; then nothing changes."""
        if self.upstream.tls is not None and self.upstream.tls.ca_file:
            context = origin_context(self.upstream.tls)
            for pool in self._pools.values():
                pool.context = context

    def report(self) -> tuple[ServerReport, ...]:
        """Each server, for metrics."""
        now = self._loop.time()
        return tuple(
            ServerReport(
                pool.name,
                peer.is_healthy and (len(self._pools) == 1 or peer.passive.is_up(now)),
                pool.addresses.known,
                len(pool.open),
                pool.idle,
                peer.in_use,
                pool.counters.requests,
                pool.counters.connects,
                pool.counters.connect_s,
                dict(pool.counters.failures),
            )
            for peer, pool in self._pools.items()
        )

    @property
    def is_used(self) -> bool:
        """Whether requests or tunnels have a connection, or wait for one."""
        return bool(self._waiting) or any(peer.in_use for peer in self._pools)

    def retire(self) -> None:
        """Keep no connection for later any more: nothing new comes, and what is under way goes on to its end."""
        if self._checks is not None:
            self._checks.cancel()
        for pool in self._pools.values():
            pool.retire()

    def close(self) -> None:
        """End checks and connections."""
        if self._checks is not None:
            self._checks.cancel()
        self._waiting.clear()
        for pool in self._pools.values():
            pool.close()

    # --- within -------------------------------------------------------------------------------------------------

    def _tell_changed(self, server: Server, up: bool) -> None:
        if self._changed is not None:
            self._changed(server, up)
        if up:
            self._has_room()

    def _has_room(self) -> None:
        """Let the first who waits try, once what is being done now is done."""
        if self._waiting and not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._waking = False
        if self._waiting:
            self._waiting.popleft().go_on(True)


def no_certificates(upstream: Upstream) -> str:
    """Why TLS to `upstream` cannot be set up, or ''."""
    try:
        if upstream.tls is not None and upstream.tls.ca_file:
            origin_context(upstream.tls)
    except ssl.SSLError:
        return "not certificates in PEM"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
