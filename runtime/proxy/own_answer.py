"""
Answers the node makes itself: what scripts end a request with, refusals, failures.

Most add nothing but a few fields of their own to what is the same in all answers of a kind, and are one formatting;
the others go the careful way. `tests/proxy` holds the two together.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edgescript.context import Context
from edgescript.effects import Answer, Effects, HeaderOp, Redirect
from edgescript.request import Request
from runtime.http.dates import format_http_date
from runtime.http.status import PAGE_CONTENT_TYPE, default_page
from runtime.proxy.header_ops import Fields, wire_name
from runtime.proxy.respond import (
    BODILESS,
    OWN,
    CacheStatus,
    connection_tail,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)

if TYPE_CHECKING:
    from runtime.proxy.plan import Plan


class Immediate(NamedTuple):
    """A whole answer. `rate_bytes_per_s` and `after_bytes` are limit_rate's, None for full speed."""

    head: bytes
    body: bytes
    keep_alive: bool
    rate_bytes_per_s: int | None = None
    after_bytes: int | None = None
    status: int = 200
    label: CacheStatus = "SYNTH"
    """The value of X-Cache, for the access log."""
    refresh: "Plan | None" = None
    """A fetch to begin once the answer is written: what was sent is stale (RFC 5861 section 3)."""
    file: Any = None
    """Content that follows `body`, where memory does not hold it: `length` bytes from `offset` on."""
    offset: int = 0
    length: int = 0


class Response(NamedTuple):
    """A whole response, as yet without the node's own fields. Content-Type comes first, where there is content."""

    status: int
    fields: Fields
    body: bytes


_OWN_HEAD: Final = b"%bDate: %b\r\n%b%bX-Request-Id: %b\r\n%b\r\n"
"""What is fixed, the date, fields of the kind, wishes, the request's id, the connection's own line."""
_DATED: Final = b"%bDate: %b\r\n%bX-Request-Id: "
_SERVER_FAILED: Final = 500
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
    fields = [(b"Content-Type", content_type), *node_fields(frozenset(), label)]
    fields.append((b"Content-Length", b"%d" % length))
    return status_line(status) + field_lines(fields)


def synthetic(effects: Effects) -> Response:
    """The response of a script that ended the request. Call only when it did."""
    end = effects.end
    assert end is not None
    if isinstance(end, Redirect):
        location = (b"Location", end.location.encode("latin-1"))
        return Response(
            end.status, [(b"Content-Type", PAGE_CONTENT_TYPE), location], default_page(end.status)
        )
    return _answer(end)


def _answer(answer: Answer) -> Response:
    if answer.status in BODILESS:
        return Response(answer.status, [], b"")
    if answer.body is None:
        return Response(answer.status, [(b"Content-Type", PAGE_CONTENT_TYPE)], default_page(answer.status))
    return Response(answer.status, [(b"Content-Type", b"text/plain")], answer.body.encode("latin-1"))


def error_response(status: int) -> Response:
    """The node's own refusal or failure."""
    return Response(status, [(b"Content-Type", PAGE_CONTENT_TYPE)], default_page(status))


def synthesise(context: Context, keep_alive: bool) -> Immediate:
    """The answer of a script that ended the request."""
    return whole_of_script(context.effects, context.request, keep_alive, context.now_s)


class Parts(NamedTuple):
    """An answer of which only date, id and the connection's own line are still to come."""

    status: int
    before: bytes
    """The head up to Date."""
    after: bytes
    """The lines between Date and the id."""
    body: bytes
    rate_bytes_per_s: int | None
    after_bytes: int | None


def parts_of(effects: Effects) -> Parts | None:
    """The answer that `effects` end a request with, None when more than adding fields is to be done for it."""
    end = effects.end
    assert end is not None
    status = end.status
    lines = wish_lines(effects.response_headers)
    if lines is None or status in BODILESS:
        return None
    if isinstance(end, Redirect):
        before, body = _page(status)
        lines = b"Location: %b\r\n%b" % (end.location.encode("latin-1"), lines)
    elif end.body is None:
        before, body = _page(status)
    else:
        body = end.body.encode("latin-1")
        before = fixed_lines(status, b"text/plain", len(body), "SYNTH")
    return _made(Parts, (status, before, lines, body, effects.rate_bytes_per_s, effects.rate_after_bytes))


def whole_of_script(effects: Effects, request: Request, keep_alive: bool, now: float) -> Immediate:
    """The answer that `effects` end the request with."""
    parts = parts_of(effects)
    if parts is not None:
        dated = _DATED % (parts.before, format_http_date(int(now)), parts.after)
        return answer_of(parts, dated, request, keep_alive)
    made = whole(synthetic(effects), request, effects.response_headers, keep_alive, "SYNTH", now)
    return made._replace(rate_bytes_per_s=effects.rate_bytes_per_s, after_bytes=effects.rate_after_bytes)


class Ready:
    """An answer that is given again and again: it is dated once a second."""

    __slots__ = ("_dated", "_parts", "_second", "is_plain", "status")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.status = parts.status
        self.is_plain = parts.rate_bytes_per_s is None and parts.status < _SERVER_FAILED
        """It can be sent at once, and needs no account but that of an answer."""
        self._second = -1
        self._dated = b""

    def answer(self, request: Request, keep_alive: bool, now: float) -> Immediate:
        """The answer to `request` at Unix second `now`."""
        return answer_of(self._parts, self._at(now), request, keep_alive)

    def as_bytes(self, request_id: str, now: float) -> bytes:
        """The whole answer to a GET in HTTP/1.1 whose connection persists."""
        return b"%b%b\r\n\r\n%b" % (self._at(now), request_id.encode("ascii"), self._parts.body)

    def _at(self, now: float) -> bytes:
        """The head up to the id."""
        second = int(now)
        if second != self._second:
            parts = self._parts
            self._second = second
            self._dated = _DATED % (parts.before, format_http_date(second), parts.after)
        return self._dated


def answer_of(parts: Parts, dated: bytes, request: Request, keep_alive: bool) -> Immediate:
    """The answer to `request`, whose head is `dated` up to the id."""
    protocol = request.protocol
    tail = b"" if keep_alive and protocol == "HTTP/1.1" else connection_tail(protocol, keep_alive)
    status, _, _, body, rate, after = parts
    head = b"%b%b\r\n%b\r\n" % (dated, request.id.encode("ascii"), tail)
    if request.method == "HEAD":
        body = b""
    # The class itself would take twice as long, to fill in what stays away from most answers.
    return _made(Immediate, (head, body, keep_alive, rate, after, status, "SYNTH", None, None, 0, 0))


_made: Final = tuple.__new__
assert len(Immediate._fields) == 11  # what `answer_ready` fills in


@cache
def _page(status: int) -> tuple[bytes, bytes]:
    """The first lines and the content of an answer with the node's own page."""
    page = default_page(status)
    return fixed_lines(status, PAGE_CONTENT_TYPE, len(page), "SYNTH"), page


def whole(
    response: Response,
    request: Request,
    ops: Sequence[HeaderOp],
    keep_alive: bool,
    label: CacheStatus,
    now: float,
) -> Immediate:
    """A response the node makes itself, as bytes."""
    tail = connection_tail(request.protocol, keep_alive)
    body = b"" if request.method == "HEAD" else response.body
    wishes = wish_lines(ops)
    if wishes is not None and response.status not in BODILESS:
        content_type, *others = response.fields
        head = _OWN_HEAD % (
            fixed_lines(response.status, content_type[1], len(response.body), label),
            format_http_date(int(now)),
            field_lines(others) if others else b"",
            wishes,
            request.id.encode("ascii"),
            tail,
        )
        return Immediate(head, body, keep_alive, None, None, response.status, label)
    dated = [(b"Date", format_http_date(int(now))), *response.fields]  # RFC 9110 section 6.6.1
    fields = with_script_ops(dated, ops, request)
    fields += node_fields(named_own(ops), label, request)
    if response.status not in BODILESS:
        fields.append((b"Content-Length", b"%d" % len(response.body)))
    head = b"%b%b%b\r\n" % (status_line(response.status), field_lines(fields), tail)
    return Immediate(head, body, keep_alive, None, None, response.status, label)


def refusal(status: int, now: float) -> bytes:
    """The node's whole answer to a request it does not accept; the connection ends with it."""
    begin, rest = _refusal(status)
    return b"%bDate: %b\r\n%b" % (begin, format_http_date(int(now)), rest)


@cache
def _refusal(status: int) -> tuple[bytes, bytes]:
    """What stands before and after Date."""
    response = error_response(status)
    fields = [
        *response.fields,
        *node_fields(frozenset(), "SYNTH"),
        (b"Content-Length", b"%d" % len(response.body)),
    ]
    rest = b"%bConnection: close\r\n\r\n%b" % (field_lines(fields), response.body)
    return status_line(status), rest
