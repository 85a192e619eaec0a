"""
What the process that follows the console and its supervisor say to each other.

The agent asks, with a number; the supervisor answers each with one `Answer` of that number. Unasked, the agent tells how
it is (`State`) whenever that changes and every few seconds: a sign of life as well.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from runtime.io.channel import Channel
from runtime.observe.samples import Key


class Served(NamedTuple):
    """What the node serves of its console when the agent begins; generation -1 for nothing."""

    generation: int = -1
    left_out: Mapping[str, str] = {}
    """As in `Answer`."""


class Serve(msgspec.Struct, tag=True, array_like=True):
    """Serve the newest that is kept, which is `generation`."""

    number: int
    generation: int


class Purged(msgspec.Struct, tag=True, array_like=True):
    """As `runtime.cache.purge.Purge`."""

    kind: str
    value: str
    soft: bool
    hosts: tuple[str, ...] = ()


class CarryOut(msgspec.Struct, tag=True, array_like=True):
    """Have all workers carry out these purges, in order."""

    number: int
    purges: list[Purged]


class Look(msgspec.Struct, tag=True, array_like=True):
    """Tell the node's figures, and the access log's new lines of these domains."""

    number: int
    domains: list[str]


class State(msgspec.Struct, tag=True, array_like=True):
    generation: int
    """Served by all workers; -1 for none."""
    reachable: bool
    """The console, when it was last asked."""
    contact_s: float
    """Unix time of the last answer that made sense; 0 for never."""
    error: str
    """Why the newest is not served; '' where it is, as far as is known."""
    trouble: list[str]
    served: int
    refused: int
    """Manifests that were, since the process began."""


class Answer(msgspec.Struct, tag=True, array_like=True):
    """`error` is '' where what was asked for has been done."""

    number: int
    error: str = ""
    for_ever: bool = False
    """It is no use to ask again: what was to be served cannot be."""
    damaged: bool = False
    """What is kept is not what it was."""
    samples: list[tuple[Key, float]] = []
    lines: list[dict[str, Any]] = []
    trouble: list[str] = []
    left_out: list[tuple[str, str]] = []
    """Domains of what is served that are not served as they should be, each with the reason."""


Question: TypeAlias = Serve | CarryOut | Look
Said: TypeAlias = Question | State

_SAID: Final = msgspec.msgpack.Decoder(Said)
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


def to_agent(on_said: Callable[[Said], None], on_end: Callable[[], None]) -> Channel:
    """The supervisor's end."""
    return Channel(_SAID, on_said, on_end)


def to_supervisor(on_answer: Callable[[Answer], None], on_end: Callable[[], None]) -> Channel:
    """The agent's end."""
    return Channel(_ANSWERS, on_answer, on_end)
