"""
The node's log: what goes wrong or changes, one JSON object a line.

Whatever a client, an origin or a script can cause may come a million times a second, so each kind of event is
written at most `MAX_LINES_PER_S` times in one second. What is left out is counted: the next line of that kind says
how many there were in `left_out`, those that could not be written among them. Facts are names, numbers and places; values of a request never are. They may stand
in the message of a fault (`got digest 'x', want ...`), so what is quoted there, and a number that was got, is left out.
"""

import json
import re
from collections.abc import Callable
from typing import Final

from edgescript.pipeline import ScriptResult

MAX_LINES_PER_S: Final = 20
"""Lines of one kind in one second: enough to see what it is, too few to fill a disk."""

_QUOTED: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
"""A string as Python's repr writes it."""
_GOT_NUMBER: Final = re.compile(r"\b(got (?:[a-z]+ )?)[+-]?(?:[0-9][0-9.e+-]*|inf|nan)\b")

Fact = str | int | float | list[str] | dict[str, dict[str, int]]


class _Kind:
    """How often one kind came: in the current second, and unwritten since its last line."""

    __slots__ = ("left_out", "lines", "second")

    def __init__(self) -> None:
        self.second = 0
        self.lines = 0
        self.left_out = 0


class EventLog:
    """`write` takes a line without its end, or raises OSError: the line is then counted; `clock` gives Unix seconds."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}

    def note(self, event: str, **facts: Fact) -> None:
        """Write a line about `event`, or count it where there were enough in this second."""
        now = self._clock()
        kind = self._kinds.setdefault(event, _Kind())
        if int(now) != kind.second:
            kind.second, kind.lines = int(now), 0
        if kind.lines >= MAX_LINES_PER_S:
            kind.left_out += 1
            return
        kind.lines += 1
        line: dict[str, Fact] = {"event": event, "time": round(now, 3), **facts}
        if kind.left_out:
            line["left_out"] = kind.left_out
        try:
            self._write(json.dumps(line))
        except OSError:  # who goes wrong is told of by the log alone, and goes on without it
            kind.left_out += 1
        else:
            kind.left_out = 0


def fault_facts(request_id: str, result: ScriptResult) -> dict[str, Fact]:
    """What is logged of a script that raised; {} of one that did not."""
    fault = result.fault
    if fault is None:
        return {}
    return {
        "request_id": request_id,
        "script": result.script.name,
        "line": fault.line,
        "column": fault.column,
        "code": int(fault.code),
        "message": _GOT_NUMBER.sub(r"\1...", _QUOTED.sub("'...'", fault.message)),
        "fuel": result.fuel,
    }
