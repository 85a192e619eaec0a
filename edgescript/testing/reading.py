"""
Test files to suites: `read(name, text) -> Suite`, or everything that is wrong, each thing with its line.

A file is converted piece by piece (the origin, the defaults, each case), so that one mistake hides no other but those
of its own piece.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final, NamedTuple, TypeVar, get_args

import msgspec

from edgescript.diagnostics.spelling import nearest
from edgescript.testing.cases import (
    SUFFIX,
    Action,
    Before,
    Case,
    Delivered,
    ErrorAt,
    Expect,
    Geo,
    OriginSays,
    ScriptEntry,
    State,
    Suite,
)
from edgescript.testing.toml_lines import KeyLines, Path

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

_TOP_KEYS: Final = frozenset({"scripts", "origin", "dictionaries", "defaults", "case"})
_OF_ONE_CASE: Final = frozenset({"name", "expect", "try"})
_STRUCTS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "before": Before,
    "error": ErrorAt,
    "expect": Expect,
    "geo": Geo,
    "origin": OriginSays,
    "places": Geo,
}
"""What the table under a key is."""
_CHOICES: Final = {"action": get_args(Action), "state": get_args(State)}
_TYPES: Final = {
    "array": "an array",
    "bool": "true or false",
    "date": "a date",
    "datetime": "a time",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text",
}
"""The words of a TOML author for those of msgspec."""


class Problem(NamedTuple):
    """Something wrong with a test file; line from 1, 0 for the whole file."""

    line: int
    text: str

    def at(self, name: str) -> str:
        """One line for people."""
        return f"{name}:{self.line}: {self.text}" if self.line else f"{name}: {self.text}"


class FormatError(Exception):
    """What is wrong with the test file `name`, in the order of its lines."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(problem.at(name) for problem in self.problems))


def read(name: str, text: str) -> Suite:
    """The test file called `name`. Raises FormatError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(name, [_syntax_problem(error, text)]) from None
    except RecursionError:
        raise FormatError(name, [Problem(0, "nested too deeply")]) from None
    reader = _Reader(name, raw, KeyLines(text))
    suite = reader.suite()
    if reader.problems:
        raise FormatError(name, reader.problems)
    return suite


class _Reader:
    def __init__(self, name: str, raw: dict[str, Any], lines: KeyLines) -> None:
        self.name = name
        self.raw = raw
        self.lines = lines
        self.problems: list[Problem] = []

    def suite(self) -> Suite:
        """What could be read; it counts when there are no problems."""
        for key in sorted(self.raw.keys() - _TOP_KEYS):
            self._complain((key,), _unknown(key, _TOP_KEYS))
        origin = self._convert(self.raw.get("origin", {}), OriginSays, ("origin",))
        stated = {key: self.raw[key] for key in ("dictionaries",) if key in self.raw}
        delivered = self._convert(stated, Delivered, ()) or Delivered()
        scripts, cases = tuple(self._scripts()), tuple(self._cases())
        return Suite(self.name, scripts, origin or OriginSays(), delivered.dictionaries, cases, self.lines)

    def _complain(self, path: Path, text: str) -> None:
        self.problems.append(Problem(self.lines.line(path), text))

    def _scripts(self) -> Iterator[ScriptEntry]:
        stem = PurePath(self.name).name.removesuffix(SUFFIX).removesuffix(".toml")
        given = self.raw.get("scripts", [f"{stem}.es"])
        if not isinstance(given, list) or not given:
            self._complain(("scripts",), "scripts: want an array of file names or tables")
            return
        for entry in given:
            if isinstance(entry, str | dict):
                yield entry
            else:
                self._complain(("scripts",), f"scripts: got {entry!r}, want a file name or a table")

    def _defaults(self) -> dict[str, Any]:
        """The table of defaults once it is known to be right, else nothing."""
        given = self.raw.get("defaults", {})
        if not isinstance(given, dict):
            self._complain(("defaults",), "defaults: want a table")
            return {}
        own = sorted(given.keys() & _OF_ONE_CASE)
        for key in own:
            self._complain(("defaults", key), f"defaults: {key} belongs to each case")
        completed = {"url": "http://localhost/", **given, "name": "-", "expect": {}}
        if own or self._convert(completed, Case, ("defaults",)) is None:
            return {}
        return given

    def _cases(self) -> list[Case]:
        given = self.raw.get("case", [])
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            self._complain(("case",), "case: want tables headed [[case]]")
            return []
        if not given:
            self.problems.append(Problem(0, "no case: want at least one table headed [[case]]"))
        defaults = self._defaults()
        found: dict[str, Case] = {}
        for index, table in enumerate(given):
            case = self._convert({**defaults, **table}, Case, ("case", index))
            if case is None:
                continue
            if case.name in found:
                self._complain(("case", index, "name"), f"two cases are called {case.name!r}")
            found[case.name] = case
        return list(found.values())

    def _convert(self, raw: Any, kind: type[_Struct], at: Path) -> _Struct | None:
        """The piece `raw`, which stands at `at`; None when it has a problem."""
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            wrong = _in_words(str(error), kind)
            where = _dotted((*at, *wrong.path))
            self._complain((*at, *wrong.path, *wrong.key), f"{where}: {wrong.text}")
            return None


class _Wrong(NamedTuple):
    """What a message of msgspec says: of the table or value at `path`, and the one key that is wrong in it."""

    path: Path
    key: tuple[str, ...]
    text: str


_AT: Final = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_QUOTED: Final = re.compile(r"`([^`]*)`")


def _in_words(message: str, kind: type[msgspec.Struct]) -> _Wrong:
    at = _AT.search(message)
    steps = [] if at is None else _STEP.findall(at[1])
    path: Path = tuple(name or int(index) for name, index in steps)
    text = message if at is None else message[: at.start()]
    quoted = _QUOTED.findall(text)
    names = [step for step in reversed(path) if isinstance(step, str)]
    if text.startswith("Object contains unknown field"):
        table = next((_STRUCTS[name] for name in names if name in _STRUCTS), kind)
        return _Wrong(path, (quoted[0],), _unknown(quoted[0], _keys(table)))
    if text.startswith("Object missing required field"):
        return _Wrong(path, (), f"{quoted[0]} is missing")
    if text.startswith("Invalid enum value"):
        choices = next((_CHOICES[name] for name in names if name in _CHOICES), ())
        return _Wrong(
            path, (), f"got {text.removeprefix('Invalid enum value ')}, want {' or '.join(choices)}"
        )
    if text.startswith("Invalid RFC3339"):
        return _Wrong(path, (), "got text, want Unix seconds or a time such as 2026-01-31T08:00:00Z")
    if text.startswith("Expected") and ", got " in text and len(quoted) == 2:
        return _Wrong(path, (), f"got {_type_words(quoted[1])}, want {_type_words(quoted[0])}")
    return _Wrong(path, (), text[:1].lower() + text[1:])


def _keys(table: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(table))


def _unknown(key: str, allowed: frozenset[str]) -> str:
    near = nearest(key, sorted(allowed))
    return f"unknown key {key!r}{f', did you mean {near!r}?' if near else ''}"


def _type_words(names: str) -> str:
    words = [_TYPES.get(name, name) for name in names.split(" | ") if name != "null"]
    return " or ".join(words) or "nothing"


def _dotted(path: Path) -> str:
    """`case.expect.status`; the line tells which case, so only other indexes are shown, from 1."""
    text = ""
    for before, step in zip(("", *path), path, strict=False):
        if isinstance(step, int):
            text += "" if before == "case" else f" {step + 1}"
        else:
            text += f".{step}" if text else step
    return text


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    """What `error` says: tomllib ends its messages in `(at line 3, column 5)` or `(at end of document)`."""
    said, _, place = str(error).rpartition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    words = said or str(error)
    return Problem(line, f"not TOML: {words[:1].lower()}{words[1:]}")
