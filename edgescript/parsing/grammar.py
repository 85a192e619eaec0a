"""
`grammar.lark`, loaded: the LALR parser whose reductions build the nodes of `syntax.py`, and the terminals for lexing.

Loading takes about 20 ms and happens on the first parse, so commands that parse nothing do not pay for it. Its tables
are not cached on disk: reading a pickle from a place others may write to would cost more than it saves.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from lark import Lark, Token, Transformer
from lark.lexer import PatternStr

from edgescript.parsing import syntax
from edgescript.source import Span
from edgescript.types import to_number

_Children = list[Any]


class Vocabulary(NamedTuple):
    """The terminals of the grammar: those with one spelling by it, the others as (name, regex)."""

    words: dict[str, str]
    patterns: list[tuple[str, str]]


class _Block(NamedTuple):
    body: tuple[syntax.Statement, ...]
    end: int


class _TreeBuilder(Transformer[Token, syntax.Node]):
    """One method a rule of the grammar; lark calls it with the values of the rule's parts."""

    def script(self, children: _Children) -> syntax.Script:
        body = _statements(children)
        return syntax.Script(Span(body[0].span.start, body[-1].span.end) if body else Span(0, 0), body)

    def block(self, children: _Children) -> _Block:
        return _Block(_statements(children[:-1]), children[-1].end_pos)

    def assign(self, children: _Children) -> syntax.Assign:
        target, value = children
        return syntax.Assign(Span(target.start_pos, value.span.end), _name(target), value)

    def branch(self, children: _Children) -> syntax.If:
        keyword, condition, block, orelse = children
        if isinstance(orelse, syntax.If):
            span = Span(keyword.start_pos, orelse.span.end)
            return syntax.If(span, condition, block.body, (orelse,), else_if=True)
        end = block.end if orelse is None else orelse.end
        return syntax.If(
            Span(keyword.start_pos, end), condition, block.body, None if orelse is None else orelse.body
        )

    def loop(self, children: _Children) -> syntax.For:
        keyword, key, value, iterable, block = children
        span = Span(keyword.start_pos, block.end)
        return syntax.For(span, _name(key), _name(value), iterable, block.body)

    def definition(self, children: _Children) -> syntax.Def:
        keyword, name, *params, block = children
        listed = tuple(_name(param) for param in params if param is not None)
        return syntax.Def(Span(keyword.start_pos, block.end), _name(name), listed, block.body)

    def leave(self, children: _Children) -> syntax.Return:
        keyword, value = children
        return syntax.Return(
            Span(keyword.start_pos, keyword.end_pos if value is None else value.span.end), value
        )

    def evaluate(self, children: _Children) -> syntax.Evaluate:
        return syntax.Evaluate(children[0].span, children[0])

    def name(self, children: _Children) -> syntax.Name:
        return _name(children[0])

    def number(self, children: _Children) -> syntax.Number:
        return syntax.Number(_span(children[0]), number_value(children[0]))

    def string(self, children: _Children) -> syntax.String:
        return syntax.String(_span(children[0]), string_value(children[0]))

    def double_quoted(self, children: _Children) -> syntax.String:
        return syntax.String(_span(children[0]), string_value(children[0]), double_quoted=True)

    def boolean(self, children: _Children) -> syntax.Boolean:
        return syntax.Boolean(_span(children[0]), children[0].type == "TRUE")

    def call(self, children: _Children) -> syntax.Call:
        function, *arguments, closer = children
        passed = tuple(argument for argument in arguments if argument is not None)
        return syntax.Call(Span(function.start_pos, closer.end_pos), _name(function), passed)

    def dictionary(self, children: _Children) -> syntax.Dictionary:
        opener, *items, closer = children
        listed = tuple(item for item in items if item is not None)
        return syntax.Dictionary(Span(opener.start_pos, closer.end_pos), listed)

    def item(self, children: _Children) -> syntax.Item:
        first, second = children
        if second is None:
            return syntax.Item(first.span, None, first)
        return syntax.Item(Span(first.span.start, second.span.end), first, second)

    def negation(self, children: _Children) -> syntax.Number | syntax.Negation:
        sign, operand = children
        span = Span(sign.start_pos, operand.span.end)
        if isinstance(operand, syntax.Number):
            return syntax.Number(span, to_number(-operand.value))
        return syntax.Negation(span, operand)

    def group(self, children: _Children) -> syntax.Node:
        inner: syntax.Node = children[0]
        return inner


@cache
def load() -> Lark:
    """The parser. Feed it through `parse_interactive`; `$END` returns the `Script`."""
    return Lark(
        Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
        start="script",
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        transformer=_TreeBuilder(),
    )


@cache
def vocabulary() -> Vocabulary:
    """The terminals, for the lexer."""
    words: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for terminal in load().terminals:
        if isinstance(terminal.pattern, PatternStr):
            words[terminal.pattern.value] = terminal.name
        else:
            patterns.append((terminal.name, terminal.pattern.to_regexp()))
    return Vocabulary(words, patterns)


_ESCAPE: Final = re.compile(r"\\([\\ntr'\"])")
_ESCAPED: Final = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


def string_value(literal: str) -> str:
    r"""The text of a quoted literal: `\\ \n \t \r` and its own quote are escapes; other backslashes stay (U-4)."""
    inner = literal[1:-1]
    if "\\" not in inner:
        return inner
    escaped = {**_ESCAPED, literal[0]: literal[0]}
    return _ESCAPE.sub(lambda found: escaped.get(found[1], found[0]), inner)


_EXACT_DIGITS: Final = 15
"""Integers of so many digits are exact in a double."""


def number_value(digits: str) -> int | float:
    """The number a NUMBER spells: infinite when out of range."""
    if len(digits) <= _EXACT_DIGITS and digits.isdigit():
        return int(digits)
    value = float(digits)
    return value if value == float("inf") else to_number(value)


def _statements(children: _Children) -> tuple[syntax.Statement, ...]:
    return tuple(child for child in children if child is not None)


def _span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)


def _name(token: Token) -> syntax.Name:
    if token.startswith("$"):
        return syntax.Name(_span(token), token[1:], dollar=True)
    return syntax.Name(_span(token), str(token))
