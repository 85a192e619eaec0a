"""
A run line by line: the line as it stands, then what happened on it, and the fuel charged by its end.

       4  if gt(now(), tonumber($arg_t)) {                            fuel 14
            now() => 1700000000  1 us
            tonumber('1700000300') => 1700000300  1 us
            gt(1700000000, 1700000300) => false  1 us
            not taken

What a line asks for (headers, a redirect, output, a rate) is told where it does. Lines with no branch between them are
charged together, so the fuel may stand still from one to the next.
"""

from collections.abc import Callable
from typing import Final

from edgescript.context import Context
from edgescript.effects import Effects
from edgescript.program import Program
from edgescript.source import Source, as_utf8
from edgescript.types import Table, Value, value_text

MAX_LINES: Final = 1000
"""Lines of text kept per script; a loop may make a great many more."""
MAX_VALUE: Final = 60
"""Characters of one value."""
MAX_ENTRIES: Final = 4
"""Entries shown of a dictionary."""
MAX_SOURCE: Final = 56
"""Characters of a line of the script."""
_INNER: Final = " " * 10
_TOLD: Final = {
    "path": "the origin is asked for",
    "query": "with the query",
    "end": "ends the request:",
    "ttl_s": "lifetime, seconds:",
    "ttl_s_by_status": "lifetime by status:",
    "rate_bytes_per_s": "rate, bytes a second:",
    "rate_after_bytes": "full speed for the first bytes:",
}
"""Effects that are told when they change, and in what words."""


class RunTrace:
    """A `vm.Tracer` that keeps `lines` and counts what it leaves out. `begin` comes before each run."""

    def __init__(self, source: Source, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds."""
        self.monotonic = monotonic
        self._source = [as_utf8(line) for line in source.text.split("\n")]
        self._lines: list[str] = []
        self._events = 0
        self.clear()

    def clear(self) -> None:
        """Forget the run before."""
        self._lines.clear()
        self._events = 0
        self._context: Context | None = None
        self._shown = 0
        self._heading = MAX_LINES
        self._effects = self._before = Effects()
        self._is_late = False

    def begin(self, context: Context) -> None:
        """A run in `context` starts."""
        self.clear()
        self._context = context
        self._effects = context.effects
        self._before = context.effects.snapshot()

    def line(self, line: int, /) -> None:
        """A line is shown when something happens on it."""
        del line
        self._shown = 0

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        del column
        self._happened(line, "taken" if taken else "not taken")

    def assign(self, line: int, name: str, value: Value, /) -> None:
        self._happened(line, f"{name} = {shown(value)}")

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        given = ", ".join(shown(argument) for argument in arguments)
        self._happened(line, f"{name}({given}) => {shown(result)}  {elapsed_s * 1e6:.0f} us")
        self._tell_effects()

    def _happened(self, line: int, what: str) -> None:
        if line != self._shown:
            self._close_line()
            self._shown = line
            text = self._source[line - 1].strip() if 0 < line <= len(self._source) else ""
            text = text if len(text) <= MAX_SOURCE else f"{text[: MAX_SOURCE - 3]}..."
            self._heading = len(self._lines)
            self._note(f"{line:>6}  {text}")
        self._note(f"{_INNER}{what}")

    def _close_line(self) -> None:
        """Write the fuel beside the line before, now that it is known."""
        if self._context is not None and self._heading < len(self._lines):
            self._lines[self._heading] = f"{self._lines[self._heading]:<66}  fuel {self._context.fuel_used}"
        self._heading = MAX_LINES

    def _tell_effects(self) -> None:
        """Tell what the effects have that they had not before the call."""
        if self._context is None:
            return
        now, before = self._context.effects, self._before
        if now is not self._effects:  # a run that waited goes on: from here on its wishes count anew
            self._effects, self._before, self._is_late = now, now.snapshot(), True
            return
        late = "too late, " if self._is_late else ""
        for side, label in (
            ("request_headers", f"{late}to the origin"),
            ("response_headers", "to the client"),
        ):
            ops, known = getattr(now, side), len(getattr(before, side))
            for op in ops[known:]:
                value = "" if op.action == "delete" else f": {_escaped(op.value[:MAX_VALUE])}"
                self._note(f"{_INNER}{label}, {op.action} {_escaped(op.name)}{value}")
        for text in now.output[len(before.output) :]:
            self._note(f"{_INNER}body, {shown(text)}")
        for name, words in _TOLD.items():
            value = getattr(now, name)
            if value != getattr(before, name):
                told = late if name in {"path", "query"} else ""
                self._note(f"{_INNER}{told}{words} {_plain(value)}")
        self._before = now.snapshot()

    def _note(self, line: str) -> None:
        self._events += 1
        if self._events <= MAX_LINES:
            self._lines.append(line)

    @property
    def lines(self) -> list[str]:
        """What was kept; the last line says how many more there were, if any."""
        self._close_line()
        left_out = self._events - len(self._lines)
        return [*self._lines, f"{_INNER}... {left_out} more"] if left_out else list(self._lines)


def traced(program: Program, trace: RunTrace) -> Callable[[Context], bool]:
    """What runs `program` in the reference tier, and tells `trace`."""

    def run(context: Context) -> bool:
        trace.begin(
            context
        )  # once more for a run that had waited for the response: it is repeated from its start
        return program.interpret(context, trace)

    return run


def _plain(value: object) -> str:
    """An effect in a few words."""
    if isinstance(value, tuple):
        return " ".join(_escaped(str(part)[:MAX_VALUE]) for part in value if part is not None)
    if isinstance(value, dict):
        return ", ".join(f"{status}={seconds}" for status, seconds in value.items())[:MAX_VALUE]
    return _escaped(str(value)[:MAX_VALUE])


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
