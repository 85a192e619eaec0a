"""
What types an expression can have at one point of a body, as far as that is certain without running it.

The answer errs on the wide side: a type left out can never occur. `MISSABLE` beside the bits of `typeset` marks a value
that is absent in ordinary requests: an argument nobody sent, a text that is no number, a group that did not match.
Only for such values a missing test is worth a warning; a dictionary's entry of which nothing is known has no mark.
"""

from dataclasses import dataclass, field
from typing import Final

from edgescript.builtins import Builtin, Effect, Kind
from edgescript.checking.facts import Facts
from edgescript.checking.places import Places
from edgescript.checking.roles import (
    ABSENT,
    ALL_OR_NONE,
    EMPTY,
    FIRST_ALWAYS,
    GET,
    SELDOM_FALSE,
    SOURCES,
    TO_NUMBER,
)
from edgescript.compiling.fold import foresee
from edgescript.compiling.resolve import BuiltinVariable, CustomFunction, Names
from edgescript.parsing import syntax
from edgescript.typeset import (
    ANY,
    BOOLEAN,
    FALSE,
    FALSY,
    FUNCTION,
    NUMBER,
    STRING,
    TABLE,
    TRUE,
    UNDEF,
    of_annotation,
    of_value,
)

MISSABLE: Final = 256
MATCHED: Final = "matched"
FILLED: Final = "filled"
"""What can be said of a place beside conditions of the script's own."""
_ENTRY: Final = ANY & ~UNDEF
"""What an entry can be: an absent one is false, and undef cannot be stored."""
_DIGIT_CLASSES: Final = ("[0-9", "[1-9", r"\d")


@dataclass(slots=True)
class Point:
    """A place in a body: whose names mean what, and what is known there."""

    names: Names
    own: dict[str, int]
    places: Places
    facts: Facts = field(default_factory=Facts)
    _builtins: dict[int, Builtin | None] = field(default_factory=dict)
    """What each call looked at reaches, by the identity of its node."""

    def types(self, expression: syntax.Expression) -> int:
        match expression:
            case syntax.Name():
                return self._of_name(expression)
            case syntax.Call():
                return self._narrowed(self._of_call(expression), self.places.key(expression))
            case syntax.String():
                return STRING
            case syntax.Number() | syntax.Negation():
                return NUMBER
            case syntax.Boolean(value=value):
                return TRUE if value else FALSE
            case syntax.Dictionary():
                return TABLE

    def builtin(self, expression: syntax.Expression) -> Builtin | None:
        """The builtin that an expression calls, with as many arguments as it takes."""
        if not isinstance(expression, syntax.Call):
            return None
        node = id(expression)
        if node not in self._builtins:
            self._builtins[node] = self._called(expression)
        return self._builtins[node]

    def _called(self, call: syntax.Call) -> Builtin | None:
        callee = self.names.callee(call.function)
        if not isinstance(callee, Builtin) or len(call.arguments) < callee.min_args:
            return None
        most = callee.max_args
        return callee if most is None or len(call.arguments) <= most else None

    def source(self, expression: syntax.Expression) -> syntax.Expression:
        """What a variable was assigned last, where that is known; any other expression is its own source."""
        if isinstance(expression, syntax.Name):
            return self.facts.sources.get(expression.id, expression)
        return expression

    def _of_name(self, name: syntax.Name) -> int:
        meaning = self.names.value(name, self.own)
        if isinstance(meaning, BuiltinVariable):
            types = STRING | UNDEF | MISSABLE if meaning.variable.prefixed else STRING
            return self._narrowed(types, f"${name.id}")
        if isinstance(meaning, CustomFunction):
            return FUNCTION
        types = self.facts.types.get(name.id, ANY)
        source = self.facts.sources.get(name.id)
        return types if source is None else self._narrowed(types, self.places.key(source))

    def _narrowed(self, types: int, key: str) -> int:
        return types & self.facts.types.get(key, types) if key else types

    def _of_call(self, call: syntax.Call) -> int:
        builtin = self.builtin(call)
        if builtin is None:
            callee = self.names.callee(call.function)
            return of_annotation(callee.returns) if isinstance(callee, Builtin) else ANY
        types = of_annotation(builtin.returns)
        if builtin.params and builtin.params[-1].kind is Kind.MATCHER:
            if len(call.arguments) == len(builtin.params):
                return BOOLEAN
            return STRING | FALSE | MISSABLE if builtin.name in ABSENT else types & ~BOOLEAN
        if builtin.name == GET:
            return self._of_entry(call.arguments[0], call.arguments[1])
        if builtin.name == TO_NUMBER:
            return types | MISSABLE if self._may_be_no_number(call.arguments[0]) else types
        can_miss = types & FALSY and types & ~FALSY & ~TRUE and builtin.name not in SELDOM_FALSE
        if not can_miss or types == ANY:
            return types
        known = _of_literals(builtin, call.arguments)
        return types | MISSABLE if known is None else known

    def _may_be_no_number(self, text: syntax.Expression) -> bool:
        """Whether text of a request is read that nothing has matched with a pattern."""
        if self.matched_key(text) in self.facts.known or not self.types(text) & ~NUMBER:
            return False
        source = self.source(text)
        builtin = self.builtin(source)
        if builtin is None:
            return not isinstance(source, syntax.String)
        if builtin.name == GET and isinstance(source, syntax.Call):
            made = self.source(source.arguments[0])
            pattern = made.arguments[1] if isinstance(made, syntax.Call) and len(made.arguments) > 1 else None
            return not (
                isinstance(pattern, syntax.String) and any(each in pattern.value for each in _DIGIT_CLASSES)
            )
        return builtin.effect is Effect.READS

    def matched_key(self, subject: syntax.Expression) -> str:
        """The condition that some pattern was found in `subject`."""
        return self.places.about(self.places.key(self.source(subject)), MATCHED)

    def _of_entry(self, table: syntax.Expression, key: syntax.Expression) -> int:
        """What `get` finds, where it is known how the dictionary was made."""
        made = self.source(table)
        if isinstance(made, syntax.Dictionary):
            return _ENTRY if _is_given(made, key) else _ENTRY | MISSABLE
        builtin = self.builtin(made)
        if builtin is None or builtin.name not in SOURCES:
            return _ENTRY
        types = SOURCES[builtin.name]
        is_first = isinstance(key, syntax.Number) and key.value == 1
        if builtin.name in FIRST_ALWAYS and is_first:
            return types
        if builtin.name in ALL_OR_NONE and self.is_filled(table):
            return types
        return types | FALSE | MISSABLE

    def is_filled(self, table: syntax.Expression) -> bool:
        """Whether a test has shown that a dictionary has entries."""
        key = self.places.key(table)
        emptiness = self.facts.known.get(f"{EMPTY}({key})")
        return self.filled_key(table) in self.facts.known or (emptiness is not None and not emptiness[0])

    def filled_key(self, table: syntax.Expression) -> str:
        """The condition that an entry was found in `table`."""
        return self.places.about(self.places.key(table), FILLED)


def _of_literals(builtin: Builtin, arguments: tuple[syntax.Expression, ...]) -> int | None:
    """The type of what a call of literals gives, since that is known; None where it is not."""
    values = [
        each.value for each in arguments if isinstance(each, syntax.String | syntax.Number | syntax.Boolean)
    ]
    known = foresee(builtin, values) if values and len(values) == len(arguments) else None
    return None if known is None else of_value(known.value)


def _is_given(literal: syntax.Dictionary, key: syntax.Expression) -> bool:
    """Whether a literal surely, or by a key that is worked out in the run perhaps, has an entry."""
    if not isinstance(key, syntax.String | syntax.Number | syntax.Boolean):
        return False
    position = 0
    for item in literal.items:
        if item.key is None:
            position += 1
            if key.value == position:
                return True
        elif not isinstance(item.key, syntax.String | syntax.Number) or item.key.value == key.value:
            return True
    return False
