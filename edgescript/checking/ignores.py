"""
Comments that silence a finding: `# check: ignore[code]`, or several codes with commas.

Behind a statement it speaks of its line; alone on a line, of the next line that is no such comment. One that silences
nothing is reported, so that none outlives its reason.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.diagnostics.findings import Diagnostic, Findings
from edgescript.diagnostics.spelling import nearest
from edgescript.parsing import syntax
from edgescript.source import Source, Span

_COMMENT: Final = re.compile(r"\s*check\s*:\s*ignore\b\s*(?:\[([^\]]*)\])?")
_MAX_CODES: Final = 20


@dataclass(slots=True)
class _Ignore:
    code: str
    span: Span
    used: bool = field(default=False)


def apply_ignores(source: Source, comments: tuple[syntax.Comment, ...], findings: Findings) -> None:
    """Silence what the comments name, then report those that silenced nothing."""
    by_line: dict[int, list[_Ignore]] = {}
    for comment in comments:
        found = _COMMENT.match(comment.text)
        if found is None:
            continue
        line = _line_meant(source, comment)
        codes = [code.strip() for code in (found[1] or "").split(",", _MAX_CODES)][:_MAX_CODES]
        by_line.setdefault(line, []).extend(_Ignore(code, comment.span) for code in codes)
    if not by_line:
        return

    def is_silenced(diagnostic: Diagnostic) -> bool:
        line = source.position(diagnostic.span.start).line
        named = [each for each in by_line.get(line, ()) if each.code == diagnostic.code]
        for each in named:
            each.used = True
        return bool(named)

    findings.silence(is_silenced)
    for ignores in by_line.values():
        for each in ignores:
            if not each.used:
                findings.add("unused-ignore", each.span, reason=_reason(each.code))


def _line_meant(source: Source, comment: syntax.Comment) -> int:
    number = source.position(comment.span.start).line
    if source.text[source.line_starts[number - 1] : comment.span.start].strip():
        return number
    lines = source.line_starts
    for following in range(number, len(lines)):
        end = lines[following + 1] if following + 1 < len(lines) else len(source.text)
        text = source.text[lines[following] : end].strip()
        if not text.startswith("#") or _COMMENT.match(text[1:]) is None:
            return following + 1
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
