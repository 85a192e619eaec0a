"""The passes in order: source in, code and diagnostics out."""

import re
from dataclasses import dataclass
from typing import Final

from edgescript.builtins import Registry, Stage
from edgescript.checking.check import check
from edgescript.checking.ignores import apply_ignores
from edgescript.compiling.code import Code
from edgescript.compiling.compile import compile_program
from edgescript.compiling.fold import fold
from edgescript.compiling.ir import Program
from edgescript.compiling.lower import lower
from edgescript.compiling.resolve import resolve
from edgescript.costing.warn import priced
from edgescript.diagnostics.findings import Diagnostic, Findings
from edgescript.parsing import syntax
from edgescript.parsing.parser import parse_into
from edgescript.source import Source, Span

DEFAULT_POSITION: Final[Stage] = "head"
_POSITIONS: Final[dict[str, Stage]] = {"head": "head", "foot": "foot"}
_POSITION_COMMENT: Final = re.compile(r"\s*position\s*:\s*(.*?)\s*")
_MEANT_AS_POSITION: Final = re.compile(r"\bposition\s*[:=]\s*(head|foot)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    `program` and `code` are None exactly when a diagnostic is an error.

    Diagnostics are in source order, `compat` ones included.
    """

    program: Program | None
    code: Code | None
    diagnostics: tuple[Diagnostic, ...]
    position: Stage


def compile_source(source: Source, registry: Registry) -> Compiled:
    """The code of `source` for the builtins of `registry`. Never raises, whatever the bytes."""
    findings = Findings()
    script, doubtful = parse_into(source, findings)
    position = DEFAULT_POSITION
    program = code = None
    if script is not None and not findings.is_full:
        position = _position(source, script.comments, findings)
        _report_ignored(script.comments, position, findings)
        names = resolve(script, registry, findings, doubtful)
        check(script, names, position, findings, doubtful)
        if not findings.error_count:
            program = fold(lower(script, names, source))
            code = priced(compile_program(program, source), source, registry, findings)
        apply_ignores(source, script, findings)
    return Compiled(program, code, findings.finish(len(source.text)), position)


def _position(source: Source, comments: tuple[syntax.Comment, ...], findings: Findings) -> Stage:
    """What a first comment `# position: foot` says; it counts only where nothing but blank lines is before it."""
    if not comments or source.text[: comments[0].span.start].strip():
        return DEFAULT_POSITION
    comment = comments[0]
    found = _POSITION_COMMENT.fullmatch(comment.text)
    if found is None:
        return DEFAULT_POSITION
    if found[1] not in _POSITIONS:
        start = comment.span.start + len(comment.marker) + found.start(1)
        findings.add("position-unknown", Span(start, start + len(found[1])), got=found[1])
        return DEFAULT_POSITION
    return _POSITIONS[found[1]]


def _report_ignored(comments: tuple[syntax.Comment, ...], position: Stage, findings: Findings) -> None:
    """Warn of comments that name another position than the one the script has."""
    for comment in comments:
        meant = _MEANT_AS_POSITION.search(comment.text)
        if meant is not None and meant[1].lower() != position:
            findings.add("position-ignored", comment.span, want=meant[1].lower(), got=position)
