"""Forms of output for diagnostics: text for people, JSON, SARIF 2.1.0, and annotations of GitHub's CI."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.diagnostics.findings import Diagnostic
from edgescript.source import Source, Span, as_utf8

TAB_COLUMNS: Final = 4
MAX_SNIPPET: Final = 120
"""Terminal columns of a source line that a snippet shows, around the place."""
_SARIF_LEVEL: Final = {"error": "error", "warning": "warning", "hint": "note", "compat": "note"}
_GITHUB_COMMAND: Final = {"error": "error", "warning": "warning", "hint": "notice", "compat": "notice"}

Reports = Iterable[tuple[Source, Sequence[Diagnostic]]]
"""The findings of each file."""


def as_text(source: Source, diagnostic: Diagnostic) -> str:
    """
    Headline, snippet and help, ending in a line end:

        shop.es:4:7: error[unknown-function]: unknown function 'lenght'
          |
        4 | if gt(lenght($uri), 10) {
          |       ^^^^^^
        help: did you mean 'len'?
    """
    lines = [
        f"{_place(source, diagnostic.span)}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    ]
    lines += snippet(source, diagnostic.span)
    if diagnostic.related is not None:
        lines.append(f"{_place(source, diagnostic.related.span)}: note: {diagnostic.related.message}")
        lines += snippet(source, diagnostic.related.span)
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    return "\n".join(lines) + "\n"


def as_record(source: Source, diagnostic: Diagnostic) -> dict[str, Any]:
    """A flat object for machines; lines and columns from 1, the end behind the last character."""
    record = {
        "file": source.name,
        **_region(source, diagnostic.span),
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "help": diagnostic.help,
    }
    if diagnostic.related is not None:
        related = diagnostic.related
        record["related"] = {**_region(source, related.span), "message": related.message}
    return record


def as_json(reports: Reports) -> str:
    """One array of records."""
    records = [as_record(source, each) for source, diagnostics in reports for each in diagnostics]
    return json.dumps(records, indent=2, ensure_ascii=False)


def as_github(reports: Reports) -> str:
    """Workflow commands, one a line."""
    lines = []
    for source, diagnostics in reports:
        for diagnostic in diagnostics:
            region = _region(source, diagnostic.span)
            properties = {
                "file": source.name,
                "line": region["line"],
                "endLine": region["end_line"],
                "col": region["column"],
                "endColumn": region["end_column"],
                "title": diagnostic.code,
            }
            listed = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
            text = diagnostic.message + (f"\n{diagnostic.help}" if diagnostic.help else "")
            lines.append(f"::{_GITHUB_COMMAND[diagnostic.severity]} {listed}::{_escape_data(text)}\n")
    return "".join(lines)


def as_sarif(reports: Reports) -> str:
    """A SARIF 2.1.0 log of one run."""
    results: list[dict[str, Any]] = []
    codes: dict[str, int] = {}
    for source, diagnostics in reports:
        for diagnostic in diagnostics:
            index = codes.setdefault(diagnostic.code, len(codes))
            results.append(_sarif_result(source, diagnostic, index))
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CATALOGUE[code].summary},
            "fullDescription": {"text": CATALOGUE[code].why},
            "defaultConfiguration": {"level": _SARIF_LEVEL[CATALOGUE[code].severity]},
        }
        for code in codes
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "edgescript", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _sarif_result(source: Source, diagnostic: Diagnostic, rule_index: int) -> dict[str, Any]:
    text = diagnostic.message + (f" ({diagnostic.help})" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": _SARIF_LEVEL[diagnostic.severity],
        "message": {"text": text},
        "locations": [_sarif_location(source, diagnostic.span)],
    }
    if diagnostic.related is not None:
        location = _sarif_location(source, diagnostic.related.span)
        result["relatedLocations"] = [{**location, "message": {"text": diagnostic.related.message}}]
    return result


def _sarif_location(source: Source, span: Span) -> dict[str, Any]:
    region = _region(source, span)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": source.name},
            "region": {
                "startLine": region["line"],
                "startColumn": region["column"],
                "endLine": region["end_line"],
                "endColumn": region["end_column"],
            },
        }
    }


def _region(source: Source, span: Span) -> dict[str, Any]:
    start = source.position(span.start)
    end = source.position(max(span.end, span.start))
    return {"line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column}


def _place(source: Source, span: Span) -> str:
    line, column = source.position(span.start)
    return f"{source.name}:{line}:{column}"


def snippet(source: Source, span: Span) -> list[str]:
    """The line of `span` with carets below, in terminal columns; a span over several lines is cut at the first."""
    number = source.position(span.start).line
    line_start = source.line_starts[number - 1]
    line_end = source.text.find("\n", line_start)
    line_end = len(source.text) if line_end < 0 else line_end
    marked_end = max(span.start, min(span.end, line_end))
    # Of a line of any length, no more is looked at than can be shown, and one character that says there is more.
    limit = MAX_SNIPPET + 1
    before = _cells(as_utf8(source.text[line_start : span.start])[-limit:])
    marked = _cells(as_utf8(source.text[span.start : marked_end])[:limit], sum(width for _, width in before))
    after = _cells(as_utf8(source.text[marked_end:line_end])[:limit])
    before, marked, after = _clip(before, marked, after)
    gutter = " " * len(str(number))
    text = "".join(cell for cell, _ in (*before, *marked, *after))
    carets = " " * sum(width for _, width in before) + "^" * max(1, sum(width for _, width in marked))
    return [f"{gutter} |", f"{number} | {text}".rstrip(), f"{gutter} | {carets}"]


_Cells = list[tuple[str, int]]


def _cells(text: str, column: int = 0) -> _Cells:
    """What a terminal shows for each character, and in how many columns; `column` is where the text begins."""
    cells: _Cells = []
    for char in text:
        if char == "\t":
            width = TAB_COLUMNS - column % TAB_COLUMNS
            cells.append((" " * width, width))
        elif unicodedata.combining(char):
            cells.append((char, 0))
        elif not char.isprintable():
            # Control and direction characters would move the cursor, or show another text than is compiled.
            cells.append(("\N{REPLACEMENT CHARACTER}", 1))
        else:
            cells.append((char, 2 if unicodedata.east_asian_width(char) in "WF" else 1))
        column += cells[-1][1]
    return cells


def _clip(before: _Cells, marked: _Cells, after: _Cells) -> tuple[_Cells, _Cells, _Cells]:
    """The cells within `MAX_SNIPPET` columns, the marked ones first; dots stand for what is left out."""
    dots = [("…", 1)]
    if len(marked) > MAX_SNIPPET:
        marked = marked[:MAX_SNIPPET]
        after = after[:0]
    room = max(0, MAX_SNIPPET - len(marked))
    if len(before) + len(after) > room:
        lead = max(room // 2, room - len(after))
        if len(before) > lead:
            before = dots + before[len(before) - lead :]
        if len(after) > room - min(lead, len(before)):
            after = after[: room - min(lead, len(before))] + dots
    return before, marked, after


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
