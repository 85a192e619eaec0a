"""
Cases of a test file, run: each on a node of its own, in virtual time.

`prepare` reads a file, its scripts and its requests, so that what is wrong with any of them is known before the first
case runs. `runtime.trial.cases` plays them.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgescript.builtins import Registry
from edgescript.cli import loading
from edgescript.cli.files import read
from edgescript.compiling.code import Code
from edgescript.compiling.verify import Linked, verify
from edgescript.context import Context
from edgescript.pipeline import InstalledScript
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.running.vm import Tracer
from edgescript.testing import reading
from edgescript.testing.cases import MAX_FILE_BYTES, ScriptEntry, Suite
from edgescript.testing.coverage import Both, ScriptCoverage, reachable
from edgescript.testing.expectations import Outcome
from edgescript.testing.reading import FormatError, Problem
from runtime.scripts.rule import Rule, RuleError, parse_rule
from runtime.trial.cases import play
from runtime.trial.requests import Shot, shots_of


class Coverages:
    """What the tests reached of each script, by its path; scripts of several test files add up."""

    def __init__(self) -> None:
        self._by_path: dict[str, ScriptCoverage] = {}

    def program(self, code: Code, registry: Registry) -> Program:
        """The program of `code`, watched."""
        coverage = self._by_path.get(code.source_name)
        if coverage is None:
            coverage = self._by_path[code.source_name] = ScriptCoverage(code.source_name, reachable(code))
        return _Watched(code, verify(code, registry), coverage)

    def of(self, paths: Iterable[str]) -> list[ScriptCoverage]:
        """Of the scripts at `paths`, in the order of their names."""
        return [self._by_path[path] for path in sorted(set(paths))]


class _Watched(Program):
    """A program whose runs are those of the reference tier, all of them seen by `coverage`."""

    __slots__ = ("_coverage",)

    def __init__(self, code: Code, linked: Linked, coverage: ScriptCoverage) -> None:
        super().__init__(code, linked)
        self._coverage = coverage

    def prepare(self) -> None:
        """Nothing is translated."""

    def run(self, context: Context) -> bool:
        return self.interpret(context)

    def interpret(self, context: Context, tracer: Tracer | None = None) -> bool:
        return super().interpret(context, self._coverage if tracer is None else Both(tracer, self._coverage))


class ScriptsWithErrorsError(Exception):
    """The scripts of a test file do not compile; `reports` say why."""

    def __init__(self, reports: tuple[loading.Report, ...]) -> None:
        super().__init__()
        self.reports = reports


@dataclass(frozen=True)
class Prepared:
    """A test file ready to be run. `shots[i]` are the requests of case i, the last one the one looked at."""

    suite: Suite
    scripts: tuple[InstalledScript, ...]
    paths: tuple[str, ...]
    shots: tuple[tuple[Shot, ...], ...]

    def play(self, index: int) -> Outcome:
        """What came of the last request of a case. Raises RefusedByNodeError."""
        return play(self.suite, index, self.shots[index], self.scripts)


def prepare(path: str, coverages: Coverages | None = None) -> Prepared:
    """The test file at `path`. Raises Unreadable, FormatError, ScriptsWithErrorsError."""
    data = read(path, MAX_FILE_BYTES)
    if len(data) > MAX_FILE_BYTES:
        raise FormatError(path, [Problem(0, f"larger than {MAX_FILE_BYTES} bytes")])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(path, [Problem(line, "not UTF-8")]) from None
    suite = reading.read(path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    shots = shots_of(suite)
    rules = _rules(suite, Path(path).parent)
    program_of = load_program if coverages is None else coverages.program
    loaded = loading.load(rules, program_of=program_of)
    if loaded.has_errors:
        raise ScriptsWithErrorsError(loaded.reports)
    return Prepared(suite, loaded.scripts, tuple(rule.path for rule in rules), shots)


def _rules(suite: Suite, folder: Path) -> list[Rule]:
    """The rules of the suite's scripts. Raises FormatError."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    line = suite.keys.line(("scripts",))
    for entry in suite.scripts:
        try:
            rule = _rule(entry)
        except RuleError as error:
            problems.append(Problem(line, f"scripts: {error}"))
            continue
        rule = rule._replace(path=os.path.normpath(folder / rule.path))
        if not Path(rule.path).is_file():
            problems.append(Problem(line, f"scripts: no file {rule.path!r}"))
        rules.append(rule)
    if problems:
        raise FormatError(suite.name, problems)
    return rules


def _rule(entry: ScriptEntry) -> Rule:
    return Rule(entry) if isinstance(entry, str) else parse_rule(entry)
