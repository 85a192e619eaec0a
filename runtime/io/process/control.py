"""
What a supervisor and a worker say to each other, over a pair of sockets that both were born with.

The supervisor gives an `Order` with a number; the worker answers each with one `Reply` of that number. Unasked, a worker
sends a `Beat` when it begins to serve and then every second, with its figures: what it counted is not lost with it by
more than that. Where the other side has gone, the channel ends; a worker whose supervisor has gone ends too.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from runtime.io.channel import Channel
from runtime.observe.samples import Key

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
    hosts: tuple[str, ...] = ()


class Tell(msgspec.Struct, tag=True, array_like=True):
    """Tell the figures and states as they are now."""

    number: int


class Reopen(msgspec.Struct, tag=True, array_like=True):
    """Open the access log anew."""

    number: int


class Follow(msgspec.Struct, tag=True, array_like=True):
    """Give the access log's lines of these domains since the last such order, and keep them from now on."""

    number: int
    domains: list[str]


class Drain(msgspec.Struct, tag=True, array_like=True):
    """Accept no more, and end after the answers in progress; at once when `hurry`."""

    number: int
    hurry: bool = False


Order: TypeAlias = Prepare | Commit | Purge | Tell | Reopen | Follow | Drain


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
    lines: list[dict[str, Any]] = []


class Beat(msgspec.Struct, tag=True, array_like=True):
    """A sign of life of a worker that serves `generation`."""

    generation: int
    samples: list[tuple[Key, float]] = []
    trouble: list[str] = []


Word: TypeAlias = Reply | Beat

_ORDERS: Final = msgspec.msgpack.Decoder(Order)
_WORDS: Final = msgspec.msgpack.Decoder(Word)


def to_worker(on_word: Callable[[Word], None], on_end: Callable[[], None]) -> Channel:
    """The supervisor's end."""
    return Channel(_WORDS, on_word, on_end)


def to_supervisor(on_order: Callable[[Order], None], on_end: Callable[[], None]) -> Channel:
    """A worker's end."""
    return Channel(_ORDERS, on_order, on_end)
