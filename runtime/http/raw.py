"""
A look at the raw bytes of a head before any parser sees them (RFC 9112 §2.2, §3, §4, §5).

Parsers are lenient in different ways, and some of the leniency is lost in what they hand on. So one pattern states
what a head is, and whatever differs is refused; only then is the difference named. Versions are let through here as
any digits, for `accept_request` to answer 505.

Of an origin's head the same is asked, field by field. White space before a colon is taken out of it first, as RFC
9112 §5.1 wants of a proxy, so that everyone after the node reads the field it is read as here; but a field that
frames the message is not repaired. Folded lines are refused, the other choice that §5.2 gives. A status line may lack
its reason phrase and the space before it, as many servers' do.

Measured (CPython 3.11): a browser's head of 8 fields and 380 bytes 0.7 µs.
"""

import re
from typing import Final

from runtime.http.framing import DEFAULT_HEAD_LIMITS, HeadLimits
from runtime.http.refusal import Refuse

# Possessive throughout: each octet is looked at once, however the head is made.
_FIELD_LINES: Final = rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n"
_HEAD: Final = re.compile(
    rb"(?:\r\n)?+"  # one empty line before a request is to be ignored (RFC 9112 §2.2)
    rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++ [\x21-\x7e]++ HTTP/[0-9]\.[0-9]\r\n" + _FIELD_LINES
).fullmatch
_RESPONSE_HEAD: Final = re.compile(
    rb"HTTP/[0-9]\.[0-9] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*+)?+\r\n" + _FIELD_LINES
).fullmatch
_SPACE_BEFORE_COLON: Final = re.compile(
    rb"(?<=\r\n)(?!(?i:content-length|transfer-encoding)[\t ])([!#$%&'*+\-.^_`|~0-9A-Za-z]++)[\t ]++:"
)

# Tried in order on a head that is none, to say what is wrong with it.
_FAULTS: Final = (
    (re.compile(rb"\x00"), "NUL in head"),
    (re.compile(rb"(?<!\r)\n"), "bare LF in head"),
    (re.compile(rb"\r(?!\n)"), "bare CR in head"),
    (re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"), "control character in head"),
    (re.compile(rb"\A(?:\r\n)*[ \t]"), "white space before the request line"),
    (re.compile(rb"\A(?:\r\n){2}"), "more than one empty line before the request"),
    (
        re.compile(rb"\A(?:\r\n)?[^\r]*+(?<! HTTP/[0-9]\.[0-9])\r\n"),
        "request line does not end in an HTTP version",
    ),
    (
        re.compile(rb"\A(?:\r\n)?(?![^ \r]++ [^ \r]++ HTTP/)"),
        "request line is not three words with one space between",
    ),
    (re.compile(rb"\r\n[ \t]"), "folded line in head"),
    (re.compile(rb"\r\n[^:\r]*[ \t]:"), "white space before the colon"),
    (re.compile(rb"\r\n(?!\r\n)[^:\r]++\r\n"), "field line without a colon"),
)


_LINE_BESIDE_TARGET_BYTES: Final = 64
"""Room for method, version and an empty line before."""


def scan_head(head: bytes, limits: HeadLimits = DEFAULT_HEAD_LIMITS) -> Refuse | None:
    """
    None when `head`, from the request line to the empty line with both included, is well formed, else why not.

    One empty line before the request line is let through. 414 for a request line that holds too long a target, 431 for
    field lines over `head_bytes`, else 400.
    """
    line_bytes = head.find(b"\r\n", 2)
    if line_bytes > limits.target_bytes + _LINE_BESIDE_TARGET_BYTES:
        return Refuse(414, f"request target of more than {limits.target_bytes} bytes")
    if len(head) - line_bytes - 4 > limits.head_bytes:
        return Refuse(431, f"field lines of more than {limits.head_bytes} bytes")
    return None if _HEAD(head) is not None else Refuse(400, _fault(head))


def _fault(head: bytes) -> str:
    return next((text for pattern, text in _FAULTS if pattern.search(head)), "malformed head")


def scan_response_head(head: bytes) -> bool:
    """Whether `head`, from the status line to the empty line with both included, is well formed."""
    return _RESPONSE_HEAD(head) is not None


def without_space_before_colons(head: bytes) -> bytes:
    """A response's `head` less the white space between field names and their colons, but those that frame it."""
    return _SPACE_BEFORE_COLON.sub(rb"\1:", head)


def may_become_response_head(begun: bytes) -> bool:
    """Whether `begun`, which has no empty line yet, can go on to be a head: what cannot is not waited for."""
    return begun.startswith(b"HTTP/"[: len(begun)]) and begun.count(b"\n") == begun.count(b"\r\n")
