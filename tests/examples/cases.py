"""
The cases of `examples/*/requests.toml`.

    scripts = ["auth.es"]                   # in the order of upload

    [origin]                                # what the origin answers; 200 and nothing unless stated
    status = 200
    headers = { Content-Type = "text/html" }
    body = "hello"

    [[case]]
    name = "a signed request passes"
    try = "the digest is right"             # the demo prints this case as worth trying, in these words
    now = 1700000000                        # Unix seconds, or a TOML time
    client_ip = "192.0.2.7"
    geo = { country = "CN", region = "440000" }
    method = "GET"
    url = "http://www.example.com/a?b"
    headers = { User-Agent = "x" }
    repeat = 3                              # send it three times, look at the last
    [case.expect]
    action = "forward"                      # forward, respond, redirect
    status = 200
    headers = { X-A = "1", Server = "" }    # '' means absent; a list means these lines in order
    body = "hello"
    body_contains = "ell"
    forward_uri = "/a?b"                    # what the origin is asked for
    forward_headers = { X-Group = "b" }
    limit_rate = 4096                       # bytes a second; 0 means not throttled
    cache_ttl = 10                          # seconds; 0 means not stored
"""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from edgescript.services import GeoRecord
from tests.architecture.imports import ROOT

EXAMPLES = ROOT / "examples"
DEFAULT_NOW = 1_700_000_000.0

Values = str | list[str]


class OriginSays(msgspec.Struct, forbid_unknown_fields=True):
    status: int = 200
    headers: dict[str, Values] = {}
    body: str = ""


class Geo(msgspec.Struct, forbid_unknown_fields=True):
    country: str = ""
    region: str = ""
    city: str = ""
    isp: str = ""

    def record(self):
        return GeoRecord(self.country, self.region, self.city, self.isp)


class Expect(msgspec.Struct, forbid_unknown_fields=True):
    action: Literal["forward", "respond", "redirect"] | None = None
    status: int | None = None
    headers: dict[str, Values] = {}
    body: str | None = None
    body_contains: str | None = None
    forward_uri: str | None = None
    forward_headers: dict[str, Values] = {}
    limit_rate: int | None = None
    cache_ttl: int | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    url: str
    expect: Expect
    now: float | dt.datetime = DEFAULT_NOW
    client_ip: str = "127.0.0.1"
    geo: Geo | None = None
    method: str = "GET"
    headers: dict[str, Values] = {}
    repeat: int = 1
    worth_trying: str = msgspec.field(default="", name="try")

    @property
    def now_s(self):
        return self.now.timestamp() if isinstance(self.now, dt.datetime) else float(self.now)


class Example(msgspec.Struct, forbid_unknown_fields=True):
    scripts: list[str]
    case: list[Case]
    origin: OriginSays = msgspec.field(default_factory=OriginSays)


class Loaded(msgspec.Struct, frozen=True):
    """An example's folder and its cases."""

    folder: Path
    example: Example

    @property
    def scripts(self):
        return [str(self.folder / name) for name in self.example.scripts]


def pairs(table: dict[str, Values]) -> list[tuple[str, str]]:
    """Header lines of a table: one for a string, several for a list; as bytes-in-text."""
    return [
        (name, line.encode().decode("latin-1"))
        for name, value in table.items()
        for line in ([value] if isinstance(value, str) else value)
    ]


def load(folder: Path) -> Loaded:
    raw: Any = tomllib.loads((folder / "requests.toml").read_text(encoding="utf-8"))
    return Loaded(folder, msgspec.convert(raw, Example))


def all_examples() -> list[Loaded]:
    return [load(path.parent) for path in sorted(EXAMPLES.glob("*/requests.toml"))]


def check_fields(expected: dict[str, Values], fields: list[tuple[str, str]], what: str) -> None:
    """Each expected name has exactly the expected lines among `fields`; '' means none."""
    for name, value in expected.items():
        wanted = [] if value == "" else [value] if isinstance(value, str) else value
        found = [line for key, line in fields if key.lower() == name.lower()]
        assert found == wanted, f"{what} {name}"
