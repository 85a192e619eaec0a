"""Script text and places in it."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range of byte offsets into a source."""

    start: int
    end: int


class Position(NamedTuple):
    """Line and column, both from 1; a column counts characters of the line read as UTF-8."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A script's text: one code point per byte, as scripts hold strings."""

    name: str
    text: str

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> "Source":
        """The source with an UTF-8 byte order mark dropped and CRLF read as LF."""
        return cls(name, data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").decode("latin-1"))

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of each line's first byte."""
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def position(self, offset: int) -> Position:
        """Where `offset` is."""
        line = bisect_right(self.line_starts, offset)
        before = self.text[self.line_starts[line - 1] : offset]
        return Position(line, len(as_utf8(before)) + 1)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) as a person reads it, without its end."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return as_utf8(self.text[start : end if end >= 0 else len(self.text)])


def to_bytes_text(text: str) -> str:
    """`text` as scripts hold it: one code point per byte of its UTF-8 form."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def as_scripts_hold(entries: Mapping[str, str]) -> dict[str, str]:
    """The entries of a dictionary, keys and values as `to_bytes_text` has them."""
    return {to_bytes_text(key): to_bytes_text(value) for key, value in entries.items()}


def as_utf8(text: str) -> str:
    """A byte string as a person reads it; bytes that are not UTF-8 show as the replacement character."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
