"""
Where the keys and values of a TOML text stand, which tomllib does not tell.

The text is one that tomllib has read, so this is a walk over a known grammar and no second judgement: keys and
delimiters are followed, scalars are skipped. Strings, comments, dotted and quoted keys, inline tables, arrays over
several lines and arrays of tables are; a path that cannot be found has the place of what holds it.
"""

import contextlib
import re
from typing import Final

from edgescript.source import Span
from runtime.config.problems import Path

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS: Final = (
    (re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL), '"""'),
    (re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL), "'''"),
    (re.compile(r'"(?:[^"\\\n]|\\.)*"'), '"'),
    (re.compile(r"'[^'\n]*'"), "'"),
)
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class Places:
    """Spans of the keys and values of `text` (one code point per byte)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._keys: dict[Path, Span] = {}
        self._values: dict[Path, Span] = {}
        self._entries: dict[Path, int] = {}
        """How many tables each array of tables has so far."""
        with contextlib.suppress(RecursionError, _LostError):  # what was found until there is found
            self._scan()

    def find(self, path: Path, *, of_key: bool) -> Span | None:
        """The span of the key or value at `path`, or of the longest beginning of it that is known; None for none."""
        while path:
            key, value = self._keys.get(path), self._values.get(path)
            found = (key or value) if of_key else (value or key)
            if found is not None:
                return found
            path, of_key = path[:-1], True
        return None

    def _scan(self) -> None:
        text, at = self._text, 0
        table: Path = ()
        while True:
            at = _end(_SPACE, text, at)
            if at >= len(text):
                return
            if text[at] == "[":
                several = text.startswith("[[", at)
                names, at = self._key(at + 1 + several)
                table = self._open(names, several=several)
                at = _end(_BLANK, text, at) + 1 + several
            else:
                at = self._pair(table, at)

    def _open(self, names: list[tuple[str, Span]], *, several: bool) -> Path:
        """The path of a header, with the index of the last table of each array of tables on the way."""
        path: Path = ()
        for position, (name, span) in enumerate(names):
            path = (*path, name)
            is_last = position == len(names) - 1
            if several and is_last:
                self._entries[path] = self._entries.get(path, -1) + 1
            if not several or not is_last:
                self._keys.setdefault(path, span)
            if path in self._entries:
                self._keys.setdefault(path, span)
                path = (*path, self._entries[path])
                self._keys.setdefault(path, span)
        return path

    def _pair(self, table: Path, at: int) -> int:
        """Note `key = value` at `at`; where it ends."""
        names, at = self._key(at)
        path = table
        for name, span in names:
            path = (*path, name)
            self._keys.setdefault(path, span)
        at = _end(_BLANK, self._text, _end(_BLANK, self._text, at) + 1)
        return self._value(path, at)

    def _key(self, at: int) -> tuple[list[tuple[str, Span]], int]:
        """The names of a dotted key, and where it ends."""
        text, names = self._text, []
        while True:
            at = _end(_BLANK, text, at)
            end = _string_end(text, at) or _end(_BARE, text, at)
            if end == at:
                raise _LostError
            names.append((_name(text[at:end]), Span(at, end)))
            at = _end(_BLANK, text, end)
            if at >= len(text) or text[at] != ".":
                return names, end
            at += 1

    def _value(self, path: Path, at: int) -> int:
        text, start = self._text, at
        if text.startswith("[", at):
            at = self._array(path, at + 1)
        elif text.startswith("{", at):
            at = self._inline(path, at + 1)
        else:
            at = _string_end(text, at) or start + len(
                text[start : _end(_SCALAR, text, start)].rstrip(" \t\r")
            )
        if at == start:
            raise _LostError
        self._values[path] = Span(start, at)
        return at

    def _array(self, path: Path, at: int) -> int:
        index = 0
        while True:
            at = self._past(at)
            if self._text[at] == "]":
                return at + 1
            at = self._past(self._value((*path, index), at))
            index += 1
            at += self._text[at] == ","

    def _inline(self, path: Path, at: int) -> int:
        while True:
            at = self._past(at)
            if self._text[at] == "}":
                return at + 1
            at = self._past(self._pair(path, at))
            at += self._text[at] == ","

    def _past(self, at: int) -> int:
        """Past white space and comments, to something."""
        at = _end(_SPACE, self._text, at)
        if at >= len(self._text):
            raise _LostError
        return at


class _LostError(Exception):
    """The text is none that tomllib reads."""


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _string_end(text: str, at: int) -> int:
    """Where the string that begins at `at` ends; 0 where none does."""
    for pattern, quote in _STRINGS:
        if text.startswith(quote, at):
            found = pattern.match(text, at)
            if found is not None:
                return found.end()
    return 0


def _name(text: str) -> str:
    """The key that `text` spells."""
    if text[0] == '"':
        text = _ESCAPE.sub(_unescaped, text[1:-1])
    elif text[0] == "'":
        text = text[1:-1]
    return text if text.isascii() else _decoded(text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code is None:
        return _ESCAPED.get(match[3], match[3])
    return chr(int(code, 16)).encode("utf-8", "replace").decode("latin-1")


def _decoded(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")
