"""
Strings (reference section 7.3): bytes held as code points 0-255, positions from 1, negative ones from the end.

A function whose result can be large accounts for it through the meter, before making it where the size is known.
White space is that of C's `isspace`, not Python's, which knows more characters below 256.
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import Final

from edgescript.builtins import AnyValue, Cost, Effect, Family, Inline, Int, OptStr, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import SMALL_BYTES, Meter
from edgescript.types import Function, Table, Value, number_text, value_text

strings = Family("strings", effect=Effect.PURE)

SPACE: Final = " \t\n\v\f\r"
_RUN: Final = re.compile(r"[^ \t]+")
_SPLIT: Final = Cost(
    8,
    per="s",
    shift=5,
    worst=lambda call: call.size("s") + 1,
    makes=lambda call: call.table(call.size("s") + 1, call.size("s")),
)
_STRIP: Final[dict[str, Callable[[str, str], str]]] = {
    "both": str.strip,
    "left": str.lstrip,
    "right": str.rstrip,
}


@strings.builtin(cost=Cost(2, per="s", shift=12, makes=lambda call: call.cut("s", "i", "j")))
def substr(meter: Meter, s: Str, i: Int, j: Int) -> str:
    """
    Return the part of `s` from position `i` to `j`, counted from 1, both included; -1 is the last byte.

    Positions outside are moved to the nearest end; nothing in between gives ''.

    substr('abcdef', 2, -2)  => 'bcde'
    substr('a.m3u8', -5, -1) => '.m3u8'
    substr('abc', 2, 99)     => 'bc'
    substr('abc', 3, 2)      => ''
    """
    part = s[_positions(i, j)]
    if len(part) > SMALL_BYTES:
        meter.string(len(part))
    return part


@strings.specialised(substr, "i", "j")
def _substr_constant(i: int, j: int) -> Callable[[Meter, str], str]:
    positions = _positions(i, j)

    def part(meter: Meter, s: str) -> str:
        cut = s[positions]
        if len(cut) > SMALL_BYTES:
            meter.string(len(cut))
        return cut

    return part


def _positions(i: int, j: int) -> slice:
    """Positions from 1, both included, as Python counts them; 0 is before the first."""
    return slice(i - 1 if i > 0 else i, j if j >= 0 else j + 1 or None)


@strings.builtin(
    cost=Cost(
        10, worst=lambda call: call.result >> 11, makes=lambda call: call.text("s1") + call.text("more")
    )
)
def concat(meter: Meter, s1: AnyValue, *more: AnyValue) -> str:
    """
    Return the strings, numbers and booleans joined. Anything else, undef too, is error 402.

    concat('v', 2)              => 'v2'
    concat('a', 0.5, 'b', true) => 'a0.5btrue'
    """
    parts = (s1, *more)
    try:
        if len(parts) <= _FEW_PARTS:
            # A few strings can be joined before they are counted: what is made is bounded all the same.
            joined = "".join(parts)  # type: ignore[arg-type]  # TypeError is the cheapest way to find out
            if len(joined) > SMALL_BYTES:
                _account(meter, len(joined))
            return joined
        return _joined(meter, parts)  # type: ignore[arg-type]
    except TypeError:
        return _joined(meter, [joinable(value, "concat") for value in parts])


_FEW_PARTS: Final = 8


def _joined(meter: Meter, parts: "tuple[str, ...] | list[str]", separator: str = "") -> str:
    """The strings joined and accounted for. Raises TypeError if one is no string."""
    _account(meter, sum(map(len, parts)) + len(separator) * (len(parts) - 1))
    return separator.join(parts)


def _account(meter: Meter, size: int) -> None:
    if size > SMALL_BYTES:
        meter.string(size)
        meter.charge(size >> 11)


def joinable(value: Value, what: str) -> str:
    """The text of a string, number or boolean. Raises 402 for any other value (U-6)."""
    if type(value) is str:
        return value
    if value is None or isinstance(value, Table | Function):
        kind = "undef" if value is None else "dictionary" if isinstance(value, Table) else "function"
        raise ScriptFault(FaultCode.NOT_A_STRING, f"{what}: got {kind}, want strings, numbers or booleans")
    return value_text(value)


@strings.builtin(cost=Cost(2, per="s", shift=7, makes=lambda call: call.size("s")))
def upper(meter: Meter, s: Str) -> str:
    """
    Return `s` with ASCII letters in upper case; other bytes stay.

    upper('aB 1') => 'AB 1'
    """
    if len(s) > SMALL_BYTES:
        meter.string(len(s))
    # Of text, Python's mapping leaves Latin-1: 'ß' would become two letters. Of bytes it is ASCII's.
    return s.upper() if s.isascii() else s.encode("latin-1").upper().decode("latin-1")


@strings.builtin(cost=Cost(2, per="s", shift=7, makes=lambda call: call.size("s")))
def lower(meter: Meter, s: Str) -> str:
    """
    Return `s` with ASCII letters in lower case; other bytes stay.

    lower('aB 1') => 'ab 1'
    """
    if len(s) > SMALL_BYTES:
        meter.string(len(s))
    return s.lower() if s.isascii() else s.encode("latin-1").lower().decode("latin-1")


@strings.builtin(cost=Cost(1), inline=(Inline("len(s)", {"s": str}),))
def len_(s: AnyValue) -> int:
    """
    Return the number of bytes of a string, or what `arr_len` gives for an array. Anything else is error 402.

    len('abc')      => 3
    len('')         => 0
    len(['a', 'b']) => 2
    """
    if isinstance(s, str):
        return len(s)
    if isinstance(s, Table):
        return len(s.array)
    raise ScriptFault(FaultCode.NOT_A_STRING, "len: want a string or an array")


@strings.builtin(cost=Cost(1))
def byte(c: Str) -> int | None:
    """
    Return the code of the first byte of `c`, 0 to 255; undef for the empty string.

    byte('0')  => 48
    byte('AB') => 65
    """
    return ord(c[0]) if c else None


@strings.builtin(cost=_SPLIT)
def split(meter: Meter, s: Str, sep: OptStr = None) -> Table:
    """
    Return an array of the pieces of `s` between occurrences of `sep`, empty ones included.

    `sep` is plain text, not a pattern; the empty text splits into bytes. Without `sep` the pieces are the runs of
    anything but space and tab, none of them empty.

    get(split('a,b', ','), 2)           => 'b'
    arr_concat(split('a,,b', ','), '|') => 'a||b'
    arr_len(split('  a   b '))          => 2
    arr_concat(split('abc', ''), ' ')   => 'a b c'
    """
    return Table(_pieces(meter, s, sep))


@strings.builtin(cost=_SPLIT)
def split_as_key(meter: Meter, s: Str, sep: OptStr = None) -> Table:
    """
    Return a dictionary with each piece that `split` finds as key and as value: a set to look things up in.

    get(split_as_key('x y'), 'y')      => 'y'
    get(split_as_key('x,y', ','), 'z') => false
    """
    pieces = _pieces(meter, s, sep)
    return Table(None, {piece: piece for piece in pieces if isinstance(piece, str)})


def _pieces(meter: Meter, s: str, sep: str | None) -> list[Value]:
    meter.string(len(s))
    pieces: list[Value]
    if sep is None:
        runs = islice(_RUN.finditer(s), meter.limits.dictionary_entries + 1)
        pieces = [run.group() for run in runs]
        _count(meter, len(pieces))
    elif sep == "":
        _count(meter, len(s))
        pieces = list(s)
    else:
        _count(meter, s.count(sep) + 1)
        pieces = list(s.split(sep))
    return pieces


def _count(meter: Meter, pieces: int) -> None:
    meter.entries(pieces)
    meter.charge(pieces)


@strings.builtin(cost=Cost(2, makes=lambda call: call.text("a")))
def tostring(a: AnyValue) -> str:
    """
    Return the text of any value: numbers as `%.14g`, true, false, nil for undef, table and function by type.

    tostring(5)         => '5'
    tostring(div(1, 3)) => '0.33333333333333'
    tostring(true)      => 'true'
    tostring([])        => 'table'
    """
    return value_text(a)


@strings.builtin(cost=Cost(4, per="more", shift=0, makes=lambda call: call.count))
def tochar(n1: Int, *more: Int) -> str:
    """
    Return the bytes with the given codes, each 0 to 255; another code is error 499.

    tochar(72, 105)     => 'Hi'
    len(tochar(0, 255)) => 2
    """
    codes = (n1, *more)
    for code in codes:
        if not 0 <= code <= 255:
            raise ScriptFault(FaultCode.OTHER, f"tochar: got {number_text(code)}, want codes from 0 to 255")
    return "".join(map(chr, codes))


@strings.builtin(cost=Cost(2, per="str", shift=7, makes=lambda call: call.size("str")))
def reverse(meter: Meter, str_: Str) -> str:
    """
    Return the bytes in reverse order.

    reverse('ab') => 'ba'
    """
    meter.string(len(str_))
    return str_[::-1]


@strings.builtin(cost=Cost(8, per="s", shift=5, makes=lambda call: call.table(2, 0)))
def find(meter: Meter, s: Str, substr_: Str, pos: Int = 1) -> Table:
    """
    Return an array of the start and end of the first `substr` in `s` from `pos` on, or an empty one.

    `substr` is plain text, not a pattern. Positions count from 1 and include both ends; a negative `pos` counts from
    the end. An empty `substr` is found at `pos`, its end before its start, as in Lua.

    get(find('a=b', '='), 1)                => 2
    arr_concat(find('aXbX', 'X', -1), ',')  => '4,4'
    null(find('abc', 'd'))                  => true
    """
    start = pos - 1 if pos > 0 else max(len(s) + pos, 0) if pos < 0 else 0
    at = s.find(substr_, start)
    if at < 0:
        return Table()
    meter.entries(2)
    return Table([at + 1, at + len(substr_)])


@strings.builtin(cost=Cost(3, per="s", shift=5, makes=lambda call: call.size("s")))
def trim(meter: Meter, s: Str, loc: Str = "both") -> str:
    """
    Return `s` without the white space around it: at `both` ends, or only `left` or `right`; else error 499.

    trim(' a ')          => 'a'
    trim(' a ', 'left')  => 'a '
    trim(' a ', 'right') => ' a'
    """
    stripped = _stripper(loc)(s, SPACE)
    meter.string(len(stripped))
    return stripped


@strings.specialised(trim, "loc")
def _trim_constant(loc: str) -> Callable[[Meter, str], str]:
    strip = _stripper(loc)

    def trimmed(meter: Meter, s: str) -> str:
        stripped = strip(s, SPACE)
        meter.string(len(stripped))
        return stripped

    return trimmed


def _stripper(loc: str) -> Callable[[str, str], str]:
    strip = _STRIP.get(loc)
    if strip is None:
        raise ScriptFault(FaultCode.OTHER, f"trim: got location {loc[:20]!r}, want both, left or right")
    return strip
