"""
Responses on their way to the client: the scripts' own answers, and the head every response leaves with.

The node's own fields (`Via`, `X-Cache`, `X-Request-Id`, `Age`) come after the scripts' wishes; one that a script
named itself is left to the script.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from edgescript.context import Context
from edgescript.effects import Answer, HeaderOp, Redirect
from edgescript.request import Request
from runtime.http.status import default_page, reason_phrase
from runtime.proxy.forward import VIA_NAME
from runtime.proxy.header_ops import Fields, apply, has_template, resolve, wire_name
from runtime.proxy.variables import nginx_variable

CacheStatus = Literal["HIT", "MISS", "STALE", "REVALIDATED", "BYPASS", "SYNTH"]
_VIA: Final = b"1.1 " + VIA_NAME
BODILESS: Final = frozenset({204, 304})
"""No body and no Content-Length of one (RFC 9110 sections 15.3.5, 15.4.5)."""
MADE_ANEW: Final = frozenset({b"content-length", b"x-cache", b"x-request-id"})
"""Of an origin's answer, lower case: what the node states itself, so that a client never reads two."""


class Response(NamedTuple):
    """A whole response, as yet without the node's own fields. Content-Type comes first, where there is content."""

    status: int
    fields: Fields
    body: bytes


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


_NEEDS_CARE: Final = OWN | {b"date", b"content-type", b"location"}


def wish_lines(ops: Sequence[HeaderOp]) -> bytes | None:
    """
    The lines that `ops` add to an answer of the node's own, or None when more than adding is to be done: a wish
    removes or replaces a field, names the same one twice, or has a placeholder.
    """
    lines = b""
    seen: set[bytes] = set()
    for action, name, value, template in ops:
        wire, folded, protected = wire_name(name)
        if protected:
            continue
        if action == "delete" or folded in _NEEDS_CARE or folded in seen or template:
            return None
        seen.add(folded)
        lines += b"%b: %b\r\n" % (wire, value.encode("latin-1"))
    return lines


@lru_cache(1024)
def fixed_lines(status: int, content_type: bytes, length: int, label: CacheStatus) -> bytes:
    """What is the same in all answers of a kind that the node makes: their first lines."""
    fields = [(b"Content-Type", content_type), *node_fields(_NONE_NAMED, label)]
    fields.append((b"Content-Length", b"%d" % length))
    return status_line(status) + field_lines(fields)


def synthetic(context: Context) -> Response:
    """The response of a script that ended the request. Call only when it did."""
    end = context.effects.end
    assert end is not None
    if isinstance(end, Redirect):
        location = (b"Location", end.location.encode("latin-1"))
        return Response(end.status, [(b"Content-Type", b"text/html"), location], default_page(end.status))
    return _answer(end)


def _answer(answer: Answer) -> Response:
    if answer.status in BODILESS:
        return Response(answer.status, [], b"")
    if answer.body is None:
        return Response(answer.status, [(b"Content-Type", b"text/html")], default_page(answer.status))
    return Response(answer.status, [(b"Content-Type", b"text/plain")], answer.body.encode("latin-1"))


def error_response(status: int) -> Response:
    """The node's own refusal or failure."""
    return Response(status, [(b"Content-Type", b"text/html")], default_page(status))


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
