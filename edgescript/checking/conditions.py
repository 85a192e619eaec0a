"""Conditions that cannot come out both ways, because of what was tested before, or of what they are made of."""

import re
from functools import lru_cache
from typing import Final

from edgescript.builtins import MATCHER_PREFIX, Builtin, Kind
from edgescript.checking.checker import Checker
from edgescript.checking.narrow import literal
from edgescript.checking.places import variable_asked
from edgescript.checking.roles import (
    AND,
    EQUAL,
    LOGIC,
    NOT,
    OR,
    ORDERED,
    SHAPES,
    TYPE,
    TYPE_NAMES,
    UNEQUAL,
    Shape,
)
from edgescript.checking.words import brief, is_literal
from edgescript.parsing import syntax
from edgescript.source import Span
from edgescript.types import Value, value_text

_LOOKS_LIKE_REGEX: Final = re.compile(r"^\^|[^\\]\$$|\.[*+]|\\[.dws]|\[[^\]]+\][*+$]|^\*|\*$|\|")


def check_condition(checker: Checker, condition: syntax.Expression, among: str) -> None:
    """Report a condition whose outcome earlier ones have settled. `among` is the `and` or `or` it stands in, or ''."""
    found = settled(checker, condition)
    if found is None:
        return
    outcome, where, why = found
    # An `and` may repeat a test for safety; what says no each time, or makes an `or` say yes, hides what follows.
    if among and outcome is (among == AND):
        return
    checker.findings.add(
        "settled-condition",
        condition.span,
        related=where,
        outcome="true" if outcome else "false",
        got=why or _shown(condition),
    )


def settled(checker: Checker, condition: syntax.Expression) -> tuple[bool, Span, str] | None:
    """How a condition surely comes out, where that was found, and what makes it so when that is not the condition."""
    turned = False
    builtin = checker.point.builtin(condition)
    while builtin is not None and builtin.name == NOT and isinstance(condition, syntax.Call):
        condition, turned = condition.arguments[0], not turned
        builtin = checker.point.builtin(condition)
    key = checker.point.places.key(condition)
    if key and (fact := checker.point.facts.known.get(key)) is not None:
        return fact[0] is not turned, fact[1], ""
    found = None if builtin is None else _settled_by_value(checker, condition, builtin)
    return None if found is None else (found[0] is not turned, *found[1:])


def _settled_by_value(
    checker: Checker, condition: syntax.Expression, builtin: Builtin
) -> tuple[bool, Span, str] | None:
    """`eq(x, 'b')` where x is known to be 'a'."""
    if not isinstance(condition, syntax.Call) or builtin.name not in {EQUAL, UNEQUAL}:
        return None
    left, right = condition.arguments
    for one, other in ((left, right), (right, left)):
        value, fact = literal(other), checker.point.facts.values.get(checker.point.places.key(one))
        if value is not None and fact is not None and type(fact[0]) is type(value):
            return (
                (fact[0] == value) is (builtin.name == EQUAL),
                fact[1],
                f"{_shown(one)} is {_quoted(fact[0])}",
            )
    return None


def _quoted(value: Value) -> str:
    return f"'{value}'" if isinstance(value, str) else value_text(value)


def _shown(expression: syntax.Expression) -> str:
    return brief(expression) or "this"


def check_operands(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """`or($arg_x, 'default')`: a literal among conditions, always true, or, of false, without use."""
    if builtin.name not in LOGIC or all(map(is_literal, call.arguments)):
        return
    for operand in call.arguments:
        if is_literal(operand) and not isinstance(operand, syntax.Boolean):
            code = "or-default" if builtin.name == OR else "and-literal"
            checker.findings.add(code, operand.span, function=builtin.name, got=checker.described(operand))
            return


def check_self_comparison(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """`eq(x, x)`."""
    if (builtin.comparison or builtin.name in ORDERED) and len(call.arguments) == 2:
        left, right = map(checker.point.places.key, call.arguments)
        if left and left == right and not all(map(is_literal, call.arguments)):
            got = _shown(call.arguments[0])
            checker.findings.add("self-comparison", call.span, function=builtin.name, got=got)


def check_never(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """A literal that a value of this meaning never equals: a type of another language, a method in small letters."""
    if builtin.comparison:
        left, right = call.arguments
        _check_pair(checker, left, right)
        _check_pair(checker, right, left)
    elif builtin.params and builtin.params[-1].kind is Kind.MATCHER:
        _check_matcher(checker, call, builtin)


def _check_pair(checker: Checker, asked: syntax.Expression, other: syntax.Expression) -> None:
    if not isinstance(other, syntax.String):
        return
    builtin = checker.point.builtin(checker.point.source(asked))
    if builtin is not None and builtin.name == TYPE:
        if other.value not in TYPE_NAMES:
            names = ", ".join(TYPE_NAMES)
            checker.findings.add(
                "never-occurs",
                other.span,
                got=other.value,
                place=_shown(asked),
                reason=f"type answers {names}",
            )
        return
    shape = _shape(checker, asked)
    if shape is not None and not _fits(shape, other.value):
        checker.findings.add(
            "never-occurs", other.span, got=other.value, place=_shown(asked), reason=shape.words
        )


def _shape(checker: Checker, asked: syntax.Expression) -> Shape | None:
    """What the value of an expression looks like."""
    asked = checker.point.source(asked)
    shape = SHAPES.get(checker.point.places.key(asked))
    builtin = checker.point.builtin(asked)
    if shape is None and builtin is not None:
        shape = SHAPES.get(builtin.name)
    return shape


def _check_matcher(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    if len(call.arguments) < len(builtin.params) or not isinstance(call.arguments[-1], syntax.String):
        return
    wanted = call.arguments[-1]
    if wanted.value.startswith(MATCHER_PREFIX):
        return
    if _LOOKS_LIKE_REGEX.search(wanted.value):
        checker.findings.add("pattern-as-text", wanted.span, function=builtin.name, got=wanted.value)
        return
    shape = SHAPES.get(builtin.name) or SHAPES.get(variable_asked(builtin.name, call.arguments[:-1]))
    if shape is not None and not _fits(shape, wanted.value):
        checker.findings.add(
            "never-occurs", wanted.span, got=wanted.value, place=f"{builtin.name}()", reason=shape.words
        )


@lru_cache(maxsize=512)
def _fits(shape: Shape, text: str) -> bool:
    return re.fullmatch(shape.pattern, text) is not None
