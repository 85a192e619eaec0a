"""
Rows to text: indentation, spaces, and which brackets are spread over lines.

A group stands on one line if it fits and nothing in it asks for lines: a comment, or a literal whose author began its
first element on a new line. Else its elements stand one a line. A call whose last argument takes the lines does not
spread its own: `json_enc([` ... `])`. Only the rows decide, not how wide they were, so that a second pass finds
nothing to do.
"""

from collections.abc import Sequence
from typing import Final

from edgescript.formatting.outline import Group, Outline, Part, Row, Word
from edgescript.source import as_utf8

INDENT: Final = "    "
WIDTH: Final = 110
"""Characters of a line that is broken where it can be. Comments are the author's, however long."""
_BEFORE_REMARK: Final = "  "


def text_of(outline: Outline) -> str:
    """The formatted text, which ends with a line end unless it is empty."""
    printer = _Printer()
    for depth, row in outline.rows:
        printer.row(depth, row)
    return printer.text()


class _Printer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.flat: dict[int, str | None] = {}
        """`_flat` of each group met, by identity: the outline outlives the printer."""

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def row(self, depth: int, row: Row, *, comma: bool = False) -> None:
        """One row on lines of its own."""
        if row.blank_before:
            self.lines.append("")
        self.line = INDENT * depth
        self._parts(row.parts, depth, int(comma))
        if comma:
            self.line += ","
        self._end_line(row.remark)

    def _end_line(self, remark: str) -> None:
        if remark:
            self.line += (_BEFORE_REMARK if self.line.strip() else "") + remark
        self.lines.append(self.line)
        self.line = ""

    def _parts(self, parts: Sequence[Part], depth: int, behind: int) -> None:
        """Print parts at the end of the line; `behind` characters will follow them there."""
        for index, part in enumerate(parts):
            if index and _is_spaced(parts[index - 1], part):
                self.line += " "
            if isinstance(part, Word):
                self.line += part.text
            else:
                self._group(part, depth, _width_behind(parts, index) + behind)

    def _group(self, group: Group, depth: int, behind: int) -> None:
        flat = self._flat(group)
        if flat is not None and (
            not _is_breakable(group) or _width(self.line) + _width(flat) + behind <= WIDTH
        ):
            self.line += flat
        elif (first := self._hugged(group)) is not None:
            self.line += first
            self._parts(group.rows[-1].parts, depth, behind + 1)
            self.line += group.closer
        else:
            self.line += group.opener
            self._end_line(group.remark)
            elements = group.elements
            for row in group.rows:
                self.row(depth + 1, row, comma=bool(row.parts) and row is not elements[-1])
            self.line = INDENT * depth + group.closer

    def _hugged(self, group: Group) -> str | None:
        """
        What stands before the last argument if that alone takes the lines of the group; None if the group must.

        The last argument is a literal, or a call that is the only one; nothing before it needs lines.
        """
        rows = group.rows
        if group.opener != "(" or group.remark or not rows or any(row.remark for row in rows):
            return None
        last = rows[-1].parts[-1]
        is_literal = len(rows[-1].parts) == 1
        if not isinstance(last, Group) or not _is_breakable(last) or not (is_literal or len(rows) == 1):
            return None
        before = [self._flat_row(row) for row in rows[:-1]]
        if any(text is None for text in before):
            return None
        first = group.opener + "".join(f"{text}, " for text in before)
        head = sum(_width(part.text) for part in rows[-1].parts if isinstance(part, Word)) + 1
        return first if _width(self.line) + _width(first) + head <= WIDTH else None

    def _flat(self, group: Group) -> str | None:
        """The group on one line, or None if something in it needs lines."""
        if id(group) not in self.flat:
            self.flat[id(group)] = self._make_flat(group)
        return self.flat[id(group)]

    def _make_flat(self, group: Group) -> str | None:
        if group.remark or (group.spread and group.rows) or any(row.remark for row in group.rows):
            return None
        texts = [self._flat_row(row) for row in group.rows]
        if any(text is None for text in texts):
            return None
        return f"{group.opener}{', '.join(text for text in texts if text is not None)}{group.closer}"

    def _flat_row(self, row: Row) -> str | None:
        line = ""
        for index, part in enumerate(row.parts):
            if index and _is_spaced(row.parts[index - 1], part):
                line += " "
            text = part.text if isinstance(part, Word) else self._flat(part)
            if text is None:
                return None
            line += text
        return line


def _is_breakable(group: Group) -> bool:
    """Whether lines would help: not where the only element is a single word."""
    return not (
        len(group.rows) == 1
        and len(group.rows[0].parts) == 1
        and isinstance(group.rows[0].parts[0], Word)
        and not group.rows[0].remark
        and not group.remark
    ) and bool(group.rows or group.remark)


def _is_spaced(left: Part, right: Part) -> bool:
    """Whether a space stands between two neighbours of a row."""
    if isinstance(left, Word) and left.kind == "MINUS":
        # Two signs together could begin a comment (U-1).
        return isinstance(right, Word) and right.kind == "MINUS"
    if isinstance(right, Group):
        return not (right.opener == "(" and isinstance(left, Word) and left.kind == "NAME")
    return right.kind != "COMMA"


def _width_behind(parts: Sequence[Part], index: int) -> int:
    """Characters behind a group that cannot leave its last line: up to the end or the next bracket."""
    width = 0
    for place in range(index + 1, len(parts)):
        part = parts[place]
        width += _is_spaced(parts[place - 1], part)
        if isinstance(part, Group):
            return width + 1
        width += _width(part.text)
    return width


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(as_utf8(text))
