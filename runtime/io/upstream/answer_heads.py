"""
Heads of an origin's answers: taken apart, judged, and remembered.

Answers are often headed alike, byte for byte; such a head is looked at once for all connections of the process.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from runtime.http.fields import combined, connection_options
from runtime.http.framing import Length, decide_response_framing
from runtime.http.refusal import Refuse
from runtime.io.heads import ResponseParts, parse_response_head
from runtime.proxy.messages import UpstreamHead
from runtime.proxy.received import Received

MAX_RESPONSE_FIELDS: Final = 256
MAX_REMEMBERED_BYTES: Final = 4096
"""A longer head is looked at anew each time."""
_REMEMBERED_HEADS: Final = 256


class Judged(NamedTuple):
    """A final head that is well formed."""

    event: UpstreamHead
    persists: bool
    """The origin keeps the connection (RFC 9112 section 9.3)."""
    size: int
    """Of head and content together, where the head states it; else 0."""


def read_head(method: bytes, head: bytes) -> Judged | ResponseParts | None:
    """A final head of an answer to `method`, an interim one in its parts, or None for one that is malformed."""
    parts = parse_response_head(head)
    if parts is None or len(parts.fields) > MAX_RESPONSE_FIELDS:
        return None
    status, version, fields = parts
    if 100 <= status < 200:
        return parts
    framing = decide_response_framing(method, status, version, fields)
    if isinstance(framing, Refuse):
        return None
    event = UpstreamHead(status, Received(fields), framing)
    size = len(head) + framing.size if isinstance(framing, Length) else 0
    return Judged(event, version == b"1.1" and not _says_close(fields), size)


read_known_head = lru_cache(_REMEMBERED_HEADS)(read_head)
"""The same of a head that is short enough to be remembered."""


def _says_close(fields: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the origin closes after this answer (RFC 9112 section 9.6)."""
    for name, value in fields:
        if len(name) == 10 and name.lower() == b"connection" and b"close" in connection_options(value):
            return True
    return False


def says_upgraded(fields: Sequence[tuple[bytes, bytes]], protocol: bytes) -> bool:
    """Whether a 101 switches to `protocol`, as it must say (RFC 9110 section 7.8)."""
    named = combined(fields, b"upgrade")
    options = combined(fields, b"connection")
    return (
        named is not None
        and options is not None
        and named.lower() == protocol.lower()
        and b"upgrade" in connection_options(options)
    )
