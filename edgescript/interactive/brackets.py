"""Whether what was typed so far is a whole entry: the brackets and braces that are still open, line by line."""

from typing import Final

from edgescript.diagnostics.findings import Findings
from edgescript.parsing.lexical import tokenise
from edgescript.source import Source

_CLOSER: Final = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSERS: Final = frozenset(_CLOSER.values())


class Brackets:
    """
    What the lines of an entry leave open.

    No token goes over a line end, so each line is looked at once and by itself, however long the entry gets.
    """

    def __init__(self) -> None:
        self._open: list[str] = []
        self._lost = False

    def add(self, line: str) -> None:
        """Take the next line."""
        for token in tokenise(Source("", line), Findings()).tokens:
            if token.type in _CLOSER:
                self._open.append(_CLOSER[token.type])
            elif token.type in _CLOSERS and not (self._open and self._open.pop() == token.type):
                self._lost = True

    @property
    def wants_more(self) -> bool:
        """Whether a bracket is open; never after one that closes another kind, since no line can mend that."""
        return bool(self._open) and not self._lost

    @property
    def depth(self) -> int:
        """How many are open."""
        return len(self._open)
