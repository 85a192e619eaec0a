"""
Answers from a stored response.

What depends only on the stored response and the scripts' wishes is rendered once and kept with it: a hit then costs
one dictionary look-up and one formatting. At most `MAX_PREPARED` heads are kept per object, so values that change
with every request cost time, not memory.
"""

from collections.abc import Sequence
from typing import Any, Final

from edgescript.effects import Effects, HeaderOp
from edgescript.request import Request
from runtime.cache.store import StoredResponse
from runtime.http.fields import Field
from runtime.proxy.header_ops import Fields, has_template
from runtime.proxy.own_answer import Immediate
from runtime.proxy.respond import (
    BODILESS,
    CacheStatus,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)

MAX_PREPARED: Final = 8
NOT_MODIFIED_DROPS: Final = frozenset(
    {b"content-length", b"content-type", b"content-encoding", b"content-range"}
)
"""Representation metadata a 304 need not repeat (RFC 9110 section 15.4.5)."""
AT_ONCE_BYTES: Final = 16_384
"""A longer body is not copied behind its head."""
_SERVER_FAILED: Final = 500

_LAST_LINES: Final = b"%bAge: %d\r\nX-Request-Id: %b\r\n%b\r\n"
Prepared = tuple[bytes, frozenset[bytes]]
"""Head bytes up to what differs from answer to answer, and the names of the node's own fields left out of them."""


def hit_head(
    stored: StoredResponse,
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    age_s: int,
    tail: bytes,
) -> bytes:
    """The head of a whole answer from `stored`; `tail` has the connection's own fields."""
    prepared = stored.prepared.get((label, *ops) if ops else label)
    prefix, named = _prepare(stored, label, ops, request) if prepared is None else prepared
    if named:
        return b"%b%b%b\r\n" % (prefix, _unnamed(named, request, age_s), tail)
    return _LAST_LINES % (prefix, age_s, request.id.encode("ascii"), tail)


def hit_answer(
    stored: StoredResponse,
    body: bytes,
    effects: Effects,
    request: Request,
    keep_alive: bool,
    age_s: int,
    tail: bytes,
) -> Immediate:
    """The whole answer from `stored`, fresh, with `body`."""
    ops = effects.response_headers
    prepared = None if ops else stored.prepared.get("HIT")
    if prepared is None or prepared[1]:
        head = hit_head(stored, "HIT", ops, request, age_s, tail)
    else:
        head = _LAST_LINES % (prepared[0], age_s, request.id.encode("ascii"), tail)
    rate, after = effects.rate_bytes_per_s, effects.rate_after_bytes
    # The class itself would take twice as long, to fill in what stays away from most answers.
    return _made(Immediate, (head, body, keep_alive, rate, after, stored.status, "HIT", None, None, 0, 0))


def prepared_as(effects: Effects) -> Any:
    """Under which name a stored response keeps the head that `effects` lead to; None if they ask for more than that head."""
    if effects.__dict__.keys() - _ABOUT_HEADS:
        return None
    ops = effects.response_headers
    if has_template(ops):
        return None
    return ("HIT", *ops) if ops else "HIT"


_ABOUT_HEADS: Final = frozenset(
    {
        "cache_tags",
        "default_ttl_s",
        "default_ttl_s_by_status",
        "response_headers",
        "stale_if_error_s",
        "stale_while_revalidate_s",
        "ttl_s",
        "ttl_s_by_status",
    }
)
"""Effects that change nothing of an answer from memory but its head."""


def ready_head(stored: StoredResponse, name: Any) -> bytes | None:
    """The head of that name up to Age, where an answer from `stored` is one formatting (`WHOLE_HIT`)."""
    prepared: Prepared | None = stored.prepared.get(name)
    if prepared is None:
        return None
    head, named = prepared
    body = stored.body
    if named or body.__class__ is not bytes or len(body) > AT_ONCE_BYTES or stored.status >= _SERVER_FAILED:
        return None
    return head


WHOLE_HIT: Final = b"%bAge: %d\r\nX-Request-Id: %b\r\n\r\n%b"
"""A whole answer to a GET in HTTP/1.1 whose connection persists: a ready head, the age, the request's id, the body."""
_made: Final = tuple.__new__
assert len(Immediate._fields) == 11  # what `hit_answer` fills in


def _unnamed(named: frozenset[bytes], request: Request, age_s: int) -> bytes:
    """Of the lines that differ from answer to answer, those no script named."""
    fields: Fields = [(b"Age", b"%d" % age_s), (b"X-Request-Id", request.id.encode("ascii"))]
    return field_lines([field for field in fields if field[0].lower() not in named])


def _prepare(
    stored: StoredResponse, label: CacheStatus, ops: Sequence[HeaderOp], request: Request
) -> Prepared:
    """The part of a head that is the same in every answer, and which of the node's own fields scripts named."""
    named = named_own(ops)
    fields: Fields = with_script_ops(list(stored.fields), ops, request)
    fields += node_fields(named, label)
    if stored.status not in BODILESS:
        fields.append((b"Content-Length", b"%d" % len(stored.body)))
    prepared = status_line(stored.status) + field_lines(fields), named
    if len(stored.prepared) < MAX_PREPARED and not has_template(ops):
        stored.prepared[(label, *ops) if ops else label] = prepared
    return prepared


def made_head(
    status: int,
    fields: Sequence[Field],
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    age_s: int,
    tail: bytes,
) -> bytes:
    """The head of an answer that differs from request to request; `fields` state its length, where it has content."""
    named = named_own(ops)
    shown = with_script_ops(list(fields), ops, request) + node_fields(named, label)
    return b"%b%b%b%b\r\n" % (status_line(status), field_lines(shown), _unnamed(named, request, age_s), tail)
