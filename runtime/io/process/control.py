"""
What a supervisor and a worker say to each other, over a pair of sockets that both were born with.

The supervisor gives an `Order` with a number; the worker answers each with one `Reply` of that number. Unasked, a worker
sends a `Beat` when it begins to serve and then every second, with its figures: what it counted is not lost with it by
more than that. Where the other side has gone, the channel ends; a worker whose supervisor has gone ends too.

On the wire: the length in four bytes, then MessagePack. Both sides are one program, so nothing here is hostile; the
bound on the length keeps a damaged one from being waited for.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import msgspec

from runtime.observe.samples import Key

MAX_MESSAGE_BYTES: Final = 64 << 20
_LENGTH_BYTES: Final = 4

States: TypeAlias = dict[str, dict[str, int]]
"""How often each script came to each state."""


class Prepare(msgspec.Struct, tag=True, array_like=True):
    """Build the sites of `bundle`, to be served as `generation`."""

    number: int
    generation: int
    bundle: bytes


class Commit(msgspec.Struct, tag=True, array_like=True):
    """Serve what was prepared from the next request on."""

    number: int
    generation: int


class Purge(msgspec.Struct, tag=True, array_like=True):
    """Drop stored responses, or, softly, take them to be stale."""

    number: int
    kind: str
    value: str
    soft: bool


class Tell(msgspec.Struct, tag=True, array_like=True):
    """Tell the figures and states as they are now."""

    number: int


class Reopen(msgspec.Struct, tag=True, array_like=True):
    """Open the access log anew."""

    number: int


class Drain(msgspec.Struct, tag=True, array_like=True):
    """Accept no more, and end after the answers in progress; at once when `hurry`."""

    number: int
    hurry: bool = False


Order: TypeAlias = Prepare | Commit | Purge | Tell | Reopen | Drain


class Reply(msgspec.Struct, tag=True, array_like=True):
    """`error` is '' when the order was carried out; the rest is what the order asks for."""

    number: int
    error: str = ""
    count: int = 0
    states: States = {}
    scripts: list[str] = []
    samples: list[tuple[Key, float]] = []
    trouble: list[str] = []
    shared: bool = False
    """The count is of what all workers share."""


class Beat(msgspec.Struct, tag=True, array_like=True):
    """A sign of life of a worker that serves `generation`."""

    generation: int
    samples: list[tuple[Key, float]] = []
    trouble: list[str] = []


Word: TypeAlias = Reply | Beat

_ORDERS: Final = msgspec.msgpack.Decoder(Order)
_WORDS: Final = msgspec.msgpack.Decoder(Word)
_encoder: Final = msgspec.msgpack.Encoder()


class _Channel(asyncio.Protocol):
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

    def send(self, message: Order | Word) -> None:
        """Send; silently nowhere when the other side has gone. Raises ValueError for one that is too long."""
        data = _encoder.encode(message)
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


def to_worker(on_word: Callable[[Word], None], on_end: Callable[[], None]) -> _Channel:
    """The supervisor's end."""
    return _Channel(_WORDS, on_word, on_end)


def to_supervisor(on_order: Callable[[Order], None], on_end: Callable[[], None]) -> _Channel:
    """A worker's end."""
    return _Channel(_ORDERS, on_order, on_end)


Channel: TypeAlias = _Channel
