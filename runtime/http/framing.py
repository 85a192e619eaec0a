"""
Where a message ends and whom it is for (RFC 9112 §3, §6): refuse rather than guess.

Request smuggling lives on two servers reading one head differently. So everything that is legal in two ways, or
that some known server reads in another way, is refused: repeated Content-Length even when the values agree,
Content-Length beside Transfer-Encoding, Transfer-Encoding in HTTP/1.0, any coding but exactly `chunked`.

`accept_request` is the whole judgement on a request head in one pass over its fields. `decide_request_framing` is its
framing alone. Both take fields as any parser may have produced them; a head that passed `raw.scan_head` has had names
and values looked at already, and `scanned=True` saves doing it twice.

Measured (CPython 3.11): `accept_request` of a GET with 8 fields 4.1 µs, with `scanned=True` 1.9 µs;
`decide_response_framing` 2.0 µs.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from runtime.http.fields import Fields, check_fields, connection_options, is_token, list_items
from runtime.http.refusal import Refuse
from runtime.http.status import has_no_content
from runtime.http.target import Authority, Target, parse_authority, parse_target


@dataclass(frozen=True, slots=True)
class NoBody:
    """The message ends with its head."""


@dataclass(frozen=True, slots=True)
class Length:
    """The body is exactly `size` bytes; may be 0."""

    size: int


@dataclass(frozen=True, slots=True)
class Chunked:
    """The body is in chunked coding."""


@dataclass(frozen=True, slots=True)
class UntilClose:
    """The body ends when the origin closes; only a response may do so."""


RequestFraming: TypeAlias = NoBody | Length | Chunked
ResponseFraming: TypeAlias = NoBody | Length | Chunked | UntilClose

NO_BODY: Final = NoBody()
CHUNKED: Final = Chunked()
UNTIL_CLOSE: Final = UntilClose()


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """Bounds on a request head; each a setting of the node."""

    target_bytes: int = 8192
    """414 above it. RFC 9112 §3 asks for at least 8000."""
    head_bytes: int = 32768
    """431 above it, names and values together; what nginx grants with its default buffers."""
    fields: int = 100
    """431 above it; Apache's default."""
    body_bytes: int = 1 << 40
    """413 for a Content-Length above it."""


DEFAULT_HEAD_LIMITS: Final = HeadLimits()
MAX_METHOD_BYTES: Final = 32
"""501 above it: no registered method is half as long."""
_MAX_LENGTH_DIGITS: Final = 18
"""Any such number fits 64 signed bits everywhere down the line."""

# What `accept_request` notes about the fields it passes, so that later steps can skip looking for what is not there.
HAS_HOST: Final = 1
HAS_LENGTH: Final = 2
HAS_CODING: Final = 4
HAS_CONNECTION: Final = 8
HAS_EXPECT: Final = 16
HAS_PRECONDITION: Final = 32
HAS_CACHE_DIRECTIVE: Final = 64
HAS_RANGE: Final = 128
HAS_AUTHORIZATION: Final = 256
HAS_UPGRADE: Final = 512
_HAS_TWIN: Final = 1024
"""Of a framing field, spelt with `_`: what CGI and its heirs (WSGI, PHP) hand on under the field's own name."""
_MARKS: Final = {
    b"host": HAS_HOST,
    b"content-length": HAS_LENGTH,
    b"transfer-encoding": HAS_CODING,
    b"connection": HAS_CONNECTION,
    b"expect": HAS_EXPECT,
    b"if-match": HAS_PRECONDITION,
    b"if-none-match": HAS_PRECONDITION,
    b"if-modified-since": HAS_PRECONDITION,
    b"if-unmodified-since": HAS_PRECONDITION,
    b"cache-control": HAS_CACHE_DIRECTIVE,
    b"pragma": HAS_CACHE_DIRECTIVE,
    b"range": HAS_RANGE,
    b"if-range": HAS_RANGE,
    b"authorization": HAS_AUTHORIZATION,
    b"upgrade": HAS_UPGRADE,
    b"content_length": _HAS_TWIN,
    b"transfer_encoding": _HAS_TWIN,
}
_SINGLE: Final = HAS_HOST | HAS_LENGTH
_SENDS_BODY: Final = HAS_LENGTH | HAS_CODING
_DIGITS: Final = re.compile(rb"[0-9]++").fullmatch
_OWS: Final = b" \t"
_VERSIONS: Final = frozenset({b"1.1", b"1.0"})
_METHODS: Final = frozenset(
    {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"}
)
"""Those a server may know in any case, against RFC 9110 §9.1: a `head` that the origin answers like HEAD would end elsewhere
than here."""
_REFUSED_METHODS: Final = _METHODS | {b"PRI"}
"""PRI is kept for HTTP/2's preface (RFC 9113 §11.6)."""


class RequestHead(NamedTuple):
    """A request head that may be acted on."""

    target: Target
    authority: Authority | None
    """Of the target if it has one, else of Host (RFC 9112 §3.2.2); None only in HTTP/1.0."""
    framing: RequestFraming
    keep_alive: bool
    """Whether the client wants the connection kept (RFC 9112 §9.3)."""
    expects_continue: bool
    """Whether the client waits for 100 (Continue) before it sends its body (RFC 9110 §10.1.1)."""
    marks: int
    """The `HAS_` bits of the fields seen."""


def accept_request(
    method: bytes,
    target: bytes,
    version: bytes,
    fields: Fields,
    limits: HeadLimits = DEFAULT_HEAD_LIMITS,
    *,
    scanned: bool = False,
) -> RequestHead | Refuse:
    """The judgement on a request head; `version` is `1.1` or `1.0`, anything else 505."""
    if version not in _VERSIONS:
        return Refuse(505, "HTTP version is neither 1.1 nor 1.0")
    if len(method) > MAX_METHOD_BYTES:
        return Refuse(501, f"method of more than {MAX_METHOD_BYTES} bytes")
    if method not in _METHODS and method.upper() in _REFUSED_METHODS:
        return Refuse(501, "method is a known one in other letters, or reserved")
    if len(target) > limits.target_bytes:
        return Refuse(414, f"request target of more than {limits.target_bytes} bytes")
    if len(fields) > limits.fields:
        return Refuse(431, f"more than {limits.fields} header fields")
    refusal = None if scanned else _check_syntax(method, fields, limits)
    if refusal is not None:
        return refusal
    parsed = parse_target(target, method)
    if isinstance(parsed, Refuse):
        return parsed
    return _judge(method, parsed, version, fields, limits)


def decide_request_framing(
    method: bytes, target: bytes, version: bytes, fields: Fields, limits: HeadLimits = DEFAULT_HEAD_LIMITS
) -> RequestFraming | Refuse:
    """Where the request ends, or why it is refused."""
    head = accept_request(method, target, version, fields, limits)
    return head if isinstance(head, Refuse) else head.framing


def _check_syntax(method: bytes, fields: Fields, limits: HeadLimits) -> Refuse | None:
    if not is_token(method):
        return Refuse(400, "method is not a token")
    if sum(map(len, map(b":".join, fields))) > limits.head_bytes:
        return Refuse(431, f"header fields of more than {limits.head_bytes} bytes")
    if not check_fields(fields):
        # Also what is left of obs-fold and of white space before the colon, which RFC 9112 §5.1 and §5.2 refuse.
        return Refuse(400, "field name is not a token, or field value has a control character")
    return None


def _judge(
    method: bytes, target: Target, version: bytes, fields: Fields, limits: HeadLimits
) -> RequestHead | Refuse:
    marks = 0
    host = b""
    length: bytes | None = None
    codings: list[bytes] = []
    options: frozenset[bytes] = frozenset()
    expectations: list[bytes] = []
    for name, value in fields:
        mark = _MARKS.get(name.lower())
        if mark is None:
            continue
        if mark & marks & _SINGLE:
            return Refuse(400, f"repeated {name.decode('ascii')}")
        marks |= mark
        if mark == HAS_HOST:
            host = value
        elif mark == HAS_CONNECTION:
            options |= connection_options(value)
        elif mark == HAS_LENGTH:
            length = value
        elif mark == HAS_CODING:
            codings.append(value)
        elif mark == _HAS_TWIN:
            return Refuse(400, f"{name.decode('ascii')}, which some servers take for a field that frames")
        elif mark == HAS_EXPECT:
            expectations += list_items(value.lower())

    authority = _authority(target, host, marks, version)
    if isinstance(authority, Refuse):
        return authority
    framing = _request_framing(method, version, length, codings, limits) if marks & _SENDS_BODY else NO_BODY
    if isinstance(framing, Refuse):
        return framing
    if expectations and expectations != [b"100-continue"]:
        return Refuse(417, "an expectation other than 100-continue")
    # RFC 9110 §10.1.1: HTTP/1.0 clients and requests without content have nothing to wait for.
    expects_continue = bool(expectations) and version == b"1.1" and framing != NO_BODY
    keep_alive = b"close" not in options and (version == b"1.1" or b"keep-alive" in options)
    return RequestHead(target, authority, framing, keep_alive, expects_continue, marks)


def _authority(target: Target, host: bytes, marks: int, version: bytes) -> Authority | Refuse | None:
    """RFC 9112 §3.2: exactly one valid Host in HTTP/1.1; an absolute target overrides it (§3.2.2)."""
    if not marks & HAS_HOST:
        return Refuse(400, "no Host in HTTP/1.1") if version == b"1.1" else target.authority
    authority = parse_authority(host.strip(_OWS))
    if authority is None:
        return Refuse(400, "invalid Host")
    return target.authority or authority


def _request_framing(
    method: bytes, version: bytes, length: bytes | None, codings: list[bytes], limits: HeadLimits
) -> RequestFraming | Refuse:
    if method == b"TRACE":  # RFC 9110 §9.3.8
        return Refuse(400, "TRACE with content")
    if codings:
        if length is not None:
            return Refuse(400, "Content-Length beside Transfer-Encoding")
        return _coding(version, codings)
    size = _content_length(length or b"")
    if isinstance(size, Refuse):
        return size
    if size > limits.body_bytes:
        return Refuse(413, f"Content-Length of more than {limits.body_bytes}")
    return Length(size) if size else NO_BODY


def _coding(version: bytes, codings: list[bytes]) -> Chunked | Refuse:
    """RFC 9112 §6.1, §6.3: `chunked` alone is understood; 501 for others below it, 400 if it is not on top."""
    if version == b"1.0":
        return Refuse(400, "Transfer-Encoding in HTTP/1.0")
    if len(codings) == 1 and codings[0].strip(_OWS).lower() == b"chunked":
        return CHUNKED
    names = [item for value in codings for item in list_items(value.lower())]
    below = names[:-1]
    if not below or names[-1] != b"chunked" or b"chunked" in below:
        return Refuse(400, "Transfer-Encoding does not end in exactly one chunked")
    if not all(is_token(name.partition(b";")[0].rstrip(_OWS)) for name in below):
        return Refuse(400, "Transfer-Encoding is malformed")
    return Refuse(501, "transfer coding below chunked is not understood")


def _content_length(value: bytes) -> int | Refuse:
    digits = value.strip(_OWS)
    if _DIGITS(digits) is None:
        return Refuse(400, "Content-Length is not a number")
    if len(digits) > _MAX_LENGTH_DIGITS:
        return Refuse(413, f"Content-Length of more than {_MAX_LENGTH_DIGITS} digits")
    return int(digits)


def decide_response_framing(
    request_method: bytes, status: int, version: bytes, fields: Fields
) -> ResponseFraming | Refuse:
    """Where an origin's response ends (RFC 9112 §6.3), or a refusal, always with 502."""
    if version not in _VERSIONS:
        return Refuse(502, "origin's HTTP version is neither 1.1 nor 1.0")
    if not 100 <= status <= 599:
        return Refuse(502, "origin's status code is not within 100 to 599")
    if not check_fields(fields):
        return Refuse(502, "origin's field name is not a token, or field value has a control character")
    if request_method == b"HEAD" or has_no_content(status):
        return NO_BODY
    lengths: list[bytes] = []
    codings: list[bytes] = []
    for name, value in fields:
        mark = _MARKS.get(name.lower(), 0)
        if mark == HAS_LENGTH:
            lengths.append(value)
        elif mark == HAS_CODING:
            codings.append(value)
    return _response_framing(version, lengths, codings)


def _response_framing(version: bytes, lengths: list[bytes], codings: list[bytes]) -> ResponseFraming | Refuse:
    if len(lengths) > 1:
        return Refuse(502, "origin repeats Content-Length")
    if codings:
        if lengths:
            return Refuse(502, "origin sends Content-Length beside Transfer-Encoding")
        coding = _coding(version, codings)
        return Refuse(502, f"origin: {coding.reason}") if isinstance(coding, Refuse) else coding
    if lengths:
        size = _content_length(lengths[0])
        return Refuse(502, f"origin: {size.reason}") if isinstance(size, Refuse) else Length(size)
    return UNTIL_CLOSE
