"""
The addresses of a server's name, as they change.

They are looked up again in the background; a lookup that fails changes nothing, so a name server's trouble is not the
site's. Times are monotonic seconds.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

MAX_ADDRESSES: Final = 16
"""Kept of one name."""
MAX_TRIED: Final = 4
"""Of these for one connection."""
RETRY_S: Final = 5.0
"""After a lookup that failed, unless the name is refreshed more often."""


class Addresses:
    """Addresses of `host`; of a host that is an address, itself for ever."""

    __slots__ = ("_due_s", "_refresh_s", "_turn", "known", "looking")

    def __init__(self, host: str, refresh_s: float) -> None:
        self._refresh_s = refresh_s
        self._turn = 0
        self.known: tuple[str, ...] = (host,) if is_address(host) else ()
        self.looking = False
        self._due_s = float("inf") if self.known else 0.0

    def is_due(self, now: float) -> bool:
        """Whether it is time for a lookup, and none is under way."""
        return not self.looking and now >= self._due_s

    def began(self) -> None:
        """A lookup is under way."""
        self.looking = True

    def found(self, addresses: Sequence[str], now: float) -> frozenset[str]:
        """A lookup ended; with no address it failed. Those that are the name's no more."""
        self.looking = False
        if not addresses:
            self._due_s = now + min(self._refresh_s, RETRY_S)
            return frozenset()
        self._due_s = now + self._refresh_s
        gone = frozenset(self.known)
        self.known = tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]
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


def is_address(host: str) -> bool:
    """Whether `host` is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
