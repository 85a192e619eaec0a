"""
The values scripts see and how Python holds them.

=============  =======================================================================
script type    Python
=============  =======================================================================
string         `str` whose code points are 0-255, one per byte (reference section 3.1).
               `len`, slices and regexes therefore agree with bytes.
number         `int` while exact (magnitude at most 2**53), else `float`: a double
boolean        `bool`
dictionary     `Table`, by reference
function       `Function`
undef          `None`
=============  =======================================================================

Everything here is pure. Coercions and texts of values live in this one module.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

MAX_EXACT_INT: Final = 2**53
"""Integers up to this magnitude are exact in a double, so `int` and double agree."""


class Table:
    """
    A dictionary or array: one structure, keys of any type (reference sections 3.1, 7.4, 7.5).

    Held as Lua holds it: `array` has the values of keys 1..n, `named` every other entry, so that appending,
    counting and walking an array cost what they do on a Python list. Invariant: key n+1 is never in `named`.
    """

    __slots__ = ("array", "named")

    def __init__(self, array: "list[Value] | None" = None, named: "dict[Key, Value] | None" = None) -> None:
        self.array: list[Value] = [] if array is None else array
        self.named: dict[Key, Value] = {} if named is None else named

    @classmethod
    def from_pairs(cls, pairs: "Iterator[tuple[Value, Value]]") -> "Table":
        """The table that results from setting each pair in order."""
        table = cls()
        for key, value in pairs:
            table.set(key, value)
        return table

    def get(self, key: "Value") -> "Value":
        """The value under `key`, or False when absent (reference section 7.4)."""
        if type(key) is int or type(key) is float:
            if 1 <= key <= len(self.array) and key == int(key):
                return self.array[int(key) - 1]
            return self.named.get(key, False)
        return self.named.get(_named_key(key), False)

    def set(self, key: "Value", value: "Value") -> None:
        """Insert or overwrite."""
        if (type(key) is int or type(key) is float) and 1 <= key <= len(self.array) + 1 and key == int(key):
            position = int(key)
            if position <= len(self.array):
                self.array[position - 1] = value
                return
            self.array.append(value)
            named = self.named
            while named and (following := len(self.array) + 1) in named:
                self.array.append(named.pop(following))
            return
        self.named[_named_key(key)] = value

    def delete(self, key: "Value") -> None:
        """Remove the entry; an absent key is harmless."""
        if (type(key) is int or type(key) is float) and 1 <= key <= len(self.array) and key == int(key):
            position = int(key)
            for offset, value in enumerate(self.array[position:], position + 1):
                self.named[offset] = value
            del self.array[position - 1 :]
            return
        self.named.pop(_named_key(key), None)

    def items(self) -> "list[tuple[Value, Value]]":
        """A snapshot of (key, value): the array part ascending, then the rest in order of insertion."""
        pairs: list[tuple[Value, Value]] = list(enumerate(self.array, 1))
        pairs.extend((_script_key(key), value) for key, value in self.named.items())
        return pairs

    def __len__(self) -> int:
        """The number of entries of both parts."""
        return len(self.array) + len(self.named)

    def __bool__(self) -> bool:
        """True: every dictionary is true in a script, the empty one too (reference section 3.2)."""
        return True

    def __repr__(self) -> str:
        return f"Table({dict(self.items())!r})"


class Function:
    """
    A custom function as a value, as `foreach` and `arr_sort` receive it.

    Calling it gives the function's result. Like Lua, surplus arguments are dropped and missing ones are undef.
    """

    __slots__ = ("arity", "body", "name")

    def __init__(self, name: str, arity: int, body: "Callable[..., Value]") -> None:
        self.name = name
        self.arity = arity
        self.body = body

    def __call__(self, *arguments: "Value") -> "Value":
        if len(arguments) != self.arity:
            arguments = (*arguments, *([None] * self.arity))[: self.arity]
        return self.body(*arguments)

    def __repr__(self) -> str:
        return f"Function({self.name!r})"


Value: TypeAlias = str | int | float | bool | Table | Function | None


class _BooleanKey:
    """Stands for a boolean key: Python's 1 == True would otherwise merge keys that differ in a script."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


_TRUE_KEY: Final = _BooleanKey(value=True)
_FALSE_KEY: Final = _BooleanKey(value=False)

Key: TypeAlias = "str | int | float | Table | Function | _BooleanKey | None"


def _named_key(key: Value) -> Key:
    if key is True:
        return _TRUE_KEY
    if key is False:
        return _FALSE_KEY
    return key


def _script_key(key: Key) -> Value:
    return key.value if type(key) is _BooleanKey else key  # type: ignore[return-value]


def is_truthy(value: Value) -> bool:
    """Whether a condition holds: only undef and false are false (reference section 3.2)."""
    return value is not None and value is not False


def is_equal(left: Value, right: Value) -> bool:
    """Equality of the language: different types are never equal, dictionaries by identity (U-5)."""
    if type(left) is type(right):
        if type(left) is Table or type(left) is Function:
            return left is right
        return left == right
    if (type(left) is int or type(left) is float) and (type(right) is int or type(right) is float):
        return left == right
    return False


def type_name(value: Value) -> str:
    """What `type()` reports (reference section 3.1)."""
    kind = type(value)
    if kind is str:
        return "string"
    if kind is int or kind is float:
        return "number"
    if kind is bool:
        return "boolean"
    if kind is Table:
        return "table"
    if kind is Function:
        return "function"
    return "nil"


def to_number(value: float) -> int | float:
    """The number in canonical holding: `int` while exact, else `float`."""
    if type(value) is int:
        # 2**53 + 1 rounds to 2**53, which is exact: hence through the double's own case.
        return value if -MAX_EXACT_INT <= value <= MAX_EXACT_INT else to_number(int_to_double(value))
    if value == value // 1 and -MAX_EXACT_INT <= value <= MAX_EXACT_INT:
        return int(value)
    return value


def int_to_double(value: int) -> float:
    """The nearest double, infinite when out of range."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


_PLAIN_INT_BOUND: Final = 10**14
"""Below this, `%.14g` prints every digit."""


def number_text(value: float) -> str:
    """The text of a number by Lua's `%.14g` rule (reference section 3.3): 30, -10, 0.5, 1e+15."""
    if type(value) is int and -_PLAIN_INT_BOUND < value < _PLAIN_INT_BOUND:
        return str(value)
    if value == 0:
        return "0"
    return f"{value:.14g}"


def value_text(value: Value) -> str:
    """What `tostring`, `say` and `print` show for any value. Dictionaries and functions show no address."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is int or kind is float:
        return number_text(value)  # type: ignore[arg-type]
    if kind is bool:
        return "true" if value else "false"
    if kind is Table:
        return "table"
    if kind is Function:
        return "function"
    return "nil"
