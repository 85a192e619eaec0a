"""
One layout for every script: text in, text out.

The result means the same: the same tree, the same comments in the same order. It is its own canonical form. What the
documented language would refuse is made what it accepts where that changes nothing else: other marks of comments, double quotes
around strings, blocks on one line, grouping parentheses, a comma behind the last element.
"""

from dataclasses import dataclass

from edgescript.diagnostics.findings import Diagnostic, has_errors
from edgescript.formatting.outline import outline
from edgescript.formatting.printing import text_of
from edgescript.parsing.parser import parse
from edgescript.source import Source


@dataclass(frozen=True, slots=True)
class Formatted:
    """`text`, one code point per byte, is None exactly when `diagnostics` have the errors that stand in the way."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()


def canonical(source: Source) -> Formatted:
    """`source` in canonical layout. Never raises, whatever the bytes."""
    diagnostics = parse(source).diagnostics
    if has_errors(diagnostics):
        return Formatted(None, diagnostics)
    text = text_of(outline(source))
    # Indentation takes room: a script just below the limit on text may be above it when laid out.
    grown = parse(Source(source.name, text)).diagnostics if len(text) > len(source.text) else ()
    return Formatted(None, grown) if has_errors(grown) else Formatted(text)
