"""
What people see of a console's answers: tables in 80 columns, times, and no character that could steer a terminal.

Much of it was written by somebody else (messages, labels, what clients asked for), so all of it goes through
`printable`. Where no terminal is, lines are whole, so that they can be searched.
"""

import json
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from edgescript.cli import WIDTH

NOTHING: Final = "-"
"""In a cell that has nothing to say."""
_GAP: Final = "  "
_MORE: Final = "..."
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def now() -> float:
    """Unix seconds."""
    return time.time()  # noqa: TID251 - the command line is where clocks are read


def width() -> int | None:
    """Columns of the terminal that standard output is; None where it is none."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else None


def printable(text: object) -> str:
    """One line of what a terminal takes for text, whatever it was."""
    return "".join(
        char if char.isprintable() else " " if char in "\t\n\r" else "\N{REPLACEMENT CHARACTER}"
        for char in str(text)
    )


def columns(text: str) -> int:
    """How wide a terminal shows `text`: two columns for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def cut(text: str, most: int | None) -> str:
    """`text` in at most that many columns."""
    if most is None or columns(text) <= most:
        return text
    kept, used = [], len(_MORE)
    for char in text:
        used += columns(char)
        if used > most:
            break
        kept.append(char)
    return "".join(kept) + _MORE


def table(header: Sequence[str], rows: Iterable[Sequence[object]], most: int | None = None) -> Iterator[str]:
    """Lines of a table: bold names of columns, then a line a row, cut at `most` columns."""
    cells = [[printable(NOTHING if cell in {None, ""} else cell) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(header, *cells, strict=True)]
    for index, row in enumerate([list(header), *cells]):
        padded = [
            cell + " " * (wide - columns(cell)) for cell, wide in zip(row[:-1], widths[:-1], strict=True)
        ]
        line = cut(_GAP.join([*padded, row[-1]]).rstrip(), most)
        yield line if index else click.style(line, bold=True)


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table, or the line `empty` on standard error."""
    rows = list(rows)
    if not rows:
        click.echo(empty, err=True)
        return
    for line in table(header, rows, width()):
        click.echo(line)


def show_json(value: Any) -> None:
    """A JSON value for programs; control characters are escaped, those beyond ASCII too."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo("".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text))


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def show_text(text: str) -> None:
    """A text as it is; on a terminal, without what could steer it."""
    if sys.stdout.isatty():
        text = "".join(char if char in "\n\t" else printable(char) for char in text)
    click.echo(text, nl=False)


def moment(unix_s: float | None) -> str:
    """`2026-11-23 17:04:05Z`; a mark for None."""
    if unix_s is None:
        return NOTHING
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return str(unix_s)


def minute(unix_s: float | None) -> str:
    """As `moment`, to the minute: `2026-11-23 17:04`."""
    return NOTHING if unix_s is None else moment(unix_s)[:16]


def ago(unix_s: float | None, now_s: float) -> str:
    """`5 minutes ago`; a mark for None."""
    return NOTHING if unix_s is None else f"{span(max(0.0, now_s - unix_s))} ago"


def span(seconds: float) -> str:
    """`5 minutes`, in the largest unit that it is one of."""
    for unit, name in _UNITS:
        if seconds >= unit:
            return count(int(seconds // unit), name)
    return "0 seconds"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 node`, `2 nodes`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
