"""
What came of a request against what was expected of it: `mismatches(expect, outcome)`.

An `Outcome` has everything a case can speak of, in the terms of `run --json`; who runs the request fills it. All
mismatches of a case are told at once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edgescript.testing.cases import ErrorAt, Expect, Lines, each_line

MAX_SHOWN: Final = 60
"""Characters of one value in a mismatch."""
_BEFORE: Final = 20
"""Characters shown before the first difference."""

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A script's error."""

    code: int
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class ScriptRan:
    """One script's part."""

    name: str
    state: str
    fuel: int = 0
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The request the origin saw."""

    method: str
    uri: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that left the node. Header names in any case; text as people read it."""

    action: str
    status: int
    headers: Headers
    body: str
    forward: Forwarded | None = None
    """None when the origin was not asked."""
    cache: str = ""
    """X-Cache as sent."""
    cache_ttl: int = 0
    """Seconds the answer stays fresh in the cache; 0 when it was not stored."""
    limit_rate: int = 0
    """Bytes a second; 0 for full speed."""
    limit_rate_after: int = 0
    """Bytes at full speed first."""
    cache_key: str = ""
    """What a script put in place of path and query; '' without."""
    cache_tags: list[str] = field(default_factory=list)
    cache_bypass: bool = False
    forward_origin: str = ""
    """The upstream that a script chose; '' for the site's own."""
    delay_s: float = 0
    """Seconds that `limit_req` has the request wait."""
    scripts: Sequence[ScriptRan] = ()


class Mismatch(NamedTuple):
    """One expectation that does not hold; `got` and `want` in printable characters."""

    what: str
    got: str
    want: str


def mismatches(expect: Expect, outcome: Outcome) -> list[Mismatch]:
    """Every expectation that does not hold, in the order of `Expect`. A script's error that nobody expects is one."""
    return [
        *_values(expect, outcome),
        *_headers("headers", expect.headers, outcome.headers),
        *_parts(expect.body_contains, outcome.body),
        *_forwarded(expect, outcome.forward),
        *_hits(expect.hit, outcome.scripts),
        *_states(expect.state, outcome.scripts),
        *_errors(expect, outcome.scripts),
        *_fuel(expect.fuel_max, outcome.scripts),
    ]


_COMPARED: Final = (
    "action",
    "status",
    "body",
    "limit_rate",
    "limit_rate_after",
    "cache_ttl",
    "cache",
    "cache_key",
    "cache_tags",
    "cache_bypass",
    "forward_origin",
    "delay_s",
)
"""What has one value in the outcome, under the same name."""


def _values(expect: Expect, outcome: Outcome) -> Iterator[Mismatch]:
    for name in _COMPARED:
        want, got = getattr(expect, name), getattr(outcome, name)
        if want is not None and got != want:
            yield Mismatch(name, *_side_by_side(got, want))


def _headers(what: str, wanted: Mapping[str, Lines], headers: Headers) -> Iterator[Mismatch]:
    for name, value in wanted.items():
        want = [] if value == "" else each_line(value)
        got = [line for key, line in headers if key.lower() == name.lower()]
        if got != want:
            yield Mismatch(f"{what}.{name}", *_side_by_side(_one_or_many(got), _one_or_many(want)))


def _one_or_many(lines: list[str]) -> str | list[str] | None:
    return None if not lines else lines[0] if len(lines) == 1 else lines


def _parts(wanted: Lines | None, body: str) -> Iterator[Mismatch]:
    for part in each_line(wanted) if wanted is not None else ():
        if part not in body:
            yield Mismatch("body_contains", shown(body), shown(part))


def _forwarded(expect: Expect, forward: Forwarded | None) -> Iterator[Mismatch]:
    for name, want, got in (
        ("forward_uri", expect.forward_uri, forward and forward.uri),
        ("forward_method", expect.forward_method, forward and forward.method),
    ):
        # '' says that the origin is not asked.
        if want is not None and got != (want or None):
            yield Mismatch(name, *_side_by_side(got, want or None))
    if expect.forward_headers and forward is None:
        yield Mismatch("forward_headers", "nothing: the origin was not asked", "a request to the origin")
    elif forward is not None:
        yield from _headers("forward_headers", expect.forward_headers, forward.headers)


def _hits(wanted: bool | dict[str, bool] | None, scripts: Sequence[ScriptRan]) -> Iterator[Mismatch]:
    hits = {script.name: script.state == "ExecutedAndHit" for script in scripts}
    if isinstance(wanted, bool):
        if any(hits.values()) != wanted:
            got = ", ".join(f"{script.name} {script.state}" for script in scripts) or "no script"
            yield Mismatch("hit", shown_plain(got), "a script that hit" if wanted else "no script that hit")
    elif wanted is not None:
        yield from _by_name("hit", wanted, hits)


def _states(wanted: str | Mapping[str, str] | None, scripts: Sequence[ScriptRan]) -> Iterator[Mismatch]:
    states = {script.name: script.state for script in scripts}
    if isinstance(wanted, str):
        if wanted not in states.values():
            got = ", ".join(f"{name} {state}" for name, state in states.items()) or "no script"
            yield Mismatch("state", shown_plain(got), wanted)
    elif wanted is not None:
        yield from _by_name("state", wanted, states)


def _by_name(what: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[Mismatch]:
    for name, want in wanted.items():
        if name not in found:
            known = ", ".join(found) or "none"
            yield Mismatch(f"{what}.{name}", "no script of that name", shown_plain(f"one of: {known}"))
        elif found[name] != want:
            yield Mismatch(f"{what}.{name}", shown(found[name]), shown(want))


def _errors(expect: Expect, scripts: Iterable[ScriptRan]) -> Iterator[Mismatch]:
    raised = [(script.name, script.error) for script in scripts if script.error is not None]
    got = ", ".join(f"{error.code} at {name}:{error.line}: {error.message}" for name, error in raised)
    want = expect.error
    if want is None:
        if raised and expect.state is None:
            yield Mismatch("error", shown_plain(got), "no error")
        return
    at = want if isinstance(want, ErrorAt) else ErrorAt(want)
    if at.code == 0:
        if raised:
            yield Mismatch("error", shown_plain(got), "no error")
    elif not any(error.code == at.code and at.line in (0, error.line) for _, error in raised):
        place = f" on line {at.line}" if at.line else ""
        yield Mismatch("error", shown_plain(got or "no error"), f"{at.code}{place}")


def _fuel(most: int | None, scripts: Iterable[ScriptRan]) -> Iterator[Mismatch]:
    used = sum(script.fuel for script in scripts)
    if most is not None and used > most:
        yield Mismatch("fuel_max", str(used), f"at most {most}")


def shown(value: object, start: int = 0) -> str:
    """A value as TOML writes it, on one line, in printable characters, cut from `start` on; None is `none`."""
    if value is None:
        return "none"
    if isinstance(value, str):
        piece = value[start : start + MAX_SHOWN]
        more = start + MAX_SHOWN < len(value)
        return f"{'...' if start else ''}{_printable(json.dumps(piece, ensure_ascii=False))}{'...' if more else ''}"
    if isinstance(value, list):
        text = _printable(json.dumps(value, ensure_ascii=False))
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
    return str(value).lower() if isinstance(value, bool) else str(value)


def shown_plain(text: str) -> str:
    """Words of ours that hold names of theirs: printable, bounded."""
    return _printable(text if len(text) <= 2 * MAX_SHOWN else f"{text[: 2 * MAX_SHOWN]}...")


def _side_by_side(got: object, want: object) -> tuple[str, str]:
    """Both values, long texts from shortly before where they begin to differ."""
    start = 0
    if isinstance(got, str) and isinstance(want, str) and max(len(got), len(want)) > MAX_SHOWN:
        same = next((at for at, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), None)
        start = max(0, (min(len(got), len(want)) if same is None else same) - _BEFORE)
    return shown(got, start), shown(want, start)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
