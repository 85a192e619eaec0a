"""
Heads from bytes: scanned raw, taken apart by httptools, judged.

The raw scan (`runtime.http.raw`) comes first and the judgement (`.framing`) last, so that no leniency of the parser
decides anything; what is well formed and the parser does not know is put to it in words that it knows.
"""

import re
from typing import Final, NamedTuple

import httptools

from runtime.http.framing import HeadLimits, RequestHead, accept_request
from runtime.http.raw import scan_head, scan_response_head, without_space_before_colons
from runtime.http.refusal import Refuse

# Possessive, and begun at the first of them: each octet is looked at once.
_SPACE_AT_END: Final = re.compile(rb"(?<![ \t])[ \t]++\r\n")
# A request line as far as it has come; its length is bounded elsewhere.
_LINE_BEGUN: Final = re.compile(
    rb"\r?\Z|(?:\r\n)?+[!#$%&'*+\-.^_`|~0-9A-Za-z]*+(?:\Z| [\x21-\x7e]*+(?:\Z| [HTP/0-9.]*+(?:\r?\Z|\r\n)))"
).match
_SPOKEN: Final = (b" HTTP/1.1", b" HTTP/1.0")
Fields = list[tuple[bytes, bytes]]


class AcceptedHead(NamedTuple):
    """A request's head that may be acted on."""

    method: bytes
    version: str
    """`1.1` or `1.0`."""
    fields: Fields
    judged: RequestHead


class ResponseParts(NamedTuple):
    """A response's head taken apart; not yet judged."""

    status: int
    version: bytes
    fields: Fields


class _Receiver:
    """Receives httptools' callbacks for one head."""

    __slots__ = ("complete", "fields", "target")

    def __init__(self) -> None:
        self.fields: Fields = []
        self.target = b""
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value.rstrip(b" \t")))  # the parser takes off leading white space only

    def on_headers_complete(self) -> None:
        self.complete = True


def read_request_head(head: bytes, limits: HeadLimits) -> AcceptedHead | Refuse:
    """The parts of `head`, which ends with its empty line, and the judgement on them."""
    refused = scan_head(head, limits)
    if refused is not None:
        return refused
    if not head.startswith(_SPOKEN, head.find(b"\r\n", 2) - len(_SPOKEN[0])):
        return Refuse(505, "HTTP version is neither 1.1 nor 1.0")
    read = _read_request(head)
    if read is None:
        read = _read_request(_put_plainly(head))
    if read is None:
        return Refuse(400, "malformed head")
    receiver, version = read
    method = head[: head.find(b" ")].removeprefix(b"\r\n")
    judged = accept_request(
        method, receiver.target, version.encode("ascii"), receiver.fields, limits, scanned=True
    )
    return judged if isinstance(judged, Refuse) else AcceptedHead(method, version, receiver.fields, judged)


def _read_request(head: bytes) -> tuple[_Receiver, str] | None:
    """What the parser makes of `head`, and the version it is in; None when it does not take it."""
    receiver = _Receiver()
    parser = httptools.HttpRequestParser(receiver)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # whether another protocol is passed on is not the parser's to say (`runtime.http.upgrade`)
    except httptools.HttpParserError:
        return None
    return (receiver, parser.get_http_version()) if receiver.complete else None


def _put_plainly(head: bytes) -> bytes:
    """
    A well-formed head without what the parser does not know: methods outside its table (RFC 9110 section 9.1 has any
    token be one), and white space behind some values (section 5.5 takes it off).
    """
    return b"GET" + _SPACE_AT_END.sub(b"\r\n", head[head.find(b" ") :])


def refuse_beginning(begun: bytes, limits: HeadLimits) -> Refuse | None:
    """Why `begun`, which has no empty line yet, can never become a head: what cannot is not waited for."""
    ends = begun.count(b"\r\n")
    if begun.count(b"\n") != ends or begun.count(b"\r", 0, -1) > ends:
        return Refuse(400, "malformed head")
    if _LINE_BEGUN(begun) is None:  # TLS to a port without, another protocol: its peer waits for an answer
        return Refuse(400, "malformed request line")
    if len(begun) > limits.head_bytes + limits.target_bytes:
        return Refuse(431 if b"\r\n" in begun else 414, "head too long")
    return None


def parse_response_head(head: bytes) -> ResponseParts | None:
    """The parts of `head`, which ends with its empty line; None when it is malformed."""
    if not scan_response_head(head):
        head = without_space_before_colons(head)
        if not scan_response_head(head):
            return None
    receiver = _Receiver()
    parser = httptools.HttpResponseParser(receiver)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # whether it was asked for is the connection's to judge
    except httptools.HttpParserError:
        return None
    if not receiver.complete:
        return None
    version = parser.get_http_version().encode("ascii")
    return ResponseParts(parser.get_status_code(), version, receiver.fields)
