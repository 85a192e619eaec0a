"""Logic, equality, emptiness and types of values (reference sections 7.1 and 7.14)."""

from typing import Final

from edgescript.builtins import AnyValue, Cost, Effect, Family, Inline
from edgescript.types import Table, is_equal, is_truthy, type_name

conditions = Family("conditions", effect=Effect.PURE)

# Python's own comparison is the language's wherever one side is a string or both are numbers: only there do the two
# agree, for Python takes true and 1 for equal.
_EQUAL: Final = tuple(Inline("a == b", types) for types in ({"b": str}, {"a": str}, {"a": float, "b": float}))
_UNEQUAL: Final = tuple(Inline("a != b", inline.types) for inline in _EQUAL)


@conditions.builtin(cost=Cost(1))
def and_(a: AnyValue, *more: AnyValue) -> bool:
    """
    Return whether all arguments are true. Arguments after the first false one are not evaluated.

    Only undef and false are false: 0, '' and [] are true.

    and(true, 0)               => true
    and(false, 'never reached') => false
    and('one is enough')       => true
    """
    return is_truthy(a) and all(map(is_truthy, more))


@conditions.builtin(cost=Cost(1))
def or_(a: AnyValue, *more: AnyValue) -> bool:
    """
    Return whether any argument is true. Arguments after the first true one are not evaluated.

    or(false, 0)     => true
    or(false, false) => false
    """
    return is_truthy(a) or any(map(is_truthy, more))


@conditions.builtin(cost=Cost(1), inline=(Inline("a is None or a is False"),))
def not_(a: AnyValue) -> bool:
    """
    Return whether `a` is undef or false.

    not(false) => true
    not('')    => false
    not(0)     => false
    """
    return a is None or a is False


@conditions.builtin(cost=Cost(1), inline=_EQUAL, comparison=True)
def eq(a: AnyValue, b: AnyValue) -> bool:
    """
    Return whether `a` equals `b`: strings byte by byte, dictionaries and functions only if they are the same one.

    Values of different types are never equal, and comparing them is no error.

    eq('a', 'a')             => true
    eq(tonumber('2'), 2)     => true
    eq(2, '2')               => false
    eq(['a'], ['a'])         => false
    """
    return is_equal(a, b)


@conditions.builtin(cost=Cost(1), inline=_UNEQUAL, comparison=True)
def ne(a: AnyValue, b: AnyValue) -> bool:
    """
    Return whether `a` differs from `b`: the opposite of `eq`.

    ne('a', 'A') => true
    ne(1, 1)     => false
    """
    return not is_equal(a, b)


@conditions.builtin(cost=Cost(2), inline=(Inline("v == ''", {"v": str}), Inline("not len(v)", {"v": Table})))
def null(v: AnyValue) -> bool:
    """
    Return whether `v` is the empty string or an empty dictionary. Everything else, undef too, gives false.

    null('')          => true
    null([])          => true
    null(0)           => false
    null($arg_absent) => false
    """
    if isinstance(v, str | Table):
        return len(v) == 0
    return False


@conditions.builtin(cost=Cost(1, makes=lambda _: 8))
def type_(s: AnyValue) -> str:
    """
    Return the name of the type of `s`: string, number, boolean, table, function or nil.

    type('1')          => 'string'
    type(1)            => 'number'
    type(['a' = true]) => 'table'
    type($arg_absent)  => 'nil'
    """
    return type_name(s)
