"""Script files to something that runs, and their diagnostics to the terminal."""

import contextlib
import re
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

import stdlib
from edgescript.builtins import Registry, Stage
from edgescript.cli.files import read_sources
from edgescript.compiler import compile_source
from edgescript.compiling.code import Code
from edgescript.context import Context
from edgescript.debugging import debuggable
from edgescript.diagnostics.findings import Diagnostic, has_errors, visible
from edgescript.diagnostics.render import as_text
from edgescript.pipeline import InstalledScript
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.source import Source
from runtime.io.stderr import to_stderr
from runtime.scripts.rule import Rule
from runtime.trial.installed import installed
from runtime.trial.trace import RunTrace, traced

_COLOURS: Final = {"error": "red", "warning": "yellow", "hint": "blue", "compat": "cyan"}
_HEADLINE: Final = re.compile(r"\b(error|warning|hint|compat)\[[a-z-]+\]")

Report = tuple[Source, tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Scripts in order of upload, none when there is an error; and every finding of every file."""

    scripts: tuple[InstalledScript, ...]
    reports: tuple[Report, ...]

    @property
    def has_errors(self) -> bool:
        return any(has_errors(diagnostics) for _, diagnostics in self.reports)


def load(
    rules: Sequence[str | Rule],
    traces: MutableMapping[str, RunTrace] | None = None,
    program_of: Callable[[Code, Registry], Program] = load_program,
) -> Loaded:
    """
    The scripts of `rules`, or of files without settings, ready; with `traces` on the interpreter, one trace a script.

    `program_of` makes a script's Code something that runs.

    Raises `Unreadable` for files that cannot be read.
    """
    registry = stdlib.registry()
    given = [Rule(each) if isinstance(each, str) else each for each in rules]
    compiled = [
        (source, compile_source(source, registry)) for source in read_sources([rule.path for rule in given])
    ]
    reports = tuple((source, result.diagnostics) for source, result in compiled)
    if any(has_errors(diagnostics) for _, diagnostics in reports):
        return Loaded((), reports)
    scripts = []
    for name, rule, (source, result) in zip(script_names(given), given, compiled, strict=True):
        assert result.code is not None, "compiled without an error"
        program = program_of(result.code, registry)
        if traces is None:
            program.prepare()  # so that the time shown is the script's own
        trace = None if traces is None else traces.setdefault(name, RunTrace(source, time.monotonic))
        scripts.append(install(program, rule._replace(name=name), result.position, trace))
    return Loaded(tuple(scripts), reports)


def install(program: Program, rule: Rule, position: Stage, trace: RunTrace | None = None) -> InstalledScript:
    """`program` as `rule` wants it; `position` is what the script's own text says."""
    return installed(program, rule, position, _runner(program, rule, trace))


def script_names(rules: Sequence[Rule]) -> list[str]:
    """Names given, else of files; whole paths where two share one, numbered where one is given twice."""
    names = [rule.name or Path(rule.path).name for rule in rules]
    if len(set(names)) < len(names):
        names = [rule.name or rule.path for rule in rules]
    return [name if names.index(name) == at else f"{name}#{at + 1}" for at, name in enumerate(names)]


def _runner(program: Program, rule: Rule, trace: RunTrace | None) -> Callable[[Context], bool] | None:
    """What goes before the program's own `run`, if anything does."""
    if trace is not None:
        return traced(program, trace)
    if rule.signature:
        return debuggable(program, rule.id or rule.name, rule.signature, time.perf_counter)
    return None


def show_diagnostics(
    reports: Sequence[Report], *, compat: bool = False, hints: bool = False, err: bool = False
) -> None:
    """Every finding with its snippet, a blank line between two."""
    shown = [
        (source, each) for source, found in reports for each in visible(found, compat=compat, hints=hints)
    ]
    for index, (source, diagnostic) in enumerate(shown):
        if index:
            click.echo(err=err)
        click.echo(_HEADLINE.sub(_coloured, as_text(source, diagnostic), count=1), nl=False, err=err)


def log_diagnostics(reports: Sequence[Report]) -> None:
    """The same in the log of a node, which goes on where that cannot be written, and waits for nobody."""
    text = "\n".join(
        as_text(source, each)
        for source, found in reports
        for each in visible(found, compat=False, hints=False)
    )
    with contextlib.suppress(OSError):
        for line in text.splitlines():
            to_stderr(line)


def _coloured(match: re.Match[str]) -> str:
    return click.style(match[0], fg=_COLOURS[match[1]], bold=True)
