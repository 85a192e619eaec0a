"""
Tokens and comments to rows: what a formatted script consists of, with no word yet on columns.

A row is a statement, a block's header or its closing brace; a comment on a line of its own is a row without parts.
Bracketed groups hold rows of the same kind, one an element. What the language reads as nothing is left out here:
grouping parentheses and the last comma of a literal. Comments keep their order; one that stands where no line may end
in the layout, such as between `}` and `else`, moves on to the next place where one may.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from edgescript.diagnostics.findings import Findings
from edgescript.parsing.grammar import string_value
from edgescript.parsing.lexical import NEWLINE, tokenise
from edgescript.source import Source

_BLANK: Final = " \t\r\f\v"
"""White space within a line. Not what Python strips by itself: bytes of UTF-8 text are among that."""


@dataclass(slots=True)
class Word:
    """A token as it is to be printed; `kind` is its terminal."""

    kind: str
    text: str


@dataclass(slots=True)
class Row:
    """Parts that stand together, and the comment behind them; without parts the comment has the line for itself."""

    parts: "list[Part]" = field(default_factory=list)
    remark: str = ""
    blank_before: bool = False


@dataclass(slots=True)
class Group:
    """The arguments of a call or the elements of a literal; comments on lines of their own are rows among them."""

    opener: str
    closer: str
    rows: list[Row] = field(default_factory=list)
    remark: str = ""
    """The comment behind the opening bracket."""
    spread: bool = False
    """The author began the first element of a literal on a new line."""

    @property
    def elements(self) -> list[Row]:
        return [row for row in self.rows if row.parts]


Part: TypeAlias = Word | Group


@dataclass(slots=True)
class Outline:
    """The rows of a script, each with the depth of its block."""

    rows: list[tuple[int, Row]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token or a comment. `lines` counts the line ends between the piece before and this one."""

    kind: str
    text: str
    lines: int

    @property
    def own_line(self) -> bool:
        return self.lines > 0


_COMMENT: Final = "COMMENT"
_OPENERS: Final = {"LPAR": "RPAR", "LSQB": "RSQB"}
_CLOSERS: Final = frozenset(_OPENERS.values())
_SIGNS: Final = {"RPAR": ")", "RSQB": "]"}


def outline(source: Source) -> Outline:
    """The rows of a source that parses without an error."""
    return _Reader(list(_pieces(source))).read()


def _pieces(source: Source) -> Iterator[_Piece]:
    tokens, comments = tokenise(source, Findings())
    placed = [(token.start_pos or 0, token.type, str(token)) for token in tokens if token.type != NEWLINE]
    placed += [(each.span.start, _COMMENT, source.text[each.span.start : each.span.end]) for each in comments]
    end = 0
    for start, kind, text in sorted(placed):
        yield _Piece(kind, _canonical(kind, text), source.text.count("\n", end, start))
        end = start + len(text)


def _canonical(kind: str, text: str) -> str:
    """
    A token or comment as the documented language has it, where that is another spelling of the same.

    A comment begins with `#`; a row of another marker's signs keeps its length less one. A string has single quotes
    unless that takes an escape.
    """
    if kind == _COMMENT:
        if text[0] != "#":
            rest = text.lstrip(text[0])
            text = "#" * (len(text) - len(rest) - 1) + rest
        return text.rstrip(_BLANK)
    if kind == "DOUBLE_QUOTED" and "'" not in text and '"' not in text[1:-1]:
        single = f"'{text[1:-1]}'"
        assert string_value(single) == string_value(text), "the quotes alone differ"
        return single
    return text


class _Reader:
    """
    Goes over the pieces once. `groups` are the brackets open at the moment, None for grouping parentheses;
    `waiting` has, for the script and for each group, the comments met inside the row that is being read.
    """

    def __init__(self, pieces: list[_Piece]) -> None:
        self.pieces = pieces
        self.at = 0
        self.outline = Outline()
        self.depth = 0
        self.row = Row()
        self.groups: list[Group | None] = []
        self.rows: list[Row] = []
        """The rows around the one being read, one a group."""
        self.waiting: list[list[_Piece]] = [[]]

    def read(self) -> Outline:
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            if self.groups:
                self._inside(piece)
            else:
                self._outside(piece)
            self.at += 1
        self._end_row()
        return self.outline

    # Statements and blocks

    def _outside(self, piece: _Piece) -> None:
        if piece.kind == _COMMENT:
            self._end_row()
            self._comment_outside(piece)
            return
        if piece.own_line and not self._joined_by_else(piece):
            self._end_row()
        if piece.kind == "LBRACE":
            self._word(piece)
            self._end_row(opens=1)
        elif piece.kind == "RBRACE":
            self._end_row()
            self.depth -= 1
            self._word(piece)
            self._look_for_else()
        else:
            self._add(piece)

    def _joined_by_else(self, piece: _Piece) -> bool:
        return piece.kind == "ELSE" and bool(self.row.parts)

    def _look_for_else(self) -> None:
        """End the row of a `}` unless an `else` follows. Comments between the two go into the block of the `else`."""
        place = self.at + 1
        while place < len(self.pieces) and self.pieces[place].kind == _COMMENT:
            place += 1
        if place < len(self.pieces) and self.pieces[place].kind == "ELSE":
            self.waiting[0] += self.pieces[self.at + 1 : place]
            self.at = place - 1
        else:
            self._end_row()

    def _comment_outside(self, piece: _Piece) -> None:
        last = self.outline.rows[-1][1] if self.outline.rows else None
        if last is not None and not piece.own_line and not last.remark:
            last.remark = piece.text
        else:
            self._place(Row(remark=piece.text, blank_before=piece.lines > 1))

    def _end_row(self, opens: int = 0) -> None:
        """Put the row being read behind the others, and behind it, in the block it opens, the comments met inside it."""
        if not self.row.parts:
            return
        row, self.row = self.row, Row()
        self._place(row)
        self.depth += opens
        for late in _late_rows(row, self.waiting[0]):
            self._place(late)

    def _place(self, row: Row) -> None:
        rows = self.outline.rows
        closes = bool(row.parts) and _kind(row.parts[0]) == "RBRACE"
        if not rows or closes or rows[-1][0] < self.depth:
            row.blank_before = False  # neither at the beginning of the script or of a block, nor at its end
        rows.append((self.depth, row))

    # Elements

    def _inside(self, piece: _Piece) -> None:
        group = self.groups[-1]
        if piece.kind == _COMMENT:
            self._comment_inside(piece)
        elif piece.kind in _CLOSERS:
            self._close()
        elif piece.kind == "COMMA" and group is not None:
            self._end_element(group)
        else:
            self._add(piece)

    def _add(self, piece: _Piece) -> None:
        if piece.kind in _OPENERS:
            self._open(piece)
        else:
            self._word(piece)

    def _word(self, piece: _Piece) -> None:
        self._begin(piece)
        self.row.parts.append(Word(piece.kind, piece.text))

    def _begin(self, piece: _Piece) -> None:
        if not self.row.parts:
            self.row.blank_before = piece.lines > 1

    def _open(self, piece: _Piece) -> None:
        before = _kind(self.row.parts[-1]) if self.row.parts else ""
        if piece.kind == "LPAR" and before != "NAME":
            self.groups.append(None)
            return
        self._begin(piece)
        group = Group(piece.text, _SIGNS[_OPENERS[piece.kind]])
        following = self.pieces[self.at + 1]
        group.spread = piece.kind == "LSQB" and following.own_line
        self.row.parts.append(group)
        waiting = self.waiting[-1]
        for comment in waiting:
            _put_comment(group, comment, first=comment is waiting[0])
        waiting.clear()
        self.groups.append(group)
        self.rows.append(self.row)
        self.waiting.append([])
        self.row = Row()

    def _close(self) -> None:
        group = self.groups.pop()
        if group is None:
            return
        self._end_element(group)
        self.row = self.rows.pop()
        self.waiting.pop()

    def _end_element(self, group: Group) -> None:
        if not self.row.parts:
            return
        row, self.row = self.row, Row()
        row.blank_before = row.blank_before and bool(group.rows)
        group.rows.append(row)
        group.rows += _late_rows(row, self.waiting[-1])

    def _comment_inside(self, piece: _Piece) -> None:
        group = self.groups[-1]
        if group is None or self.row.parts:
            self.waiting[-1].append(piece)
        elif not group.rows:
            _put_comment(group, piece, first=True)
        elif not piece.own_line and not group.rows[-1].remark:
            group.rows[-1].remark = piece.text
        else:
            group.rows.append(Row(remark=piece.text, blank_before=piece.lines > 1))


def _put_comment(group: Group, comment: _Piece, *, first: bool) -> None:
    """Put a comment at the beginning of a group: behind its bracket if it was on a line with something before it."""
    if first and not comment.own_line and not group.rows and not group.remark:
        group.remark = comment.text
    else:
        group.rows.append(Row(remark=comment.text, blank_before=comment.lines > 1 and bool(group.rows)))


def _late_rows(row: Row, waiting: list[_Piece]) -> list[Row]:
    """The comments met inside `row` as rows behind it; the first stays on its line if it was on one. Empties `waiting`."""
    late: list[Row] = []
    for comment in waiting:
        if not (comment.own_line or row.remark or late):
            row.remark = comment.text
        else:
            late.append(Row(remark=comment.text, blank_before=comment.lines > 1))
    waiting.clear()
    return late


def _kind(part: Part) -> str:
    return part.kind if isinstance(part, Word) else ""
