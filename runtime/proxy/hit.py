"""
Answers from a stored response.

What depends only on the stored response and the scripts' wishes is rendered once and kept with it: a hit then costs
one dictionary look-up and one formatting. At most `MAX_PREPARED` heads are kept per object, so values that change
with every request cost time, not memory.
"""

from collections.abc import Sequence
from typing import Final

from edgescript.effects import HeaderOp
from edgescript.request import Request
from runtime.cache.store import StoredResponse
from runtime.http.conditional import NotModified, evaluate_at_cache
from runtime.proxy.header_ops import Fields, has_placeholder
from runtime.proxy.respond import (
    BODILESS,
    CacheStatus,
    field_lines,
    names_field,
    node_fields,
    status_line,
    with_script_ops,
)

MAX_PREPARED: Final = 8
_NOT_MODIFIED_DROPS: Final = frozenset(
    {b"content-length", b"content-type", b"content-encoding", b"content-range"}
)
"""Representation metadata a 304 need not repeat (RFC 9110 section 15.4.5)."""


def hit_head(
    stored: StoredResponse,
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    age_s: int,
    tail: bytes,
) -> bytes:
    """The head of a whole answer from `stored`; `tail` has the connection's own fields."""
    prefix = _prefix(stored, label, ops, request)
    if ops and (names_field(ops, "age") or names_field(ops, "x-request-id")):
        return b"%b%b%b\r\n" % (prefix, _unnamed(ops, request, age_s), tail)
    return b"%bAge: %d\r\nX-Request-Id: %b\r\n%b\r\n" % (prefix, age_s, request.id.encode("ascii"), tail)


def _unnamed(ops: Sequence[HeaderOp], request: Request, age_s: int) -> bytes:
    """Of the lines that differ from answer to answer, those no script named."""
    fields: Fields = []
    if not names_field(ops, "age"):
        fields.append((b"Age", b"%d" % age_s))
    if not names_field(ops, "x-request-id"):
        fields.append((b"X-Request-Id", request.id.encode("ascii")))
    return field_lines(fields)


def _prefix(stored: StoredResponse, label: CacheStatus, ops: Sequence[HeaderOp], request: Request) -> bytes:
    key = (label, *ops) if ops else label
    prepared = stored.prepared.get(key)
    if prepared is None:
        fields: Fields = with_script_ops(list(stored.fields), ops, request)
        fields += node_fields(ops, label)
        if stored.status not in BODILESS:
            fields.append((b"Content-Length", b"%d" % len(stored.body)))
        prepared = status_line(stored.status) + field_lines(fields)
        if len(stored.prepared) < MAX_PREPARED and not has_placeholder(ops):
            stored.prepared[key] = prepared
    return prepared


def conditional_head(
    stored: StoredResponse,
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    request_fields: Sequence[tuple[bytes, bytes]],
    now: float,
    tail: bytes,
) -> bytes | None:
    """The head of a 304 when the request's preconditions ask for one (RFC 9111 section 4.3.2), else None."""
    if stored.status != 200:
        return None
    outcome = evaluate_at_cache(request.method.encode("ascii"), request_fields, stored.validators, now)
    if not isinstance(outcome, NotModified):
        return None
    fields = [field for field in stored.fields if field[0].lower() not in _NOT_MODIFIED_DROPS]
    fields = with_script_ops(fields, ops, request) + node_fields(ops, label)
    own = _unnamed(ops, request, stored.age(now))
    return b"%b%b%b%b\r\n" % (status_line(304), field_lines(fields), own, tail)
