"""
Constants worked out at compile time. Same meaning: same result, effects, order, faults and hit; only less fuel.

A call of a PURE builtin on constants becomes its result, unless it raises (then it still raises at run time, with
its place), has a result above `MAX_RESULT_BYTES`, or makes a dictionary (which has an identity). What follows in an
`and` or `or` that is decided, and the arm of an `if` that cannot be taken, go. An `if` that counts for the hit and is
always taken stays as it is, with its constant: reference section 8.4 wants it seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final, NamedTuple

from edgescript.builtins import Builtin, Effect
from edgescript.calls import check_arguments
from edgescript.compiling import ir
from edgescript.meter import Limits, Meter
from edgescript.types import Value, is_truthy

MAX_RESULT_BYTES: Final = 1024
"""A folded text becomes a constant in every worker; one call must not turn a line into a megabyte."""
_LIMITS: Final = Limits(fuel=20_000, value_bytes=4096, total_bytes=1 << 16, dictionary_entries=100)
"""What one folded call may use: a thousandth of a second's work."""


def fold(program: ir.Program) -> ir.Program:
    """The same program with constants worked out."""
    return replace(
        program,
        main=_block(program.main),
        functions=tuple(replace(each, body=_block(each.body)) for each in program.functions),
    )


def _block(body: Iterable[ir.Statement]) -> tuple[ir.Statement, ...]:
    folded: list[ir.Statement] = []
    for statement in body:
        folded.extend(_statement(statement))
        if folded and isinstance(folded[-1], ir.Return):
            break
    return tuple(folded)


def _statement(statement: ir.Statement) -> tuple[ir.Statement, ...]:
    match statement:
        case ir.If():
            return _if(statement)
        case ir.For():
            return (
                replace(statement, iterable=_expression(statement.iterable), body=_block(statement.body)),
            )
        case ir.Return(value=None):
            return (statement,)
        case ir.Return(value=value) if value is not None:
            return (replace(statement, value=_expression(value)),)
        case ir.Discard(value=value):
            kept = _expression(value)
            return () if isinstance(kept, ir.Constant) else (replace(statement, value=kept),)
        case ir.StoreGlobal() | ir.StoreLocal():
            return (replace(statement, value=_expression(statement.value)),)
    return (statement,)


def _if(statement: ir.If) -> tuple[ir.Statement, ...]:
    condition = _expression(statement.condition)
    body, orelse = _block(statement.body), _block(statement.orelse)
    if isinstance(condition, ir.Constant):
        if not is_truthy(condition.value):
            return orelse
        if not statement.marks_hit:
            return body
        orelse = ()
    return (replace(statement, condition=condition, body=body, orelse=orelse),)


def _expression(node: ir.Expression) -> ir.Expression:
    match node:
        case ir.CallBuiltin():
            return _call(replace(node, arguments=_all(node.arguments)))
        case ir.CallFunction():
            return replace(node, arguments=_all(node.arguments))
        case ir.MakeArray():
            return replace(node, values=_all(node.values))
        case ir.MakeDictionary():
            pairs = tuple((_expression(key), _expression(value)) for key, value in node.pairs)
            return replace(node, pairs=pairs)
        case ir.And():
            return _logic(node, decided_by=False)
        case ir.Or():
            return _logic(node, decided_by=True)
        case _:
            return node


def _all(nodes: tuple[ir.Expression, ...]) -> tuple[ir.Expression, ...]:
    return tuple(_expression(node) for node in nodes)


def _logic(node: ir.And | ir.Or, *, decided_by: bool) -> ir.Expression:
    """Drop constant operands that change nothing, and what comes after one that decides."""
    kept: list[ir.Expression] = []
    for operand in node.operands:
        folded = _expression(operand)
        if not isinstance(folded, ir.Constant):
            kept.append(folded)
        elif is_truthy(folded.value) is decided_by:
            if not kept:
                return ir.Constant(node.at, decided_by)
            kept.append(folded)
            break
    return replace(node, operands=tuple(kept)) if kept else ir.Constant(node.at, not decided_by)


def _call(node: ir.CallBuiltin) -> ir.Expression:
    builtin = node.builtin
    values = [argument.value for argument in node.arguments if isinstance(argument, ir.Constant)]
    if len(values) < len(node.arguments):
        return node
    known = foresee(builtin, values)
    return ir.Constant(node.at, known.value) if known is not None and _is_small(known.value) else node


class Foreseen(NamedTuple):
    """What a call surely gives."""

    value: Any


def foresee(builtin: Builtin, values: Sequence[Value]) -> Foreseen | None:
    """What a call gives for constants, None where only a run can tell."""
    if builtin.effect is not Effect.PURE or builtin.may_end:
        return None
    try:
        return Foreseen(evaluate(builtin, values))
    except Exception:  # noqa: BLE001 - whatever it raises is for run time, where it has a place and a limit
        return None


def evaluate(builtin: Builtin, values: Sequence[Value]) -> Any:
    """What a call of a PURE builtin gives for constants, within small limits. Raises whatever it raises."""
    run = (Meter(_LIMITS),) if builtin.takes_run else ()
    return builtin.body(*run, *check_arguments(builtin, values))


def _is_small(result: Any) -> bool:
    """Whether a result may be a constant of the code."""
    kind = type(result)
    if kind is str:
        return len(result) <= MAX_RESULT_BYTES
    if kind is float:
        return isfinite(result)
    return result is None or kind is bool or kind is int
