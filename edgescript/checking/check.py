"""
What is wrong with a script whose syntax and names are known.

`flow` walks and knows what is known; at each point it asks the checks here. A check is a function; the tables at the
end, and that of `callcheck`, say what each looks at. A new one is a function, a row, and an entry in `catalogue.py`.
Errors are only what fails whenever it runs; what may be meant is a warning, what is a matter of taste a hint.
"""

from collections.abc import Callable
from itertools import chain
from typing import Final

from edgescript.builtins import Builtin, Effect, Kind, Stage
from edgescript.checking.callcheck import check_call, check_type
from edgescript.checking.callgraph import CallGraph
from edgescript.checking.checker import Checker
from edgescript.checking.conditions import check_condition, settled
from edgescript.checking.flow import visit_all
from edgescript.checking.literals import check_secret_name
from edgescript.checking.narrow import literal
from edgescript.checking.places import Places
from edgescript.checking.results import Point
from edgescript.checking.roles import LOGIC
from edgescript.checking.tidy import Comments, check_arms, check_empty, check_stores
from edgescript.checking.words import described, is_literal, short
from edgescript.compiling.opcodes import MAX_LOOPS, MAX_STACK
from edgescript.compiling.resolve import CustomFunction, Names
from edgescript.diagnostics.findings import Findings
from edgescript.parsing import syntax, walk
from edgescript.parsing.parser import PLACEHOLDER
from edgescript.source import Span
from edgescript.typeset import FALSY, STRING, TABLE, UNDEF, of_annotation

_STATUSES: Final = range(200, 600)
MAX_VALUES: Final = MAX_STACK - 64
"""Of one expression; the rest is for what is around it."""


def check(
    script: syntax.Script,
    names: Names,
    position: Stage,
    findings: Findings,
    doubtful: frozenset[str] = frozenset(),
) -> None:
    """Report everything the checks find."""
    graph = CallGraph(script, names)
    checker = Checker(names, position, findings, doubtful, Point(names, {}, Places(names, {})))
    visit_all(script, names, graph, _Checks(checker, Comments(script.comments)))
    check_stores(script, names, graph, findings, doubtful)
    for body in (script.body, *(function.node.body for function in names.functions.values())):
        _check_loops(findings, body, 0)
        _check_sizes(findings, body)


class _Checks:
    """Asks the checks of the tables, at each point of the walk."""

    def __init__(self, checker: Checker, comments: Comments) -> None:
        self._checker = checker
        self._comments = comments

    def at_body(self, point: Point, function: CustomFunction | None) -> None:
        self._checker.point = point
        self._checker.function = function
        self._checker.missing = set()

    def at_condition(self, point: Point, condition: syntax.Expression, among: str) -> None:
        del point
        check_condition(self._checker, condition, among)
        if not among:
            _check_constant(self._checker, condition)

    def at_expression(self, point: Point, expression: syntax.Expression) -> None:
        del point
        if isinstance(expression, syntax.Call):
            check_call(self._checker, expression)
        for expression_check in _EXPRESSION_CHECKS.get(type(expression), ()):
            expression_check(self._checker, expression)

    def at_statement(self, point: Point, statement: syntax.Statement) -> None:
        del point
        for statement_check in _STATEMENT_CHECKS.get(type(statement), ()):
            statement_check(self._checker, statement)
        check_empty(self._checker, self._comments, statement)

    def at_unreachable(self, statement: syntax.Statement, end: syntax.Statement) -> bool:
        """A `return` after `exit` only states the obvious, and may stay; a `def` is no step of the run."""
        if isinstance(statement, syntax.Def):
            return False
        if _is_unread(statement) or (
            isinstance(end, syntax.Evaluate) and isinstance(statement, syntax.Return)
        ):
            return True
        self._checker.findings.add("unreachable-code", statement.span, related=end.span)
        return True


def _check_loops(findings: Findings, body: tuple[syntax.Statement, ...], loops: int) -> None:
    """Loops inside each other; `loops` are around the block. Depth is bounded by the parser."""
    for statement in body:
        if isinstance(statement, syntax.If):
            _check_loops(findings, statement.body, loops)
            _check_loops(findings, statement.orelse or (), loops)
        elif isinstance(statement, syntax.For):
            if loops == MAX_LOOPS:
                span = Span(statement.span.start, statement.iterable.span.end)
                findings.add("loops-too-deep", span, depth=loops + 1, limit=MAX_LOOPS)
            _check_loops(findings, statement.body, loops + 1)


def _check_sizes(findings: Findings, body: tuple[syntax.Statement, ...]) -> None:
    """Expressions that could need more of the stack than compiled code may; a value is at least two bytes of text."""
    for root in chain.from_iterable(map(walk.roots, walk.statements(body))):
        if root.span.end - root.span.start > 2 * MAX_VALUES:
            count = walk.size(root)
            if count > MAX_VALUES:
                findings.add("too-many-values", root.span, count=count, limit=MAX_VALUES)


# Expressions


def _check_returned(checker: Checker, statement: syntax.Return) -> None:
    """At script level, nginx's `return 403` would let the request pass."""
    value = statement.value
    if checker.function is None and isinstance(value, syntax.Number) and value.value in _STATUSES:
        checker.findings.add("return-status", statement.span, got=f"{value.value:g}")


def _check_negation(checker: Checker, negation: syntax.Negation) -> None:
    check_type(checker, negation.operand, "'-'", "n", Kind.NUMBER)


def _check_mixed(checker: Checker, literal: syntax.Dictionary) -> None:
    keyed = [item for item in literal.items if item.key is not None]
    if keyed and len(keyed) < len(literal.items):
        checker.findings.add("compat-mixed-literal", literal.span)


def _check_keys(checker: Checker, literal: syntax.Dictionary) -> None:
    """A literal key twice; entries without a key have the numbers from 1."""
    seen: dict[tuple[type, object], Span] = {}
    position = 0
    for item in literal.items:
        key: tuple[type, object]
        if item.key is None:
            position += 1
            key, text = (int, position), f"number {position}"
        elif isinstance(item.key, syntax.String | syntax.Number | syntax.Boolean):
            key, text = (type(item.key.value), item.key.value), checker.described(item.key)
        else:
            continue
        first = seen.setdefault(key, item.span)
        if first is not item.span:
            checker.findings.add("duplicate-key", item.span, related=first, key=text)


# Statements


def _check_constant(checker: Checker, condition: syntax.Expression) -> None:
    """A condition of a type that is always true, or always false. A variable set to a literal is a switch."""
    if isinstance(condition, syntax.Name):
        place = checker.point.places.key(checker.point.source(condition))
        is_switch = literal(checker.point.source(condition)) is not None
        if condition.id == PLACEHOLDER or is_switch or place in checker.missing:
            return
    if settled(checker, condition) is not None:
        return
    types = checker.types(condition)
    if not types or (types & FALSY and types & ~FALSY):
        return
    if types == UNDEF and isinstance(condition, syntax.Name):
        return
    text = short(condition)
    checker.findings.add(
        "constant-condition",
        condition.span,
        outcome="false" if types & FALSY else "true",
        got=described(condition, types),
        advice=_EMPTINESS[types].format(text=text) if types in _EMPTINESS and text else "",
    )


_EMPTINESS: Final = {
    TABLE: "a dictionary is true even when empty: want not(null({text}))",
    STRING: "a string is true even when empty: want not(null({text}))",
}


def _check_loop_value(checker: Checker, statement: syntax.For) -> None:
    iterable = statement.iterable
    types = checker.types(iterable)
    if not types & TABLE:
        checker.findings.add(
            "bad-loop-value" if is_literal(iterable) else "bad-loop-value-at-run",
            iterable.span,
            got=described(iterable, types),
            advice=f"split({short(iterable)}) makes an array" if types & STRING and short(iterable) else "",
        )


def _check_result_used(checker: Checker, statement: syntax.Evaluate) -> None:
    callee = checker.names.callee(statement.call.function)
    if not isinstance(callee, Builtin) or callee.effect in {Effect.MUTATES, Effect.WRITES} or callee.may_end:
        return
    if of_annotation(callee.returns) == UNDEF or (callee.effect is Effect.AMBIENT and callee.extension):
        return  # without a result, or counted by a service, the call is made for something else
    # `and(c, f())` as a statement is a way to call f under a condition.
    inner = any(isinstance(each, syntax.Call) for each in statement.call.arguments)
    if not (callee.name in LOGIC and inner):
        checker.findings.add("unused-result", statement.span, function=callee.name)


def _is_unread(statement: syntax.Statement) -> bool:
    """Whether it stands for a header that could not be read, such as `elif` where a `}` is missing before it."""
    return (
        isinstance(statement, syntax.If)
        and isinstance(statement.condition, syntax.Name)
        and statement.condition.id == PLACEHOLDER
    )


_EXPRESSION_CHECKS: Final[dict[type, tuple[Callable[..., None], ...]]] = {
    syntax.Dictionary: (_check_mixed, _check_keys),
    syntax.Negation: (_check_negation,),
}
_STATEMENT_CHECKS: Final[dict[type, tuple[Callable[..., None], ...]]] = {
    syntax.Assign: (check_secret_name,),
    syntax.If: (check_arms,),
    syntax.For: (_check_loop_value,),
    syntax.Evaluate: (_check_result_used,),
    syntax.Return: (_check_returned,),
}
