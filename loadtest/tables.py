"""A table of figures that stands beside the cases: written by one program as JSON, shown by another as text or Markdown."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass


class TableError(Exception):
    """What should have been a table is none."""


@dataclass(frozen=True, slots=True)
class Table:
    """The first cell of a row is its name; `rows` have as many cells as `headings`. `notes` are sentences below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Table":
        """Raises TableError."""
        try:
            found = json.loads(text)
            rows = tuple(tuple(map(str, row)) for row in found["rows"])
            return cls(found["title"], tuple(found["headings"]), rows, tuple(found["notes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise TableError(f"no table: {error!r}") from None

    def text(self) -> str:
        """Columns for a terminal: names to the left, figures to the right."""
        widths = [max(map(len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        lines = [_aligned(row, widths) for row in (self.headings, *self.rows)]
        return "\n".join([self.title, *lines, *self.notes])

    def markdown(self) -> Iterator[str]:
        """Lines of a section."""
        yield from ("", f"## {self.title}", "")
        yield f"| {' | '.join(self.headings)} |"
        yield "| --- |" + " ---: |" * (len(self.headings) - 1)
        for row in self.rows:
            yield f"| {' | '.join(row)} |"
        for note in self.notes:
            yield from ("", note)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = (
        f"{cell:<{width}}" if number == 0 else f"{cell:>{width}}"
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([name, *figures]).rstrip()
