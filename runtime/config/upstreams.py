"""`[[upstreams]]`, and URLs that stand in place of one, to the groups of servers they describe."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from runtime.config.formats import read_origin
from runtime.config.tables import ServerTable, UpstreamTable
from runtime.upstreams.forwarding import Forwarding
from runtime.upstreams.upstream import HealthCheck, Server, Tls, Upstream

if TYPE_CHECKING:
    from runtime.config.settings import Config

Trace: TypeAlias = Callable[[Sequence[tuple[bytes, bytes]], str], Sequence[tuple[bytes, bytes]]]
_ALIKE: Final = (
    "name",
    "balance",
    "host",
    "retries",
    "max_fails",
    "fail_timeout_s",
    "keepalive",
    "max_waiting",
    "wait_s",
)
"""Keys that are attributes of Upstream by the same name."""


class Upstreams:
    """
    The upstreams of a configuration that has been checked.

    `node_id` is this node's own, `trace` what continues a trace context; see `Forwarding`. Those that are a `guest`'s, a
    console's domain's, lead nowhere where `domain_origins_refused` says so.
    """

    def __init__(
        self, config: "Config", node_id: str = "", trace: Trace | None = None, *, guest: bool = False
    ) -> None:
        self._refused = (
            tuple(ipaddress.ip_network(each) for each in config.domain_origins_refused) if guest else ()
        )
        self._forwarding = Forwarding(
            told=config.forwarded,
            trusted=tuple(ipaddress.ip_network(network) for network in config.trusted_proxies),
            node_id=node_id,
            trace=trace if config.trace_context else None,
        )
        self.named = {table.name: self._group(table) for table in config.upstreams}
        """By name, in the order of the file."""
        self._single: dict[str, Upstream] = {}

    def find(self, origin: str) -> Upstream:
        """The upstream of that name, else the one at that URL."""
        found = self.named.get(origin) or self._single.get(origin)
        if found is None:
            found = self._single[origin] = self._one(origin)
        return found

    def _one(self, url: str) -> Upstream:
        host, port, tls = read_origin(url)
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return Upstream(
            name,
            (Server(host, port),),
            tls=Tls() if tls else None,
            forwarding=self._forwarding,
            refused=self._refused,
        )

    def _group(self, table: UpstreamTable) -> Upstream:
        stated, health = table.tls, table.health
        tls = None
        if has_tls(table):
            tls = Tls() if stated is None else Tls(stated.verify, stated.server_name, stated.ca_file)
        return Upstream(
            servers=tuple(_server(each) for each in server_tables(table)),
            tls=tls,
            refresh_s=table.dns_refresh_s,
            health=None
            if health is None
            else HealthCheck(
                health.path, health.interval_s, health.timeout_s, health.rise, health.fall, health.statuses
            ),
            forwarding=self._forwarding,
            refused=self._refused,
            **{name: getattr(table, name) for name in _ALIKE},
        )


def has_tls(table: UpstreamTable) -> bool | None:
    """Whether the servers are `https`; None where some are and some are not."""
    found = {read_origin(each.url).tls for each in server_tables(table)}
    return found.pop() if len(found) == 1 else None


def server_tables(table: UpstreamTable) -> list[ServerTable]:
    """The servers, each as a table."""
    return [ServerTable(url=each) if isinstance(each, str) else each for each in table.servers]


def _server(table: ServerTable) -> Server:
    origin = read_origin(table.url)
    return Server(origin.host, origin.port, table.weight, table.backup, table.max_connections)
