"""
Comments that silence a finding: `# check: ignore[code]`, or several codes with commas.

Behind a statement it speaks of its line; alone on a line, of the next line that is no such comment. Where the line is
part of a statement over several lines, it speaks of all of them, however the script is laid out. One that silences nothing
is reported, so that none outlives its reason.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.diagnostics.findings import Diagnostic, Findings
from edgescript.diagnostics.spelling import nearest
from edgescript.parsing import syntax, walk
from edgescript.source import Source, Span

_COMMENT: Final = re.compile(r"\s*check\s*:\s*ignore\b\s*(?:\[([^\]]*)\])?")
_MAX_CODES: Final = 20


@dataclass(slots=True)
class _Ignore:
    code: str
    span: Span
    used: bool = field(default=False)


def apply_ignores(source: Source, script: syntax.Script, findings: Findings) -> None:
    """Silence what the script's comments name, then report those that silenced nothing."""
    comments = script.comments
    by_line: dict[int, list[_Ignore]] = {}
    row_ends: dict[int, int] = {}
    for comment in comments:
        found = _COMMENT.match(comment.text)
        if found is None:
            continue
        line = _line_meant(source, comment, row_ends)
        codes = [code.strip() for code in (found[1] or "").split(",", _MAX_CODES)][:_MAX_CODES]
        by_line.setdefault(line, []).extend(_Ignore(code, comment.span) for code in codes)
    if not by_line:
        return
    firsts = _first_lines(source, script)
    for line in [each for each in by_line if each in firsts]:
        ignores = by_line.pop(line)
        by_line.setdefault(firsts[line], []).extend(ignores)

    def is_silenced(diagnostic: Diagnostic) -> bool:
        line = source.position(diagnostic.span.start).line
        line = firsts.get(line, line)
        named = [each for each in by_line.get(line, ()) if each.code == diagnostic.code]
        for each in named:
            each.used = True
        return bool(named)

    findings.silence(is_silenced)
    for ignores in by_line.values():
        for each in ignores:
            if not each.used:
                findings.add("unused-ignore", each.span, reason=_reason(each.code))


def _first_lines(source: Source, script: syntax.Script) -> dict[int, int]:
    """For each further line of a simple statement, or of the header of a block, the line it began on."""
    firsts: dict[int, int] = {}
    for statement in walk.statements(script.body):
        roots = statement.params if isinstance(statement, syntax.Def) else walk.roots(statement)
        is_block = isinstance(statement, syntax.If | syntax.For | syntax.Def)
        end = max((root.span.end for root in roots), default=0) if is_block else statement.span.end
        first = source.position(statement.span.start).line
        last = source.position(end).line if end else first
        firsts.update(dict.fromkeys(range(first + 1, last + 1), first))
    return firsts


def _line_meant(source: Source, comment: syntax.Comment, row_ends: dict[int, int]) -> int:
    """The line a comment speaks of. `row_ends` has it for the lines of rows of such comments already gone through."""
    number = source.position(comment.span.start).line
    if source.text[source.line_starts[number - 1] : comment.span.start].strip():
        return number
    if number in row_ends:
        return row_ends[number]
    lines = source.line_starts
    row = [number]
    for following in range(number, len(lines)):
        end = lines[following + 1] if following + 1 < len(lines) else len(source.text)
        text = source.text[lines[following] : end].strip()
        if not text.startswith("#") or _COMMENT.match(text[1:]) is None:
            row_ends.update(dict.fromkeys(row, following + 1))
            return following + 1
        row.append(following + 1)
    row_ends.update((line, line) for line in row)
    return number


def _reason(code: str) -> str:
    entry = CATALOGUE.get(code)
    if not code:
        return "it names no code, want ignore[code]"
    if entry is None:
        near = nearest(code, CATALOGUE)
        return f"there is no code '{code}'{f', did you mean {near!r}?' if near else ''}"
    if entry.severity == "error":
        return f"'{code}' is an error, which the script cannot be published with"
    return f"there is no '{code}' on its line"
