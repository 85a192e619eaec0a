"""The types an expression can have, in words, from what is declared and from what the session's variables hold."""

from collections.abc import Mapping
from typing import Final

from edgescript.builtins import Builtin
from edgescript.compiling.resolve import BuiltinVariable, CustomFunction, GlobalVariable, Names
from edgescript.parsing import syntax
from edgescript.types import Value
from edgescript.typeset import (
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
    of_value,
)

_WORDS: Final = {
    STRING: "string",
    NUMBER: "number",
    BOOLEAN: "boolean",
    TABLE: "dictionary",
    FUNCTION: "function",
    UNDEF: "undef",
}


def kinds(expression: syntax.Expression, names: Names, variables: Mapping[str, Value]) -> str:
    """`string or undef`; `any` where nothing is certain, as of what a custom function returns."""
    types = _types(expression, names, variables)
    if types == ANY:
        return "any"
    return " or ".join(
        str(bool(types & TRUE)).lower() if part == BOOLEAN and types & part != part else word
        for part, word in _WORDS.items()
        if types & part
    )


def _types(expression: syntax.Expression, names: Names, variables: Mapping[str, Value]) -> int:
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
            return _of_name(expression, names, variables)
        case syntax.Call():
            callee = names.callee(expression.function)
            return of_annotation(callee.returns) if isinstance(callee, Builtin) else ANY


def _of_name(name: syntax.Name, names: Names, variables: Mapping[str, Value]) -> int:
    match names.value(name, {}):
        case BuiltinVariable(variable=variable):
            return STRING | UNDEF if variable.prefixed else STRING
        case CustomFunction():
            return FUNCTION
        case GlobalVariable():
            return of_value(variables.get(name.id))
        case _:
            return UNDEF
