"""One run of test files: each as it was asked for, told, and summed up to an exit status."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from edgescript.cli import loading
from edgescript.cli.author.testing import report
from edgescript.cli.author.testing.files import Stamp, find, stamp
from edgescript.cli.author.testing.run import (
    Coverages,
    Prepared,
    ScriptsWithErrorsError,
    prepare,
)
from edgescript.cli.files import Unreadable
from edgescript.cli.status import NO, WRONG_USAGE
from edgescript.diagnostics.findings import has_errors
from edgescript.testing.coverage import ScriptCoverage, total
from edgescript.testing.expectations import mismatches
from edgescript.testing.junit import as_junit
from edgescript.testing.reading import FormatError
from edgescript.testing.results import CaseResult, FileResult, add_up
from runtime.trial.cases import RefusedByNodeError

MAX_PROBLEMS: Final = 20
"""Told of one test file; its first ones are mostly why there are others."""


@dataclass(frozen=True)
class Wanted:
    """What of the test files is to be run, and how it is to be told."""

    paths: tuple[str, ...]
    text: str
    """What file or name must have, in lower case."""
    stop_at_first: bool
    coverage: bool
    coverage_min: float | None
    junit: str | None
    as_json: bool


class Session:
    """One run of everything that is wanted."""

    def __init__(self, wanted: Wanted) -> None:

        self.wanted = wanted
        self.coverages = Coverages() if wanted.coverage else None
        self.scripts: dict[str, Stamp | None] = {}
        """The scripts that were read, as they were."""
        self._run: set[str] = set()
        """Those of which a case was run."""

    def run(self) -> int:
        """Run, tell, and give the exit status. Raises UsageError where there is nothing to run."""
        started = time.perf_counter()
        files: list[FileResult] = []
        for path in find(self.wanted.paths):
            file = self._file(path)
            if file is None:
                continue
            files.append(file)
            if not self.wanted.as_json:
                _tell(report.file_lines(file))
            if self.wanted.stop_at_first and (file.failed or not file.was_run):
                break
        if not files:
            raise click.UsageError(f"no case has {self.wanted.text!r} in its file or name")
        return self._conclude(files, time.perf_counter() - started)

    def _file(self, path: str) -> FileResult | None:
        """The result of one file; None when the filter leaves nothing of it."""
        try:
            prepared = prepare(path, self.coverages)
        except Unreadable as error:
            return FileResult(path, problems=[error.message])
        except FormatError as error:
            lines = [problem.at(path) for problem in error.problems]
            more = len(lines) - MAX_PROBLEMS
            return FileResult(
                path, problems=[*lines[:MAX_PROBLEMS], *([f"{path}: {more} more"] * (more > 0))]
            )
        except ScriptsWithErrorsError as error:
            self.scripts |= {source.name: stamp(source.name) for source, _ in error.reports}
            loading.show_diagnostics(error.reports, err=True)
            bad = [source.name for source, found in error.reports if has_errors(found)]
            return FileResult(path, bad_scripts=bad)
        self.scripts |= {script: stamp(script) for script in prepared.paths}
        cases = list(self._cases(prepared))
        if not cases:
            return None
        self._run.update(prepared.paths)
        return FileResult(path, cases)

    def _cases(self, prepared: Prepared) -> Iterator[CaseResult]:
        """The results of a file's cases, as far as they are wanted."""
        for index, case in enumerate(prepared.suite.cases):
            if self.wanted.text not in f"{prepared.suite.name}: {case.name}".lower():
                continue
            result = _run_case(prepared, index)
            yield result
            if self.wanted.stop_at_first and not result.passed:
                return

    def _conclude(self, files: Sequence[FileResult], elapsed_s: float) -> int:
        scripts = None if self.coverages is None else self.coverages.of(self._run)
        if self.wanted.junit is not None:
            _write(self.wanted.junit, as_junit(files))
        if self.wanted.as_json:
            click.echo(report.as_json(files, scripts, elapsed_s))
        else:
            if scripts:
                click.echo()
                _tell(report.coverage_lines(scripts))
            click.echo()
            click.echo(report.summary(files, elapsed_s))
        result = add_up(files)
        if any(file.problems for file in files):
            return WRONG_USAGE
        return NO if result.failed or result.not_run or self._covers_too_little(scripts) else 0

    def _covers_too_little(self, scripts: Sequence[ScriptCoverage] | None) -> bool:
        least = self.wanted.coverage_min
        if least is None or scripts is None:
            return False
        reached = total(scripts).value
        if reached >= least:
            return False
        click.echo(f"coverage of {reached:.1f} % is below {least:g} %", err=True)
        return True


def _run_case(prepared: Prepared, index: int) -> CaseResult:
    case, line = prepared.suite.cases[index], prepared.suite.line_of(index)
    started = time.perf_counter()
    try:
        found = mismatches(case.expect, prepared.play(index))
    except RefusedByNodeError as error:
        return CaseResult(case.name, line, refusal=str(error), time_s=time.perf_counter() - started)
    return CaseResult(case.name, line, found, time_s=time.perf_counter() - started)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"cannot write {path!r}: {(error.strerror or 'unwritable').lower()}") from None
