"""
Requests that end at this node for the hops they took: those that go in circles, and those that may go no further.

RFC 9110 section 7.6.3 lets Via tell of circles and leaves open what to answer; it is 508 here. Section 7.6.2 has TRACE and
OPTIONS with `Max-Forwards: 0` answered by who gets them.
"""

from collections.abc import Sequence
from typing import Final

from edgescript.request import Request
from runtime.http.fields import combined
from runtime.proxy.forward import COUNTS_HOPS, goes_in_circles
from runtime.proxy.own_answer import Immediate, Response, error_response, whole
from runtime.proxy.respond import field_lines
from runtime.upstreams.forwarding import Forwarding

LOOP_DETECTED: Final = 508
_NOT_SHOWN: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""What a TRACE does not give back (RFC 9110 section 9.3.8)."""


def answered_here(
    request: Request,
    fields: Sequence[tuple[bytes, bytes]],
    keep_alive: bool,
    forwarding: Forwarding,
    now: float,
) -> Immediate | None:
    """The answer to a request that must not be forwarded; `fields` are the client's. None for any other."""
    if goes_in_circles(fields, forwarding):
        return whole(error_response(LOOP_DETECTED), request, (), keep_alive, "BYPASS", now)
    if request.method in COUNTS_HOPS and _is_last(fields):
        answer = Response(204, [], b"") if request.method == "OPTIONS" else _echo(request, fields)
        return whole(answer, request, (), keep_alive, "SYNTH", now)
    return None


def _is_last(fields: Sequence[tuple[bytes, bytes]]) -> bool:
    left = combined(fields, b"max-forwards")
    return left is not None and left.isdigit() and not left.strip(b"0")


def _echo(request: Request, fields: Sequence[tuple[bytes, bytes]]) -> Response:
    """The request as it was received, but for what is secret (RFC 9110 section 9.3.8)."""
    line = f"{request.method} {request.target} {request.protocol}\r\n".encode("latin-1")
    shown = [field for field in fields if field[0].lower() not in _NOT_SHOWN]
    return Response(200, [(b"Content-Type", b"message/http")], line + field_lines(shown) + b"\r\n")
