"""
Which of many patterns a path matches, all at once: the answer is a set of bits, bit n for pattern n.

In a pattern `*` stands for any characters, `/` among them, and every other character for itself. Its form says how it
is looked up:

    /a/b      the whole path     one look-up for all such patterns
    /img/*    a beginning        one look-up for each length that such beginnings have
    *.jpg     an extension       one look-up for all such patterns
    *-big.jpg an ending          one comparison each
    /a/*/b    anything else      its parts are searched for from left to right, each once

So nothing backtracks: the work is at most the length of the path for each pattern. Paths are compared as they came
on the wire, not percent-decoded, in their own case.
"""

from collections.abc import Iterable
from typing import Final

EVERYTHING: Final = "*"
MAX_STARS: Final = 8
"""Each costs a search through the path."""
MAX_PATTERN: Final = 1024


def is_path_pattern(text: str) -> bool:
    """Whether `text` can match a path: it begins with `/` or `*` and has no query."""
    return (
        text.startswith(("/", "*"))
        and len(text) <= MAX_PATTERN
        and text.count("*") <= MAX_STARS
        and text.isascii()
        and text.isprintable()
        and not any(char in "? #" for char in text)
    )


class PathTable:
    """Patterns, each with bits that it contributes."""

    __slots__ = ("_beginnings", "_endings", "_everywhere", "_exact", "_extensions", "_others", "is_constant")

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        self._everywhere = 0
        self._exact: dict[str, int] = {}
        self._extensions: dict[str, int] = {}
        beginnings: dict[int, dict[str, int]] = {}
        endings: list[tuple[str, int]] = []
        others: list[tuple[str, tuple[str, ...], str, int, int]] = []
        for pattern, bits in patterns:
            stars = pattern.count("*")
            bare = pattern.strip("*")
            if not bare:
                self._everywhere |= bits
            elif not stars:
                _add(self._exact, pattern, bits)
            elif stars == 1 and pattern.endswith("*"):
                _add(beginnings.setdefault(len(bare), {}), bare, bits)
            elif stars == 1 and pattern.startswith("*"):
                if bare.startswith(".") and bare.count(".") == 1 and "/" not in bare:
                    _add(self._extensions, bare[1:], bits)
                else:
                    endings.append((bare, bits))
            else:
                first, *middle, last = pattern.split("*")
                parts = tuple(part for part in middle if part)
                others.append((first, parts, last, len(first) + sum(map(len, parts)) + len(last), bits))
        self._beginnings = tuple(sorted(beginnings.items()))
        self._endings = tuple(endings)
        self._others = tuple(others)
        self.is_constant = not (
            self._exact or self._extensions or self._beginnings or self._endings or self._others
        )
        """Every path has the same bits."""

    def find(self, path: str) -> int:
        """The bits of all patterns that `path` matches."""
        bits = self._everywhere
        if self._exact:
            bits |= self._exact.get(path, 0)
        for length, beginnings in self._beginnings:
            bits |= beginnings.get(path[:length], 0)
        if self._extensions:
            dot = path.rfind(".")
            if dot >= 0:
                bits |= self._extensions.get(path[dot + 1 :], 0)
        for ending, own in self._endings:
            if path.endswith(ending):
                bits |= own
        for first, parts, last, least, own in self._others:
            if len(path) >= least and path.startswith(first) and path.endswith(last):
                at, end = len(first), len(path) - len(last)
                for part in parts:
                    at = path.find(part, at, end)
                    if at < 0:
                        break
                    at += len(part)
                else:
                    bits |= own
        return bits


def _add(table: dict[str, int], key: str, bits: int) -> None:
    table[key] = table.get(key, 0) | bits
