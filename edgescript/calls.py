"""
What happens to the arguments of a call before a builtin's body sees them. Both tiers come here.

The interpreter calls `check_arguments` on every call; translated code tests what it could not prove and comes here
only when a test fails, so that one function decides which fault is raised, and with which words.
"""

from collections.abc import Sequence
from typing import Final

from edgescript import typeset
from edgescript.builtins import Builtin, Kind
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.source import as_utf8
from edgescript.types import Function, Key, Table, Value, number_text

SHOWN_BYTES: Final = 40
"""Of a string, in the text of a fault."""


def check_arguments(builtin: Builtin, arguments: Sequence[Value]) -> list[Value]:
    """The arguments as the body takes them: kinds checked left to right, fractions cut for INTEGER. Raises 402-406."""
    checked = list(arguments)
    for index, value in enumerate(checked):
        kind = builtin.param_at(index).kind
        if kind is Kind.ANY or typeset.of_value(value) & typeset.ACCEPTED[kind]:
            continue
        if kind is Kind.INTEGER and type(value) is float and abs(value) < _INFINITY:
            checked[index] = int(value)
            continue
        raise ScriptFault(
            kind.fault, f"argument {index + 1} of {builtin.name}: got {shown(value)}, want {kind.label}"
        )
    return checked


_INFINITY: Final = float("inf")


def charge(meter: Meter, builtin: Builtin, arguments: Sequence[Value]) -> None:
    """Hold the arguments' size to its bound and charge for it. Raises 407 and 499."""
    cost = builtin.cost
    total = sum(size(arguments[index]) for index in per_indexes(builtin, len(arguments)))
    if total > cost.free_size:
        if cost.bound:
            meter.bound(cost.bound, total)
        meter.charge(total >> cost.shift)


def per_indexes(builtin: Builtin, count: int) -> range:
    """Indexes of the arguments whose size a call with `count` arguments is charged for."""
    for index, param in enumerate(builtin.params):
        if param.name == builtin.cost.per:
            return range(index, count if param.variadic else min(index + 1, count))
    return range(0)


def size(value: Value) -> int:
    """Bytes of a string, entries of a dictionary, 0 for anything else."""
    return len(value) if isinstance(value, str | Table) else 0


def iterable(value: Value) -> Table:
    """`value`, which `for` can walk. Raises 404."""
    if type(value) is not Table:
        raise ScriptFault(FaultCode.NOT_A_DICTIONARY, f"for: got {shown(value)}, want dictionary")
    return value


def make_array(meter: Meter, values: list[Value]) -> Table:
    """What an array literal makes; it keeps `values`. An undef leaves its key out, as in Lua. Raises 499."""
    meter.entries(len(values))
    if None in values:
        return Table.from_pairs(pair for pair in enumerate(values, 1) if pair[1] is not None)
    return Table(values)


def make_dictionary(meter: Meter, pairs: Sequence[tuple[Value, Value]]) -> Table:
    """What a dictionary literal makes. An undef leaves its key out; a key that is undef or nan raises 499."""
    meter.entries(len(pairs))
    table = Table()
    for key, value in pairs:
        if key is None or key != key:  # noqa: PLR0124 - only nan differs from itself
            raise ScriptFault(FaultCode.OTHER, "dictionary literal: a key cannot be undef or nan")
        if value is None:
            table.delete(key)
        else:
            table.set(key, value)
    return table


def make_named(meter: Meter, count: int, named: dict[Key, Value]) -> Table:
    """As `make_dictionary`, from `count` pairs whose keys are strings. It keeps `named`."""
    meter.entries(count)
    if None in named.values():
        return Table(None, {key: value for key, value in named.items() if value is not None})
    return Table(None, named)


def shown(value: Value) -> str:
    """A value for a person, in few words: `number 5`, `string 'abc'`, `undef`."""
    if value is None:
        return "undef"
    if isinstance(value, str):
        text = as_utf8(value[:SHOWN_BYTES])
        return f"string {text!r}{'...' if len(value) > SHOWN_BYTES else ''}"
    if isinstance(value, bool):
        return f"boolean {'true' if value else 'false'}"
    if isinstance(value, Table):
        return "dictionary"
    if isinstance(value, Function):
        return "function"
    return f"number {number_text(value)}"


def unexpected(error: Exception, place: tuple[int, int]) -> ScriptFault:
    """
    The fault that stands for a Python exception out of a builtin's body, which is a defect of ours.

    The text is neutral, for it may reach people who cannot act on the details; the exception is to be its cause.
    """
    fault = ScriptFault(FaultCode.OTHER, _UNEXPECTED.get(type(error), "internal error"))
    fault.line, fault.column = place
    return fault


_UNEXPECTED: Final[dict[type, str]] = {
    RecursionError: "calls nest too deeply",
    MemoryError: "out of memory",
}
