"""
What goes between the console and a process that works for it: frames of msgpack over a socket, one answer for each job, and an
empty frame before them all when the process has started.

A frame is four bytes of length, big-endian, and the message. Both ends are the same program at the same version; still nothing
that is read can do more than be a value of the types stated here.
"""

import socket
from typing import Any, Final, TypeAlias

import msgspec

from runtime.console.model.refusal import Code
from runtime.console.service.texts import Text
from runtime.console.service.trials import Tried

MAX_FRAME: Final = 64 << 20
"""Of a trace of fifty scripts; what is asked is held to a megabyte by the API."""
_LENGTH: Final = 4


class Findings(msgspec.Struct, frozen=True, tag="findings"):
    name: str
    source: str


class Make(msgspec.Struct, frozen=True, tag="make"):
    name: str
    text: Text


class Decide(msgspec.Struct, frozen=True, tag="decide"):
    name: str
    old: Text
    new: Text


class Run(msgspec.Struct, frozen=True, tag="run"):
    tried: Tried


Job: TypeAlias = Findings | Make | Decide | Run


class Done(msgspec.Struct, frozen=True, tag="done"):
    result: msgspec.Raw


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """`model.refusal.Refused` as values."""

    code: Code
    detail: str
    extra: dict[str, Any]


Answer: TypeAlias = Done | Refusal


class Gone(Exception):  # noqa: N818 - a state of the other end
    """The other end has gone, or says what cannot be meant."""


def send(connection: socket.socket, data: bytes) -> None:
    """Raises OSError, TimeoutError among them."""
    connection.sendall(len(data).to_bytes(_LENGTH, "big") + data)


def receive(connection: socket.socket) -> bytes | None:
    """The next message; None where the other end has ended. Raises Gone and OSError."""
    head = _exactly(connection, _LENGTH)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME:
        raise Gone
    data = _exactly(connection, length)
    if len(data) < length:
        raise Gone
    return data


def _exactly(connection: socket.socket, size: int) -> bytes:
    """`size` bytes, b'' at the end. Raises Gone where it ends in between."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 18))
        if not part:
            if parts:
                raise Gone
            return b""
        parts += part
    return bytes(parts)
