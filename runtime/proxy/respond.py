"""
The head every response leaves with, whoever made it.

The node's own fields (`Via`, `X-Cache`, `X-Request-Id`, `Age`) come after the scripts' wishes; one that a script
named itself is left to the script.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, Literal

from edgescript.effects import HeaderOp
from edgescript.request import Request
from runtime.http.status import reason_phrase
from runtime.proxy.forward import VIA_NAME
from runtime.proxy.header_ops import Fields, apply, has_template, resolve, wire_name
from runtime.proxy.variables import nginx_variable

CacheStatus = Literal["HIT", "MISS", "STALE", "REVALIDATED", "BYPASS", "SYNTH"]
_VIA: Final = b"1.1 " + VIA_NAME
BODILESS: Final = frozenset({204, 304})
"""No body and no Content-Length of one (RFC 9110 sections 15.3.5, 15.4.5)."""
MADE_ANEW: Final = frozenset({b"content-length", b"x-cache", b"x-request-id"})
"""Of an origin's answer, lower case: what the node states itself, so that a client never reads two."""


@cache
def status_line(status: int) -> bytes:
    """`HTTP/1.1 200 OK` and its line end."""
    return b"HTTP/1.1 %d %b\r\n" % (status, reason_phrase(status))


def field_lines(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Fields as they stand in a head."""
    return b"".join([b"%b: %b\r\n" % field for field in fields])


def with_script_ops(fields: Fields, ops: Sequence[HeaderOp], request: Request) -> Fields:
    """`fields` after the scripts' wishes, placeholders filled from the request and the fields before them."""
    if not ops:
        return fields
    if not has_template(ops):
        return apply(fields, ops)

    def response_field(name: str) -> str | None:
        folded = name.encode("latin-1")
        return next((value.decode("latin-1") for key, value in fields if key.lower() == folded), None)

    return apply(
        fields, ops, lambda value: resolve(value, lambda name: nginx_variable(request, name), response_field)
    )


OWN: Final = frozenset({b"via", b"x-cache", b"x-request-id", b"age"})
"""What the node states about a response, unless a script has a wish about it."""
_NONE_NAMED: Final[frozenset[bytes]] = frozenset()


def named_own(ops: Sequence[HeaderOp]) -> frozenset[bytes]:
    """The node's own fields that wishes are about; they are the script's then."""
    named = _NONE_NAMED
    for op in ops:
        folded = wire_name(op.name).folded
        if folded in OWN:
            named |= {folded}
    return named


def node_fields(named: frozenset[bytes], cache_status: CacheStatus, request: Request | None = None) -> Fields:
    """`Via`, `X-Cache` and, with the request, `X-Request-Id`, less what is `named`."""
    fields: Fields = [(b"Via", _VIA), (b"X-Cache", cache_status.encode("ascii"))]
    if request is not None:
        fields.append((b"X-Request-Id", request.id.encode("ascii")))
    return [field for field in fields if field[0].lower() not in named] if named else fields


def length_of_get(fields: Sequence[tuple[bytes, bytes]]) -> Fields:
    """
    The Content-Length a GET would have had, for an answer to HEAD (RFC 9110 section 8.6). Nothing frames such an
    answer, so nobody has looked at it yet: one that is no number, or repeated, or beside a coding is left out.
    """
    named = [
        (name, value) for name, value in fields if name.lower() in {b"content-length", b"transfer-encoding"}
    ]
    if len(named) != 1 or named[0][0].lower() != b"content-length" or not named[0][1].isdigit():
        return []
    return [(b"Content-Length", named[0][1])]


def connection_tail(protocol: str, keep_alive: bool) -> bytes:
    """The connection's own field line, or nothing where the version's default says it (RFC 9112 section 9.3)."""
    if not keep_alive:
        return b"Connection: close\r\n"
    return b"Connection: keep-alive\r\n" if protocol == "HTTP/1.0" else b""
