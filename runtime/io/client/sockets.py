"""What is asked of sockets beyond what transports offer."""

import asyncio
import socket
import struct
from collections.abc import Sequence
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


MAX_JOINED_BYTES: Final = 32_768
"""Above it, copying costs more than a second write, and memory for each client."""


def write_pieces(transport: asyncio.Transport, pieces: Sequence[bytes]) -> None:
    """Write `pieces`: small ones as one, large ones as they are, for all clients of an object share its bytes."""
    if sum(map(len, pieces)) <= MAX_JOINED_BYTES:
        transport.write(b"".join(pieces))
        return
    for piece in pieces:
        if piece:
            transport.write(piece)
