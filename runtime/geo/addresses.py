"""Addresses as scripts write them, read strictly: what is not plainly an address is none."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MAX_ADDRESS: Final = 45
"""Characters of the longest text of an address: IPv6 with an IPv4 tail."""

_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # RFC 6598, behind a carrier's NAT
        "127.0.0.0/8",  # RFC 1122 section 3.2.1.3
        "169.254.0.0/16",  # RFC 3927
        "::1/128",  # RFC 4291
        "fe80::/10",
        "fc00::/7",  # RFC 4193
    )
)


def parse_address(text: str) -> Address | None:
    """
    The address that `text` writes, or None. An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.

    No spaces, zones, ports or leading zeros, which some programs read as octal.
    """
    if len(text) > MAX_ADDRESS or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def is_private(address: Address) -> bool:
    """Whether `address` is nobody's in particular: in a private network, on the link, on the machine itself."""
    return any(address in network for network in _PRIVATE)
