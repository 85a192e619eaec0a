"""Base64, hexadecimal, percent-encoding and query arguments: as Python's own readers, and back to where they began."""

import base64
from urllib.parse import quote, unquote_to_bytes

from edgescript.meter import Meter
from edgescript.types import Table
from stdlib.pure import codecs


def run(data: bytes) -> None:
    text, meter = data.decode("latin-1"), Meter()
    assert codecs.tobin(meter, codecs.tohex(meter, text)) == text
    assert codecs.base64_dec(meter, codecs.base64_enc(meter, text)) == text
    assert codecs.base64_dec_safe(meter, codecs.base64_enc_safe(meter, text)) == text
    assert codecs.url_unescape(meter, codecs.url_escape(meter, text)) == text
    assert codecs.url_escape(meter, text) == quote(data, safe="")
    assert codecs.url_unescape(meter, text).encode("latin-1") == unquote_to_bytes(data.replace(b"+", b" "))
    if not set(data) & set(b" \t\n\r\v\f"):
        assert codecs.tobin(meter, text) == _read(bytes.fromhex, text)
    expected = _read(_strict_base64, text)
    assert expected is False or codecs.base64_dec(meter, text) == expected
    _arguments(codecs.decode_args(meter, text), text)


def _read(reader, text: str):
    """What Python's reader makes of the text, False where it refuses."""
    try:
        return reader(text).decode("latin-1")
    except ValueError:
        return False


def _strict_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _arguments(arguments: Table, text: str) -> None:
    again = codecs.decode_args(Meter(), codecs.encode_args(Meter(), arguments))
    assert _plain(again) == _plain(arguments), text


def _plain(table: Table):
    return [
        (key, value.array if isinstance(value, Table) else value) for key, value in table.items() if key != ""
    ]
