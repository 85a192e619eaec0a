"""
Range requests answered from a stored representation, and what an origin's 206 is a part of (RFC 9110 §14). Pure.

Only bytes are known. A Range that is malformed, of another unit, or greedy (more ranges than `MAX_RANGES`, or more
bytes in total than the representation has) is ignored, as §14.2 allows: the answer is the whole representation. So no
request makes an answer larger than the representation and a little per part.

Of an origin's parts only those are placed that leave no doubt: one part, its Content-Range once and of the grammar, with
the complete length, of as many bytes as came, from where it was asked for on and no further than to where it was.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from runtime.http.conditional import Validators, is_strong
from runtime.http.dates import parse_http_date
from runtime.http.fields import Field, Fields, combined

MAX_RANGES: Final = 16
MAX_RANGE_BYTES: Final = 512
"""Of the field's value: room for `MAX_RANGES` of any length there is."""
_CONTENT_RANGE: Final = re.compile(rb"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.IGNORECASE).fullmatch
_SPEC: Final = re.compile(rb"[ \t]*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))[ \t]*").fullmatch


class ByteRange(NamedTuple):
    """Bytes `first` to `last`, both included, that the representation has."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many."""
        return self.last - self.first + 1


class Part(NamedTuple):
    """What a 206 brings, and the complete length of what it is of."""

    span: ByteRange
    size: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.span.length == self.size


class Whole(NamedTuple):
    """Answer as if there were no Range."""


class Partial(NamedTuple):
    """Answer 206 with these ranges, in the order asked for; at least one."""

    ranges: tuple[ByteRange, ...]


class Unsatisfiable(NamedTuple):
    """Answer 416: the representation has none of what was asked for."""


RangeDecision: TypeAlias = Whole | Partial | Unsatisfiable
WHOLE: Final = Whole()


def decide_range(
    method: str, request_fields: Fields, stored: Validators, dated: int | None, size: int, now: float
) -> RangeDecision:
    """
    What a request is to be sent of a representation of `size` bytes with the validators `stored` (RFC 9110 §14.2).

    `dated` is the stored response's Date: a modification less than a second before it says little (§8.8.2.2).
    """
    if method != "GET":
        return WHOLE
    asked = combined(request_fields, b"range")
    if asked is None or len(asked) > MAX_RANGE_BYTES:
        return WHOLE
    condition = combined(request_fields, b"if-range")
    if condition is not None and not _is_same(condition, stored, dated, now):
        return WHOLE
    unit, mark, specs = asked.partition(b"=")
    if not mark or unit.strip(b" \t").lower() != b"bytes":
        return WHOLE
    return _of_specs(specs.split(b","), size)


def _of_specs(specs: Sequence[bytes], size: int) -> RangeDecision:
    if len(specs) > MAX_RANGES:
        return WHOLE
    found: list[ByteRange] = []
    seen = False
    for spec in specs:
        if not spec.strip(b" \t"):
            continue  # an empty element of a list means nothing (RFC 9110 §5.6.1)
        match = _SPEC(spec)
        if match is None:
            return WHOLE
        seen = True
        first, last, suffix = match.groups()
        if first is None:
            length = min(int(suffix), size)
            begin, end = size - length, size - 1
        else:
            begin, end = int(first), min(int(last), size - 1) if last else size - 1
            if last and int(last) < begin:
                return WHOLE  # §14.1.1: invalid, and so is the whole set
        if begin <= end:
            found.append(ByteRange(begin, end))
    if not found:
        return Unsatisfiable() if seen else WHOLE
    if len(found) > 1 and sum(part.length for part in found) > size:
        return WHOLE
    return Partial(tuple(found))


def _is_same(condition: bytes, stored: Validators, dated: int | None, now: float) -> bool:
    """If-Range (RFC 9110 §13.1.5): a strong comparison, of an entity-tag or of the exact date."""
    if b'"' in condition:
        return is_strong(stored.etag) and condition == stored.etag
    moment = parse_http_date(condition, now)
    modified = stored.last_modified
    if moment is None or modified is None or dated is None:
        return False
    return moment == modified and dated - modified >= 1


def one_range(request_fields: Fields) -> bytes | None:
    """
    The one range of bytes that a request asks for, `0-4`, `5-` or `-5`, without zeros in front; None for none or several,
    or what is ignored.
    """
    asked = combined(request_fields, b"range")
    if asked is None or len(asked) > MAX_RANGE_BYTES:
        return None
    unit, _, spec = asked.partition(b"=")
    match = _SPEC(spec)
    if match is None or unit.strip(b" \t").lower() != b"bytes":
        return None
    first, last, suffix = match.groups()
    if first is None:
        return b"-%d" % int(suffix)
    if not last:
        return b"%d-" % int(first)
    return b"%d-%d" % (int(first), int(last)) if int(first) <= int(last) else None


def part_of(response_fields: Fields, asked: bytes) -> Part | None:
    """
    What the 206 with these fields, to a request for the range `asked` (as `one_range` gives it), is a part of; None where
    that is not certain (RFC 9110 §14.4, §15.3.7).
    """
    stated = combined(response_fields, b"content-range")
    match = None if stated is None else _CONTENT_RANGE(stated)
    if match is None:
        return None
    first, last, size = map(int, match.groups())
    if not first <= last < size:
        return None
    wanted = _of_specs((asked,), size)
    if not isinstance(wanted, Partial):
        return None
    (span,) = wanted.ranges
    if first != span.first or last > span.last:
        return None
    content_type = combined(response_fields, b"content-type")
    if content_type is not None and content_type.lower().startswith(b"multipart/byteranges"):
        return None  # each of its parts says for itself what it is
    return Part(ByteRange(first, last), size)


def content_range(part: ByteRange, size: int) -> Field:
    """The Content-Range of a single part (RFC 9110 §14.4)."""
    return b"Content-Range", b"bytes %d-%d/%d" % (part.first, part.last, size)


def unsatisfied_range(size: int) -> Field:
    """The Content-Range of a 416 (RFC 9110 §15.5.17)."""
    return b"Content-Range", b"bytes */%d" % size


def multipart_heads(
    parts: Sequence[ByteRange], size: int, content_type: bytes | None, boundary: bytes
) -> tuple[list[bytes], bytes]:
    """What stands before each part of a `multipart/byteranges`, and after the last (RFC 9110 §14.6)."""
    typed = b"" if content_type is None else b"Content-Type: %b\r\n" % content_type
    heads = [
        b"%b--%b\r\n%bContent-Range: bytes %d-%d/%d\r\n\r\n"
        % (b"\r\n" if number else b"", boundary, typed, part.first, part.last, size)
        for number, part in enumerate(parts)
    ]
    return heads, b"\r\n--%b--\r\n" % boundary
