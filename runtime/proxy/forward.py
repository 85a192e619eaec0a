"""The request that goes to the origin: the client's, less what is hop-by-hop, plus what scripts and proxy add."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edgescript.effects import Effects, HeaderOp
from edgescript.request import Request
from runtime.http.fields import end_to_end
from runtime.http.framing import Chunked, Length, NoBody
from runtime.proxy.header_ops import Fields, apply

VIA_NAME: Final = b"edgescript"
_OWN: Final = frozenset({b"via", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})
PER_REQUEST: Final = frozenset({b"via", b"x-forwarded-for"})
"""Fields whose values the node makes for each request: an answer that varies on one cannot be found again."""
_EXPECTS_CONTENT: Final = frozenset({b"POST", b"PUT", b"PATCH"})
_REMADE: Final = frozenset({b"content-length", b"expect"})
"""Framing is said anew; 100-continue is between the client and the node."""
_HOST: Final = frozenset({b"host"})
CONDITIONAL: Final = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range"}
)


class Forward(NamedTuple):
    """What the origin is sent: method, origin-form target, end-to-end fields; the body's framing is apart."""

    method: bytes
    target: bytes
    fields: Fields

    def head(self, framing: NoBody | Length | Chunked) -> bytes:
        """The head on the wire."""
        lines = [b"%b %b HTTP/1.1\r\n" % (self.method, self.target)]
        lines += [b"%b: %b\r\n" % field for field in self.fields]
        match framing:
            case Length(size):
                lines.append(b"Content-Length: %d\r\n" % size)
            case Chunked():
                lines.append(b"Transfer-Encoding: chunked\r\n")
            case NoBody():
                if self.method in _EXPECTS_CONTENT:  # RFC 9110 section 8.6
                    lines.append(b"Content-Length: 0\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)


def effective_target(request: Request, effects: Effects) -> str:
    """Path and query after rewrites (reference section 7.6, rewrite): what origin and cache key use."""
    if effects.path is None and not effects.query_replaced:
        return request.target
    path = request.path if effects.path is None else effects.path
    query = effects.query if effects.query_replaced else request.query
    return path if query is None else f"{path}?{query}"


def build(
    request: Request,
    fields: Sequence[tuple[bytes, bytes]],
    target: str,
    ops: Sequence[HeaderOp],
) -> Forward:
    """
    The forwarded request. `fields` are the client's, `ops` the scripts' wishes.

    Host is the client's unless a script set it. X-Forwarded-For is appended to, Via likewise (RFC 9110 section
    7.6.3); scheme and host are told in X-Forwarded-Proto and X-Forwarded-Host.
    """
    kept: Fields = []
    seen: dict[bytes, list[bytes]] = {}
    for name, value in end_to_end(fields):
        folded = name.lower()
        if folded in _OWN:
            seen.setdefault(folded, []).append(value)
        elif folded not in _REMADE:
            kept.append((name, value))
    version = request.protocol.removeprefix("HTTP/").encode("latin-1")
    client = request.client_addr.encode("latin-1")
    host = request.host.encode("latin-1")
    kept.append((b"X-Forwarded-For", b", ".join([*seen.get(b"x-forwarded-for", ()), client])))
    kept.append((b"X-Forwarded-Proto", request.scheme.encode("latin-1")))
    kept.append((b"X-Forwarded-Host", host))
    kept.append((b"Via", b", ".join([*seen.get(b"via", ()), b"%b %b" % (version, VIA_NAME)])))
    if ops:
        kept = apply(kept, ops)
    hosts = [value for name, value in kept if name.lower() == b"host"]
    if len(hosts) != 1:
        # A script that adds a Host means to replace it: two make no request (RFC 9112 section 3.2).
        kept = [(b"Host", hosts[-1] if hosts else host), *without(kept, _HOST)]
    return Forward(request.method.encode("latin-1"), target.encode("latin-1"), kept)


def without(fields: Fields, names: frozenset[bytes]) -> Fields:
    """`fields` less those named (lower case)."""
    return [field for field in fields if field[0].lower() not in names]
