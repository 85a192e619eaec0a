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
_SERVER_FAILED: Final = 500
_NEEDS_CARE: Final = OWN | {b"date", b"content-type", b"location"}


def wish_lines(ops: Sequence[HeaderOp]) -> str | None:
    """
    The lines that `ops` add to an answer of the node's own, or None when more than adding is to be done: a wish
    removes or replaces a field, names the same one twice, or has a placeholder.
    """
    lines = ""
    seen: set[bytes] = set()
    for action, name, value, template in ops:
        begin = _line_begin(name)
        if not begin:
            continue
        start, folded = begin
        if action == "delete" or folded is None or folded in seen or template:
            return None
        seen.add(folded)
        lines = f"{lines}{start}{value}\r\n"
    return lines


@lru_cache(4096)
def _line_begin(name: str) -> tuple[str, bytes | None] | None:
    """
    How a line under `name` begins, and the name folded: None where adding one needs care. None for a name that is the
    node's alone. Scripts use few names, and each on every request.
    """
    wire, folded, protected = wire_name(name)
    return None if protected else (f"{wire.decode('latin-1')}: ", None if folded in _NEEDS_CARE else folded)


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
    """
    An answer of which only date, id and the connection's own line are still to come.

    Its lines are text, as scripts say it: encoding all of a head at once is cheaper than line by line.
    """

    status: int
    before: str
    """The head up to the value of Date."""
    after: str
    """What stands between the values of Date and the id."""
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
        lines = f"Location: {end.location}\r\n{lines}"
    elif end.body is None:
        before, body = _page(status)
    else:
        body = end.body.encode("latin-1")
        before = _before_date(fixed_lines(status, b"text/plain", len(body), "SYNTH"))
    after = f"\r\n{lines}X-Request-Id: "
    return _made(Parts, (status, before, after, body, effects.rate_bytes_per_s, effects.rate_after_bytes))


def _before_date(lines: bytes) -> str:
    return f"{lines.decode('latin-1')}Date: "


def whole_of_script(effects: Effects, request: Request, keep_alive: bool, now: float) -> Immediate:
    """The answer that `effects` end `request` with."""
    parts = parts_of(effects)
    if parts is not None:
        dated = f"{parts.before}{_date(int(now))}{parts.after}"
        return answer_of(parts, dated, request, keep_alive)
    made = whole(synthetic(effects), request, effects.response_headers, keep_alive, "SYNTH", now)
    return made._replace(rate_bytes_per_s=effects.rate_bytes_per_s, after_bytes=effects.rate_after_bytes)


class Ready:
    """An answer that is given again and again: it is dated once a second."""

    __slots__ = ("_dated", "_ending", "_parts", "_since", "_until", "is_plain", "status")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.status = parts.status
        self.is_plain = parts.rate_bytes_per_s is None and parts.status < _SERVER_FAILED
        """It can be sent at once, and needs no account but that of an answer."""
        self._ending = b"\r\n\r\n" + parts.body
        self._dated = ""
        self._since = self._until = 0
        """Unix seconds from which on, and before which, `_dated` is right."""

    def answer(self, request: Request, keep_alive: bool, now: float) -> Immediate:
        """The answer to `request` at Unix second `now`."""
        return answer_of(self._parts, self._at(now), request, keep_alive)

    def as_bytes(self, request_id: str, now: float) -> bytes:
        """The whole answer to a GET in HTTP/1.1 whose connection persists."""
        dated = self._dated if self._since <= now < self._until else self._at(now)
        return f"{dated}{request_id}".encode("latin-1") + self._ending

    def _at(self, now: float) -> str:
        """The head up to the id."""
        if not self._since <= now < self._until:
            parts = self._parts
            self._since = int(now)
            self._until = self._since + 1
            self._dated = f"{parts.before}{_date(self._since)}{parts.after}"
        return self._dated


def answer_of(parts: Parts, dated: str, request: Request, keep_alive: bool) -> Immediate:
    """The answer to `request`, whose head is `dated` up to the id."""
    status, _, _, body, rate, after = parts
    head = f"{dated}{request.id}\r\n\r\n".encode("latin-1")
    protocol = request.protocol
    if protocol != "HTTP/1.1" or not keep_alive:
        head = head[:-2] + connection_tail(protocol, keep_alive) + b"\r\n"
    if request.method == "HEAD":
        body = b""
    # The class itself would take twice as long, to fill in what stays away from most answers.
    return _made(Immediate, (head, body, keep_alive, rate, after, status, "SYNTH", None, None, 0, 0))


_made: Final = tuple.__new__
assert len(Immediate._fields) == 11  # what `answer_ready` fills in


@lru_cache(8)
def _date(second: int) -> str:
    return format_http_date(second).decode("ascii")


@cache
def _page(status: int) -> tuple[str, bytes]:
    """The first lines, up to the value of Date, and the content of an answer with the node's own page."""
    page = default_page(status)
    return _before_date(fixed_lines(status, PAGE_CONTENT_TYPE, len(page), "SYNTH")), page


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
            wishes.encode("latin-1"),
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
