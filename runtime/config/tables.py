"""Tables of `edge.toml` that may stand several times: listeners, certificates, upstreams, sites and their rules."""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from edgescript.meter import Limits
from runtime.config.formats import (
    Address,
    Argument,
    ChangeableField,
    FieldName,
    FieldValue,
    HostPattern,
    Name,
    OriginUrl,
    PathPattern,
    Statuses,
    ZeroOrMore,
)
from runtime.upstreams.upstream import Balance

DEFAULT_SITE: Final = "default"
"""The name of the site for hosts that no other names."""
MAX_TTL_S: Final = 2**31 - 1
"""RFC 9111 section 1.2.2: the most that delta-seconds must be able to hold."""
Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_TTL_S)]
Status: TypeAlias = Annotated[int, Meta(ge=100, le=599)]
Scripts: TypeAlias = tuple[str | dict[str, Any], ...]
Dictionaries: TypeAlias = dict[Name, str | dict[str, str]]
Paths: TypeAlias = PathPattern | tuple[PathPattern, ...]


class Listener(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[listeners]]`: an address, and what is spoken there."""

    address: Address
    """As `listen`."""
    tls: bool = False
    """TLS with the node's `certificates`."""
    proxy_protocol: bool = False
    """Every connection begins with a PROXY header, version 1 or 2: only for addresses that nobody but a balancer reaches."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[certificates]]`: PEM files; which one a client gets is decided by the names in it and the client's SNI."""

    certificate: str
    """The chain, the node's own certificate first."""
    key: str
    """Its private key."""


class ServerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of an upstream's `servers` with settings of its own."""

    url: OriginUrl
    """Where it is; all servers of an upstream are `http`, or all `https`."""
    weight: Annotated[int, Meta(ge=1, le=1000)] = 1
    """Its share of the requests, beside those of the others."""
    backup: bool = False
    """Asked only when no other server is up."""
    max_connections: ZeroOrMore = 0
    """Connections to it at one time, from each worker; 0 for no bound."""


class TlsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tls` of an upstream."""

    verify: bool = True
    """The server's certificate must be good for its name."""
    server_name: str = ""
    """The name in SNI and certificate; '' for the server's own host."""
    ca_file: str = ""
    """Certificates to trust, PEM, relative to the file; '' for the system's."""


class HealthTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`health` of an upstream: a request made to each server from time to time."""

    path: str = "/"
    """What is asked for."""
    interval_s: float = 5.0
    """Between two requests."""
    timeout_s: float = 2.0
    """Longer is a failure."""
    rise: int = 2
    """Answers in a row that make a server up again."""
    fall: int = 3
    """Failures in a row that make it down."""
    statuses: tuple[Status, Status] = (200, 399)
    """The first and last status that count as an answer."""


class UpstreamTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[upstreams]]`: servers under a name."""

    name: Name
    """What sites and scripts call it."""
    servers: Annotated[tuple[OriginUrl | ServerTable, ...], Meta(min_length=1)]
    """URLs, or tables with settings."""
    balance: Balance = "round_robin"
    """In turn, the least busy one, or always the same one for a cache key."""
    tls: TlsTable | None = None
    """How certificates are looked at, where the servers are `https`."""
    host: str = ""
    """The Host that the servers are told; '' for the client's."""
    retries: ZeroOrMore = 1
    """Other servers, or other connections, that are tried when a request may be repeated."""
    max_fails: ZeroOrMore = 3
    """Failures within `fail_timeout_s` after which a server is left alone for as long; 0 never."""
    fail_timeout_s: float = 10.0
    """For `max_fails`."""
    keepalive: ZeroOrMore = 256
    """Idle connections kept to each server."""
    max_waiting: ZeroOrMore = 256
    """Requests that wait while every server has `max_connections`; 503 beyond."""
    wait_s: float = 5.0
    """How long each of them waits; 503 beyond."""
    dns_refresh_s: float = 30.0
    """How long an address of a name is used before the name is looked up again."""
    health: HealthTable | None = None
    """Requests that the node makes by itself to tell which servers are up."""


class CacheRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[sites.cache]]`: of the rules that match a path, the first one that has a setting gives it."""

    path: Paths = "*"
    """What it is for."""
    ttl_s: Seconds | None = None
    """How long 200, 301 and 302 are kept, whatever the origin says; 0 keeps nothing, whatever the status."""
    ttl_s_by_status: dict[Statuses, Seconds] = {}
    """The same by status (`404`) or class (`5xx`), a status before its class; goes before `ttl_s`."""
    negative_ttl_s: Seconds | None = None
    """The same for 404, 405, 410, 414 and 501, where `ttl_s_by_status` says nothing of them."""
    honor_origin: bool = False
    """The lifetimes of this rule are only for answers to which the origin gives none."""
    stale_while_revalidate_s: Seconds | None = None
    """How long after its lifetime an answer is still sent while a new one is fetched (RFC 5861); not at all where the origin says
    must-revalidate, proxy-revalidate, s-maxage or no-cache (RFC 9111 §4.2.4)."""
    stale_if_error_s: Seconds | None = None
    """How long after its lifetime an answer is sent when the origin fails (RFC 5861), with the same exceptions."""
    bypass: bool | None = None
    """Neither answered from the cache nor stored."""
    tags: tuple[Name, ...] = ()
    """Names a purge may find the answers by; those of all rules that match."""
    ignore_query: bool | tuple[Argument, ...] | None = None
    """Arguments that the cache key leaves out, or all; the origin is sent every one."""
    keep_query: tuple[Argument, ...] | None = None
    """The only arguments that the cache key has."""
    sort_query: bool | None = None
    """The cache key has the arguments in the order of their names."""


class HeaderChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`request` and `response` of a header rule; carried out in this order: delete, set, add."""

    delete: tuple[ChangeableField, ...] = ()
    """Fields to take away."""
    set: dict[ChangeableField, FieldValue] = {}
    """Fields to put in place of all of that name."""
    add: dict[ChangeableField, FieldValue | tuple[FieldValue, ...]] = {}
    """Lines to append."""


class HeaderRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[sites.headers]]`: all rules that match a path count, in the order of the file."""

    path: Paths = "*"
    """What it is for."""
    request: HeaderChanges = HeaderChanges()
    """Of the request to the origin."""
    response: HeaderChanges = HeaderChanges()
    """Of the response to the client. Values may have `${variable}` and `@{field}`, as `add_rsp_header` takes them."""


class SiteTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[sites]]`: what is served under a set of hosts."""

    hosts: Annotated[tuple[HostPattern, ...], Meta(min_length=1)]
    """Names, `*.example.com` for all names below one, `*` for hosts that no site names. The longest match counts."""
    name: Name = ""
    """What logs and metrics call it; '' for the first host."""
    origin: str = ""
    """An upstream's name, or a URL; '' for the `origin` at the top."""
    upstreams: tuple[str, ...] | None = None
    """The upstreams that scripts may choose with `set_origin`; all unless given."""
    scripts: Scripts = ()
    """As at the top; none unless given."""
    dictionaries: Dictionaries = {}
    """What `dict_get` reads: tables of strings by name, or files with a JSON object of strings."""
    script_limits: Annotated[dict[str, Any], Meta(extra={"table": Limits})] = {}
    """As at the top, which counts for keys not given."""
    max_body_bytes: int | None = None
    """What Content-Length of a request may say; 413 beyond. A body in chunks is held to the node's."""
    limit_rate_bytes_per_s: Annotated[int, Meta(ge=4096)] | None = None
    """How fast each response is sent; at least 4096."""
    limit_rate_after_bytes: ZeroOrMore | None = None
    """What goes at full speed first."""
    redirect_https: bool = False
    """Requests that came without TLS are sent to the same URL with `https` (308)."""
    cache: tuple[CacheRule, ...] = ()
    """Rules by path."""
    headers: tuple[HeaderRule, ...] = ()
    """Rules by path."""


Forwarded: TypeAlias = Literal["x", "rfc7239", "both", "off"]
WhenFull: TypeAlias = Literal["refuse", "admit"]
TlsVersion: TypeAlias = Literal["1.2", "1.3"]
HeaderNames: TypeAlias = tuple[FieldName, ...]
