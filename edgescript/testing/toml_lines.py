"""
Lines of the keys of a TOML text, which tomllib does not tell.

One pass over the lines notes headers (`[a.b]`, `[[a]]`) and the keys that begin a line. What stands inside an inline
table is looked for by its name, from the line of the table on. The text is one tomllib has read; for odd layouts the
answer is the nearest line above, never an exception.
"""

import re
from bisect import bisect_right
from typing import Final

Path = tuple[str | int, ...]
"""`("case", 2, "expect", "status")`; indexes count from 0."""

_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEY: Final = re.compile(rf"\s*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)[ \t]*=")
_HEADER: Final = re.compile(rf"\s*(\[\[?)[ \t]*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)[ \t]*\]")
_PART: Final = re.compile(_NAME)
_QUOTES: Final = ('"""', "'''")


class KeyLines:
    """Where the keys of a text stand."""

    def __init__(self, text: str) -> None:
        self._text = text.split("\n")
        self._lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}
        self._scan()
        self._starts = sorted(self._lines.values())

    def line(self, path: Path) -> int:
        """The line, from 1, of `path` or of the longest beginning of it that can be found."""
        known = path
        while known not in self._lines:
            known = known[:-1]
        line = self._lines[known]
        for name in path[len(known) :]:
            if isinstance(name, str):
                line = self._below(line, name)
        return line

    def _below(self, start: int, name: str) -> int:
        """The first line from `start` on, before the next known key, that gives `name` a value; else `start`."""
        pattern = re.compile(rf"(?<![\w-])[\"']?{re.escape(name)}[\"']?[ \t]*=")
        following = bisect_right(self._starts, start)
        end = self._starts[following] if following < len(self._starts) else len(self._text) + 1
        return next((line for line in range(start, end) if pattern.search(self._text[line - 1])), start)

    def _scan(self) -> None:
        table: Path = ()
        quote = ""
        for number, line in enumerate(self._text, 1):
            if quote:
                quote = "" if line.count(quote) % 2 else quote
                continue
            header, key = _HEADER.match(line), _KEY.match(line)
            if header is not None:
                table = self._open(_names(header[2]), several=header[1] == "[[")
                self._note(table, number)
            elif key is not None:
                self._note((*table, *_names(key[1])), number)
                quote = next((each for each in _QUOTES if line.count(each) % 2), "")

    def _open(self, names: list[str], *, several: bool) -> Path:
        """The path of a header, with the index of each array of tables on the way."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if several and position == len(names) - 1:
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)


def _names(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
