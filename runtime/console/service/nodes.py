"""Nodes as they were last heard of, and the pools they are in."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from runtime.console.model.access import CONSOLE, Actor
from runtime.console.model.names import ENVIRONMENTS
from runtime.console.model.nodestate import NODE_STATES
from runtime.console.service.answers import NodePage, NodeView, PoolView
from runtime.console.service.desk import Desk
from runtime.console.service.views import states
from runtime.console.store import Reading, generations, nodes
from runtime.console.store.nodes import NodeRow, Sighting

NodeSeen = Sighting
"""What was heard of a node, as `keep` takes it."""
FORGET_S: Final = 30 * 86_400.0
"""A node that is silent for so long is gone."""


class Nodes:
    """Operations on nodes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def list(
        self, who: Actor, environment: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> NodePage:
        """By id. Why a node does not serve what it should is shown to operators: it may name domains of others."""
        with self._desk.read() as t:
            page = nodes.page(t, limit, cursor, environment)
            wanted = generations.all(t)
            chosen = ENVIRONMENTS if environment is None else (environment,)
            every = {each: nodes.all(t, each) for each in chosen}
            shown = tuple(
                _view(row, who, len(every.get(row.environment, ())), wanted, t.now) for row in page.items
            )
            counts = Counter(
                state
                for each, rows in every.items()
                for state in states(rows, len(rows), wanted.get(each, 0), t.now)
            )
        return NodePage(
            items=shown,
            next=page.next,
            counts={state: counts[state] for state in NODE_STATES},
            generations={each: wanted.get(each, 0) for each in ENVIRONMENTS},
        )

    def pools(self, who: Actor) -> tuple[PoolView, ...]:
        """Every pool that has nodes, with how many are in which state. Everybody may ask: rollouts are for pools."""
        del who
        with self._desk.read() as t:
            return tuple(pool for environment in ENVIRONMENTS for pool in _pools(t, environment))

    def counts(self, who: Actor, environment: str) -> dict[str, int]:
        """How many nodes are in which state."""
        return self.list(who, environment, 1).counts

    def keep(self, seen: Sequence[NodeSeen]) -> None:
        """Write down what was heard; to be called once a second at most, with all of it."""
        if seen:
            with self._desk.change(CONSOLE) as change:
                nodes.report(change.t, seen)
                change.nothing()


def _pools(t: Reading, environment: str) -> list[PoolView]:
    rows = nodes.all(t, environment)
    wanted = generations.get(t, environment).generation
    found: dict[tuple[str, str], Counter[str]] = {}
    for row, state in zip(rows, states(rows, len(rows), wanted, t.now), strict=True):
        found.setdefault((row.pool, row.region), Counter())[state] += 1
    return [
        PoolView(
            name=pool,
            region=region,
            environment=environment,
            counts={state: counts[state] for state in NODE_STATES},
        )
        for (pool, region), counts in sorted(found.items())
    ]


def _view(row: NodeRow, who: Actor, count: int, wanted: dict[str, int], now: float) -> NodeView:
    [state] = states([row], count, wanted.get(row.environment, 0), now)
    return NodeView(
        id=row.id,
        pool=row.pool,
        region=row.region,
        environment=row.environment,
        version=row.version,
        generation=row.generation,
        started=row.started,
        seen=row.seen,
        state=state,
        error=row.error if who.operator else "",
    )
