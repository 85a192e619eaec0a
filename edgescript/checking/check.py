"""
What is wrong with a script whose syntax and names are known.

A check is a function; the tables at the end say what each looks at. A new one is a function, a row, and an entry in
`catalogue.py`. Errors are only what fails whenever it runs; what may be meant is a warning.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, TypeAlias

from edgescript.builtins import Builtin, Effect, Kind, Stage
from edgescript.checking.callcheck import Checker, check_call, check_type
from edgescript.checking.infer import described, is_literal, short
from edgescript.compiling.opcodes import MAX_LOOPS
from edgescript.compiling.resolve import Names
from edgescript.diagnostics.findings import Findings
from edgescript.parsing import syntax, walk
from edgescript.parsing.parser import PLACEHOLDER
from edgescript.source import Span
from edgescript.typeset import FALSY, STRING, TABLE

_Block: TypeAlias = tuple[syntax.Statement, ...]


def check(
    script: syntax.Script,
    names: Names,
    position: Stage,
    findings: Findings,
    doubtful: frozenset[str] = frozenset(),
) -> None:
    """Report everything the checks find."""
    checker = Checker(names, position, findings, doubtful)
    bodies: list[tuple[_Block, dict[str, int]]] = [(script.body, {})]
    bodies += [(function.node.body, function.locals) for function in names.functions.values()]
    checker.shared_assignments = Counter(
        name for body, own in bodies for name in _assigned(body) if name not in own
    )
    for body, checker.own in bodies:
        checker.assignments = Counter(name for name in _assigned(body) if name in checker.own)
        _check_block(checker, body, 0)
        for expression in walk.expressions(body):
            _check_expression(checker, expression)


def _assigned(body: _Block) -> Iterator[str]:
    """The target of each assignment and loop of a body."""
    for statement in walk.statements(body):
        if isinstance(statement, syntax.Assign):
            yield statement.target.id
        elif isinstance(statement, syntax.For):
            yield statement.key.id
            yield statement.value.id


def _check_block(checker: Checker, body: _Block, loops: int) -> None:
    """Check a block's statements and the blocks inside; `loops` are around it. Depth is bounded by the parser."""
    for block_check in _BLOCK_CHECKS:
        block_check(checker, body)
    learnt: list[str] = []
    for statement in body:
        for statement_check in _STATEMENT_CHECKS.get(type(statement), ()):
            statement_check(checker, statement)
        if isinstance(statement, syntax.If):
            _check_block(checker, statement.body, loops)
            _check_block(checker, statement.orelse or (), loops)
        elif isinstance(statement, syntax.For):
            if loops == MAX_LOOPS:
                span = Span(statement.span.start, statement.iterable.span.end)
                checker.findings.add("loops-too-deep", span, depth=loops + 1, limit=MAX_LOOPS)
            _check_block(checker, statement.body, loops + 1)
        elif isinstance(statement, syntax.Assign):
            name = statement.target.id
            if checker.is_assigned_once(name) and checker.types(statement.value) == TABLE:
                # Assigned nowhere else: what follows in this block, and inside it, finds this value.
                checker.dictionaries.add(name)
                learnt.append(name)
    checker.dictionaries.difference_update(learnt)


def _check_expression(checker: Checker, expression: syntax.Expression) -> None:
    if isinstance(expression, syntax.Dictionary):
        for literal_check in _LITERAL_CHECKS:
            literal_check(checker, expression)
    elif isinstance(expression, syntax.Negation):
        _check_negation(checker, expression)
    elif isinstance(expression, syntax.Call):
        check_call(checker, expression)


# Other expressions


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


def _check_condition(checker: Checker, statement: syntax.If) -> None:
    condition = statement.condition
    if _is_unread(statement):
        return
    types = checker.types(condition)
    if isinstance(condition, syntax.Name) and condition.id in checker.dictionaries:
        types = TABLE
    if types & FALSY and types & ~FALSY:
        return
    emptiness = f"a dictionary is true even when empty: want not(null({short(condition)}))"
    checker.findings.add(
        "constant-condition",
        condition.span,
        outcome="false" if types & FALSY else "true",
        got=described(condition, types),
        advice=emptiness if types == TABLE and short(condition) else "",
    )


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
    if isinstance(callee, Builtin) and callee.effect in {Effect.PURE, Effect.READS} and not callee.may_end:
        # `and(c, f())` as a statement is a way to call f under a condition.
        inner = any(isinstance(each, syntax.Call) for each in statement.call.arguments)
        if not (callee.name in {"and", "or"} and inner):
            checker.findings.add("unused-result", statement.span, function=callee.name)


def _check_reachable(checker: Checker, body: _Block) -> None:
    """Code after a statement that always leaves. A `return` after `exit` only states the obvious, and may stay."""
    for statement, following in pairwise(body):
        if not _leaves(checker, statement):
            continue
        if isinstance(following, syntax.Def) or _is_unread(following):
            continue
        if not (isinstance(statement, syntax.Evaluate) and isinstance(following, syntax.Return)):
            checker.findings.add("unreachable-code", following.span, related=statement.span)
        return


def _is_unread(statement: syntax.Statement) -> bool:
    """Whether it stands for a header that could not be read, such as `elif` where a `}` is missing before it."""
    return (
        isinstance(statement, syntax.If)
        and isinstance(statement.condition, syntax.Name)
        and statement.condition.id == PLACEHOLDER
    )


def _leaves(checker: Checker, statement: syntax.Statement) -> bool:
    """Whether nothing after the statement can run in its block."""
    if isinstance(statement, syntax.Return):
        return True
    if isinstance(statement, syntax.If):
        arms = (statement.body, statement.orelse or ())
        return all(arm and _leaves(checker, arm[-1]) for arm in arms)
    if not isinstance(statement, syntax.Evaluate):
        return False
    call = statement.call
    callee = checker.names.callee(call.function)
    if not isinstance(callee, Builtin):
        return False
    given = zip(callee.params, call.arguments, strict=False)  # a wrong count is reported elsewhere
    return callee.surely_ends(
        {param.name: value.value for param, value in given if isinstance(value, syntax.String)}
    )


_LITERAL_CHECKS: Final = (_check_mixed, _check_keys)
_STATEMENT_CHECKS: Final[dict[type, tuple[Callable[..., None], ...]]] = {
    syntax.If: (_check_condition,),
    syntax.For: (_check_loop_value,),
    syntax.Evaluate: (_check_result_used,),
}
_BLOCK_CHECKS: Final = (_check_reachable,)
