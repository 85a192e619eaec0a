"""An upstream: the servers that answer for a site, and how they are to be spoken to. Immutable; from configuration."""

from dataclasses import dataclass, field
from typing import Literal

from runtime.upstreams.forwarding import Forwarding, Network

Balance = Literal["round_robin", "least_conn", "hash"]
"""Which server gets the next request: in turn, the least busy one, or always the same one for a cache key."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server of an upstream."""

    host: str
    """Name or address; a name is looked up again as time goes by."""
    port: int
    weight: int = 1
    """Its share of the requests, beside those of the others."""
    backup: bool = False
    """Asked only when no other server is up."""
    max_connections: int = 0
    """Of one worker to it, those that carry a request; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How the origin's certificate is looked at."""

    verify: bool = True
    server_name: str = ""
    """The name in SNI and certificate; '' for the server's own host."""
    ca_file: str = ""
    """Certificates to trust, PEM; '' for the system's."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A request made to each server by the node itself, from time to time."""

    path: str = "/"
    interval_s: float = 5.0
    timeout_s: float = 2.0
    rise: int = 2
    """Answers in a row that make a server up again."""
    fall: int = 3
    """Failures in a row that make it down."""
    statuses: tuple[int, int] = (200, 399)
    """The first and last status that count as an answer."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A group of servers under a name."""

    name: str
    servers: tuple[Server, ...]
    balance: Balance = "round_robin"
    tls: Tls | None = None
    host: str = ""
    """The Host that the origin is told; '' for the client's."""
    retries: int = 1
    """Other servers, or other connections, that are tried when a request may be repeated."""
    max_fails: int = 3
    """Failures within `fail_timeout_s` after which a server is left alone for as long (nginx's max_fails); 0 never."""
    fail_timeout_s: float = 10.0
    keepalive: int = 256
    """Idle connections kept to each server."""
    health: HealthCheck | None = None
    max_waiting: int = 256
    """Requests that wait while all servers have their `max_connections`; one more is refused."""
    wait_s: float = 5.0
    """How long each of them does."""
    refresh_s: float = 30.0
    """Between two lookups of a server's name."""
    forwarding: Forwarding = field(default_factory=Forwarding)
    """What the servers are told about the client."""
    refused: tuple[Network, ...] = ()
    """No connection is made to an address in one of these, whatever a server's name leads to."""
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        said = (self.name, self.servers, self.balance, self.tls, self.host, self.retries, self.health)
        object.__setattr__(self, "_hash", hash(said))

    def __hash__(self) -> int:
        """Made once: upstreams are keys of what is looked up for each request that goes to one."""
        return self._hash

    @classmethod
    def single(cls, host: str, port: int) -> "Upstream":
        """One server without TLS, under its own address."""
        shown = f"[{host}]" if ":" in host else host
        return cls(f"{shown}:{port}", (Server(host, port),))
