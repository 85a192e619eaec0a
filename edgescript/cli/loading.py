"""Script files to something that runs, and their diagnostics to the terminal."""

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

import stdlib
from edgescript.builtins import Registry
from edgescript.cli.files import read_sources
from edgescript.cli.trace import CallTrace
from edgescript.compiler import compile_source
from edgescript.compiling.code import Code
from edgescript.context import Context
from edgescript.diagnostics.findings import Diagnostic, has_errors, visible
from edgescript.diagnostics.render import as_text
from edgescript.pipeline import DEFAULT_ON_ERROR, InstalledScript
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.source import Source

_COLOURS: Final = {"error": "red", "warning": "yellow", "compat": "cyan"}
_HEADLINE: Final = re.compile(r"\b(error|warning|compat)\[[a-z-]+\]")

Report = tuple[Source, tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Scripts in order of upload, none when there is an error; and every finding of every file."""

    scripts: tuple[InstalledScript, ...]
    reports: tuple[Report, ...]

    @property
    def has_errors(self) -> bool:
        return any(has_errors(diagnostics) for _, diagnostics in self.reports)


def load(paths: Sequence[str], traces: MutableMapping[str, CallTrace] | None = None) -> Loaded:
    """
    The scripts of `paths`, compiled and ready; with `traces` on the interpreter, one trace a script.

    Raises `Unreadable` for files that cannot be read.
    """
    registry = stdlib.registry()
    compiled = [(source, compile_source(source, registry)) for source in read_sources(paths)]
    reports = tuple((source, result.diagnostics) for source, result in compiled)
    if any(has_errors(diagnostics) for _, diagnostics in reports):
        return Loaded((), reports)
    scripts = []
    for name, (_, result) in zip(script_names(paths), compiled, strict=True):
        assert result.code is not None, "compiled without an error"
        run = _runner(result.code, registry, name, traces)
        scripts.append(InstalledScript(name, result.position, run, DEFAULT_ON_ERROR[result.position]))
    return Loaded(tuple(scripts), reports)


def script_names(paths: Sequence[str]) -> list[str]:
    """File names; whole paths where two files share a name, numbered where one is given twice."""
    names = [Path(path).name for path in paths]
    if len(set(names)) < len(names):
        names = list(paths)
    return [name if names.index(name) == at else f"{name}#{at + 1}" for at, name in enumerate(names)]


def _runner(
    code: Code, registry: Registry, name: str, traces: MutableMapping[str, CallTrace] | None
) -> Callable[[Context], bool]:
    program: Program = load_program(code, registry)
    if traces is None:
        program.prepare()  # so that the time shown is the script's own
        return program.run
    trace = traces[name] = CallTrace()
    return lambda context: program.interpret(context, trace)


def show_diagnostics(reports: Sequence[Report], *, compat: bool = False, err: bool = False) -> None:
    """Every finding with its snippet, a blank line between two."""
    shown = [(source, each) for source, found in reports for each in visible(found, compat=compat)]
    for index, (source, diagnostic) in enumerate(shown):
        if index:
            click.echo(err=err)
        click.echo(_HEADLINE.sub(_coloured, as_text(source, diagnostic), count=1), nl=False, err=err)


def _coloured(match: re.Match[str]) -> str:
    return click.style(match[0], fg=_COLOURS[match[1]], bold=True)
