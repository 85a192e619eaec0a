"""
The node's settings: one declaration, filled from `edge.toml` and from the command line's flags.

Every bound of the node is here with its default and its reason. Times are in seconds, sizes in bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from edgescript.meter import DEFAULT_LIMITS, Limits
from runtime.config.formats import (
    Address,
    AddressOrNone,
    ConsoleUrl,
    HangSeconds,
    Name,
    Network,
    OriginUrl,
    Pause,
    Processes,
    RedisUrl,
    ZeroOrMore,
    read_address,
)
from runtime.config.problems import ConfigError, Problem
from runtime.config.scripts import rules_of
from runtime.config.shape import misfits
from runtime.config.tables import (
    Certificate,
    Dictionaries,
    Forwarded,
    HeaderNames,
    Listener,
    Scripts,
    SiteTable,
    TlsVersion,
    UpstreamTable,
    WhenFull,
)
from runtime.http.framing import DEFAULT_HEAD_LIMITS, HeadLimits
from runtime.scripts.rule import Rule


class Config(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keys of `edge.toml`."""

    listen: Address = "127.0.0.1:8080"
    """Address and port; port 0 takes a free one, 0.0.0.0 and [::] are every address."""
    listeners: tuple[Listener, ...] = ()
    """In place of `listen`: several addresses, with TLS or the PROXY protocol."""
    certificates: tuple[Certificate, ...] = ()
    """For listeners with TLS; the first one is for clients that name none of the hosts."""
    tls_min: TlsVersion = "1.2"
    """The oldest TLS spoken with clients; browsers have had 1.2 since 2013, older ones are broken (RFC 8996)."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-*, X-Real-IP, Forwarded and PROXY headers are believed; of others they are dropped."""
    forwarded: Forwarded = "x"
    """What the origin is told of the client: X-Forwarded-*, Forwarded (RFC 7239), both or neither."""

    origin: OriginUrl = ""
    """`http://host[:port]`: where requests go that memory cannot answer."""
    scripts: Scripts = ()
    """Script files in the order of upload, or tables with a file's settings: the keys of `runtime.scripts.rule`. A folder
    stands for the `.es` files in it, in the order of their names."""
    dictionaries: Dictionaries = {}
    """What `dict_get` reads in these scripts: tables of strings by name, or files with a JSON object of strings."""
    upstreams: tuple[UpstreamTable, ...] = ()
    """Groups of servers, by name."""
    sites: tuple[SiteTable, ...] = ()
    """What is served under which hosts. `origin`, `scripts` and `dictionaries` are then for hosts that no site names."""
    geo_databases: tuple[str, ...] = ()
    """Databases of addresses (MMDB files), the first one first: what `client_country` and its relatives ask."""

    console: ConsoleUrl = ""
    """The console whose domains are served beside these sites, or an HTTP cache before it; wants `state_dir`."""
    console_ca: str = ""
    """Certificates to trust it by, PEM; '' for the system's."""
    node_token_file: str = ""
    """A file with the node's token, which the console gave."""
    node_name: Name = ""
    """What the console calls the node; '' for the host's name."""
    domain_origins_refused: tuple[Network, ...] = (
        "127.0.0.0/8",
        "::1/128",
        "169.254.0.0/16",
        "fe80::/10",
        "0.0.0.0/8",
        "::/128",
    )
    """Where the console's domains may have no origin, by address or by name: loopback, link-local and unspecified addresses,
    unless told otherwise; the node's own `origin` and `[[sites]]` may. `[]` for nowhere."""

    watch: bool = False
    """This file, scripts, dictionaries, certificates and databases are read anew within a second of a change: for files that a
    program puts there, as a ConfigMap's. Otherwise SIGHUP and the admin listener say when."""

    workers: Processes = 1
    """Processes that serve."""
    state_dir: str = ""
    """Where the disk cache and what survives a restart are kept; '' for nowhere."""
    admin: AddressOrNone = "127.0.0.1:9180"
    """Address of the admin listener, which has no authentication: loopback; '' for none. Where this default is
    taken, stated or not, the node starts without and logs `admin-off`; any other address must be free."""
    probes: AddressOrNone = ""
    """Address of a listener that answers /healthz, /readyz and /metrics and nothing else: for an orchestrator, which asks
    from outside the machine; '' for none."""
    admin_hosts: tuple[str, ...] = ()
    """Names that requests to the admin listener and to `probes` may have in Host, beside addresses and localhost: others may come
    from a page in a browser that was led there by DNS."""
    access_log: str = ""
    """A file, or `-` for stdout, to which a line is written for each request, those that are refused among them; '' for no
    access log."""
    access_log_query: bool = True
    """The access log has queries; they may hold what is personal or secret."""
    trace_context: bool = True
    """The origin is sent `traceparent` (W3C trace context), the client's continued or a new one."""
    redis: RedisUrl = ""
    """Limits across nodes are counted there; '' counts on this node alone."""
    redis_lease_s: float = 1.0
    """For how long a node may spend its share of a limit without asking: what it may overshoot when cut off."""

    cache_bytes: int = 256 << 20
    """Memory for stored responses, of each worker."""
    max_object_bytes: int = 16 << 20
    """A longer body is not stored in memory. More than a quarter of `cache_bytes` counts as that."""
    decision_bytes: ZeroOrMore = 8 << 20
    """Memory for what scripts have decided, of each worker: a request that agrees with an earlier one in all that its site's
    scripts read gets the same without another run. 0 for none: each request is run."""
    disk_cache_bytes: ZeroOrMore = 1 << 30
    """Room in `state_dir` for stored responses; 0 for none."""
    max_disk_object_bytes: int = 256 << 20
    """A longer body passes through and is not stored."""
    store_cookies: bool = False
    """Responses with Set-Cookie are stored where their origin states a lifetime. A session that is given to another
    visitor cannot be taken back, so nginx and Varnish do not either."""
    tag_headers: HeaderNames = ("Cache-Tag", "Surrogate-Key", "xkey")
    """Fields of the origin's answer that name the tags a purge may find it by. One with more than 128 tags, those of scripts
    among them, or with one over 256 bytes, is not stored: a purge could miss it."""
    limiter_keys: int = 200_000
    """Keys that `limit_req` counts at one time."""
    limiter_full: WhenFull = "refuse"
    """What becomes of a request under a new key when no room is left: whoever can invent keys must not get round a limit."""

    max_connections: int = 10_000
    """Clients of each worker at one time; one more is refused at once."""
    max_tunnels: int = 1_000
    """Upgraded connections at one time; each holds two sockets for as long as it likes."""
    max_handshakes: int = 1_000
    """TLS handshakes and PROXY headers under way at one time: their cost comes before anything is known of a client."""
    handshake_timeout_s: float = 10.0
    """For the TLS handshake, and for the PROXY header before it."""
    request_timeout_s: float = 86_400.0
    """A request and its answer, all in all; tunnels apart. A day: longer than the slowest honest download."""
    tunnel_idle_timeout_s: float = 3_600.0
    """An upgraded connection on which nothing is sent in either direction."""
    header_timeout_s: float = 10.0
    """From the connection, or the first byte of a head, to the head's end: what slow-header attacks stretch."""
    idle_timeout_s: float = 75.0
    """A kept-alive connection without a request; nginx's default."""
    body_timeout_s: float = 30.0
    """Between two reads of a request's body."""
    body_bytes_per_s: int = 500
    """How fast a request's body must come on average, once `body_timeout_s` is over: what slow-body attacks undercut."""
    write_timeout_s: float = 60.0
    """Between two moments at which a client that is sent something takes some of it."""
    max_body_bytes: int = 1 << 30
    """A request's body; 413 beyond."""
    connect_timeout_s: float = 5.0
    """To reach an origin."""
    response_timeout_s: float = 60.0
    """From the request's last byte to the origin's first: 504 beyond."""
    upstream_idle_timeout_s: float = 60.0
    """Between two reads of an origin's body: cut beyond."""
    lame_duck_s: Pause = 0.0
    """After SIGTERM, for those who send clients here to notice: `/readyz` is 503, new connections are still served, and every
    answer ends its connection. As long as a balancer needs to find out; then `drain_s` begins."""
    drain_s: float = 10.0
    """After SIGTERM, for answers in progress."""
    hang_s: HangSeconds = 10.0
    """A worker that gives no sign of life for so long is killed and replaced; no script may run a hundredth of it."""
    reload_timeout_s: float = 60.0
    """For reading configuration and compiling scripts anew."""

    head_limits: HeadLimits = DEFAULT_HEAD_LIMITS
    """Bounds on request heads."""
    script_limits: Limits = DEFAULT_LIMITS
    """Bounds on one run of one script."""

    def __post_init__(self) -> None:
        # A length that says the body is too long is refused with the head, before the origin hears of it.
        body_bytes = min(self.max_body_bytes, self.head_limits.body_bytes)
        self.head_limits = replace(self.head_limits, body_bytes=body_bytes)
        if 4 <= self.cache_bytes < 4 * self.max_object_bytes:
            self.max_object_bytes = self.cache_bytes // 4

    def override(self, settings: Mapping[str, Any]) -> None:
        """Put `settings` in place of these, with the checks of a file. Raises ConfigError."""
        if not settings:
            return
        wrong = [*misfits(dict(settings), Config)]
        if not wrong:
            for name, value in settings.items():
                setattr(self, name, value)
            wrong = [*self.contradictions()]
        if wrong:
            raise ConfigError(wrong)

    def check(self) -> None:
        """Raises ConfigError, which names every setting that is out of bounds or does not fit another."""
        wrong = [*misfits(msgspec.to_builtins(self), Config)] or [*self.contradictions()]
        if wrong:
            raise ConfigError(wrong)

    def contradictions(self) -> Iterator[Problem]:
        """What is wrong between settings that are each in order."""
        from runtime.config.references import contradictions  # noqa: PLC0415 - it reads this declaration

        return contradictions(self)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What `scripts` says. Raises ConfigError."""
        return rules_of(self.scripts)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`. Raises ConfigError."""
        wrong = [*misfits({"listen": self.listen}, Config)]
        if wrong:
            raise ConfigError(wrong)
        return read_address(self.listen)
