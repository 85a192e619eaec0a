"""What `edgescript test` shows: for people in 80 columns, for programs as one JSON object."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from edgescript.cli import WIDTH
from edgescript.testing.coverage import Percent, ScriptCoverage, total
from edgescript.testing.results import CaseResult, FileResult, add_up

_NAME_WIDTH: Final = 36
"""Of a script in the table of coverage."""


def file_lines(file: FileResult) -> Iterator[str]:
    """A line for the file, and for each case that failed what it got and wanted."""
    if file.problems:
        yield from (_printable(problem) for problem in file.problems)
        return
    if file.bad_scripts:
        yield _printable(f"{file.name}: not run, errors in {', '.join(file.bad_scripts)}")
        return
    verdict = click.style("FAIL", fg="red", bold=True) if file.failed else click.style("ok", fg="green")
    yield f"{verdict}{'' if file.failed else '  '}  {_printable(file.name)}  {_counts(file.passed, file.failed)}"
    for case in file.cases:
        if not case.passed:
            yield from _failure(case)


def _failure(case: CaseResult) -> Iterator[str]:
    title = textwrap.wrap(_printable(case.name), WIDTH - 4 - len(f" (line {case.line})")) or [""]
    yield from (f"  {click.style(line, bold=True)}" for line in title[:-1])
    yield f"  {click.style(title[-1], bold=True)} (line {case.line})"
    if case.refusal:
        yield from textwrap.wrap(case.refusal, WIDTH, initial_indent="    ", subsequent_indent="      ")
    for each in case.mismatches:
        yield f"    {_printable(each.what)}"
        for label, text in (("got   ", each.got), ("want  ", each.want)):
            yield from textwrap.wrap(
                f"{label}{text}",
                WIDTH,
                initial_indent="      ",
                subsequent_indent="            ",
                drop_whitespace=False,
            )


def _counts(passed: int, failed: int) -> str:
    return f"{passed} passed, {failed} failed" if failed else f"{passed} passed"


def summary(files: Sequence[FileResult], elapsed_s: float) -> str:
    """`12 passed, 1 failed in 0.1 s`."""
    result = add_up(files)
    parts = [_counts(result.passed, result.failed)]
    if result.not_run:
        parts.append(f"{result.not_run} file{'' if result.not_run == 1 else 's'} not run")
    colour = "red" if result.failed or result.not_run else "green"
    return click.style(f"{', '.join(parts)} in {elapsed_s:.1f} s", fg=colour, bold=True)


def coverage_lines(scripts: Sequence[ScriptCoverage]) -> Iterator[str]:
    """A table: for each script the part of its lines and branches that was reached, and what was not."""
    width = min(max((len(script.name) for script in scripts), default=0), _NAME_WIDTH)
    width = max(width, len("coverage"))
    yield click.style(f"{'coverage':<{width}}  {'lines':>15}  {'branches':>15}", bold=True)
    for script in scripts:
        name = script.name if len(script.name) <= width else f"...{script.name[3 - width :]}"
        yield f"{_printable(name):<{width}}  {_part(script.lines)}  {_part(script.branches)}"
        yield from textwrap.wrap(
            f"missing: {', '.join(script.missing())}" if script.missing() else "",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="           ",
        )
    together = total(scripts)
    yield f"{'together':<{width}}  {_part(together)}"


def _part(percent: Percent) -> str:
    return f"{f'{percent.reached}/{percent.of}':>9} {percent_text(percent.value):>4}%"


def percent_text(value: float) -> str:
    """Whole percents, 100 only when it is all."""
    return f"{int(value)}"


def as_json(files: Sequence[FileResult], scripts: Sequence[ScriptCoverage] | None, elapsed_s: float) -> str:
    """One object: `passed`, `failed`, `not_run`, `time_s`, `files`, and `coverage` if it was asked for."""
    result = add_up(files)
    shown: dict[str, Any] = {
        "passed": result.passed,
        "failed": result.failed,
        "not_run": result.not_run,
        "time_s": round(elapsed_s, 6),
        "files": [_file_object(file) for file in files],
    }
    if scripts is not None:
        shown["coverage"] = {
            "percent": round(total(scripts).value, 2),
            "scripts": [_coverage_object(script) for script in scripts],
        }
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _file_object(file: FileResult) -> dict[str, Any]:
    return {
        "file": file.name,
        "problems": list(file.problems),
        "bad_scripts": list(file.bad_scripts),
        "cases": [
            {
                "name": case.name,
                "line": case.line,
                "passed": case.passed,
                "refusal": case.refusal or None,
                "mismatches": [each._asdict() for each in case.mismatches],
                "time_us": round(case.time_s * 1e6),
            }
            for case in file.cases
        ],
    }


def _coverage_object(script: ScriptCoverage) -> dict[str, Any]:
    return {
        "script": script.name,
        "lines": script.lines._asdict(),
        "branches": script.branches._asdict(),
        "missing_lines": script.missing_lines,
        "missing": script.missing(),
    }


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
