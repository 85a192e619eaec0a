"""
What the outcome of a condition tells: `if and($arg_t, match_re($arg_t, '^[0-9]+$')) {` leaves a string in its block.

Learnt from builtins by their roles, through variables that hold a condition, and through custom functions by their
`Summary`. What is not understood tells nothing, and never something wrong about the types; a pattern that matched is
taken to have been asked for a reason.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from edgescript.builtins import Builtin, Kind
from edgescript.checking.facts import Facts, join
from edgescript.checking.results import MATCHED, MISSABLE, Point
from edgescript.checking.roles import (
    AND,
    EMPTY,
    EQUAL,
    GET,
    NOT,
    OR,
    PREFIX_ALIASES,
    TO_NUMBER,
    TYPE,
    TYPE_NAMES,
    UNEQUAL,
)
from edgescript.compiling.resolve import CustomFunction
from edgescript.parsing import syntax
from edgescript.types import Value
from edgescript.typeset import ANY, BOOLEAN, FALSE, FALSY, NUMBER, STRING, TABLE, of_value

MAX_STEPS: Final = 4
"""Variables that hold conditions on variables that hold conditions: more than any script has."""
MAX_WAYS: Final = 4
"""Ways a condition can come out that are followed one by one."""
MAX_LOOKS: Final = 64
"""Parts of one condition that are looked at: variables that hold conditions on variables would multiply."""
ALL: Final = ANY | MISSABLE


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known after a custom function came back, of the request and of its arguments."""

    params: tuple[str, ...]
    always: Facts | None
    """None when it never comes back."""
    when_true: Facts | None
    when_false: Facts | None


_Summaries: TypeAlias = dict[str, Summary]


class Narrowing:
    """Learns into the facts of a point."""

    def __init__(self, point: Point, summaries: _Summaries) -> None:
        self._point = point
        self._summaries = summaries
        self._left = 0

    def assume(self, condition: syntax.Expression, outcome: bool) -> None:
        """The condition was found true, or not."""
        self._left = MAX_LOOKS
        self._assume(condition, outcome, 0)

    def _assume(self, condition: syntax.Expression, outcome: bool, steps: int) -> None:
        if not self._left:
            return
        self._left -= 1
        facts = self._point.facts
        key = self._point.places.key(condition)
        if key and literal(condition) is None:
            if (known := facts.known.get(key)) is not None and known[0] is outcome:
                return
            facts.learn(key, outcome, condition.span)
            if self._point.types(condition) & ~BOOLEAN:
                facts.narrow(key, ALL & ~FALSY & ~MISSABLE if outcome else FALSY | MISSABLE)
        if isinstance(condition, syntax.Name):
            self._assume_variable(condition, outcome, steps)
        elif isinstance(condition, syntax.Call):
            callee = self._point.names.callee(condition.function)
            if isinstance(callee, CustomFunction):
                self._assume_custom(condition, outcome)
            elif (builtin := self._point.builtin(condition)) is not None:
                self._assume_builtin(builtin, condition, outcome, steps)

    def _assume_variable(self, name: syntax.Name, outcome: bool, steps: int) -> None:
        source = self._point.facts.sources.get(name.id)
        if source is None:
            if not name.dollar and name.id in {*self._point.own, *self._point.names.globals}:
                self._point.facts.is_flagged = True
        elif steps < MAX_STEPS and (self._point.places.key(source) or isinstance(source, syntax.Call)):
            self._assume(source, outcome, steps + 1)

    def _assume_custom(self, call: syntax.Call, outcome: bool) -> None:
        summary = self._summaries.get(call.function.id)
        if summary is not None:
            self.apply(summary, summary.when_true if outcome else summary.when_false, call)

    def apply(self, summary: Summary, learnt: Facts | None, call: syntax.Call) -> None:
        """Take over what a function found out of the request, and of the arguments it was given."""
        if learnt is None:
            return
        facts, places = self._point.facts, self._point.places
        for key, types in learnt.types.items():
            if key.startswith("$"):
                facts.narrow(key, types)
        for key, fact in learnt.known.items():
            if key.startswith("$") and key.endswith(f" {MATCHED}"):
                facts.learn(key, *fact)
        for param, argument in zip(summary.params, call.arguments, strict=False):
            key = places.key(argument)
            if key and param in learnt.types:
                facts.narrow(key, learnt.types[param])
            if key and f"{param} {MATCHED}" in learnt.known:
                facts.learn(self._point.matched_key(argument), True, argument.span)

    def _assume_builtin(self, builtin: Builtin, call: syntax.Call, outcome: bool, steps: int) -> None:
        arguments = call.arguments
        if builtin.name == NOT:
            self._assume(arguments[0], not outcome, steps)
        elif builtin.name in {AND, OR}:
            if outcome is (builtin.name == AND) or len(arguments) == 1:
                for argument in arguments:
                    self._assume(argument, outcome, steps)
            elif len(arguments) <= MAX_WAYS and steps < MAX_STEPS:
                self._assume_one_of(arguments, outcome, steps + 1)
        elif builtin.comparison:
            if builtin.name in {EQUAL, UNEQUAL}:
                self._assume_equal(arguments[0], arguments[1], outcome is (builtin.name == EQUAL))
        elif outcome:
            self._assume_true(builtin, arguments)

    def _assume_one_of(self, conditions: tuple[syntax.Expression, ...], outcome: bool, steps: int) -> None:
        """One came out so, those before it the other way: what all of these ways have in common."""
        so_far, found = self._point.facts.copy(), None
        for condition in conditions:
            self._point.facts = so_far.copy()
            self._assume(condition, outcome, steps)
            found = join(found, self._point.facts)
            self._point.facts = so_far
            self._assume(condition, not outcome, steps)
        if found is not None:
            self._point.facts = found

    def _assume_true(self, builtin: Builtin, arguments: tuple[syntax.Expression, ...]) -> None:
        facts, places = self._point.facts, self._point.places
        kinds = [builtin.param_at(index).kind for index in range(len(arguments))]
        first = arguments[0] if arguments else None
        key = "" if first is None else places.key(self._point.source(first))
        if first is None:
            return
        if Kind.PATTERN in kinds:
            facts.learn(self._point.matched_key(first), True, first.span)
        elif kinds[-1] is Kind.MATCHER:
            if isinstance(first, syntax.String) and builtin.name in PREFIX_ALIASES and len(arguments) > 1:
                key = f"{PREFIX_ALIASES[builtin.name]}{first.value.replace('-', '_')}"
                facts.narrow(key, STRING)
                facts.learn(places.about(key, MATCHED), True, first.span)
        elif builtin.name == EMPTY and key:
            facts.narrow(key, STRING | TABLE)
        elif builtin.name == GET and places.key(first):
            facts.learn(self._point.filled_key(first), True, first.span)
        elif builtin.name == TO_NUMBER and key:
            facts.narrow(key, STRING | NUMBER)

    def _assume_equal(self, left: syntax.Expression, right: syntax.Expression, equal: bool) -> None:
        for one, other in ((left, right), (right, left)):
            value = literal(other)
            if value is None:
                continue
            self._assume_type(one, value, equal)
            key = self._point.places.key(one)
            if not key:
                continue
            if equal:
                self._point.facts.narrow(key, of_value(value))
                self._point.facts.values.setdefault(key, (value, one.span))
            elif value is False:
                self._point.facts.narrow(key, ALL & ~FALSE)
        if equal and literal(left) is None and literal(right) is None:
            types = self._point.types(left) & self._point.types(right)
            for side in (left, right):
                if key := self._point.places.key(side):
                    self._point.facts.narrow(key, types)

    def _assume_type(self, asked: syntax.Expression, value: Value, equal: bool) -> None:
        """`eq(type(x), 'string')`."""
        builtin = self._point.builtin(asked)
        if builtin is None or builtin.name != TYPE or not isinstance(asked, syntax.Call):
            return
        types = TYPE_NAMES.get(value, 0) if isinstance(value, str) else 0
        key = self._point.places.key(asked.arguments[0])
        if key and types:
            self._point.facts.narrow(key, types if equal else ALL & ~types)


def literal(expression: syntax.Expression) -> Value:
    """The value of a plain literal, None for anything else."""
    if isinstance(expression, syntax.String | syntax.Number | syntax.Boolean):
        return expression.value
    return None
