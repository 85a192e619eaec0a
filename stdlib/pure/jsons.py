r"""
JSON (reference section 7.11, RFC 8259), as OpenResty's cjson reads and writes it where the reference is silent.

JSON text is UTF-8 and script strings are bytes, so text passes through byte for byte in both directions; only `\u`
escapes are turned into UTF-8. null reads as false. Depth is bounded, and so is the work: every value written or read is
charged, so that a dictionary that holds itself twice at each level ends the script and not the process.
"""

import json
import math
import re
from typing import Any, Final, Literal

from edgescript.builtins import Cost, Dict, Effect, Family, Str
from edgescript.meter import Meter
from edgescript.types import Table, Value, number_text, to_number

jsons = Family("jsons", effect=Effect.PURE)

MAX_DEPTH: Final = 100
"""Dictionaries inside each other. More is refused, far below where Python's own recursion ends."""
_EXACT_DIGITS: Final = 15
_JSON_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Or the rest of the text, where none ends: so that no text is gone through twice."""
_NEEDS_ESCAPE: Final = re.compile(r'["\\\x00-\x1f\x7f]')
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)},
    **{
        ord(char): text
        for char, text in zip(
            '"\\\b\f\n\r\t', ('\\"', "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t"), strict=True
        )
    },
}


class _UnfitError(Exception):
    """A value JSON has no text for, or a text that is no JSON; becomes false."""


@jsons.builtin(
    cost=Cost(
        12,
        worst=lambda call: 8 * sum(call.tree("d")[:2]) + (call.tree("d").bytes >> 2),
        makes=lambda call: 6 * call.tree("d").bytes + 6 * sum(call.tree("d")[:2]),
    )
)
def json_enc(meter: Meter, d: Dict) -> str | Literal[False]:
    """
    Return the JSON text of a dictionary without spaces, or false if it has none.

    Keys 1..n alone make an array, anything else an object, with numeric keys as text; the empty dictionary is {}.
    Functions, inf and nan, boolean keys and more than 100 levels have no JSON.

    json_enc(['a', 1])                   => '["a",1]'
    json_enc(['k' = ['x' = true, 'y' = 0.5]]) => '{"k":{"x":true,"y":0.5}}'
    json_enc([])                         => '{}'
    """
    parts: list[str] = []
    try:
        _write(meter, d, parts.append, 0)
    except _UnfitError:
        return False
    meter.string(sum(map(len, parts)))
    return "".join(parts)


def _write(meter: Meter, value: Value, put: Any, depth: int) -> None:
    if isinstance(value, Table):
        if depth == MAX_DEPTH:
            raise _UnfitError
        meter.charge(8 + 8 * len(value))
        (_write_object if value.named or not value.array else _write_array)(meter, value, put, depth + 1)
    else:
        put(_scalar(meter, value))


def _write_array(meter: Meter, table: Table, put: Any, depth: int) -> None:
    before = "["
    for value in table.array:
        put(before)
        before = ","
        _write(meter, value, put, depth)
    put("]")


def _write_object(meter: Meter, table: Table, put: Any, depth: int) -> None:
    before = "{"
    for key, value in table.items():
        if isinstance(key, bool) or not isinstance(key, str | int | float):
            raise _UnfitError
        name = key if isinstance(key, str) else number_text(key)
        put(before)
        before = ","
        put(_quoted(meter, name))
        put(":")
        _write(meter, value, put, depth)
    put("}" if before == "," else "{}")


def _scalar(meter: Meter, value: Value) -> str:
    if isinstance(value, str):
        return _quoted(meter, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and math.isfinite(value):
        return number_text(value)
    raise _UnfitError


def _quoted(meter: Meter, text: str) -> str:
    # Paid for here and not only at the end: one long string may stand in a dictionary many times.
    meter.charge(len(text) >> 2)
    meter.string(len(text))
    return f'"{text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text}"'


@jsons.builtin(
    cost=Cost(
        20,
        per="s",
        shift=1,
        worst=lambda call: 6 * (call.size("s") // 2 + 1),
        makes=lambda call: call.table(call.size("s") // 2 + 1, call.size("s"), nested=True)._replace(
            bytes=call.size("s")
        ),
    )
)
def json_dec(meter: Meter, s: Str) -> Value:
    """
    Return the value of a JSON text: dictionaries for arrays and objects, false for null; false if it is no JSON.

    Any value may stand alone: check with `type` before `get`. More than 100 levels, and numbers past the range of a
    double, are refused.

    get(json_dec('[7]'), 1)                         => 7
    get(get(json_dec('{"a":{"b":"c"}}'), 'a'), 'b') => 'c'
    json_dec('12')                                  => 12
    json_dec('{')                                   => false
    """
    meter.string(len(s))
    _bound_entries(meter, s)
    try:
        parsed = _DECODER.decode(s.encode("latin-1").decode("utf-8"))
        return _value(meter, parsed, 0)
    except (ValueError, RecursionError, _UnfitError):
        return False


def object_of(meter: Meter, text: bytes) -> Table | None:
    """The dictionary of a JSON object whose names are unique at every level (RFC 7515 section 5.2); None for other text."""
    try:
        parsed = _UNIQUE_NAMES.decode(text.decode("utf-8"))
        value = _value(meter, parsed, 0)
    except (ValueError, RecursionError, _UnfitError):
        return None
    return value if isinstance(value, Table) and isinstance(parsed, dict) else None


def _bound_entries(meter: Meter, text: str) -> None:
    """Refuse before decoding what surely has too many entries: each comma outside strings has one before it. 499."""
    most = meter.limits.dictionary_entries
    if text.count(",") > most and (commas := _JSON_STRING.sub("", text).count(",")) > most:
        meter.entries(commas)


def _integer(text: str) -> int | float:
    # int() refuses thousands of digits and takes long for hundreds; a double keeps 15 of them anyway.
    return int(text) if len(text) <= _EXACT_DIGITS else float(text)


def _refuse(_: str) -> Any:
    raise _UnfitError  # NaN and Infinity, which Python reads and RFC 8259 does not know


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _UnfitError
    return members


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse)
_UNIQUE_NAMES: Final = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse, object_pairs_hook=_unique)


def _value(meter: Meter, parsed: Any, depth: int) -> Value:
    if isinstance(parsed, str):
        return _bytes(parsed)
    if parsed is None:
        return False
    if isinstance(parsed, float):
        if not math.isfinite(parsed):
            raise _UnfitError
        return to_number(parsed)
    if not isinstance(parsed, list | dict):
        return parsed  # type: ignore[no-any-return]  # int or bool
    if depth == MAX_DEPTH:
        raise _UnfitError
    meter.entries(len(parsed))
    meter.charge(6 * len(parsed))
    if isinstance(parsed, list):
        return Table([_value(meter, item, depth + 1) for item in parsed])
    return Table(None, {_bytes(name): _value(meter, item, depth + 1) for name, item in parsed.items()})


def _bytes(text: str) -> str:
    # A lone surrogate from `\ud800` has no UTF-8: UnicodeEncodeError is a ValueError.
    return text if text.isascii() else text.encode("utf-8").decode("latin-1")
