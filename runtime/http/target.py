"""
The request target (RFC 9112 §3.2) and the authority it or Host names (RFC 9110 §4.2, §7.2).

Stricter than the URI grammar where laxity has been used to confuse servers behind a proxy: a host is letters, digits,
`-`, `_` and dots, an IPv4 address or a bracketed IPv6 address; no userinfo, no percent-encoding, no sub-delims.
A target is visible US-ASCII without `#`.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final, Literal, NamedTuple

from runtime.http.refusal import Refuse

MAX_HOST_BYTES: Final = 253
"""The longest DNS name in text form (RFC 1035 §2.3.4)."""
_MAX_AUTHORITY_BYTES: Final = MAX_HOST_BYTES + len(".:65535")

TargetForm = Literal["origin", "absolute", "asterisk"]


class Authority(NamedTuple):
    """Where a request is meant to go."""

    host: bytes
    """Lower case, without port and without a final dot; IPv6 in brackets, in its canonical spelling."""
    port: int | None

    def __bytes__(self) -> bytes:
        """`host[:port]`, as it goes into Host and into cache keys."""
        return self.host if self.port is None else b"%b:%d" % (self.host, self.port)


class Target(NamedTuple):
    """A request target taken apart."""

    form: TargetForm
    path_and_query: bytes
    """Begins with `/`; `*` for the asterisk form."""
    authority: Authority | None
    """Of the absolute form; None otherwise."""


_VISIBLE: Final = re.compile(rb"[\x21\x22\x24-\x7e]++").fullmatch
_AUTHORITY: Final = re.compile(
    rb"(?P<host>[0-9a-z_.\-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{0,5}))?"
).fullmatch
_ABSOLUTE: Final = re.compile(rb"(?i:https?)://(?P<authority>[^/?]*)(?P<rest>.*)").fullmatch


def parse_target(target: bytes, method: bytes) -> Target | Refuse:
    """The target taken apart, or a refusal: 400, and 501 for CONNECT (this node opens no tunnels)."""
    if method == b"CONNECT":
        return Refuse(501, "CONNECT is not offered")
    if _VISIBLE(target) is None:
        return Refuse(400, "request target is empty or has an octet that is no visible US-ASCII, or '#'")
    if target.startswith(b"/"):
        return Target("origin", target, None)
    if target == b"*":
        if method != b"OPTIONS":
            return Refuse(400, "asterisk-form is for OPTIONS only")
        return Target("asterisk", target, None)
    return _parse_absolute(target, method)


def _parse_absolute(target: bytes, method: bytes) -> Target | Refuse:
    match = _ABSOLUTE(target)
    if match is None:
        return Refuse(400, "request target is in none of the forms a proxy is asked in")
    authority = parse_authority(match["authority"])
    if authority is None:
        return Refuse(400, "request target has an invalid authority")
    rest = match["rest"]
    if not rest and method == b"OPTIONS":  # RFC 9112 §3.2.4
        return Target("asterisk", b"*", authority)
    if not rest.startswith(b"/"):
        rest = b"/" + rest
    return Target("absolute", rest, authority)


@lru_cache(maxsize=4096)
def parse_authority(value: bytes) -> Authority | None:
    """Host and port of `uri-host [":" port]`; None when it is empty or not of the strict grammar above."""
    if len(value) > _MAX_AUTHORITY_BYTES:
        return None
    match = _AUTHORITY(value.lower())
    if match is None:
        return None
    host = _canonical_host(match["host"])
    if host is None:
        return None
    digits = match["port"]
    port = int(digits) if digits else None  # an empty port is the default port (RFC 3986 §3.2.3)
    if port is not None and not 0 < port < 65536:
        return None
    return Authority(host, port)


def _canonical_host(host: bytes) -> bytes | None:
    if host.startswith(b"["):
        try:
            return b"[%b]" % IPv6Address(host[1:-1].decode("ascii")).compressed.encode("ascii")
        except AddressValueError:
            return None
    name = host.removesuffix(b".")
    if not name or len(name) > MAX_HOST_BYTES or b".." in host or name.startswith(b"."):
        return None
    return name
