"""PROXY headers, version 1 (a line) and 2 (binary): who is announced, what is refused, where the header ends."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.proxy_protocol import (
    MAX_V2_BYTES,
    Announced,
    ProxyHeaderError,
    ProxyHeaderReader,
    parse_networks,
    within,
)
from tests.http.notation import table

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V4 = bytes([1, 2, 3, 4, 9, 9, 9, 9]) + struct.pack(">HH", 1000, 443)
V6 = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed + struct.pack(">HH", 1000, 443)
MAPPED = ip_address("::ffff:1.2.3.4").packed + ip_address("::1").packed + struct.pack(">HH", 1000, 443)


def v2(body=V4, *, command=0x21, over=0x11, length=None):
    """A header of version 2."""
    return SIGNATURE + struct.pack(">BBH", command, over, len(body) if length is None else length) + body


def tlv(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


def read(data):
    """Who is announced, and what is left of `data`."""
    reader = ProxyHeaderReader()
    used = reader.feed(data)
    return (reader.announced, data[used:]) if reader.done else "incomplete"


@table(
    "header client",
    [
        ("1 IPv4", b"PROXY TCP4 1.2.3.4 9.9.9.9 1000 443\r\n", ("1.2.3.4", 1000)),
        ("1 IPv6", b"PROXY TCP6 2001:DB8::1 2001:db8::2 1000 443\r\n", ("2001:db8::1", 1000)),
        (
            "1 longest",
            b"PROXY TCP6 " + b" ".join([b":".join([b"ffff"] * 8)] * 2) + b" 65535 65535\r\n",
            (":".join(["ffff"] * 8), 65535),
        ),
        ("1 IPv4 in IPv6", b"PROXY TCP6 ::ffff:1.2.3.4 ::1 1000 443\r\n", ("1.2.3.4", 1000)),
        ("1 port 0", b"PROXY TCP4 1.2.3.4 9.9.9.9 0 0\r\n", ("1.2.3.4", 0)),
        ("1 unknown", b"PROXY UNKNOWN\r\n", None),
        ("1 unknown with addresses", b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", None),
        ("2 IPv4", v2(), ("1.2.3.4", 1000)),
        ("2 IPv6", v2(V6, over=0x21), ("2001:db8::1", 1000)),
        ("2 IPv4 in IPv6", v2(MAPPED, over=0x21), ("1.2.3.4", 1000)),
        ("2 with TLVs", v2(V4 + tlv(1, b"h2") + tlv(4, b"") + tlv(0xEA, b"x" * 300)), ("1.2.3.4", 1000)),
        ("2 local", v2(b"", command=0x20, over=0), None),
        ("2 local with addresses", v2(command=0x20), None),
        ("2 local with what nobody reads", v2(b"\xff" * 7, command=0x20, over=0xFF), None),
        ("2 unspecified", v2(b"", over=0), None),
        ("2 over UDP", v2(over=0x12), None),
        ("2 over a Unix socket", v2(b"\0" * 216, over=0x31), None),
        ("2 longest", v2(V4 + tlv(4, b"\0" * (MAX_V2_BYTES - 16 - 12 - 3))), ("1.2.3.4", 1000)),
    ],
)
def test_announced(header, client):
    announced = None if client is None else Announced(*client)
    assert read(header) == (announced, b"")
    assert read(header + b"GET / HTTP/1.1\r\n") == (announced, b"GET / HTTP/1.1\r\n")


@table(
    "data reason",
    [
        ("a request", b"GET / HTTP/1.1\r\n\r\n", "does not begin"),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01", "does not begin"),
        ("an empty line", b"\r\n\r\nGET", "does not begin"),
        ("a letter", b"X", "does not begin"),
        ("2 of a family that is none", v2(over=0x91), "which are none"),
        ("2 of a transport that is none", v2(over=0x13), "which are none"),
        ("2 of a family without transport", v2(over=0x10), "which are none"),
        ("1 lower case", b"proxy TCP4 1.2.3.4 9.9.9.9 1 2\r\n", "does not begin"),
        ("1 too long", b"PROXY UNKNOWN " + b"x" * 100, "more than 107"),
        ("1 too long by one", b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "more than 107"),
        ("1 bare LF", b"PROXY TCP4 1.2.3.4 9.9.9.9 1 2\n", "malformed line"),
        ("1 bare CR", b"PROXY TCP4 1.2.3.4\r9.9.9.9 1 2\r\n", "malformed line"),
        ("1 two spaces", b"PROXY TCP4  1.2.3.4 9.9.9.9 1 2\r\n", "malformed line"),
        ("1 tab", b"PROXY TCP4\t1.2.3.4 9.9.9.9 1 2\r\n", "malformed line"),
        ("1 space at the end", b"PROXY TCP4 1.2.3.4 9.9.9.9 1 2 \r\n", "malformed line"),
        ("1 UDP", b"PROXY UDP4 1.2.3.4 9.9.9.9 1 2\r\n", "malformed line"),
        ("1 no family", b"PROXY 1.2.3.4 9.9.9.9 1 2\r\n", "malformed line"),
        ("1 no ports", b"PROXY TCP4 1.2.3.4 9.9.9.9\r\n", "malformed line"),
        ("1 one port", b"PROXY TCP4 1.2.3.4 9.9.9.9 1\r\n", "malformed line"),
        ("1 leading zero in a port", b"PROXY TCP4 1.2.3.4 9.9.9.9 01 2\r\n", "malformed line"),
        ("1 signed port", b"PROXY TCP4 1.2.3.4 9.9.9.9 +1 2\r\n", "malformed line"),
        ("1 port 65536", b"PROXY TCP4 1.2.3.4 9.9.9.9 65536 2\r\n", "above 65535"),
        ("1 port 65536 there", b"PROXY TCP4 1.2.3.4 9.9.9.9 1 65536\r\n", "above 65535"),
        ("1 leading zero in an address", b"PROXY TCP4 01.2.3.4 9.9.9.9 1 2\r\n", "malformed address"),
        ("1 address over 255", b"PROXY TCP4 1.2.3.256 9.9.9.9 1 2\r\n", "malformed address"),
        ("1 IPv6 as IPv4", b"PROXY TCP4 ::1 ::1 1 2\r\n", "malformed address"),
        ("1 IPv4 as IPv6", b"PROXY TCP6 1.2.3.4 9.9.9.9 1 2\r\n", "malformed address"),
        ("1 zone", b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "malformed line"),
        ("1 name", b"PROXY TCP4 localhost 9.9.9.9 1 2\r\n", "malformed line"),
        ("1 NUL", b"PROXY UNKNOWN \x00\r\n", "malformed line"),
        ("2 broken signature", SIGNATURE[:-1] + b"\r" + v2()[12:], "does not begin"),
        ("2 version 1", v2(command=0x11), "version and command"),
        ("2 version 3", v2(command=0x31), "version and command"),
        ("2 another command", v2(command=0x22), "version and command"),
        ("2 too short for IPv4", v2(V4[:-1]), "too short"),
        ("2 IPv4 as IPv6", v2(V4, over=0x21), "too short"),
        ("2 too long", v2(length=MAX_V2_BYTES - 15), "want at most"),
        ("2 TLV past the end", v2(V4 + b"\x01\x00\x05abc"), "TLVs"),
        ("2 half a TLV", v2(V4 + b"\x01\x00"), "TLVs"),
    ],
)
def test_refused(data, reason):
    with pytest.raises(ProxyHeaderError, match=reason):
        read(data)


HEADERS = [
    b"PROXY TCP4 1.2.3.4 9.9.9.9 1000 443\r\n",
    b"PROXY UNKNOWN\r\n",
    v2(),
    v2(V6 + tlv(1, b"http/1.1"), over=0x21),
]


@pytest.mark.parametrize("header", HEADERS)
def test_in_pieces_of_any_size_it_is_the_same_header(header):
    """And every byte behind it is left alone."""
    for size in range(1, len(header) + 3):
        reader = ProxyHeaderReader()
        wire, used = header + b"rest", 0
        while not reader.done:
            used += reader.feed(wire[used : used + size])
        assert used == len(header)
        assert (reader.announced, b"") == read(header)


@given(st.binary(max_size=80), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, v2()[:16]]))
def test_any_bytes_are_a_header_or_refused_or_wait_for_more(tail, head):
    data = head + tail
    reader = ProxyHeaderReader()
    try:
        used = reader.feed(data)
    except ProxyHeaderError:
        return
    assert 0 <= used <= len(data)
    assert reader.done or used == len(data)


@given(st.ip_addresses(), st.integers(0, 65535), st.lists(st.binary(max_size=20), max_size=4))
def test_whoever_is_announced_is_read_as_such(address, port, values):
    over, other = (0x11, b"\0" * 4) if address.version == 4 else (0x21, b"\0" * 16)
    body = address.packed + other + struct.pack(">HH", port, 80) + b"".join(tlv(4, each) for each in values)
    mapped = getattr(address, "ipv4_mapped", None)
    assert read(v2(body, over=over)) == (Announced(str(mapped or address), port), b"")


def test_networks_say_who_may_announce():
    networks = parse_networks(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])
    inside = ["10.1.2.3", "192.0.2.1", "2001:db8::5", "::ffff:10.0.0.1"]
    outside = ["11.0.0.1", "192.0.2.2", "2001:db9::1", "", "nobody", "fe80::1%lo"]
    assert [address for address in inside if not within(address, networks)] == []
    assert [address for address in outside if within(address, networks)] == []
    assert not within("10.1.2.3", ())


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "x", "", "10.0.0.0/8/8"])
def test_what_is_no_network_is_named(text):
    with pytest.raises(ValueError, match="want an address or a network") as raised:
        parse_networks(["10.0.0.0/8", text])
    assert repr(text) in str(raised.value)
