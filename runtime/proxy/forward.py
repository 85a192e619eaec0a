"""
The request that goes to the origin: the client's, less what is hop-by-hop, plus what scripts and proxy add.

What a header block is forwarded as is worked out once for all requests that repeat the block (`HeaderBlock.forward`);
what differs from one to the next is method, target, the trace and what scripts ask for.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edgescript.effects import Effects, HeaderOp
from edgescript.request import Request
from runtime.http.fields import combined, end_to_end, is_token, list_items
from runtime.http.framing import NO_BODY, Chunked, Length, NoBody
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.header_ops import Fields, apply
from runtime.upstreams.forwarding import Forwarding, Tracing
from runtime.upstreams.upstream import Upstream

VIA_NAME: Final = b"edgescript"
_TOLD: Final = {
    b"x-forwarded-for": frozenset({"x", "both"}),
    b"x-forwarded-proto": frozenset({"x", "both"}),
    b"x-forwarded-host": frozenset({"x", "both"}),
    b"forwarded": frozenset({"rfc7239", "both"}),
}
"""Fields that tell of the hops before, and under which settings the node makes them itself."""
_TELLS_OF_CLIENT: Final = (b"x-forwarded-", b"x-real-ip")
"""
Names, or beginnings of names, that origins believe as they do those of `_TOLD`. Spelt with `_` nobody may send them: CGI
and its heirs (WSGI, PHP) hand `X_Forwarded_For` on under the name of X-Forwarded-For.
"""
PER_REQUEST: Final = frozenset({b"via", b"x-forwarded-for", b"forwarded", b"traceparent", b"tracestate"})
"""Fields whose values the node makes for each request: an answer that varies on one cannot be found again."""
_TRACE: Final = frozenset({b"traceparent", b"tracestate"})
_EXPECTS_CONTENT: Final = frozenset({b"POST", b"PUT", b"PATCH"})
_REMADE: Final = frozenset({b"content-length", b"expect"})
"""Framing is said anew; 100-continue is between the client and the node."""
_HOST: Final = frozenset({b"host"})
_HOPS_DIGITS: Final = 9
MAX_HOPS: Final = 10**_HOPS_DIGITS - 1
"""What a longer Max-Forwards becomes."""
COUNTS_HOPS: Final = frozenset({"OPTIONS", "TRACE"})
"""Methods with which Max-Forwards means something (RFC 9110 section 7.6.2)."""
CONDITIONAL: Final = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range"}
)


class Sent(list[tuple[bytes, bytes]]):
    """Fields with their lines on the wire; never changed."""

    __slots__ = ("wire",)

    def __init__(self, fields: Sequence[tuple[bytes, bytes]], wire: bytes | None = None) -> None:
        super().__init__(fields)
        self.wire = _lines(fields) if wire is None else wire


class Forward(NamedTuple):
    """What the origin is sent: method, origin-form target, end-to-end fields; the body's framing is apart."""

    method: bytes
    target: bytes
    fields: Fields
    upgrade: bytes = b""
    """The protocol that the client asks to go on in, or b"" (RFC 9110 section 7.8)."""
    trailers: bool = False
    """The client takes trailer fields (RFC 9110 section 10.1.4)."""
    trace: bytes = b""
    """Lines of the request's own place in its trace, where no script had a wish about any field."""

    def head(self, framing: NoBody | Length | Chunked) -> bytes:
        """The head on the wire."""
        fields = self.fields
        lines = fields.wire if isinstance(fields, Sent) else _lines(fields)
        if self.method == b"GET" and framing is NO_BODY and not (self.upgrade or self.trailers):
            return b"GET %b HTTP/1.1\r\n%b%b\r\n" % (self.target, lines, self.trace)
        return b"%b %b HTTP/1.1\r\n%b%b%b\r\n" % (
            self.method,
            self.target,
            lines,
            self.trace,
            self._hop(framing),
        )

    def _hop(self, framing: NoBody | Length | Chunked) -> bytes:
        """The lines that mean this connection alone."""
        line = b""
        match framing:
            case Length(size):
                line = b"Content-Length: %d\r\n" % size
            case Chunked():
                line = b"Transfer-Encoding: chunked\r\n"
            case NoBody():
                if self.method in _EXPECTS_CONTENT:  # RFC 9110 section 8.6
                    line = b"Content-Length: 0\r\n"
        if self.upgrade:
            line += b"Upgrade: %b\r\nConnection: %b\r\n" % (
                self.upgrade,
                b"Upgrade, TE" if self.trailers else b"Upgrade",
            )
        elif self.trailers:
            line += b"Connection: TE\r\n"
        return line + b"TE: trailers\r\n" if self.trailers else line


class Prepared(NamedTuple):
    """What a header block is forwarded as, to `origin` for `client`."""

    origin: Upstream | None
    client: str
    fields: Sent
    traces: Fields
    """What the client says of a trace, where the node makes that anew."""
    trailers: bool


_UNSAID: Final = Forwarding()


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
    origin: Upstream | None = None,
    block: HeaderBlock | None = None,
) -> Forward:
    """
    The forwarded request. `fields` are the client's, `ops` the scripts' wishes; `block` is where `fields` are from.

    Host is the upstream's if it names one, else the client's, unless a script set it.
    """
    client = request.client_addr
    ready: Prepared | None = None if block is None else block.forward
    if ready is None or ready.origin is not origin or ready.client != client:
        ready = _prepare(request, fields, origin)
        if block is not None:
            block.forward = ready
    sent: Fields = ready.fields
    lines = b""
    if request.method in COUNTS_HOPS:
        sent = _one_hop_less(sent)
    trace = None if origin is None else origin.forwarding.trace
    if trace is not None:
        told = trace(ready.traces, request.id)
        if ops:
            sent = [*sent, *told]
        else:
            lines = b"%b: %b\r\n" % told[0] if len(told) == 1 else _lines(told)
    if ops:
        sent = _with_own_via(_one_host(apply(sent, ops), request), request, ready.origin)
    upgrade = b"" if block is None or request.method != "GET" else block.upgrade
    method = request.method.encode("latin-1")
    return Forward(method, target.encode("latin-1"), sent, upgrade, ready.trailers, lines)


def build_again(ready: Prepared, trace: Tracing | None, request: Request, target: str) -> Forward:
    """As `build` for a GET that scripts have no wishes about, its header block being `ready`."""
    lines = b""
    if trace is not None:
        told = trace(ready.traces, request.id)
        lines = b"%b: %b\r\n" % told[0] if len(told) == 1 else _lines(told)
    # Past the `__new__` of named tuples, which takes as long as the rest.
    return tuple.__new__(
        Forward, (b"GET", target.encode("latin-1"), ready.fields, b"", ready.trailers, lines)
    )


def without(fields: Fields, names: frozenset[bytes]) -> Fields:
    """`fields` less those named (lower case)."""
    return [field for field in fields if field[0].lower() not in names]


def pseudonym(forwarding: Forwarding) -> bytes:
    """What the node calls itself in Via towards the origin (RFC 9110 section 7.6.3)."""
    return b"%b-%b" % (VIA_NAME, forwarding.node_id.encode("latin-1")) if forwarding.node_id else VIA_NAME


def goes_in_circles(fields: Sequence[tuple[bytes, bytes]], forwarding: Forwarding) -> bool:
    """Whether this very node forwarded the request before: its own name is in Via."""
    via = combined(fields, b"via") if forwarding.node_id else None
    if via is None:
        return False
    own = pseudonym(forwarding)
    return any(own in item.split()[1:2] for item in list_items(via))


def _with_own_via(fields: Fields, request: Request, origin: Upstream | None) -> Fields:
    """
    `fields`, and this node's Via where a script took it away: a proxy must send it (RFC 9110 section 7.6.3), circles are found by
    it, and the node's admin listener knows by it what is none of its own requests.
    """
    own = pseudonym(_UNSAID if origin is None else origin.forwarding)
    via = combined(fields, b"via")
    if via is not None and any(own in item.split()[1:2] for item in list_items(via)):
        return fields
    return [*fields, (b"Via", _own_via(request, own))]


def _own_via(request: Request, own: bytes) -> bytes:
    return b"%b %b" % (request.protocol.removeprefix("HTTP/").encode("latin-1"), own)


def _lines(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in fields])


def _prepare(request: Request, fields: Sequence[tuple[bytes, bytes]], origin: Upstream | None) -> Prepared:
    forwarding = _UNSAID if origin is None else origin.forwarding
    trusted = forwarding.trusts(request.client_addr)
    kept: Fields = []
    said: dict[bytes, list[bytes]] = {}
    for name, value in end_to_end(fields):
        folded = name.lower()
        if folded == b"via":
            said.setdefault(folded, []).append(value)
        elif folded in _TOLD:
            if trusted:
                said.setdefault(folded, []).append(value)
                if forwarding.told not in _TOLD[folded]:
                    kept.append((name, value))
        elif folded.replace(b"_", b"-").startswith(_TELLS_OF_CLIENT):
            if trusted and b"_" not in folded:
                kept.append((name, value))
        elif folded not in _REMADE and not (folded in _TRACE and forwarding.trace is not None):
            kept.append((name, value))
    kept = _one_host(kept, request)
    asked_for = next(value for name, value in kept if name.lower() == b"host")
    kept += _told(request, asked_for, said, forwarding)
    kept.append((b"Via", b", ".join([*said.get(b"via", ()), _own_via(request, pseudonym(forwarding))])))
    if origin is not None and origin.host:
        kept = [(b"Host", origin.host.encode("latin-1")), *without(kept, _HOST)]
    te = combined(fields, b"te")
    trailers = te is not None and b"trailers" in list_items(te.lower())
    traces = [field for field in fields if field[0].lower() in _TRACE]
    return Prepared(origin, request.client_addr, Sent(kept), traces, trailers)


def _told(request: Request, host: bytes, said: dict[bytes, list[bytes]], forwarding: Forwarding) -> Fields:
    """The fields that tell of this hop; `said` is what a trusted proxy told of those before, {} of any other."""
    client = request.client_addr.encode("latin-1") or b"unknown"
    scheme = request.scheme.encode("latin-1")
    told: Fields = []
    if forwarding.told in {"x", "both"}:
        told = [
            (b"X-Forwarded-For", b", ".join([*said.get(b"x-forwarded-for", ()), client])),
            (b"X-Forwarded-Proto", said.get(b"x-forwarded-proto", [scheme])[0]),
            (b"X-Forwarded-Host", said.get(b"x-forwarded-host", [host])[0]),
        ]
    if forwarding.told in {"rfc7239", "both"}:
        node = b"[%b]" % client if b":" in client else client
        element = b"for=%b;host=%b;proto=%b" % (_quoted(node), _quoted(host), scheme)
        told.append((b"Forwarded", b", ".join([*said.get(b"forwarded", ()), element])))
    return told


def _quoted(value: bytes) -> bytes:
    """A value of a Forwarded pair: a token, or a quoted-string (RFC 7239 section 4)."""
    if is_token(value):
        return value
    return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _one_host(fields: Fields, request: Request) -> Fields:
    """A script that adds a Host means to replace it: two make no request (RFC 9112 section 3.2)."""
    hosts = [value for name, value in fields if name.lower() == b"host"]
    if len(hosts) == 1:
        return fields
    host = hosts[-1] if hosts else request.host.encode("latin-1")
    return [(b"Host", host), *without(fields, _HOST)]


def _one_hop_less(fields: Fields) -> Fields:
    """Max-Forwards counted down, or to the most that is counted (RFC 9110 section 7.6.2); 0 never comes here."""
    return [
        (name, b"%d" % (int(value) - 1 if len(value) <= _HOPS_DIGITS else MAX_HOPS))
        if name.lower() == b"max-forwards" and is_hops(value)
        else (name, value)
        for name, value in fields
    ]


def is_hops(value: bytes) -> bool:
    """Whether a Max-Forwards value is a number of hops above 0."""
    return value.isdigit() and bool(value.strip(b"0"))
