"""
Dictionaries (reference section 7.4). A dictionary is passed by reference: what a callee changes, the caller sees.

Giving undef to a key removes it, as in Lua; a key can be neither undef nor nan.
"""

from typing import Literal

from edgescript.builtins import AnyValue, Cost, Dict, Effect, Family, Func, Inline
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Value

dictionaries = Family("dictionaries", effect=Effect.MUTATES)


@dictionaries.builtin(cost=Cost(5, worst=lambda call: 3 * call.entries("d") + 1))
def set_(meter: Meter, d: Dict, k: AnyValue, v: AnyValue) -> Literal[True]:
    """
    Insert `v` under key `k`, or overwrite what is there; undef removes the key. A key that is undef or nan is error 499.

    set([], 'a', 1)          => true
    set(['a' = 1], 'a', [])  => true
    """
    if k is None or k != k:  # noqa: PLR0124 - only nan differs from itself
        raise ScriptFault(FaultCode.OTHER, "set: a key cannot be undef or nan")
    if v is None:
        return del_(meter, d, k)
    entries, positions = len(d), len(d.array)
    d.set(k, v)
    if len(d) > entries:
        meter.entries(1)
        # One value more, and those of following keys that now belong to the array part.
        meter.charge(len(d.array) - positions)
    return True


@dictionaries.builtin(
    cost=Cost(1),
    effect=Effect.PURE,
    inline=(
        Inline("d.named.get(k, False)", {"k": str}),
        Inline("d.array[k - 1] if 0 < k <= len(d.array) else d.named.get(k, False)", {"k": int}),
        Inline("d.get(k)"),
    ),
)
def get(d: Dict, k: AnyValue) -> Value:
    """
    Return the value under key `k`, or false when there is none.

    get(['a' = 1], 'a') => 1
    get(['x', 'y'], 2)  => 'y'
    get(['x'], 2)       => false
    """
    return d.get(k)


@dictionaries.builtin(cost=Cost(3, worst=lambda call: 3 * call.entries("d")))
def del_(meter: Meter, d: Dict, k: AnyValue) -> Literal[True]:
    """
    Remove the entry under key `k`; an absent key is harmless. Other keys stay: `arr_remove` is what moves them up.

    del(['a' = 1], 'a') => true
    del([], 'a')        => true
    """
    moved = len(d.array)
    d.delete(k)
    # Values after a removed array element move to the other part of the table.
    meter.charge((moved - len(d.array)) * 3)
    return True


@dictionaries.builtin(
    cost=Cost(
        8,
        worst=lambda call: 4 * call.entries("d"),
        calls=lambda call: call.entries("d"),
        passes=("d.keys", "d.values", "user_data"),
    )
)
def foreach(meter: Meter, d: Dict, f: Func, user_data: Dict) -> Literal[True]:
    """
    Call f(key, value, user_data) for each entry until it returns false; a callback without `return` goes on.

    Keys 1..n come first, ascending, then the others in the order they were set. The entries are those at the start:
    the callback may change the dictionary.

    foreach(['a' = 1], visit, []) => true
    """
    meter.loop(len(d))
    meter.charge(4 * len(d))
    for key, value in d.items():
        if f(key, value, user_data) is False:
            break
    return True
