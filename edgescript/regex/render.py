"""A tree as the text of each engine. Sets are explicit and places spelt out, so neither text needs flags."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from edgescript.regex.errors import RegexError
from edgescript.regex.tree import (
    ALL_BYTES,
    NEWLINE,
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Place,
    Repeat,
    Sequence,
    min_width,
    prefers_empty,
)

INNER_NEWLINE: Final = "\u0100"
"""Stands for every newline but the last in subjects of `Dialect.RE2_FINAL`: a code point no byte has."""


class Dialect(Enum):
    RE = auto()
    """`re` on text of code points 0-255, compiled with `re.ASCII`."""
    RE2 = auto()
    """RE2 on bytes, for subjects that do not end in a newline."""
    RE2_FINAL = auto()
    """
    RE2 on text, for subjects that end in a newline, all others replaced by `INNER_NEWLINE`.

    RE2 has no place "before a newline that ends the text". With one newline left, "before any newline" is that place.
    """


_PLACES: Final = {
    Dialect.RE: {
        At.TEXT_START: r"\A",
        At.LINE_START: r"(?:\A|(?<=\n)(?!\Z))",
        At.TEXT_END: r"\Z",
        At.FINAL_END: r"$",
        At.LINE_END: r"(?m:$)",
        At.WORD: r"\b",
        # Not `\B`, which fails on empty text here and holds there in PCRE.
        At.NOT_WORD: r"(?!\b)",
    },
    Dialect.RE2: {
        At.TEXT_START: r"\A",
        At.LINE_START: r"(?m:^)",
        At.TEXT_END: r"\z",
        At.FINAL_END: r"\z",
        At.LINE_END: r"(?m:$)",
        At.WORD: r"\b",
        At.NOT_WORD: r"\B",
    },
}
_PLACES[Dialect.RE2_FINAL] = _PLACES[Dialect.RE2] | {At.FINAL_END: r"(?m:$)"}

_SPECIAL: Final = frozenset(r"\.^$*+?{}[]()|-#&~ ")
_NEVER: Final = r"(?:\b\B)"
_MODES: Final = {"greedy": "", "lazy": "?", "possessive": "+"}
_LOOKS: Final = {(True, False): "?=", (True, True): "?!", (False, False): "?<=", (False, True): "?<!"}


def render(tree: Node, dialect: Dialect) -> str:
    """The tree in a dialect. Raises RegexError for what RE2 cannot express."""
    return _Printer(dialect).text(tree, rest_consumes=False)


@dataclass(frozen=True, slots=True)
class _Printer:
    dialect: Dialect

    def text(self, node: Node, *, rest_consumes: bool) -> str:
        """The node's text; `rest_consumes` says that a byte surely follows it in every match."""
        match node:
            case Chars(mask):
                return self.chars(mask)
            case Place(at):
                if at is At.LINE_START and self.dialect is not Dialect.RE and not rest_consumes:
                    raise RegexError(
                        "'^' with option m needs something after it on this pattern's engine (RE2)"
                    )
                return _PLACES[self.dialect][at]
            case Sequence(items):
                return self.sequence(items, rest_consumes=rest_consumes)
            case Choice(arms):
                return "|".join(self.text(arm, rest_consumes=rest_consumes) for arm in arms)
            case Group():
                return f"({self.text(node.body, rest_consumes=rest_consumes)})"
            case Repeat():
                return self.repeat(node, rest_consumes=rest_consumes)
            case Atomic():
                self.only_re("atomic groups")
                return f"(?>{self.text(node.body, rest_consumes=rest_consumes)})"
            case Look():
                self.only_re("look-around")
                return f"({_LOOKS[node.ahead, node.negative]}{self.text(node.body, rest_consumes=False)})"

    def sequence(self, items: tuple[Node, ...], *, rest_consumes: bool) -> str:
        out = []
        for item in reversed(items):
            text = self.text(item, rest_consumes=rest_consumes)
            out.append(f"(?:{text})" if isinstance(item, Choice) else text)
            rest_consumes = rest_consumes or min_width(item) > 0
        return "".join(reversed(out))

    def repeat(self, node: Repeat, *, rest_consumes: bool) -> str:
        if node.mode == "possessive":
            self.only_re("possessive repeats")
        if node.high is None and min_width(node.body) == 0 and prefers_empty(node.body):
            # PCRE ends the repeat at such a round, RE2 tries the other ways first.
            self.only_re("repeats of what is first tried as empty")
        body = self.text(node.body, rest_consumes=rest_consumes)
        if not isinstance(node.body, Chars | Group):
            body = f"(?:{body})"
        counts = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.low, node.high))
        if counts is None:
            high = "" if node.high is None else node.high
            counts = f"{{{node.low}}}" if node.low == node.high else f"{{{node.low},{high}}}"
        return body + counts + _MODES[node.mode]

    def only_re(self, what: str) -> None:
        if self.dialect is not Dialect.RE:
            raise RegexError(f"{what} cannot be run in linear time in this pattern")

    def chars(self, mask: int) -> str:
        if mask == 0:
            return _NEVER
        if mask & mask - 1 == 0 and not (self.dialect is Dialect.RE2_FINAL and mask == NEWLINE):
            return _byte(mask.bit_length() - 1)
        if self.dialect is Dialect.RE2_FINAL:
            return f"[{_intervals(mask)}{INNER_NEWLINE if mask & NEWLINE else ''}]"
        if mask == ALL_BYTES:
            return "(?s:.)"
        if mask == ALL_BYTES ^ NEWLINE:
            return "."
        if mask.bit_count() > 128:
            return f"[^{_intervals(ALL_BYTES ^ mask)}]"
        return f"[{_intervals(mask)}]"


def _byte(byte: int) -> str:
    char = chr(byte)
    if char in _SPECIAL:
        return "\\" + char
    return char if 32 < byte < 127 else f"\\x{byte:02x}"


def _intervals(mask: int) -> str:
    """The set as the inside of a class."""
    out = []
    byte = 0
    while mask >> byte:
        rest = mask >> byte
        byte += (rest & -rest).bit_length() - 1
        run = mask >> byte
        length = (~run & run + 1).bit_length() - 1
        last = byte + length - 1
        out.append(_byte(byte) + (("-" if length > 2 else "") + _byte(last) if length > 1 else ""))
        byte = last + 1
    return "".join(out)
