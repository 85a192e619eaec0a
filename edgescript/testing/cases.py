"""
The format of test files, `NAME.test.toml`: one declaration, which `FORMAT.md` describes for authors.

`reading` makes these of a text. What a value means on the wire (whether a URL has a host, a method is a token) is
judged where requests are made of it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec

from edgescript.services import Dictionaries, GeoRecord
from edgescript.source import as_scripts_hold, to_bytes_text
from edgescript.testing.toml_lines import KeyLines

SUFFIX: Final = ".test.toml"
DEFAULT_NOW: Final = 1_700_000_000.0
"""2023-11-14T22:13:20Z; a test that names no time has the same on every day."""
MAX_FILE_BYTES: Final = 1 << 20
MAX_REPEAT: Final = 1000
MAX_SECONDS: Final = 253_402_300_800.0
"""The end of year 9999, where calendars end."""

Lines = str | list[str]
"""A header's value, or one value for each line of that name; '' says that there is none."""
Action = Literal["forward", "respond", "redirect"]
State = Literal["NonExecution", "ExecutedAndHit", "ExecutedButNotHit", "Exception"]


class Geo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an address is, in the codes scripts see."""

    country: str = ""
    region: str = ""
    city: str = ""
    isp: str = ""

    def record(self) -> GeoRecord:
        return GeoRecord(
            country=to_bytes_text(self.country),
            region=to_bytes_text(self.region),
            city=to_bytes_text(self.city),
            isp=to_bytes_text(self.isp),
        )


class OriginSays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the origin answers, or that it does not: `down` refuses connections, `timeout` stays silent."""

    status: int = 200
    headers: dict[str, Lines] = {}
    body: str = ""
    down: bool = False
    timeout: bool = False

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(f"got status {self.status}, want 200 to 599")
        if self.down and self.timeout:
            raise ValueError("want either down or timeout")


class Delivered(msgspec.Struct, frozen=True):
    """What `dict_get` reads in all cases of a file: dictionaries by name."""

    dictionaries: dict[str, dict[str, str]] = {}


class Sending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request and who sends it. `repeat` times, `every_s` apart; the last one counts."""

    url: str
    method: str = "GET"
    headers: dict[str, Lines] = {}
    body: str = ""
    client_ip: str = "127.0.0.1"
    geo: Geo | None = None
    origin: OriginSays | None = None
    repeat: int = 1
    every_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"got url {self.url!r}, want http://host/path or https://host/path")
        if not 1 <= self.repeat <= MAX_REPEAT:
            raise ValueError(f"got repeat {self.repeat}, want 1 to {MAX_REPEAT}")
        _bound("every_s", self.every_s)


class Before(Sending, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request sent first, on the same node; `after_s` seconds pass after it."""

    after_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _bound("after_s", self.after_s)


class ErrorAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A script's error; line 0 is any."""

    code: int
    line: int = 0


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to come of a request; None, or an empty table, says nothing."""

    action: Action | None = None
    status: int | None = None
    headers: dict[str, Lines] = {}
    body: str | None = None
    body_contains: Lines | None = None
    forward_uri: str | None = None
    forward_method: str | None = None
    forward_headers: dict[str, Lines] = {}
    limit_rate: int | None = None
    limit_rate_after: int | None = None
    cache_ttl: int | None = None
    cache: str | None = None
    cache_key: str | None = None
    cache_tags: list[str] | None = None
    cache_bypass: bool | None = None
    forward_origin: str | None = None
    delay_s: float | None = None
    hit: bool | dict[str, bool] | None = None
    state: State | dict[str, State] | None = None
    error: int | ErrorAt | None = None
    fuel_max: int | None = None


class Case(Sending, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    expect: Expect
    now: float | dt.datetime | None = None
    """When the first request is sent."""
    places: dict[str, Geo] = {}
    """Other addresses that scripts may ask about."""
    dictionaries: dict[str, dict[str, str]] = {}
    """What `dict_get` reads, beside those of the file, whose name they may take."""
    seed: int = 1
    before: list[Before] = []
    worth_trying: str = msgspec.field(default="", name="try")
    """Shown by the demo, in these words."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _bound("now", self.now_s)

    @property
    def now_s(self) -> float:
        """Unix seconds; a time without a zone is UTC."""
        if isinstance(self.now, dt.datetime):
            return (self.now if self.now.tzinfo else self.now.replace(tzinfo=dt.UTC)).timestamp()
        return DEFAULT_NOW if self.now is None else self.now


ScriptEntry = str | Mapping[str, Any]
"""A script's file, seen from the test file, or a table with the file and the settings of its rule."""


class Suite(NamedTuple):
    """A test file that is right."""

    name: str
    scripts: tuple[ScriptEntry, ...]
    origin: OriginSays
    dictionaries: Mapping[str, Mapping[str, str]]
    cases: tuple[Case, ...]
    keys: KeyLines

    def line_of(self, index: int, *within: str | int) -> int:
        """The line, from 1, of case `index` (from 0), or of what is `within` it."""
        return self.keys.line(("case", index, *within))

    def origin_of(self, sending: Sending) -> OriginSays:
        """What the origin answers to `sending`."""
        return sending.origin or self.origin

    def dictionaries_of(self, case: Case | None = None) -> Dictionaries:
        """What scripts read in `case`, or where a case says nothing."""
        own = {} if case is None else case.dictionaries
        return {
            to_bytes_text(name): as_scripts_hold(entries)
            for name, entries in {**self.dictionaries, **own}.items()
        }


def each_line(value: Lines) -> list[str]:
    """The lines of one header of a table."""
    return [value] if isinstance(value, str) else value


def _bound(name: str, seconds: float) -> None:
    if not 0 <= seconds < MAX_SECONDS:
        raise ValueError(f"got {name} {seconds:g}, want seconds from 0 to the year 9999")
