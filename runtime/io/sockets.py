"""What is asked of sockets beyond what transports offer."""

import asyncio
import socket
import struct
from typing import Final

_LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing resets."""


def reset(transport: asyncio.Transport) -> None:
    """
    End the connection with a reset.

    For an answer that is not whole: where its end is the connection's, an orderly close would make it look so.
    """
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
