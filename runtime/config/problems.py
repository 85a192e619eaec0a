"""What is wrong with a configuration: each problem with its key, and where it stands if it came from a file."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from edgescript.diagnostics.render import snippet
from edgescript.source import Source, Span

Path: TypeAlias = tuple[str | int, ...]
"""`("sites", 1, "cache", 0, "ttl_s")`; indexes count from 0."""

MAX_SHOWN: Final = 60
"""Characters of a wrong value that a message repeats."""
MAX_PROBLEMS: Final = 100
"""What a person reads in one go; the rest is counted."""


class Problem(NamedTuple):
    """Something wrong with the value at `path`; `of_key`: with the key itself."""

    path: Path
    message: str
    of_key: bool = False
    span: Span | None = None
    """Where in the file, once that is known."""

    @property
    def key(self) -> str:
        """`sites[2].cache[1].ttl_s`, entries counted from 1; '' for the file as a whole."""
        return dotted(self.path)

    @property
    def text(self) -> str:
        """Key and message."""
        return f"{self.key}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """
    The configuration cannot be used. `str()` is one line that names every problem.

    `source` is the file's text where the problems are from one, `file` its name.
    """

    def __init__(self, problems: Iterable[Problem], file: str = "", source: Source | None = None) -> None:
        self.problems = tuple(problems)
        self.file = file
        self.source = source
        super().__init__(self._line())

    def _line(self) -> str:
        shown = [f"{self._place(each)}{each.text}" for each in self.problems[:MAX_PROBLEMS]]
        more = len(self.problems) - len(shown)
        if more:
            shown.append(f"and {more} more")
        text = "; ".join(shown)
        if not self.file:
            return text
        located = self.source is not None and self.problems[0].span is not None
        return f"{self.file}:{text}" if located else f"{self.file}: {text}"

    def _place(self, problem: Problem) -> str:
        if self.source is None or problem.span is None:
            return ""
        line, column = self.source.position(problem.span.start)
        return f"{line}:{column}: "

    def report(self) -> str:
        """For people: a headline and the line with carets for each problem, as for scripts."""
        lines: list[str] = []
        for problem in self.problems[:MAX_PROBLEMS]:
            place = f"{self.file}:{self._place(problem).rstrip()} " if self.file else ""
            lines.append(f"{place.replace(':: ', ': ')}error: {problem.text}")
            if self.source is not None and problem.span is not None:
                lines += snippet(self.source, problem.span)
        more = len(self.problems) - MAX_PROBLEMS
        if more > 0:
            lines.append(f"{more} more problems are not shown")
        return "".join(f"{line}\n" for line in lines)

    def records(self) -> list[dict[str, Any]]:
        """For machines: flat objects; line and column from 1, null where unknown."""
        records = []
        for problem in self.problems:
            line = column = None
            if self.source is not None and problem.span is not None:
                line, column = self.source.position(problem.span.start)
            records.append(
                {
                    "file": self.file or None,
                    "line": line,
                    "column": column,
                    "key": problem.key,
                    "message": problem.message,
                }
            )
        return records


def dotted(path: Path) -> str:
    """A path as messages name it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{_name(part)}" if text else _name(part)
    return text


def _name(key: str) -> str:
    text = key if key.isprintable() else repr(key)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def shown(value: object) -> str:
    """A value in a message: short, on one line."""
    if isinstance(value, list | tuple | dict):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > MAX_SHOWN:
        return f"a number of {value.bit_length()} bits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
