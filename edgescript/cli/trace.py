"""The calls of a run as lines of text: `2 eq('/a', '/b') => false`, in the order they returned."""

import time
from typing import Final

from edgescript.types import Table, Value, value_text

MAX_LINES: Final = 1000
"""Calls noted per script; a loop may make a great many more."""
MAX_VALUE: Final = 60
"""Characters of one value."""
MAX_ENTRIES: Final = 4
"""Entries shown of a dictionary."""


class CallTrace:
    """A `vm.Tracer` that keeps `lines` and counts what it leaves out."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._calls = 0

    def clear(self) -> None:
        """Forget the run before."""
        self._lines.clear()
        self._calls = 0

    def monotonic(self) -> float:
        return time.monotonic()

    def line(self, line: int, /) -> None:
        """Lines are told by the calls on them."""

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        self._note(f"{line:>4} if at column {column}: {'taken' if taken else 'not taken'}")

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        given = ", ".join(shown(argument) for argument in arguments)
        self._note(f"{line:>4} {name}({given}) => {shown(result)}  {elapsed_s * 1e6:.0f} us")

    def _note(self, line: str) -> None:
        self._calls += 1
        if self._calls <= MAX_LINES:
            self._lines.append(line)

    @property
    def lines(self) -> list[str]:
        """One a call or branch; the last says how many more there were, if any."""
        left_out = self._calls - len(self._lines)
        return [*self._lines, f"     ... {left_out} more"] if left_out else list(self._lines)


def shown(value: Value) -> str:
    """A value much as a script writes it, one line, bounded."""
    if isinstance(value, str):
        text = _escaped(value[: MAX_VALUE * 4 + 4])
        return f"'{text}'" if len(text) <= MAX_VALUE else f"'{text[:MAX_VALUE]}...' ({len(value)} bytes)"
    if isinstance(value, Table):
        pairs = [f"{_key(key)} = {_inner(entry)}" for key, entry in value.items()[:MAX_ENTRIES]]
        return f"[{', '.join(pairs)}{', ...' if len(value) > MAX_ENTRIES else ''}]"
    return "undef" if value is None else value_text(value)


def _escaped(text: str) -> str:
    r"""A script's string in printable characters; a byte that is no part of UTF-8 is `\xNN`."""
    decoded = text.encode("latin-1").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in decoded)


def _key(key: Value) -> str:
    return shown(key) if not isinstance(key, Table) else "[...]"


def _inner(value: Value) -> str:
    """An entry: a dictionary inside a dictionary is not opened, since it may hold itself."""
    return "[...]" if isinstance(value, Table) else shown(value)
