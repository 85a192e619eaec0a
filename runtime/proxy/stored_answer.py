"""
The answer that a request gets from a stored response: whole, a part of it, not modified, or no such part.

Who answers at once (`lookup`) and who had to wait (`exchange`) send the same, in the order of RFC 9110 section 13.2.2:
preconditions first, then Range. Both are only for stored responses of status 200. What is stored in parts answers requests
for these alone (`can_answer`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edgescript.effects import HeaderOp
from edgescript.request import Request
from runtime.cache.body import MAX_READ_BYTES, Body, DamagedBodyError, FileBody
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.conditional import NotModified, evaluate_at_cache
from runtime.http.dates import date_of
from runtime.http.fields import Field, combined
from runtime.http.ranges import (
    ByteRange,
    Partial,
    Unsatisfiable,
    content_range,
    decide_range,
    multipart_heads,
    unsatisfied_range,
)
from runtime.proxy.hit import NOT_MODIFIED_DROPS, hit_head, made_head
from runtime.proxy.respond import CacheStatus

MAX_MULTIPART_BYTES: Final = 1 << 20
"""Of a file in several parts, which are put together in memory; who asks for more gets the whole."""
_OF_CONTENT: Final = NOT_MODIFIED_DROPS | {
    b"last-modified",
    b"etag",
    b"content-language",
    b"content-location",
}


class FileSlice(NamedTuple):
    """Content that memory does not hold."""

    body: FileBody
    offset: int
    length: int


class StoredAnswer(NamedTuple):
    """A whole answer: `body`, or else `file`, is its content."""

    status: int
    head: bytes
    body: bytes = b""
    file: FileSlice | None = None


class _Wish(NamedTuple):
    """What an answer's head depends on, besides the stored response."""

    label: CacheStatus
    ops: Sequence[HeaderOp]
    request: Request
    age_s: int
    tail: bytes


def can_answer(stored: StoredResponse, request: Request, request_fields: Sequence[Field], now: float) -> bool:
    """Whether `stored` has all that `request` asks for (RFC 9111 section 3.3)."""
    body = stored.body
    if not isinstance(body, PartialBody):
        return True
    dated = date_of(stored.fields, stored.response_time)
    wanted = decide_range(request.method, request_fields, stored.validators, dated, body.size, now)
    return isinstance(wanted, Partial) and all(body.has(part.first, part.last) for part in wanted.ranges)


def answer_from(
    stored: StoredResponse,
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    request_fields: Sequence[Field],
    now: float,
    tail: bytes,
) -> StoredAnswer:
    """What `request` gets of `stored` at Unix second `now`; `tail` has the connection's own fields."""
    wish = _Wish(label, ops, request, stored.age(now), tail)
    if stored.status == 200:
        dated = date_of(stored.fields, stored.response_time)
        method = request.method.encode("ascii")
        outcome = evaluate_at_cache(method, request_fields, stored.validators, now, dated)
        if isinstance(outcome, NotModified):
            fields = [field for field in stored.fields if field[0].lower() not in NOT_MODIFIED_DROPS]
            return StoredAnswer(304, _head(304, fields, wish))
        wanted = decide_range(request.method, request_fields, stored.validators, dated, len(stored.body), now)
        if isinstance(wanted, Unsatisfiable):
            fields = [field for field in stored.fields if field[0].lower() not in _OF_CONTENT]
            fields += [unsatisfied_range(len(stored.body)), (b"Content-Length", b"0")]
            return StoredAnswer(416, _head(416, fields, wish))
        if isinstance(wanted, Partial):
            answer = _partial(stored, wanted.ranges, wish)
            if answer is not None:
                return answer
    head = hit_head(stored, label, ops, request, wish.age_s, tail)
    if request.method == "HEAD":
        return StoredAnswer(stored.status, head)
    return _with_content(stored.status, head, stored.body, 0, len(stored.body))


def _partial(stored: StoredResponse, parts: tuple[ByteRange, ...], wish: _Wish) -> StoredAnswer | None:
    """206 with `parts`; None when they cannot be put together."""
    size = len(stored.body)
    kept = [field for field in stored.fields if field[0].lower() != b"content-range"]
    if len(parts) == 1:
        (part,) = parts
        fields = [*kept, content_range(part, size), (b"Content-Length", b"%d" % part.length)]
        return _with_content(206, _head(206, fields, wish), stored.body, part.first, part.length)
    contents = _read_parts(stored.body, parts)
    if contents is None:
        return None
    boundary = wish.request.id.encode("ascii")
    if any(boundary in content for content in contents):  # made by who counted on from an id of his own
        return None
    content_type = combined(stored.fields, b"content-type")
    heads, end = multipart_heads(parts, size, content_type, boundary)
    pieces = [piece for pair in zip(heads, contents, strict=True) for piece in pair]
    body = b"".join([*pieces, end])
    fields = [field for field in kept if field[0].lower() != b"content-type"]
    fields.append((b"Content-Type", b"multipart/byteranges; boundary=%b" % boundary))
    fields.append((b"Content-Length", b"%d" % len(body)))
    return StoredAnswer(206, _head(206, fields, wish), body)


def _read_parts(body: Body, parts: tuple[ByteRange, ...]) -> list[bytes] | None:
    if isinstance(body, bytes):
        return [body[part.first : part.last + 1] for part in parts]
    if isinstance(body, PartialBody):
        pieces = [body.piece(part.first, part.length) for part in parts]
        return None if None in pieces else [piece for piece in pieces if piece is not None]
    if sum(part.length for part in parts) > MAX_MULTIPART_BYTES:
        return None
    try:
        return [_read(body, part.first, part.length) for part in parts]
    except DamagedBodyError:
        return None


def _read(body: FileBody, offset: int, length: int) -> bytes:
    pieces = []
    while length > 0:
        piece = body.read(offset, min(length, MAX_READ_BYTES))
        if not piece:
            raise DamagedBodyError
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return b"".join(pieces)


def _with_content(status: int, head: bytes, body: Body, offset: int, length: int) -> StoredAnswer:
    if isinstance(body, bytes):
        return StoredAnswer(status, head, body if length == len(body) else body[offset : offset + length])
    piece = body.piece(offset, length) if isinstance(body, PartialBody) else None
    if piece is not None:
        return StoredAnswer(status, head, piece)
    # Of parts, what is not held is not read from there either: the answer is cut.
    return StoredAnswer(status, head, b"", FileSlice(body, offset, length))


def _head(status: int, fields: Sequence[Field], wish: _Wish) -> bytes:
    return made_head(status, fields, wish.label, wish.ops, wish.request, wish.age_s, wish.tail)
