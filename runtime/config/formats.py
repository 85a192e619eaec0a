"""
Texts with a form: addresses, URLs, networks, hosts, paths, header fields. Each has a reader and a word for what is wanted.

A declaration names a format with `Annotated[str, Meta(extra={"format": ...})]`; `shape` asks the reader whether a text
fits, and the code that builds the node calls the same reader for the value.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from msgspec import Meta

from edgescript.effects import FRAMING_FIELDS
from runtime.config.problems import ConfigError, Problem, shown
from runtime.scripts.hosts import is_host_pattern
from runtime.scripts.paths import is_path_pattern
from runtime.upstreams.upstream import Server, Tls, Upstream

MAX_VALUE_BYTES: Final = 8192
"""A header value; nginx's default buffer for a line."""


class Format(NamedTuple):
    """`read` gives the value of a text, or raises ValueError; `wanted` completes "want ..."."""

    read: Callable[[str], Any]
    wanted: str


class Origin(NamedTuple):
    """Where a URL of an origin points."""

    host: str
    port: int
    tls: bool


_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])"
_ADDRESS: Final = re.compile(rf"(?P<host>{_HOST}):(?P<port>[0-9]{{1,5}})", re.ASCII)
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?/?", re.ASCII | re.IGNORECASE
)
_CONSOLE: Final = re.compile(
    rf"https?://{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?:/[A-Za-z0-9._~/-]*)?", re.ASCII | re.IGNORECASE
)
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}", re.ASCII)
_STATUS_KEY: Final = re.compile(r"[1-5](?:[0-9]{2}|xx)", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def read_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port`; IPv6 without its brackets."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise ValueError(text)
    return found["host"].strip("[]"), int(found["port"])


def read_origin(text: str) -> Origin:
    """The parts of `http://host[:port]` or `https://host[:port]`."""
    found = _URL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    scheme = found["scheme"].lower()
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise ValueError(text)
    return Origin(found["host"].strip("[]"), port, scheme == "https")


def parse_origin(url: str) -> Upstream:
    """The upstream of one server at `url`. Raises ConfigError."""
    try:
        host, port, tls = read_origin(url)
    except ValueError:
        problem = Problem(("origin",), f"got {shown(url)}, want {ORIGIN.wanted}")
        raise ConfigError([problem]) from None
    if not tls:
        return Upstream.single(host, port)
    name = f"[{host}]" if ":" in host else host
    return Upstream(f"{name}:{port}", (Server(host, port),), tls=Tls())


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return read


def _satisfying(holds: Callable[[str], bool]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not holds(text):
            raise ValueError(text)
        return text

    return read


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


def _redis(text: str) -> str:
    if not re.fullmatch(r"(?:rediss?|unix)://\S+", text):
        raise ValueError(text)
    return text


def _console(text: str) -> str:
    found = _CONSOLE.fullmatch(text)
    if found is None or int(found["port"] or 1) > 65535:
        raise ValueError(text)
    return text


def read_statuses(text: str) -> range:
    """The statuses that `404` or `4xx` names."""
    if not _STATUS_KEY.fullmatch(text):
        raise ValueError(text)
    first = int(text.replace("xx", "00"))
    return range(first, first + 100) if text.endswith("xx") else range(first, first + 1)


def _changeable_name(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None and text.lower() not in FRAMING_FIELDS


def _field_value(text: str) -> bool:
    return len(text.encode()) <= MAX_VALUE_BYTES and not any(char in "\r\n\0" for char in text)


ADDRESS: Final = Format(read_address, "host:port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every address")
ADDRESS_OR_NONE: Final = Format(lambda text: text and read_address(text), f"{ADDRESS.wanted}; '' for none")
ORIGIN: Final = Format(read_origin, "http://host[:port] or https://host[:port]")
NETWORK: Final = Format(_network, "an address or a network, such as 10.0.0.0/8, without host bits")
REDIS: Final = Format(_redis, "redis://host[:port][/number], rediss:// or unix://path")
CONSOLE: Final = Format(_console, "http://host[:port] or https://host[:port], perhaps with a path")
NAME: Final = Format(_matching(_NAME), "letters, digits, '_', '.' or '-'")
HOST: Final = Format(
    _satisfying(is_host_pattern), "a host such as www.example.com, *.example.com, or * for all others"
)
PATH: Final = Format(
    _satisfying(is_path_pattern), "a path such as /a, /img/*, *.jpg or /a/*/b, with at most 8 '*'"
)
FIELD_NAME: Final = Format(_matching(_TOKEN), "a field name")
CHANGEABLE_FIELD: Final = Format(
    _satisfying(_changeable_name), "a field name, and none of those that frame a message or keep a connection"
)
FIELD_VALUE: Final = Format(_satisfying(_field_value), "a field value on one line")
STATUSES: Final = Format(read_statuses, "a status such as 404, or a class such as 5xx")
ARGUMENT: Final = Format(
    _satisfying(lambda text: 0 < len(text) <= 256 and "*" not in text[:-1]),
    "a name, or the beginning of names with '*', such as utm_*",
)


def _formed(form: Format) -> Meta:
    return Meta(extra={"format": form})


Address: TypeAlias = Annotated[str, _formed(ADDRESS)]
AddressOrNone: TypeAlias = Annotated[str, _formed(ADDRESS_OR_NONE)]
OriginUrl: TypeAlias = Annotated[str, _formed(ORIGIN)]
Network: TypeAlias = Annotated[str, _formed(NETWORK)]
RedisUrl: TypeAlias = Annotated[str, _formed(REDIS)]
ConsoleUrl: TypeAlias = Annotated[str, _formed(CONSOLE)]
Name: TypeAlias = Annotated[str, _formed(NAME)]
HostPattern: TypeAlias = Annotated[str, _formed(HOST)]
PathPattern: TypeAlias = Annotated[str, _formed(PATH)]
FieldName: TypeAlias = Annotated[str, _formed(FIELD_NAME)]
ChangeableField: TypeAlias = Annotated[str, _formed(CHANGEABLE_FIELD)]
FieldValue: TypeAlias = Annotated[str, _formed(FIELD_VALUE)]
Statuses: TypeAlias = Annotated[str, _formed(STATUSES)]
Argument: TypeAlias = Annotated[str, _formed(ARGUMENT)]
Processes: TypeAlias = Annotated[int, Meta(le=256)]
"""Of workers; more than processors there are is of no use."""
HangSeconds: TypeAlias = Annotated[float, Meta(ge=2.5)]
"""More than two of the signs of life that a worker gives each second: one that is a little late is none that hangs."""
ZeroOrMore: TypeAlias = Annotated[int, Meta(ge=0)]
"""A number that may be 0; others must be above it."""
Pause: TypeAlias = Annotated[float, Meta(ge=0)]
"""Seconds that may be none."""
