"""Replacement texts of gsub, as OpenResty reads them: `$0`, `$1`, `${1}`, `$$`."""

from collections.abc import Sequence
from typing import Final

from edgescript.regex.errors import RegexError

_DIGITS: Final = "0123456789"


class Template:
    """A replacement read once. `parts` are texts and group numbers in order. Raises RegexError."""

    __slots__ = ("_numbers", "literal_bytes", "parts")

    def __init__(self, text: str) -> None:
        self.parts: tuple[str | int, ...] = tuple(_read(text))
        self._numbers = [part for part in self.parts if isinstance(part, int)]
        self.literal_bytes = sum(len(part) for part in self.parts if isinstance(part, str))

    def fill(self, subject: str, spans: Sequence[tuple[int, int]]) -> str:
        """The text for a match; groups that took no part (-1) or do not exist are ''."""
        out = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
            elif part < len(spans) and spans[part][0] >= 0:
                out.append(subject[slice(*spans[part])])
        return "".join(out)

    def filled_bytes(self, spans: Sequence[tuple[int, int]]) -> int:
        """The length of what `fill` returns, known before it is made."""
        taken = sum(spans[number][1] - spans[number][0] for number in self._numbers if number < len(spans))
        return self.literal_bytes + taken

    @property
    def references(self) -> int:
        """How many groups are put in."""
        return len(self._numbers)

    def for_re(self, groups: int) -> str:
        """The template as `re` reads it, for a pattern with so many groups."""
        return "".join(
            part.replace("\\", r"\\") if isinstance(part, str) else rf"\g<{part}>" if part <= groups else ""
            for part in self.parts
        )


def _read(text: str) -> list[str | int]:
    parts: list[str | int] = []
    literal, *rest = text.split("$")
    pieces = iter(rest)
    for piece in pieces:
        if not piece:
            # Two dollar signs: one, and the text up to the next.
            following = next(pieces, None)
            if following is None:
                raise RegexError("replacement ends with '$'; a dollar sign is written '$$'")
            literal += "$" + following
            continue
        digits, after = _reference(piece)
        if literal:
            parts.append(literal)
        # No pattern has so many groups that more than nine digits matter.
        parts.append(int(digits[:9]))
        literal = after
    return [*parts, literal] if literal else parts


def _reference(piece: str) -> tuple[str, str]:
    """The digits of the reference after `$`, and the text behind it. Raises RegexError."""
    braced = piece.startswith("{")
    digits = piece[braced : len(piece) - len(piece[braced:].lstrip(_DIGITS))]
    after = piece[braced + len(digits) :]
    if not digits:
        raise RegexError("'$' in a replacement wants a group number; a dollar sign is written '$$'")
    if braced and not after.startswith("}"):
        raise RegexError(f"missing '}}' after '${{{digits}' in a replacement")
    return digits, after[braced:]
