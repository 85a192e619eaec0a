"""
`format`: C's printf as Lua has it (reference section 7.3), in three steps.

A format is read into pieces, literal texts and directives, once when it is a constant; each directive then makes its
text from one argument by the row of its conversion in `_CONVERSIONS`. Width and precision have two digits at most, as
in Lua, so no directive makes much out of little.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from edgescript.builtins import AnyValue, Cost, Effect, Family, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Value, value_text
from stdlib.pure.numbers import parse_number

formats = Family("formats", effect=Effect.PURE)


_MOST_BYTES: Final = 512
"""Of a number under any directive: 310 digits before the point, 99 behind it."""


class Directive(NamedTuple):
    flags: frozenset[str]
    width: int
    precision: int | None
    conversion: str


_COST: Final = Cost(
    6,
    per="fmt",
    shift=6,
    worst=lambda call: 4 * call.size("fmt") + 14 * call.count,
    makes=lambda call: call.size("fmt") + call.text("values") + _MOST_BYTES * call.count,
)
Piece: TypeAlias = str | Directive

_DIRECTIVE: Final = re.compile(r"%([-+ #0]{0,5})([0-9]{0,2})(?:\.([0-9]{0,2}))?(.)", re.DOTALL)
_MASK: Final = 2**64 - 1
"""C prints a negative number under %x and %o as its 64-bit two's complement."""


@formats.builtin(cost=_COST)
def format_(meter: Meter, fmt: Str, *values: AnyValue) -> str:
    """
    Return `fmt` with each directive replaced by the text of the next argument, as C's printf does.

    Conversions: %d %i %u whole numbers, %o %x %X octal and hexadecimal, %f %e %E %g %G fractions, %c the byte of a
    code, %s any value, %% a percent sign. Flags `-`, `+`, space, `#`, `0`; width and precision up to 99. Numbers may
    come as text that `tonumber` reads. A bad directive is error 499, a missing argument 401, no number 403.

    format('%03d|%x|%.1f|%s', 7, 255, 2.25, true) => '007|ff|2.2|true'
    format('%5.1s|%-4d|', 'abc', 3.9)             => '    a|3   |'
    format('100%%')                               => '100%'
    """
    meter.charge(_reading(fmt))
    return _render(meter, read_format(fmt), values)


@formats.specialised(format_, "fmt")
def _format_constant(fmt: str) -> Callable[..., str]:
    pieces = read_format(fmt)
    reading = _reading(fmt)

    def formatted(meter: Meter, *values: Value) -> str:
        meter.charge(reading)
        return _render(meter, pieces, values)

    return formatted


def _reading(fmt: str) -> int:
    """Fuel for reading a format. It is charged where one is constant, too: both bodies cost the same."""
    return 4 * fmt.count("%")


def read_format(fmt: str) -> list[Piece]:
    """The literal texts and directives of a format. Raises 499 for a directive it does not know."""
    pieces: list[Piece] = []
    at = 0
    while (percent := fmt.find("%", at)) >= 0:
        if percent > at:
            pieces.append(fmt[at:percent])
        match = _DIRECTIVE.match(fmt, percent)
        if match is None or match[4] not in _CONVERSIONS:
            raise ScriptFault(FaultCode.OTHER, f"format: bad directive {fmt[percent : percent + 8]!r}")
        flags, width, precision, conversion = match.groups()
        if conversion == "%":
            pieces.append("%")
        else:
            wanted = int(precision or 0) if precision is not None else None
            pieces.append(Directive(frozenset(flags), int(width or 0), wanted, conversion))
        at = match.end()
    if at < len(fmt):
        pieces.append(fmt[at:])
    return pieces


def _render(meter: Meter, pieces: Sequence[Piece], values: Sequence[Value]) -> str:
    texts: list[str] = []
    size = used = 0
    for piece in pieces:
        if isinstance(piece, str):
            text = piece
        else:
            if used == len(values):
                raise ScriptFault(FaultCode.ARGUMENT_COUNT, f"format: no argument for directive {used + 1}")
            text = _CONVERSIONS[piece.conversion](piece, values[used])
            used += 1
        texts.append(text)
        size += len(text)
        if size > meter.limits.value_bytes:
            break  # refused in the next line, before more is made
    meter.charge(14 * used)
    meter.string(size)
    return "".join(texts)


def _number(value: Value) -> float:
    number = parse_number(value)
    if number is False:
        raise ScriptFault(FaultCode.NOT_A_NUMBER, "format: want a number")
    return number


def _whole(value: Value) -> int:
    number = _number(value)
    if not math.isfinite(number):
        raise ScriptFault(FaultCode.NOT_A_NUMBER, f"format: got {number:g}, want a whole number")
    return int(number)


def _pad(how: Directive, prefix: str, body: str, *, zeros: bool) -> str:
    """`prefix` and `body` at the wanted width: zeros go between them, spaces around them."""
    missing = how.width - len(prefix) - len(body)
    if "-" in how.flags:
        return prefix + body + " " * missing
    if zeros and "0" in how.flags:
        return prefix + "0" * missing + body
    return " " * missing + prefix + body


def _sign(how: Directive, *, negative: bool) -> str:
    return "-" if negative else "+" if "+" in how.flags else " " if " " in how.flags else ""


def _integer(how: Directive, value: Value) -> str:
    number = _whole(value)
    body = _digits(how, str(abs(number)))
    return _pad(how, _sign(how, negative=number < 0), body, zeros=how.precision is None)


def _unsigned(how: Directive, value: Value) -> str:
    base, prefix = _BASES[how.conversion]
    number = _whole(value) & _MASK
    body = _digits(how, format(number, base))
    if "#" not in how.flags or not number or (how.conversion == "o" and body.startswith("0")):
        prefix = ""
    return _pad(how, prefix, body, zeros=how.precision is None)


_BASES: Final = {"u": ("d", ""), "o": ("o", "0"), "x": ("x", "0x"), "X": ("X", "0X")}


def _digits(how: Directive, digits: str) -> str:
    """C: the precision of a whole number is its least count of digits, and 0 prints a zero as nothing."""
    if how.precision is None:
        return digits
    return "" if how.precision == 0 and digits == "0" else digits.rjust(how.precision, "0")


def _fraction(how: Directive, value: Value) -> str:
    number = float(_number(value))
    alternate = "#" if "#" in how.flags else ""
    precision = 6 if how.precision is None else how.precision
    body = f"%{alternate}.{precision}{how.conversion}" % abs(number)
    negative = math.copysign(1.0, number) < 0 and not math.isnan(number)
    return _pad(how, _sign(how, negative=negative), body, zeros=math.isfinite(number))


def _character(how: Directive, value: Value) -> str:
    return _pad(how, "", chr(_whole(value) & 255), zeros=False)


def _text(how: Directive, value: Value) -> str:
    text = value_text(value)
    return _pad(how, "", text if how.precision is None else text[: how.precision], zeros=False)


_CONVERSIONS: Final[dict[str, Callable[[Directive, Value], str]]] = {
    "d": _integer,
    "i": _integer,
    "u": _unsigned,
    "o": _unsigned,
    "x": _unsigned,
    "X": _unsigned,
    "f": _fraction,
    "e": _fraction,
    "E": _fraction,
    "g": _fraction,
    "G": _fraction,
    "c": _character,
    "s": _text,
    "%": _text,  # never called: read_format makes it a literal
}
