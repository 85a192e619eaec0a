"""
A node's configuration: one declaration, read from `edge.toml` and from the command line's flags.

Every bound of the node is here with its default and its reason. Times are in seconds, sizes in bytes.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from edgescript.meter import DEFAULT_LIMITS, Limits
from runtime.http.framing import DEFAULT_HEAD_LIMITS, HeadLimits
from runtime.scripts.site import OriginAddress

MAX_CONFIG_BYTES: Final = 1 << 20


class ConfigError(Exception):
    """The configuration cannot be used; the text names the key and what is wanted."""


class Config(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keys of `edge.toml`."""

    listen: str = "127.0.0.1:8080"
    """Address and port; port 0 takes a free one."""
    origin: str = ""
    """`http://host[:port]`: where requests go that memory cannot answer."""
    scripts: tuple[str, ...] = ()
    """Script files, in the order of upload. A first comment line `# position: foot` places one."""

    cache_bytes: int = 256 << 20
    """Memory for stored responses."""
    max_object_bytes: int = 16 << 20
    """A longer body passes through and is not stored. At most a quarter of `cache_bytes`."""
    limiter_keys: int = 200_000
    """Keys that `limit_req` counts at one time."""

    max_connections: int = 10_000
    """Clients at one time; one more is refused at once."""
    header_timeout_s: float = 10.0
    """From the connection, or the first byte of a head, to the head's end: what slow-header attacks stretch."""
    idle_timeout_s: float = 75.0
    """A kept-alive connection without a request; nginx's default."""
    body_timeout_s: float = 30.0
    """Between two reads of a request's body."""
    write_timeout_s: float = 60.0
    """Between two moments at which a client that is sent something takes some of it."""
    max_body_bytes: int = 1 << 30
    """A request's body; 413 beyond."""
    connect_timeout_s: float = 5.0
    response_timeout_s: float = 60.0
    """From the request's last byte to the origin's first: 504 beyond."""
    upstream_idle_timeout_s: float = 60.0
    """Between two reads of an origin's body: cut beyond."""
    drain_s: float = 10.0
    """After SIGTERM, for answers in progress."""

    head_limits: HeadLimits = DEFAULT_HEAD_LIMITS
    script_limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        # A length that says the body is too long is refused with the head, before the origin hears of it.
        body_bytes = min(self.max_body_bytes, self.head_limits.body_bytes)
        self.head_limits = replace(self.head_limits, body_bytes=body_bytes)

    def check(self) -> None:
        """Raises ConfigError for settings that do not fit each other."""
        if self.max_object_bytes > self.cache_bytes // 4:
            raise ConfigError(
                f"max_object_bytes: got {self.max_object_bytes}, want at most a quarter of cache_bytes,"
                f" which is {self.cache_bytes}"
            )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`. Raises ConfigError."""
        host, colon, port = self.listen.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ConfigError(f"listen: got {self.listen!r}, want host:port")
        return host.strip("[]") or "127.0.0.1", int(port)

    @property
    def origin_address(self) -> OriginAddress:
        """Where `origin` points. Raises ConfigError."""
        return parse_origin(self.origin)


def parse_origin(url: str) -> OriginAddress:
    """Host and port of `http://host[:port]`. Raises ConfigError."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() != "http":
        raise ConfigError(f"origin: got {url!r}, want http://host[:port]")
    authority = rest.removesuffix("/")
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, "80"
    host = host.strip("[]")
    if (
        not host
        or "/" in host
        or "@" in host
        or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    ):
        raise ConfigError(f"origin: got {url!r}, want http://host[:port]")
    return OriginAddress(host, int(port))


def read_config(path: Path) -> Config:
    """The configuration in `path`, script files relative to it. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: longer than {MAX_CONFIG_BYTES} bytes")
    try:
        keys = tomllib.loads(data.decode())
        _check_tables(keys)
        config = msgspec.convert(keys, Config)
        _check_bounds("", config)
        config.check()
    except (ValueError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from None
    config.scripts = tuple(str(path.parent / script) for script in config.scripts)
    return config


def _check_tables(keys: Mapping[str, Any]) -> None:
    """Refuse unknown keys of tables: msgspec does so for the Config itself, but not for a dataclass in it."""
    for table, known in _TABLES.items():
        for key in keys.get(table, ()):
            if key not in known:
                raise ConfigError(f"unknown key {key!r} in [{table}], want one of {', '.join(sorted(known))}")


def _check_bounds(prefix: str, settings: object) -> None:
    """Every number is a bound: it must be above 0, and finite."""
    names = settings.__struct_fields__ if isinstance(settings, Config) else settings.__slots__  # type: ignore[attr-defined]
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, HeadLimits | Limits):
            _check_bounds(f"{name}.", value)
        elif isinstance(value, int | float) and not 0 < value < math.inf:
            raise ConfigError(f"{prefix}{name}: got {value}, want a number above 0")


_TABLES: Final = {
    "head_limits": frozenset(HeadLimits.__slots__),
    "script_limits": frozenset(Limits.__slots__),
}
