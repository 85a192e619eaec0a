"""
Tests of a script, run where the version is made: the cases of its `.test.toml` through the script as a node would run it.

A script is tested by itself. What a text may cost is bounded: cases, requests, and seconds by a clock that is passed in.
"""

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from edgescript.compiling.code import Code
from edgescript.pipeline import InstalledScript
from edgescript.program import load as load_program
from edgescript.testing import reading
from edgescript.testing.cases import Suite
from edgescript.testing.expectations import Headers, Mismatch, Outcome, mismatches
from edgescript.testing.reading import FormatError
from runtime.console.model.rules import RuleSettings, rule_of
from runtime.console.service.answers import CaseEvidence, DecisionChange, TestEvidence
from runtime.console.service.compiling import Compiler, Judged
from runtime.trial.cases import RefusedByNodeError, play
from runtime.trial.installed import installed
from runtime.trial.requests import Shot, shots_of

MAX_CASES: Final = 200
MAX_SECONDS: Final = 5.0
"""Of all cases together."""
MAX_MESSAGE: Final = 500
MAX_CHANGES: Final = 100
"""Decisions that differ, shown of two versions."""
_FILE: Final = "(test file)"
Monotonic = Callable[[], float]


class _TooLongError(Exception):
    """The time for all cases is over."""


class _Prepared(NamedTuple):
    suite: Suite
    shots: tuple[tuple[Shot, ...], ...]
    names: tuple[str, ...]
    """What the tests call the script."""


class Tester:
    """Runs tests; `monotonic` gives seconds."""

    def __init__(self, compiler: Compiler, monotonic: Monotonic) -> None:
        self._compiler = compiler
        self._monotonic = monotonic

    def evidence(self, name: str, judged: Judged, rule: RuleSettings, tests: str) -> TestEvidence | None:
        """What came of the cases; None where there are none."""
        if not tests.strip() or judged.compiled.code is None:
            return None
        try:
            prepared = _prepare(name, tests)
        except FormatError as error:
            told = "; ".join(problem.at("line") for problem in error.problems)
            return TestEvidence(passed=0, failed=1, cases=(_failed(_FILE, told),))
        cases = tuple(self._cases(judged, rule, prepared))
        passed = sum(case.passed for case in cases)
        return TestEvidence(passed=passed, failed=len(cases) - passed, cases=cases)

    def _cases(self, judged: Judged, rule: RuleSettings, prepared: _Prepared) -> Iterator[CaseEvidence]:
        watch = self._watch()
        for index, case in enumerate(prepared.suite.cases):
            try:
                found = mismatches(case.expect, self._play(judged, rule, prepared, index, watch))
            except RefusedByNodeError as error:
                yield _failed(case.name, str(error))
            except _TooLongError:
                yield _failed(case.name, f"not run: the cases before took {MAX_SECONDS:g} s")
            else:
                yield _failed(case.name, _told(found)) if found else CaseEvidence(name=case.name, passed=True)

    def _watch(self) -> Callable[[], None]:
        deadline = self._monotonic() + MAX_SECONDS

        def look() -> None:
            if self._monotonic() > deadline:
                raise _TooLongError

        return look

    def _play(
        self, judged: Judged, rule: RuleSettings, prepared: _Prepared, index: int, watch: Callable[[], None]
    ) -> Outcome:
        code = judged.compiled.code
        assert code is not None, "looked at before"
        scripts = [self._install(code, judged, rule, name) for name in prepared.names]
        return play(prepared.suite, index, prepared.shots[index], scripts, watch)

    def _install(self, code: Code, judged: Judged, rule: RuleSettings, name: str) -> InstalledScript:
        program = load_program(code, self._compiler.registry)
        return installed(program, rule_of(name, rule), judged.compiled.position)

    def decisions(
        self, name: str, old: tuple[Judged, RuleSettings, str], new: tuple[Judged, RuleSettings, str]
    ) -> tuple[tuple[DecisionChange, ...], str]:
        """
        Where two versions (what is known of it, settings, tests) decide otherwise, by the cases of both; and why that
        could not be told, '' where it could.
        """
        if old[0].compiled.code is None or new[0].compiled.code is None:
            return (), "one of the two does not compile"
        changes: list[DecisionChange] = []
        seen: set[str] = set()
        watch = self._watch()
        notes = []
        for tests in dict.fromkeys((new[2], old[2])):
            if not tests.strip():
                continue
            try:
                prepared = _prepare(name, tests)
            except FormatError as error:
                notes.append(f"the tests cannot be read: {error.problems[0].text}")
                continue
            for index, case in enumerate(prepared.suite.cases):
                if case.name in seen:
                    continue
                seen.add(case.name)
                try:
                    before, after = (
                        self._aspects(judged, rule, prepared, index, watch) for judged, rule, _ in (old, new)
                    )
                except _TooLongError:
                    return tuple(changes), f"the cases took longer than {MAX_SECONDS:g} s"
                if before != after and len(changes) < MAX_CHANGES:
                    changes.append(_change(case.name, before, after))
        return tuple(changes), "; ".join(notes) or ("" if seen else "neither has tests")

    def _aspects(
        self, judged: Judged, rule: RuleSettings, prepared: _Prepared, index: int, watch: Callable[[], None]
    ) -> dict[str, str]:
        try:
            return _aspects(self._play(judged, rule, prepared, index, watch))
        except RefusedByNodeError as error:
            return {"": str(error)}


def _prepare(name: str, tests: str) -> _Prepared:
    """The test file of the script `name`. Raises FormatError."""
    stem = name.removesuffix(".es")
    suite = reading.read(f"{stem}.test.toml", tests.removeprefix("\ufeff").replace("\r\n", "\n"))
    problems = []
    if len(suite.cases) > MAX_CASES:
        problems.append(reading.Problem(0, f"more than {MAX_CASES} cases"))
    names = []
    line = suite.keys.line(("scripts",))
    for entry in suite.scripts:
        path = entry if isinstance(entry, str) else entry.get("rule_path", entry.get("file", ""))
        file = PurePath(str(path)).name
        if file.removesuffix(".es") != stem:
            problems.append(reading.Problem(line, f"scripts: got {file[:80]!r}, want the script itself"))
        names.append(file if isinstance(entry, str) else str(entry.get("name", file)))
    if len(names) != 1 and not problems:
        problems.append(reading.Problem(line, "scripts: want the script itself, once"))
    if problems:
        raise FormatError(suite.name, problems)
    return _Prepared(suite, shots_of(suite), tuple(names))


def _failed(name: str, message: str) -> CaseEvidence:
    return CaseEvidence(name=name, passed=False, message=message[:MAX_MESSAGE])


def _told(found: list[Mismatch]) -> str:
    return "; ".join(f"{each.what}: got {each.got}, want {each.want}" for each in found)


_VALUES: Final[tuple[tuple[str, Any], ...]] = (
    ("limit_rate", 0),
    ("limit_rate_after", 0),
    ("cache_ttl", 0),
    ("cache_key", ""),
    ("cache_tags", []),
    ("cache_bypass", False),
    ("forward_origin", ""),
    ("delay_s", 0),
)
"""What of an outcome is told beside the decision, unless it has the value it has without any script."""


_OF_THE_BODY: Final = frozenset({"content-length"})
"""Fields that follow from what is told already."""


def _aspects(outcome: Outcome) -> dict[str, str]:
    """What of an outcome may differ, by name, in words; '' is the decision itself."""
    told = {"": "forward" if outcome.action == "forward" else str(outcome.status)}
    if outcome.forward is not None:
        told["origin is asked"] = f"{outcome.forward.method} {outcome.forward.uri}"
        told |= _lines("origin is told", outcome.forward.headers)
    elif outcome.action == "forward":
        told[""] = f"from the cache, {outcome.status}"
    told |= _lines("header", outcome.headers)
    if outcome.action != "forward" and outcome.body:
        told["body"] = outcome.body
    told |= {name: str(value) for name, none in _VALUES if (value := getattr(outcome, name)) != none}
    for script in outcome.scripts:
        told["state"] = script.state
        if script.error is not None:
            told["error"] = f"{script.error.code} on line {script.error.line}"
    return told


def _lines(what: str, headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() in _OF_THE_BODY:
            continue
        key = f"{what} {name.lower()}"
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _change(case: str, before: dict[str, Any], after: dict[str, Any]) -> DecisionChange:
    """The decisions; where they are the same, what differs beside them."""
    if before[""] != after[""]:
        return DecisionChange(case=case, before=before[""][:MAX_MESSAGE], after=after[""][:MAX_MESSAGE])
    names = [
        name for name in dict.fromkeys((*before, *after)) if name and before.get(name) != after.get(name)
    ]

    def words(aspects: dict[str, str]) -> str:
        parts = [aspects[""], *(f"{name}: {aspects.get(name, 'none')}" for name in names)]
        return "; ".join(part[:MAX_MESSAGE] for part in parts)[: 4 * MAX_MESSAGE]

    return DecisionChange(case=case, before=words(before), after=words(after))
