"""
Bytes to text and back: hexadecimal, Base64, percent-encoding, query arguments (reference sections 7.3, 7.6, 7.12).

What cannot be decoded gives false, as everywhere in the language. Percent-encoding is OpenResty's `ngx.escape_uri`:
only RFC 3986 unreserved characters stay; decoding takes `+` for a space and leaves a broken escape as it is.
"""

import binascii
import re
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

from edgescript.builtins import Bool, Cost, Dict, Effect, Family, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Function, Table, Value, value_text

codecs = Family("codecs", effect=Effect.PURE)

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*")
_HEX: Final = re.compile(r"[0-9A-Fa-f]*")
_TO_SAFE: Final = str.maketrans("+/", "-_")
_FROM_SAFE: Final = str.maketrans("-_", "+/")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986 section 2.3."""
_ESCAPES: Final = [chr(code) if chr(code) in _UNRESERVED else f"%{code:02X}" for code in range(256)]
_NOT_UNRESERVED: Final = re.compile(r"[^A-Za-z0-9\-._~]")
_MAX_ARGUMENTS: Final = 1000
"""Pairs that decode_args reads, the rest is dropped; OpenResty reads 100 unless told otherwise."""


@codecs.builtin(cost=Cost(4, per="s", shift=6, makes=lambda call: 2 * call.size("s")))
def tohex(meter: Meter, s: Str) -> str:
    """
    Return two lower-case hexadecimal digits for each byte.

    tohex('AZ') => '415a'
    """
    meter.string(2 * len(s))
    return s.encode("latin-1").hex()


@codecs.builtin(cost=Cost(6, per="str", shift=6, makes=lambda call: call.size("str") // 2))
def tobin(meter: Meter, str_: Str) -> str | Literal[False]:
    """
    Return the bytes that hexadecimal digits in either case spell; false for an odd number of them or anything else.

    tobin('4A6b') => 'Jk'
    tobin('4')    => false
    """
    if len(str_) % 2 or _HEX.fullmatch(str_) is None:
        return False
    meter.string(len(str_) // 2)
    return bytes.fromhex(str_).decode("latin-1")


@codecs.builtin(cost=Cost(4, per="s", shift=6, makes=lambda call: call.size("s") * 4 // 3 + 4))
def base64_enc(meter: Meter, s: Str, no_padding: Bool = False) -> str:
    """
    Return the standard Base64 of `s` (RFC 4648 section 4), without `=` at the end if `no_padding` is true.

    base64_enc('a')       => 'YQ=='
    base64_enc('a', true) => 'YQ'
    """
    text = _encoded(meter, s)
    return text.rstrip("=") if no_padding else text


@codecs.builtin(cost=Cost(8, per="s", shift=5, makes=lambda call: call.size("s")))
def base64_dec(meter: Meter, s: Str) -> str | Literal[False]:
    """
    Return the bytes of standard Base64. Padding may be missing and ends the text; bad input gives false.

    base64_dec('YQ==') => 'a'
    base64_dec('YQ')   => 'a'
    base64_dec('Y*')   => false
    """
    return _decoded(meter, s)


@codecs.builtin(cost=Cost(14, per="str", shift=5, makes=lambda call: call.size("str") * 4 // 3 + 4))
def base64_enc_safe(meter: Meter, str_: Str) -> str:
    """
    Return URL-safe Base64 (RFC 4648 section 5): `-` and `_` for `+` and `/`, no padding.

    base64_enc_safe(tochar(251, 255)) => '-_8'
    """
    return _encoded(meter, str_).rstrip("=").translate(_TO_SAFE)


@codecs.builtin(cost=Cost(14, per="str", shift=5, makes=lambda call: call.size("str")))
def base64_dec_safe(meter: Meter, str_: Str) -> str | Literal[False]:
    """
    Return the bytes of URL-safe Base64, with or without padding; bad input gives false.

    base64_dec_safe('YQ')         => 'a'
    tohex(base64_dec_safe('-_8')) => 'fbff'
    """
    return False if "+" in str_ or "/" in str_ else _decoded(meter, str_.translate(_FROM_SAFE))


def _encoded(meter: Meter, s: str) -> str:
    meter.string((len(s) + 2) // 3 * 4)
    return binascii.b2a_base64(s.encode("latin-1"), newline=False).decode("ascii")


def _decoded(meter: Meter, text: str) -> str | Literal[False]:
    digits = text.partition("=")[0]
    if len(digits) % 4 == 1 or _BASE64.fullmatch(digits) is None:
        return False
    meter.string(len(digits) * 3 // 4)
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4)).decode("latin-1")


@codecs.builtin(cost=Cost(6, per="s", shift=1, makes=lambda call: 3 * call.size("s")))
def url_escape(meter: Meter, s: Str) -> str:
    """
    Return `s` with every byte but letters, digits and `-._~` percent-encoded, in upper case.

    url_escape('a/b c.d') => 'a%2Fb%20c.d'
    """
    return _escaped(meter, s)


def _escaped(meter: Meter, s: str) -> str:
    if _NOT_UNRESERVED.search(s) is None:
        return s
    escaped = s.translate(_ESCAPES)  # at most three times a string that is itself bounded
    meter.string(len(escaped))
    return escaped


@codecs.builtin(cost=Cost(8, per="s", shift=1, makes=lambda call: call.size("s")))
def url_unescape(meter: Meter, s: Str) -> str:
    """
    Return `s` with percent-encoding undone and `+` taken for a space; a broken escape stays as it is.

    url_unescape('%41+b%2f') => 'A b/'
    url_unescape('100%')     => '100%'
    """
    return _unescaped(meter, s)


def _unescaped(meter: Meter, s: str) -> str:
    if "%" not in s and "+" not in s:
        return s
    meter.string(len(s))
    return unquote_to_bytes(s.replace("+", " ").encode("latin-1")).decode("latin-1")


@codecs.builtin(
    cost=Cost(
        8,
        per="d",
        shift=0,
        worst=lambda call: 31 * call.tree("d").entries + (call.tree("d").bytes >> 1),
        makes=lambda call: 3 * call.tree("d").bytes + (3 * call.each("d") + 2) * call.tree("d").entries,
    )
)
def encode_args(meter: Meter, d: Dict) -> str:
    """
    Return the entries as `k=v&k2=v2`, keys and values percent-encoded, in the order of the dictionary.

    An array as value repeats its key, true writes the key alone, false and undef leave the entry out. Keys are
    strings or numbers; any other key or value is error 402.

    encode_args(['q' = 'a b'])                     => 'q=a%20b'
    encode_args(['a' = 1, 'b' = true, 'c' = false]) => 'a=1&b'
    encode_args(['t' = ['x', 'y']])                => 't=x&t=y'
    """
    parts: list[str] = []
    size = 0
    for key, value in d.items():
        name = _escaped(meter, _argument_text(meter, key))
        for item in value.array if isinstance(value, Table) else (value,):
            if item is None or item is False:
                continue
            part = name if item is True else f"{name}={_escaped(meter, _argument_text(meter, item))}"
            parts.append(part)
            size += len(part) + 1
            meter.charge(30)
            if size > meter.limits.value_bytes:
                meter.string(size)  # raises, before more is made
    meter.string(size)
    return "&".join(parts)


def _argument_text(meter: Meter, value: Value) -> str:
    if isinstance(value, bool | Table | Function) or value is None:
        raise ScriptFault(FaultCode.NOT_A_STRING, "encode_args: want strings and numbers")
    text = value_text(value)
    meter.charge(len(text) >> 1)
    return text


@codecs.builtin(
    cost=Cost(
        8,
        per="s",
        shift=2,
        worst=lambda call: 20 * min(call.size("s") + 1, _MAX_ARGUMENTS),
        makes=lambda call: call.table(min(call.size("s") + 1, _MAX_ARGUMENTS), call.size("s"), nested=True),
    )
)
def decode_args(meter: Meter, s: Str) -> Table:
    """
    Return a dictionary of the arguments of a query string, names and values decoded.

    A repeated name has an array of its values, a name without `=` true. Pairs without a name are dropped, and so is
    what comes after 1000 pairs.

    get(decode_args('x=1%2F2'), 'x')                 => '1/2'
    get(decode_args('flag&x=1'), 'flag')             => true
    arr_concat(get(decode_args('a=1&a=2'), 'a'), ',') => '1,2'
    """
    arguments = Table()
    named = arguments.named
    meter.string(len(s))
    for part in s.split("&", _MAX_ARGUMENTS)[:_MAX_ARGUMENTS]:
        name, mark, raw = part.partition("=")
        if name == "":
            continue
        key = _unescaped(meter, name)
        value: Value = _unescaped(meter, raw) if mark else True
        meter.charge(20)
        meter.entries(1)
        earlier = named.get(key)
        if earlier is None:
            named[key] = value
        elif isinstance(earlier, Table):
            earlier.array.append(value)
        else:
            named[key] = Table([earlier, value])
    return arguments
