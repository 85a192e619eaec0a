"""Lookups of origins' names, off the per-request path: the loop's resolver works in threads of its own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name, best first. Raises OSError."""


async def look_up(name: str) -> Sequence[str]:
    """What the system says (hosts file, DNS), in its order of preference (RFC 6724). Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]
