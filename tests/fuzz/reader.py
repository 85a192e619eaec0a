"""Bytes read as choices, so that a search over bytes is a search over structures."""

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Reader:
    """Takes choices off the front of `data`; when nothing is left every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        if self.is_empty:
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1; bound at most 65536."""
        wide = self.byte() << 8 if bound > 256 else 0
        return (wide | self.byte()) % bound

    def pick(self, choices: Sequence[_T]) -> _T:
        return choices[self.below(len(choices))]

    def text(self) -> str:
        """Bytes up to the next NUL, as scripts hold strings."""
        end = self._data.find(b"\0", self._at)
        end = len(self._data) if end < 0 else end
        taken = self._data[self._at : end]
        self._at = end + 1
        return taken.decode("latin-1")
