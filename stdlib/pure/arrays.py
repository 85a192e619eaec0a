"""
Arrays (reference section 7.5): the part of a dictionary under keys 1..n. Other keys are left alone and not counted.

A negative position counts from the end; 0 is none. Work that moves elements is charged as it is done.
"""

from typing import Final, Literal

from edgescript.builtins import AnyValue, Cost, Dict, Effect, Family, Inline, OptFunc, OptInt, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import SMALL_BYTES, Meter
from edgescript.types import Function, Value, is_truthy, number_text
from stdlib.pure.strings import joinable

arrays = Family("arrays", effect=Effect.MUTATES)


def _most_comparisons(size: int) -> int:
    """More than Python's sort makes, whatever `comp` says."""
    return size * (size.bit_length() + 2)


_MOVES_PER_UNIT: Final = 6
"""Elements that shifting part of a list moves in one unit of fuel, as a power of two."""


@arrays.builtin(
    cost=Cost(
        8,
        per="tbl",
        shift=0,
        worst=lambda call: call.result >> 11,
        makes=lambda call: call.entries("tbl") * (call.each("tbl") + call.size("sep")),
    ),
    effect=Effect.PURE,
)
def arr_concat(meter: Meter, tbl: Dict, sep: Str = "") -> str:
    """
    Return the elements joined with `sep` between them. They are strings, numbers or booleans, else error 402.

    arr_concat(['a', 'b'], '-') => 'a-b'
    arr_concat([1, true])       => '1true'
    arr_concat([])              => ''
    """
    texts = [joinable(value, "arr_concat") for value in tbl.array]
    size = sum(map(len, texts)) + len(sep) * max(len(texts) - 1, 0)
    if size > SMALL_BYTES:
        meter.string(size)
        meter.charge(size >> 11)
    return sep.join(texts)


@arrays.builtin(cost=Cost(5, worst=lambda call: call.entries("list") + 1))
def arr_insert(meter: Meter, list_: Dict, value: AnyValue, pos: OptInt = None) -> Literal[True]:
    """
    Append `value`, or insert it so that it gets position `pos` and those from there on move one up.

    `pos` is 1 to n+1, or -1 (append) to -(n+1); any other is error 499. An undef value is not inserted, as in Lua.

    arr_insert(['x'], 'w', 1) => true
    arr_insert([], 'first')   => true
    """
    size = len(list_.array)
    at = size if pos is None else _offset(pos, size + 1)
    if at is None:
        raise ScriptFault(
            FaultCode.OTHER, f"arr_insert: got position {number_text(pos or 0)} in an array of {size}"
        )
    if value is None:
        return True
    meter.entries(1)
    if at == size:
        list_.set(size + 1, value)
        meter.charge(len(list_.array) - size)
        return True
    meter.charge(size - at >> _MOVES_PER_UNIT)
    last = list_.array.pop()
    list_.array.insert(at, value)
    # Through `set`, so that a value waiting under key n+2 joins the array part.
    list_.set(size + 1, last)
    return True


@arrays.builtin(cost=Cost(2, worst=lambda call: call.entries("list") >> _MOVES_PER_UNIT))
def arr_remove(meter: Meter, list_: Dict, pos: OptInt = None) -> Value:
    """
    Remove the last element, or the one at `pos`, and return it; those after it move one down. False if there is none.

    A `pos` of 0 is error 499.

    arr_remove(['x', 'y'])    => 'y'
    arr_remove(['x', 'y'], 1) => 'x'
    arr_remove([])            => false
    """
    if pos == 0:
        raise ScriptFault(FaultCode.OTHER, "arr_remove: positions count from 1, or from -1 at the end; got 0")
    size = len(list_.array)
    at = _offset(-1 if pos is None else pos, size)
    if at is None:
        return False
    meter.charge(size - at >> _MOVES_PER_UNIT)
    return list_.array.pop(at)


def _offset(pos: int, count: int) -> int | None:
    """The list index of position `pos` among `count`, or None outside."""
    at = pos - 1 if pos > 0 else count + pos
    return at if pos != 0 and 0 <= at < count else None


@arrays.builtin(
    cost=Cost(
        10,
        per="list",
        shift=0,
        worst=lambda call: 5 * _most_comparisons(call.entries("list")),
        calls=lambda call: _most_comparisons(call.entries("list")),
        passes=("list.values", "list.values"),
    )
)
def arr_sort(meter: Meter, list_: Dict, comp: OptFunc = None) -> Literal[True]:
    """
    Sort the elements in place: numbers by size or strings by byte, or so that comp(a, b) is true for a before b.

    Without `comp`, elements that are not all numbers or all strings are error 499. So is a `comp` that changes the
    array. Each comparison is a call and counts against the limit of calls.

    arr_sort(['b', 'a'])             => true
    arr_sort([1, 3, 2], descending)  => true
    """
    array = list_.array
    before = list(array)
    size = len(before)
    meter.charge(size * size.bit_length() >> 3)
    if comp is None:
        if not (_all_of(before, str) or _all_of(before, int, float)):
            raise ScriptFault(FaultCode.OTHER, "arr_sort: without comp, want all strings or all numbers")
        array.sort()
        return True
    meter.loop(size)
    ordered = sorted(before, key=_ordering(meter, comp))
    if len(array) != size or any(now is not then for now, then in zip(array, before, strict=True)):
        raise ScriptFault(FaultCode.OTHER, "arr_sort: comp changed the array")
    array[:] = ordered
    return True


def _all_of(values: list[Value], *kinds: type) -> bool:
    return all(type(value) in kinds for value in values)


def _ordering(meter: Meter, comp: Function) -> type:
    """A sort key whose `<` is one call of `comp`."""

    class Element:
        __slots__ = ("value",)

        def __init__(self, value: Value) -> None:
            self.value = value

        def __lt__(self, other: "Element") -> bool:
            meter.charge(4)
            return is_truthy(comp(self.value, other.value))

    return Element


@arrays.builtin(cost=Cost(1), effect=Effect.PURE, inline=(Inline("len(arr.array)"),))
def arr_len(arr: Dict) -> int:
    """
    Return the number of elements under keys 1..n. Keys that are strings, or that follow a gap, do not count.

    arr_len(['x', 'y'])          => 2
    arr_len(['a' = 1, 'b' = 2])  => 0
    """
    return len(arr.array)
