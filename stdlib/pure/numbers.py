"""
Arithmetic and comparison of numbers (reference section 7.2), and text to number (section 7.12).

Numbers are doubles held as `int` while exact; every result goes through `to_number`, which restores that holding.
Nothing here raises: a division by zero gives inf or nan, as it does in Lua.
"""

import math
import re
from collections.abc import Callable
from typing import Final, Literal

from edgescript.builtins import AnyValue, Cost, Effect, Family, Inline, Int, Num
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import MAX_EXACT_INT, Value, to_number

numbers = Family("numbers", effect=Effect.PURE)

_SPACE: Final = " \t\n\v\f\r"
_LUA_NUMERAL: Final = re.compile(
    r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))"
)
_MAX_NUMERAL_BYTES: Final = 4096
"""Longer texts are no numbers: reading digits costs more than their count."""
_EXACT_DIGITS: Final = 15
"""Decimal texts up to this length that are all digits are exact integers."""
_MAX_DIGITS: Final = 1100
"""More significant digits than any finite double has, in any base."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@numbers.builtin(cost=Cost(2))
def add(n1: Num, n2: Num) -> int | float:
    """
    Return n1 + n2.

    add(2, 0.5) => 2.5
    """
    return to_number(n1 + n2)


@numbers.builtin(cost=Cost(2))
def sub(n1: Num, n2: Num) -> int | float:
    """
    Return n1 - n2.

    sub(1, 4) => -3
    """
    return to_number(n1 - n2)


@numbers.builtin(cost=Cost(2))
def mul(n1: Num, n2: Num) -> int | float:
    """
    Return n1 times n2.

    mul(3, 4) => 12
    """
    return to_number(n1 * n2)


@numbers.builtin(cost=Cost(2))
def div(n1: Num, n2: Num) -> int | float:
    """
    Return the real quotient n1 / n2. Dividing by zero gives inf, -inf or nan.

    div(1, 4)            => 0.25
    div(10, 5)           => 2
    tostring(div(1, 0))  => 'inf'
    """
    if n2 == 0:
        return math.nan if n1 == 0 or math.isnan(n1) else math.copysign(math.inf, n1)
    return to_number(n1 / n2)


@numbers.builtin(cost=Cost(2))
def mod(n1: Num, n2: Num) -> int | float:
    """
    Return the remainder of n1 / n2, with the sign of n2, as in Lua. A zero n2 gives nan.

    mod(17, 5) => 2
    mod(-1, 5) => 4
    """
    return to_number(n1 % n2) if n2 != 0 else math.nan


@numbers.builtin(cost=Cost(1), inline=(Inline("n1 > n2"),), ordering=True)
def gt(n1: Num, n2: Num) -> bool:
    """
    Return whether n1 > n2.

    gt(2, 2) => false
    """
    return n1 > n2


@numbers.builtin(cost=Cost(1), inline=(Inline("n1 >= n2"),), ordering=True)
def ge(n1: Num, n2: Num) -> bool:
    """
    Return whether n1 >= n2.

    ge(2, 2) => true
    """
    return n1 >= n2


@numbers.builtin(cost=Cost(1), inline=(Inline("n1 < n2"),), ordering=True)
def lt(n1: Num, n2: Num) -> bool:
    """
    Return whether n1 < n2.

    lt(1, 2) => true
    """
    return n1 < n2


@numbers.builtin(cost=Cost(1), inline=(Inline("n1 <= n2"),), ordering=True)
def le(n1: Num, n2: Num) -> bool:
    """
    Return whether n1 <= n2.

    le(3, 2) => false
    """
    return n1 <= n2


@numbers.builtin(cost=Cost(2))
def floor(n: Num) -> int | float:
    """
    Return the largest integer not above n.

    floor(-1.5) => -2
    floor(7)    => 7
    """
    return math.floor(n) if -MAX_EXACT_INT < n < MAX_EXACT_INT else n


@numbers.builtin(cost=Cost(2))
def ceil(n: Num) -> int | float:
    """
    Return the smallest integer not below n.

    ceil(1.2)  => 2
    ceil(-0.5) => 0
    """
    return math.ceil(n) if -MAX_EXACT_INT < n < MAX_EXACT_INT else n


@numbers.builtin(cost=Cost(10, per="s", shift=6))
def tonumber(s: AnyValue, base: Int = 10) -> int | float | Literal[False]:
    """
    Return the number that the string `s` spells in `base` (2 to 36), or false if it spells none.

    White space around it is ignored. In base 10 a fraction, an exponent and a 0x prefix are understood, as in Lua.
    A number is returned as it is; a value of any other type gives false. So do 'inf', 'nan' and numbers past the
    range of a double: a comparison with nan is false either way, which no expiry check should be open to.

    tonumber('10')       => 10
    tonumber(' -1.50 ')  => -1.5
    tonumber('ff', 16)   => 255
    tonumber('0x1F')     => 31
    tonumber('12px')     => false
    tonumber('')         => false
    """
    if base == 10 and type(s) is str and len(s) <= _EXACT_DIGITS and s.isascii() and s.isdigit():
        return int(s)  # what it is nearly always asked
    _check_base(base)
    return _based(s, base) if base != 10 and isinstance(s, str) else parse_number(s)


@numbers.specialised(tonumber, "base")
def _tonumber_constant(base: int) -> Callable[[Value], int | float | Literal[False]] | None:
    _check_base(base)
    return None if base == 10 else lambda s: _based(s, base) if isinstance(s, str) else parse_number(s)


def _check_base(base: int) -> None:
    if not 2 <= base <= 36:
        raise ScriptFault(FaultCode.OTHER, f"tonumber: got base {base}, want 2 to 36")


def parse_number(value: Value) -> int | float | Literal[False]:
    """A number as it is, the number a string spells in base 10, or False."""
    if type(value) is int or type(value) is float:
        return value
    return _decimal(value) if isinstance(value, str) else False


def _decimal(text: str) -> int | float | Literal[False]:
    # isascii first: isdigit alone takes superscripts for digits.
    if len(text) <= _EXACT_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    match = _LUA_NUMERAL.fullmatch(text.strip(_SPACE))
    if match is None or len(text) > _MAX_NUMERAL_BYTES:
        return False
    sign, hexadecimal, decimal = match.groups()
    return _finite(float(sign + decimal)) if decimal else _digits(sign, hexadecimal, 16)


def _based(text: str, base: int) -> int | float | Literal[False]:
    if len(text) > _MAX_NUMERAL_BYTES:
        return False
    text = text.strip(_SPACE).lower()
    sign = text[:1] if text[:1] in {"+", "-"} else ""
    digits = text[len(sign) :]
    if base == 16:
        digits = digits.removeprefix("0x")
    if not digits or digits.strip(_DIGITS[:base]):
        return False
    return _digits(sign, digits, base)


def _digits(sign: str, digits: str, base: int) -> int | float | Literal[False]:
    digits = digits.lstrip("0") or "0"
    if len(digits) > _MAX_DIGITS:
        return False
    value = int(digits, base)
    return _finite(to_number(-value if sign == "-" else value))


def _finite(value: float) -> int | float | Literal[False]:
    return to_number(value) if math.isfinite(value) else False
