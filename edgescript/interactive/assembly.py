"""
An entry as a script of its own, and the way back from places in that script to what was typed.

Each entry is compiled with what the session knows put before it:

    for NAME, _ in [] {        one for each variable, in order of slots: known, and of any type
    }
    def NAME(...) { ... }      the functions, as they were typed
    ENTRY                      behind `_ = ` if it is an expression

So names, arity, types and limits are judged by the same passes as for a file, and every variable keeps its slot. What
the loops of no round cost is known and taken off the fuel.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from edgescript.diagnostics.findings import Diagnostic, Related
from edgescript.source import Source, Span

RESULT: Final = "_"
"""The variable that has the value of the last expression; always in slot 0."""
VALUE_PREFIX: Final = f"{RESULT} = "


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of something typed."""

    source: Source
    span: Span

    @property
    def text(self) -> str:
        return self.source.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class _Placed:
    excerpt: Excerpt
    start: int
    """Offset of the excerpt in the script."""

    def holds(self, offset: int) -> bool:
        return self.start <= offset <= self.start + len(self.excerpt.text)

    def back(self, span: Span) -> Span:
        """Where a span of the script is in what was typed, cut to the excerpt."""
        shift = self.excerpt.span.start - self.start
        first, last = self.excerpt.span
        return Span(min(max(span.start + shift, first), last), min(max(span.end + shift, first), last))


class Assembly:
    """The script of one entry."""

    def __init__(
        self, names: Iterable[str], functions: Iterable[Excerpt], entry: Source, *, is_value: bool
    ) -> None:
        self._placed: list[_Placed] = []
        self._length = 0
        self._parts: list[str] = []
        self.declared = 0
        """Variables made known."""
        for name in names:
            self._write(declaration(name))
            self.declared += 1
        for function in functions:
            self._place(function)
        self._write(VALUE_PREFIX if is_value else "")
        self._place(Excerpt(entry, Span(0, len(entry.text))))
        self.entry = self._placed[-1]
        self.source = Source(entry.name, "".join(self._parts))

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _place(self, excerpt: Excerpt) -> None:
        self._placed.append(_Placed(excerpt, self._length))
        self._write(f"{excerpt.text}\n")

    def reports(self, diagnostics: Iterable[Diagnostic]) -> list[tuple[Source, Diagnostic]]:
        """
        Findings where they were typed.

        Those in the entry, and errors in functions, which another entry can cause. An error that is nowhere, such as a
        script too large, is the entry's.
        """
        placed = (self._report(each) for each in diagnostics)
        return [each for each in placed if each is not None]

    def _report(self, diagnostic: Diagnostic) -> tuple[Source, Diagnostic] | None:
        found = self._find(diagnostic.span.start)
        if diagnostic.severity != "error" and found is not self.entry:
            return None
        place = found or self.entry
        related = diagnostic.related
        if related is not None:
            other = self._find(related.span.start)
            is_near = other is not None and other.excerpt.source is place.excerpt.source
            related = Related(other.back(related.span), related.message) if other and is_near else None
        return place.excerpt.source, replace(diagnostic, span=place.back(diagnostic.span), related=related)

    def locate(self, line: int, column: int) -> tuple[Source, Span]:
        """The source and the character at a place of the script, as faults name it."""
        start = self.source.line_starts[line - 1]
        offset = start + len(self.source.line(line)[: column - 1].encode())
        place = self._find(offset) or self.entry
        return place.excerpt.source, place.back(Span(offset, offset + 1))

    def _find(self, offset: int) -> _Placed | None:
        """The excerpt that holds an offset of the script; None for what was put before it."""
        return next((each for each in self._placed if each.holds(offset)), None)


def declaration(name: str) -> str:
    """Makes a script-level variable known, whatever its value, and leaves it alone."""
    return f"for {name}, {RESULT} in [] {{\n}}\n"
