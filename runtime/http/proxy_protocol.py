"""
The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): who a connection really comes from.

A proxy before this node sends it once, ahead of everything else. Strict and bounded: what is not exactly a header is a
`ProxyHeaderError`, for whoever may forge one may choose the address that limits and scripts go by. A header that announces
nobody (UNKNOWN, LOCAL, an address family that is not IP) leaves the connection's own addresses in force.
"""

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, NamedTuple, TypeAlias

MAX_V1_BYTES: Final = 107
"""The longest line of version 1 with its line end; the specification's own bound."""
MAX_V2_BYTES: Final = 4096
"""The longest header of version 2 that is taken, TLVs included: a proxy's have some hundred bytes."""
PEEK_BYTES: Final = MAX_V2_BYTES
_V2_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED_BYTES: Final = 16
_V1_PREFIX: Final = b"PROXY "
_V1: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?"
    rb"|(?P<family>TCP[46]) (?P<source>[0-9A-Fa-f:.]{2,39}) (?P<destination>[0-9A-Fa-f:.]{2,39})"
    rb" (?P<source_port>0|[1-9][0-9]{0,4}) (?P<destination_port>0|[1-9][0-9]{0,4}))\r\n"
).fullmatch
_LOCAL: Final = 0x20
_PROXY: Final = 0x21
_STREAM_OVER: Final[Mapping[int, tuple[type[IPv4Address | IPv6Address], int]]] = {
    0x11: (IPv4Address, 4),
    0x21: (IPv6Address, 16),
}
"""Address family and transport of TCP over IP: the kind of address and its bytes."""
_NOT_STREAM_OVER_IP: Final = frozenset({0x00, 0x12, 0x22, 0x31, 0x32})
"""The other combinations there are, unspecified, UDP and UNIX: read as if they announced nobody."""
_TLV_HEAD_BYTES: Final = 3

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]


class ProxyHeaderError(Exception):
    """What came is no PROXY header. The connection cannot be used."""


class Announced(NamedTuple):
    """A client as the proxy knows it."""

    address: str
    port: int


class ProxyHeaderReader:
    """
    Takes a header off the front of a connection. `feed` is given what has come and says how much of it is header;
    never more, so what follows is left where it is. When `done`, `announced` is the client, or None for nobody.
    """

    __slots__ = ("_header", "announced", "done")

    def __init__(self) -> None:
        self._header = b""
        self.announced: Announced | None = None
        self.done = False

    def feed(self, data: bytes) -> int:
        """The bytes of `data` that belong to the header; all of them while it is incomplete. Raises ProxyHeaderError."""
        before = len(self._header)
        begun = self._header + data
        size = _header_bytes(begun)
        if size is None or size > len(begun):
            self._header = begun
            return len(data)
        self._header = begun[:size]
        self.announced = _read_v1(self._header) if begun.startswith(b"P") else _read_v2(self._header)
        self.done = True
        return size - before


def _header_bytes(begun: bytes) -> int | None:
    """How long the header that `begun` begins is, or None while that cannot be known. Raises ProxyHeaderError."""
    if begun.startswith(_V1_PREFIX[: len(begun)]):
        end = begun.find(b"\n", 0, MAX_V1_BYTES)
        if end < 0 and len(begun) >= MAX_V1_BYTES:
            raise ProxyHeaderError(f"line of version 1 has more than {MAX_V1_BYTES} bytes")
        return end + 1 if end >= 0 else None
    if not begun.startswith(_V2_SIGNATURE[: len(begun)]):
        raise ProxyHeaderError("connection does not begin with a PROXY header")
    if len(begun) < _V2_FIXED_BYTES:
        return None
    size = _V2_FIXED_BYTES + int.from_bytes(begun[14:16], "big")
    if size > MAX_V2_BYTES:
        raise ProxyHeaderError(f"header of version 2 has {size} bytes, want at most {MAX_V2_BYTES}")
    return size


def _read_v1(line: bytes) -> Announced | None:
    found = _V1(line)
    if found is None:
        raise ProxyHeaderError("malformed line of version 1")
    family = found["family"]
    if family is None:
        return None
    kind: type[IPv4Address | IPv6Address] = IPv4Address if family == b"TCP4" else IPv6Address
    try:
        source = kind(found["source"].decode("ascii"))
        kind(found["destination"].decode("ascii"))
    except AddressValueError:
        raise ProxyHeaderError("malformed address in line of version 1") from None
    port = int(found["source_port"])
    if port > 65535 or int(found["destination_port"]) > 65535:
        raise ProxyHeaderError("port in line of version 1 is above 65535")
    return _announced(source, port)


def _read_v2(header: bytes) -> Announced | None:
    command, over = header[12], header[13]
    if command not in {_LOCAL, _PROXY}:
        raise ProxyHeaderError(f"version and command of version 2 are 0x{command:02x}, want 0x20 or 0x21")
    if command == _LOCAL:
        return None
    known = _STREAM_OVER.get(over)
    if known is None:
        if over not in _NOT_STREAM_OVER_IP:
            raise ProxyHeaderError(
                f"address family and transport of version 2 are 0x{over:02x}, which are none"
            )
        return None
    kind, size = known
    addresses = header[_V2_FIXED_BYTES : _V2_FIXED_BYTES + 2 * size + 4]
    if len(addresses) < 2 * size + 4:
        raise ProxyHeaderError("header of version 2 is too short for its addresses")
    _check_tlvs(header[_V2_FIXED_BYTES + len(addresses) :])
    (port,) = struct.unpack_from(">H", addresses, 2 * size)
    return _announced(kind(addresses[:size]), port)


def _check_tlvs(rest: bytes) -> None:
    """What follows the addresses is skipped, but must be what it says it is."""
    position = 0
    while position < len(rest):
        size = int.from_bytes(rest[position + 1 : position + _TLV_HEAD_BYTES], "big")
        position += _TLV_HEAD_BYTES + size
    if position != len(rest):
        raise ProxyHeaderError("TLVs of version 2 do not end where the header does")


def _announced(source: IPv4Address | IPv6Address, port: int) -> Announced:
    return Announced(str(plain_address(source)), port)


def plain_address(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """`address`, as IPv4 where it is one mapped into IPv6 (RFC 4291 section 2.5.5.2): one client, one name."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def parse_networks(texts: Iterable[str]) -> Networks:
    """Addresses and networks in CIDR notation. Raises ValueError, which names the one that is neither."""
    networks = []
    for text in texts:
        try:
            networks.append(ip_network(text))
        except ValueError as error:
            raise ValueError(
                f"got {text!r}, want an address or a network such as 10.0.0.0/8: {error}"
            ) from None
    return tuple(networks)


def within(address: str, networks: Networks) -> bool:
    """Whether `address` is in one of `networks`; False for what is no IP address."""
    try:
        parsed = plain_address(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(parsed in network for network in networks)
