"""How the client is told where an origin's answer ends (RFC 9112 section 6)."""

from collections.abc import Sequence
from typing import Literal

from runtime.http.framing import Chunked, Length, NoBody, UntilClose
from runtime.proxy.header_ops import Fields
from runtime.proxy.respond import BODILESS, length_of_get

BodyMode = Literal["none", "plain", "chunked", "until-close"]
Framing = NoBody | Length | Chunked | UntilClose


def body_mode(method: str, protocol: str, status: int, framing: Framing) -> BodyMode:
    """How the body goes out."""
    if method == "HEAD" or status in BODILESS or isinstance(framing, NoBody):
        return "none"
    if isinstance(framing, Length):
        return "plain"
    return "chunked" if protocol != "HTTP/1.0" else "until-close"


def framing_fields(
    mode: BodyMode, method: str, status: int, framing: Framing, fields: Sequence[tuple[bytes, bytes]]
) -> Fields:
    """The field that says so; `fields` are the origin's."""
    if mode == "chunked":
        return [(b"Transfer-Encoding", b"chunked")]
    if mode == "plain":
        assert isinstance(framing, Length)
        return [(b"Content-Length", b"%d" % framing.size)]
    if mode == "until-close" or status in BODILESS:
        return []
    if method == "HEAD":
        return length_of_get(fields)
    return [(b"Content-Length", b"0")]
