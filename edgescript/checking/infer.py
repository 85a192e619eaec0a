"""
What types an expression can have, as far as that is certain without running it.

The answer errs on the wide side: a type left out can never occur. Sets are those of `typeset.py`.
"""

from typing import Final

from edgescript.builtins import Builtin, Kind
from edgescript.compiling.resolve import BuiltinVariable, CustomFunction, Names
from edgescript.parsing import syntax
from edgescript.types import value_text
from edgescript.typeset import (
    ACCEPTED,
    ANY,
    BOOLEAN,
    FALSE,
    FUNCTION,
    NUMBER,
    STRING,
    TABLE,
    TRUE,
    UNDEF,
    of_annotation,
)

_WORDS: Final = {
    STRING: "a string",
    NUMBER: "a number",
    BOOLEAN: "a boolean",
    TABLE: "a dictionary",
    FUNCTION: "a function",
    UNDEF: "undef",
}


def accepted(kind: Kind) -> int:
    """What a script may pass for a parameter of the kind."""
    return NUMBER if kind is Kind.INTEGER else ACCEPTED[kind]


def types_of(expression: syntax.Expression, names: Names, own: dict[str, int]) -> int:
    """The types `expression` can have, in a body whose own variables are `own`."""
    match expression:
        case syntax.String():
            return STRING
        case syntax.Number() | syntax.Negation():
            return NUMBER
        case syntax.Boolean(value=value):
            return TRUE if value else FALSE
        case syntax.Dictionary():
            return TABLE
        case syntax.Name():
            meaning = names.value(expression, own)
            if isinstance(meaning, BuiltinVariable):
                return STRING | UNDEF
            return FUNCTION if isinstance(meaning, CustomFunction) else ANY
        case syntax.Call():
            callee = names.callee(expression.function)
            return of_annotation(callee.returns) if isinstance(callee, Builtin) else ANY


def is_literal(expression: syntax.Expression) -> bool:
    """Whether an expression is written out, so that what is wrong with it is wrong in every run."""
    return isinstance(expression, syntax.String | syntax.Number | syntax.Boolean | syntax.Dictionary)


def short(expression: syntax.Expression) -> str:
    """A name or call in few letters, '' for anything else."""
    if isinstance(expression, syntax.Name):
        return f"{'$' if expression.dollar else ''}{expression.id}"
    return f"{expression.function.id}(...)" if isinstance(expression, syntax.Call) else ""


def conversion(expression: syntax.Expression, types: int, wanted: int) -> str:
    """What makes a value of the wanted types from an expression of other ones, or ''."""
    text = short(expression)
    if not text:
        return ""
    if types & STRING and wanted & NUMBER:
        return f"tonumber({text}) gives the number, or false"
    if types & NUMBER and wanted & STRING:
        return f"tostring({text}) gives the text"
    return ""


def described(expression: syntax.Expression, types: int) -> str:
    """An expression as messages name it: its value where it is a literal, else its types and where they are from."""
    match expression:
        case syntax.String(value=value):
            return f"string '{value}'"
        case syntax.Number(value=number):
            return f"number {value_text(number)}"
        case syntax.Boolean(value=value):
            return value_text(value)
        case syntax.Name(id=name, dollar=dollar):
            return f"{listed(types)} ({'$' if dollar else ''}{name})"
        case syntax.Call(function=function):
            return f"{listed(types)} from {function.id}"
        case syntax.Dictionary() | syntax.Negation():
            return listed(types)


def listed(types: int) -> str:
    """`a string or undef`."""
    return " or ".join(word for part, word in _WORDS.items() if types & part)
