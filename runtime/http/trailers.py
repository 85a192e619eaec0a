"""
Trailer fields that may be passed on (RFC 9110 §6.5). Pure.

A recipient may merge trailer fields into the header it has acted on already. So only fields that this node knows
nothing of pass: everything in its table of fields frames, routes, authenticates, conditions or describes the message,
which §6.5.1 forbids a trailer to do; under a name with `_` too, for which CGI and its heirs take `-`.
"""

from collections.abc import Sequence
from typing import Final

from runtime.http.fields import FIELD_FACTS, Field, Fields, combined, list_items

_FORBIDDEN_PREFIXES: Final = (
    b"content-",
    b"x-forwarded-",
    b"x-real-",
    b"proxy-",
    b"sec-",
    b"access-control-",
)


def forwardable(trailers: Sequence[Field]) -> list[Field]:
    """Those of `trailers` that may go on to the next recipient, in order."""
    return [field for field in trailers if _may_pass(field[0].lower().replace(b"_", b"-"))]


def _may_pass(name: bytes) -> bool:
    return name not in FIELD_FACTS and not name.startswith(_FORBIDDEN_PREFIXES)


def wants_trailers(request_fields: Fields) -> bool:
    """Whether a request says `TE: trailers`, and its sender thus keeps what is passed on (RFC 9110 §10.1.4)."""
    value = combined(request_fields, b"te")
    return value is not None and any(
        item.partition(b";")[0].rstrip(b" \t").lower() == b"trailers" for item in list_items(value)
    )


def trailer_section(trailers: Sequence[Field]) -> bytes:
    """The end of a chunked body: the last chunk and the trailer section (RFC 9112 §7.1)."""
    return b"0\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % field for field in trailers)
