"""Where a session's lines come from: a terminal, with history and completion, or a pipe."""

import sys
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from edgescript.parsing.lexical import MAX_SOURCE_BYTES
from edgescript.source import to_bytes_text

_DELIMITERS: Final = " \t\n(),=[]{}'\"-"
"""What ends a word for completion; neither `$` nor `:` does."""

Complete = Callable[[str, str], Iterable[str]]
"""What could stand for a word, given it and the line before it."""


class Lines(Protocol):
    """A source of lines, one code point per byte, without their ends."""

    def next(self, prompt: str) -> str | None:
        """The next line, or None at the end. Raises KeyboardInterrupt."""
        ...


class Pipe:
    """Lines of standard input as they come, no prompt; a line past the limit on scripts comes in parts."""

    def next(self, prompt: str) -> str | None:  # noqa: ARG002 - nobody is there to be prompted
        line = sys.stdin.buffer.readline(MAX_SOURCE_BYTES + 1)
        return line.rstrip(b"\r\n").decode("latin-1") if line else None


class Terminal:
    """Lines typed by a person. What was typed is remembered while the session lasts."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete
        self._found: list[str] = []
        try:
            import readline
        except ImportError:  # a Python built without it: lines can be typed, not edited
            return
        self._readline = readline
        readline.set_completer_delims(_DELIMITERS)
        readline.set_completer(self._candidate)
        is_libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")

    def next(self, prompt: str) -> str | None:
        try:
            return to_bytes_text(input(prompt))
        except EOFError:
            return None

    def _candidate(self, word: str, state: int) -> str | None:
        """Readline's way to ask: the candidate of that number, None past the last."""
        if state == 0:
            before = self._readline.get_line_buffer()[: self._readline.get_begidx()]
            self._found = [each for each in self._complete(word, before) if each.startswith(word)]
        return self._found[state] if state < len(self._found) else None
