"""
Messages between two processes of a node, over a pair of sockets that both were born with.

On the wire: the length in four bytes, then MessagePack. Both sides are one program, so nothing here is hostile; the
bound on the length keeps a damaged one from being waited for.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

MAX_MESSAGE_BYTES: Final = 64 << 20
_LENGTH_BYTES: Final = 4
_ENCODER: Final = msgspec.msgpack.Encoder()


class Channel(asyncio.Protocol):
    """One end. `on_end` is called once, when the other side has gone or makes no sense."""

    def __init__(
        self,
        decoder: "msgspec.msgpack.Decoder[Any]",
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> None:
        self._decoder = decoder
        self._on_message = on_message
        self._on_end = on_end
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._on_end()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        while len(received) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(received[:_LENGTH_BYTES], "big")
            if end > MAX_MESSAGE_BYTES:
                self.close()
                return
            if len(received) < end:
                return
            message = self._decoder.decode(received[_LENGTH_BYTES:end])
            del received[:end]
            self._on_message(message)

    def send(self, message: Any) -> None:
        """Send; silently nowhere when the other side has gone. Raises ValueError for one that is too long."""
        data = _ENCODER.encode(message)
        if len(data) > MAX_MESSAGE_BYTES - _LENGTH_BYTES:
            raise ValueError(f"a message of {len(data)} bytes, more than {MAX_MESSAGE_BYTES}")
        if self._transport is not None:
            self._transport.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)

    def finish(self) -> None:
        """End the channel once all that was sent is out."""
        if self._transport is not None:
            self._transport.close()

    def close(self) -> None:
        """End the channel at once."""
        if self._transport is not None:
            self._transport.abort()
