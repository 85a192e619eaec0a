"""Types and expressions in the words of messages. Sets of types are those of `typeset`."""

from typing import Final

from edgescript.builtins import Kind
from edgescript.parsing import syntax
from edgescript.types import value_text
from edgescript.typeset import ACCEPTED, BOOLEAN, FUNCTION, NUMBER, STRING, TABLE, UNDEF

_WORDS: Final = {
    STRING: "a string",
    NUMBER: "a number",
    BOOLEAN: "a boolean",
    TABLE: "a dictionary",
    FUNCTION: "a function",
    UNDEF: "undef",
}


_BRIEF: Final = 30
"""Characters of a call's arguments that a message repeats."""


def accepted(kind: Kind) -> int:
    """What a script may pass for a parameter of the kind."""
    return NUMBER if kind is Kind.INTEGER else ACCEPTED[kind]


def is_literal(expression: syntax.Expression) -> bool:
    """Whether an expression is written out, so that what is wrong with it is wrong in every run."""
    return isinstance(expression, syntax.String | syntax.Number | syntax.Boolean | syntax.Dictionary)


def short(expression: syntax.Expression) -> str:
    """A name or call in few letters, '' for anything else."""
    if isinstance(expression, syntax.Name):
        return f"{'$' if expression.dollar else ''}{expression.id}"
    return f"{expression.function.id}(...)" if isinstance(expression, syntax.Call) else ""


def brief(expression: syntax.Expression) -> str:
    """As `short`, with the arguments of a call where they are few and short too."""
    if not isinstance(expression, syntax.Call):
        return short(expression)
    texts = [_argument(each) for each in expression.arguments]
    joined = ", ".join(texts)
    return f"{expression.function.id}({joined if all(texts) and len(joined) <= _BRIEF else '...'})"


def _argument(expression: syntax.Expression) -> str:
    if isinstance(expression, syntax.String):
        return f"'{expression.value}'" if len(expression.value) <= _BRIEF else ""
    if isinstance(expression, syntax.Number | syntax.Boolean):
        return value_text(expression.value)
    return short(expression) if isinstance(expression, syntax.Name) else ""


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
