"""What an origin is told about the way a request came: immutable, from configuration."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Tracing = Callable[[Sequence[tuple[bytes, bytes]], str], Sequence[tuple[bytes, bytes]]]
"""Of a request's fields and id, the traceparent and tracestate it goes on with."""
Told = Literal["x", "rfc7239", "both", "off"]
"""X-Forwarded-For, -Proto and -Host; `Forwarded` (RFC 7239); both; or neither."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """
    How the client is named to the origin.

    What a client says of the hops before it counts only if it is a trusted proxy; from any other it is dropped, so that
    nobody can pass as somebody else.
    """

    told: Told = "x"
    trusted: tuple[Network, ...] = ()
    """Addresses of proxies whose own forwarding fields are added to."""
    node_id: str = ""
    """Of this node alone: the origin sees it in Via, and a request that comes back with it goes in circles. '' to
    look for no circles. RFC 9110 token characters."""
    trace: Tracing | None = None
    """None to leave what a client says of its trace as it is."""

    def trusts(self, address: str) -> bool:
        """Whether `address` is that of a trusted proxy."""
        return bool(self.trusted) and _within(address, self.trusted)


@lru_cache(4096)
def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    return any(found in network for network in networks if network.version == found.version)
