"""The node's own requests to servers, which say whether they are well (active health checks)."""

import asyncio
from collections.abc import Callable, Sequence

from runtime.io.upstream.connection import UpstreamEvent
from runtime.io.upstream.pool import ConnectError, ServerPool
from runtime.proxy.messages import UpstreamAnswered, UpstreamHead, UpstreamInterim
from runtime.upstreams.addresses import is_address
from runtime.upstreams.health import is_healthy, pause_s
from runtime.upstreams.upstream import HealthCheck, Server, Upstream


async def check_for_ever(
    upstream: Upstream,
    check: HealthCheck,
    pools: Sequence[ServerPool],
    changed: Callable[[Server, bool], None],
    chance: Callable[[], float],
) -> None:
    """Ask all servers at once, again and again; `changed` is told of those that went down or came up."""
    while True:
        passed = await asyncio.gather(*(_passes(upstream, check, pool) for pool in pools))
        for pool, healthy in zip(pools, passed, strict=True):
            active = pool.peer.active
            if active is not None and active.heard(healthy):
                changed(pool.peer.server, active.up)
        await asyncio.sleep(pause_s(check, chance()))


async def _passes(upstream: Upstream, check: HealthCheck, pool: ServerPool) -> bool:
    """Whether one server answers on a new connection as it should, in time."""
    asking = _Asking()
    connection = None
    try:
        async with asyncio.timeout(check.timeout_s):
            connection = await pool.connect()
            connection.begin(asking, b"GET")
            connection.send(_request(upstream, check, pool.peer.server), last=True)
            status = await asking.status
    except (ConnectError, TimeoutError):
        return False
    finally:
        if connection is not None:
            connection.close()
    return is_healthy(check, status)


def _request(upstream: Upstream, check: HealthCheck, server: Server) -> bytes:
    host = upstream.host
    if not host:
        shown = f"[{server.host}]" if is_address(server.host) and ":" in server.host else server.host
        host = shown if server.port == (443 if upstream.tls else 80) else f"{shown}:{server.port}"
    lines = f"GET {check.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: edgescript-check\r\nConnection: close\r\n\r\n"
    return lines.encode("latin-1")


class _Asking:
    """Waits for the status of an answer; 0 when there is none."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_upstream(self, event: UpstreamEvent) -> None:
        if isinstance(event, UpstreamAnswered):
            event = event.head
        if not self.status.done() and not isinstance(event, UpstreamInterim):
            self.status.set_result(event.status if isinstance(event, UpstreamHead) else 0)

    def on_upstream_writable(self, writable: bool) -> None:
        """The request is too small to wait for."""

    def hold(self) -> None:
        """Nothing is collected."""

    def release(self) -> None:
        """Nothing was."""
