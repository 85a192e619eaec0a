"""How a node is, by what was last heard of it."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

NodeState: TypeAlias = Literal["current", "partly", "behind", "offline", "failed"]
"""`partly`: the newest generation is served, but for domains that the node cannot load as they are now."""
NODE_STATES: Final[tuple[NodeState, ...]] = ("current", "partly", "behind", "offline", "failed")
_PATIENCE_S: Final = 15.0
_NODES_A_SECOND: Final = 60
"""Many nodes are asked to report more rarely (`sync`)."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far nodes have come to a generation."""

    nodes: int = 0
    acked: int = 0
    """Serve it, or a later one, with all workers."""
    failed: int = 0
    """Cannot serve it, or not what it has of the domain in question."""
    offline: int = 0


def offline_after_s(nodes: int) -> float:
    """How long a node may be silent, of so many: several reports missed in a row."""
    return _PATIENCE_S + nodes / _NODES_A_SECOND


def node_state(
    *,
    generation: int,
    error: str,
    silent_s: float,
    wanted: int,
    nodes: int,
    refuses: bool = False,
    newest: int | None = None,
) -> NodeState:
    """
    Of one of `nodes` that serves `generation` where `wanted` is asked of it, and was last heard `silent_s` ago; whether
    it refuses a domain in question. One that is above the environment's `newest` has had it of a store that is gone, and follows
    nothing before the next change: it does not serve what is wanted.
    """
    if silent_s > offline_after_s(nodes):
        return "offline"
    if newest is not None and generation > newest:
        return "behind"
    if generation >= wanted:
        return "partly" if refuses else "current"
    return "failed" if error else "behind"


def progress(states: Iterable[NodeState]) -> Progress:
    """Of nodes whose states are judged by the generation in question."""
    found = list(states)
    return Progress(
        nodes=len(found),
        acked=found.count("current"),
        failed=found.count("failed") + found.count("partly"),
        offline=found.count("offline"),
    )
