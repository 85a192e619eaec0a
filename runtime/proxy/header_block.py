"""A request's header block: validated once, shared by the requests of a connection that repeat it."""

from typing import Any, Final

from edgescript.request import Headers
from runtime.cache.keys import primary_key
from runtime.http.fields import Fields, end_to_end
from runtime.http.framing import (
    HAS_AUTHORIZATION,
    HAS_CACHE_DIRECTIVE,
    HAS_PRECONDITION,
    HAS_RANGE,
    HAS_UPGRADE,
    NO_BODY,
    RequestFraming,
    RequestHead,
)
from runtime.http.upgrade import asked_upgrade
from runtime.scripts.site import Sites

_CHANGES_REUSE: Final = HAS_AUTHORIZATION | HAS_CACHE_DIRECTIVE | HAS_PRECONDITION | HAS_RANGE
"""Fields that may keep a fresh stored response from being sent as it is."""


class HeaderBlock:
    """
    The fields of an accepted request of one connection and what follows from them.

    `fields` are as received (bytes) but for Host, which names the authority that counts; `headers` are as scripts see
    them (names in lower case, one code point per byte).
    """

    __slots__ = (
        "authority",
        "expects_continue",
        "fields",
        "forward",
        "framing",
        "glances",
        "has_preconditions",
        "has_range",
        "headers",
        "host",
        "keep_alive",
        "key_origin",
        "persists_silently",
        "plain",
        "repeatable",
        "sent_fields",
        "served",
        "sites",
        "table",
        "upgrade",
    )

    def __init__(self, fields: Fields, head: RequestHead, scheme: str, version: str) -> None:
        authority = head.authority
        self.host = authority.host.decode("ascii") if authority is not None else ""
        """The host asked for: lower case, no port."""
        self.authority = bytes(authority).decode("ascii") if authority is not None else ""
        """Host with its port if it has one: what a cache key must tell apart."""
        self.key_origin = primary_key(scheme, self.authority, "")
        """What the cache keys of these requests begin with; the rest is the target."""
        if authority is not None and (b"Host", bytes(authority)) not in fields:
            # RFC 9112 section 3.2.2: the target overrides Host. And the origin gets the spelling that cache keys
            # have, or one client could choose with another spelling what others get.
            fields = [
                (b"Host", bytes(authority)),
                *(field for field in fields if field[0].lower() != b"host"),
            ]
        self.fields = fields
        self.sent_fields: Fields = end_to_end(fields)
        """Those the origin is sent: what its Vary can speak of (RFC 9110 section 7.6.1 takes the others away)."""
        self.headers = Headers(
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in fields)
        )
        self.framing: RequestFraming = head.framing
        self.keep_alive = head.keep_alive
        self.expects_continue = head.expects_continue
        marks = head.marks
        switches = marks & HAS_UPGRADE and version == "1.1" and head.framing is NO_BODY
        self.upgrade = asked_upgrade(fields) if switches else b""
        """The protocol the client would go on in: `websocket` or none."""
        self.plain = not (marks & _CHANGES_REUSE or self.upgrade)
        """A fresh stored response can be sent as it is."""
        self.has_range = bool(marks & HAS_RANGE)
        self.has_preconditions = bool(marks & HAS_PRECONDITION)
        self.repeatable = version == "1.1" and head.framing is NO_BODY and head.target.form == "origin"
        """The judgement holds for any GET in origin-form with the same version and field lines."""
        self.persists_silently = version == "1.1" and head.keep_alive and head.framing is NO_BODY
        """An answer needs no Connection field to say what becomes of the connection."""
        self.forward: Any = None
        """Noted here by `runtime.proxy.forward`: what the block is forwarded as."""
        self.served: Any = None
        self.sites: Sites | None = None
        """Noted here by `front`: how the site of `host` among `sites` is served, so that it is looked up once."""
        self.table: Any = None
        """Likewise: the remembered decisions on requests with this block, where its site has any."""

        self.glances = False
        """Likewise: its site has neither scripts nor rules, a fresh stored response can be sent as it is, and there was one
        the last time."""

    def close_after(self) -> None:
        """The connection ends with the next answer, which says so (RFC 9112 section 9.6)."""
        self.keep_alive = self.persists_silently = False
