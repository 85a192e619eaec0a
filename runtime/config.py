"""
A node's configuration: one declaration, read from `edge.toml` and from the command line's flags.

Every bound of the node is here with its default and its reason. Times are in seconds, sizes in bytes.
"""

import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from edgescript.diagnostics.spelling import nearest
from edgescript.meter import DEFAULT_LIMITS, Limits
from runtime.http.framing import DEFAULT_HEAD_LIMITS, HeadLimits
from runtime.scripts.rule import KEYS, Rule, RuleError, parse_rule
from runtime.upstreams.upstream import Upstream

MAX_CONFIG_BYTES: Final = 1 << 20
MAX_NUMBER: Final = 1 << 53
"""No setting needs more, and up to here every number is exact."""
MAX_SHOWN: Final = 60
"""Characters of a wrong value that an error repeats."""


class ConfigError(Exception):
    """The configuration cannot be used; the text names the key and what is wanted."""


class Config(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keys of `edge.toml`."""

    listen: str = "127.0.0.1:8080"
    """Address and port; port 0 takes a free one, 0.0.0.0 and [::] are every address."""
    origin: str = ""
    """`http://host[:port]`: where requests go that memory cannot answer."""
    scripts: tuple[str | dict[str, Any], ...] = ()
    """Script files in the order of upload, or tables with a file's settings: the keys of `runtime.scripts.rule`."""

    geo_databases: tuple[str, ...] = ()
    """Databases of addresses (MMDB files), the first one first: what `client_country` and its relatives ask."""

    cache_bytes: int = 256 << 20
    """Memory for stored responses."""
    max_object_bytes: int = 16 << 20
    """A longer body passes through and is not stored. More than a quarter of `cache_bytes` counts as that."""
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
        if 4 <= self.cache_bytes < 4 * self.max_object_bytes:
            self.max_object_bytes = self.cache_bytes // 4

    def check(self) -> None:
        """Raises ConfigError, which names every setting that is out of bounds or does not fit another."""
        wrong = [*_out_of_bounds("", self)]
        if wrong:
            raise ConfigError("; ".join(wrong))
        _ = self.rules
        _ = self.address
        if self.origin:
            _ = self.origin_address

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What `scripts` says. Raises ConfigError."""
        rules, wrong = [], []
        for number, script in enumerate(self.scripts, 1):
            try:
                rules.append(Rule(script) if isinstance(script, str) else parse_rule(script))
            except RuleError as error:
                wrong.append(f"scripts, entry {number}: {error}")
        if wrong:
            raise ConfigError("; ".join(wrong))
        return tuple(rules)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`. Raises ConfigError."""
        found = _LISTEN.fullmatch(self.listen)
        if found is None or int(found["port"]) > 65535:
            raise ConfigError(
                f"listen: got {_shown(self.listen)}, want host:port, such as 127.0.0.1:8080,"
                " or 0.0.0.0:8080 for every address"
            )
        return found["host"].strip("[]"), int(found["port"])

    @property
    def origin_address(self) -> Upstream:
        """Where `origin` points. Raises ConfigError."""
        return parse_origin(self.origin)


def parse_origin(url: str) -> Upstream:
    """Host and port of `http://host[:port]`. Raises ConfigError."""
    found = _ORIGIN.fullmatch(url)
    port = 0 if found is None else int(found["port"] or 80)
    if found is None or not 0 < port < 65536:
        raise ConfigError(f"origin: got {_shown(url)}, want http://host[:port]")
    return Upstream.single(found["host"].strip("[]"), port)


def read_config(path: Path) -> Config:
    """The configuration in `path`, script files relative to it. Raises ConfigError, which names all that is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: longer than {MAX_CONFIG_BYTES} bytes")
    keys = _read_toml(path, data)
    wrong = [*_misfits("", keys, _declared(Config))]
    if wrong:
        raise ConfigError(f"{path}: {'; '.join(wrong)}")
    config = msgspec.convert(keys, Config)
    try:
        config.check()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    config.scripts = tuple(_beside(path, script) for script in config.scripts)
    config.geo_databases = tuple(str(path.parent / database) for database in config.geo_databases)
    return config


def _beside(path: Path, script: str | dict[str, Any]) -> str | dict[str, Any]:
    """A script's file seen from where `path` is."""
    if isinstance(script, str):
        return str(path.parent / script)
    return {
        key: str(path.parent / value) if KEYS[key].field == "path" else value for key, value in script.items()
    }


def _read_toml(path: Path, data: bytes) -> dict[str, Any]:
    """The keys of `data`. Raises ConfigError, with line and column where they are known."""
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start + 1}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        what, place = str(error), ""
        found = _TOML_PLACE.fullmatch(what)
        if found is not None:
            lines = data.decode().split("\n")
            line, column = found["line"] or len(lines), found["column"] or len(lines[-1]) + 1
            what, place = found["what"], f"{line}:{column}:"
        raise ConfigError(f"{path}:{place} {what[:1].lower()}{what[1:]}") from None
    except ValueError:  # Python's own bound on the digits of an integer
        raise ConfigError(f"{path}: a number is too long") from None


def _declared(table: Any) -> dict[str, Any]:
    """The keys of a table and the type of each."""
    if issubclass(table, msgspec.Struct):
        return {field.name: field.type for field in msgspec.structs.fields(table)}
    return {field.name: field.type for field in dataclasses.fields(table)}


def _misfits(table: str, keys: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with names and types in `table`, '' for the whole file."""
    for key, value in keys.items():
        kind = declared.get(key)
        if kind is None:
            near = nearest(key, declared)
            meant = f", did you mean {near!r}?" if near else ""
            yield f"unknown key {_shown(key)}{f' in [{table}]' if table else ''}{meant}"
        elif kind in (HeadLimits, Limits):
            if isinstance(value, dict):
                yield from _misfits(key, value, _declared(kind))
            else:
                yield f"{key}: got {_shown(value)}, want a table"
        else:
            name = f"{table}.{key}" if table else key
            if not _KINDS[kind].fits(value):
                yield f"{name}: got {_shown(value)}, want {_KINDS[kind].wanted}"
            else:
                yield from _beyond(name, value)


def _out_of_bounds(prefix: str, settings: object) -> Iterator[str]:
    """What is wrong with the numbers of `settings`: each is a bound, so it must be above 0, and finite."""
    for name in _declared(type(settings)):
        value = getattr(settings, name)
        if isinstance(value, HeadLimits | Limits):
            yield from _out_of_bounds(f"{name}.", value)
        else:
            yield from _beyond(f"{prefix}{name}", value)


def _beyond(name: str, value: object) -> Iterator[str]:
    """What is wrong with `value`, if it is a number that bounds nothing."""
    if isinstance(value, int | float) and not 0 < value <= MAX_NUMBER:
        wanted = f"at most {MAX_NUMBER}" if value > 0 else "a number above 0"
        yield f"{name}: got {_shown(value)}, want {wanted}"


def _shown(value: object) -> str:
    """A value of the file in an error: short, on one line."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > MAX_SHOWN:
        return f"a number of {value.bit_length()} bits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


class _Kind(NamedTuple):
    """Whether a value of the file fits, and what to ask for."""

    fits: Callable[[Any], bool]
    wanted: str


_KINDS: Final[Mapping[Any, _Kind]] = {
    str: _Kind(lambda value: isinstance(value, str), "a string"),
    int: _Kind(lambda value: type(value) is int, "an integer"),
    float: _Kind(lambda value: type(value) in (int, float), "a number"),
    tuple[str, ...]: _Kind(
        lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
        "a list of strings",
    ),
    tuple[str | dict[str, Any], ...]: _Kind(
        lambda value: isinstance(value, list) and all(isinstance(each, str | dict) for each in value),
        "a list of file names or tables",
    ),
}
"""TOML's values for each type a setting may have."""
_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])"
_LISTEN: Final = re.compile(rf"(?P<host>{_HOST}):(?P<port>[0-9]{{1,5}})", re.ASCII)
_ORIGIN: Final = re.compile(
    rf"http://(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?/?", re.ASCII | re.IGNORECASE
)
_TOML_PLACE: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)
"""How tomllib says where."""
