"""
The addresses of a server's name, as they change.

They are looked up again in the background; a lookup that fails changes nothing, so a name server's trouble is not the
site's. Addresses in networks that are refused are dropped whenever they become known, so that no later answer of a name
server leads there (DNS rebinding). Times are monotonic seconds.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from runtime.upstreams.forwarding import Network

MAX_ADDRESSES: Final = 16
"""Kept of one name."""
MAX_TRIED: Final = 4
"""Of these for one connection."""
RETRY_S: Final = 5.0
"""After a lookup that failed, unless the name is refreshed more often."""


class Addresses:
    """Addresses of `host` outside `refused`; of a host that is an address, itself for ever."""

    __slots__ = ("_due_s", "_refresh_s", "_refused", "_turn", "forbidden", "known", "looking")

    def __init__(self, host: str, refresh_s: float, refused: tuple[Network, ...] = ()) -> None:
        self._refresh_s = refresh_s
        self._refused = refused
        self._turn = 0
        stated = (host,) if is_address(host) else ()
        self.known: tuple[str, ...] = self._permitted(stated)
        self.forbidden = stated != self.known
        """The host has addresses, and all of them are refused."""
        self.looking = False
        self._due_s = float("inf") if stated else 0.0

    def is_due(self, now: float) -> bool:
        """Whether it is time for a lookup, and none is under way."""
        return not self.looking and now >= self._due_s

    def began(self) -> None:
        """A lookup is under way."""
        self.looking = True

    def found(self, addresses: Sequence[str], now: float) -> frozenset[str]:
        """A lookup ended; with no address it failed. Those that are the name's no more, or are refused."""
        self.looking = False
        if not addresses:
            self._due_s = now + min(self._refresh_s, RETRY_S)
            return frozenset()
        self._due_s = now + self._refresh_s
        gone = frozenset(self.known)
        self.known = self._permitted(tuple(dict.fromkeys(addresses)))[:MAX_ADDRESSES]
        self.forbidden = not self.known
        return gone - frozenset(self.known)

    def in_turn(self) -> tuple[str, ...]:
        """Those to try for one connection, in order; the next connection begins with the next."""
        known = self.known
        if len(known) < 2:
            return known
        turn = self._turn = (self._turn + 1) % len(known)
        return (known[turn:] + known[:turn])[:MAX_TRIED]

    def failed(self, address: str) -> None:
        """A connection to `address` failed: it is tried last from now on."""
        if len(self.known) > 1 and address in self.known:
            self.known = (*(other for other in self.known if other != address), address)
            self._turn = len(self.known) - 1  # so that the next turn begins with the first

    def _permitted(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        refused = self._refused
        return tuple(each for each in addresses if not is_within(each, refused)) if refused else addresses


def is_within(host: str, networks: Sequence[Network]) -> bool:
    """Whether `host` is in one of `networks`, as itself or as the IPv4 address it maps; what is no address is in all."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in networks)


def is_address(host: str) -> bool:
    """Whether `host` is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
