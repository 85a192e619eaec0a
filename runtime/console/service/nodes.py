"""Nodes as they were last heard of, and the pools they are in."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from runtime.console.model.access import CONSOLE, Actor, require_operator
from runtime.console.model.names import ENVIRONMENTS
from runtime.console.model.nodestate import NODE_STATES, NodeState
from runtime.console.model.reasons import Reason, reason_of
from runtime.console.model.refusal import Refused, not_found
from runtime.console.service.answers import NodePage, NodeView, PoolView, RefusedView
from runtime.console.service.desk import Desk
from runtime.console.service.views import states
from runtime.console.store import Reading, generations, nodes, tokens
from runtime.console.store.nodes import NodeRow, Sighting

NodeSeen = Sighting
"""What was heard of a node, as `keep` takes it."""
MAX_NAMED: Final = 5
"""Nodes in one sentence."""
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
                for state in _states(rows, len(rows), wanted.get(each, 0), t.now, who)
            )
        return NodePage(
            items=shown,
            next=page.next,
            counts={state: counts[state] for state in NODE_STATES},
            generations={each: wanted.get(each, 0) for each in ENVIRONMENTS},
        )

    def pools(self, who: Actor) -> tuple[PoolView, ...]:
        """Every pool that has nodes, with how many are in which state. Everybody may ask: rollouts are for pools."""
        with self._desk.read() as t:
            return tuple(pool for environment in ENVIRONMENTS for pool in _pools(t, who, environment))

    def counts(self, who: Actor, environment: str) -> dict[str, int]:
        """How many nodes are in which state."""
        return self.list(who, environment, 1).counts

    def keep(self, seen: Sequence[NodeSeen]) -> None:
        """
        Write down what was heard; to be called once a second at most, with all of it.

        What came with a token that has been revoked since is no node's any more: another console may still have heard it.
        """
        if seen:
            with self._desk.change(CONSOLE) as change:
                gone = tokens.revoked(change.t, {each.token for each in seen})
                nodes.report(change.t, [each for each in seen if each.token not in gone])
                change.nothing()

    def remove(self, who: Actor, node: str, *, shared: bool = False) -> str:
        """
        Take a node off the list and revoke the token it came with; the token's id. For operators.

        Other nodes that came with the same token end with it: only if that is said to be meant (`shared`).
        """
        require_operator(who)
        with self._desk.change(who) as change:
            t = change.t
            row = nodes.get(t, node)
            if row is None:
                raise not_found("node")
            others = [each.id for each in nodes.with_token(t, row.token) if each.id != node]
            if others and not shared:
                raise Refused(
                    "conflict",
                    f"{_several(others)} came with the same token, which would be revoked: say that it is meant for all",
                    nodes=others,
                )
            nodes.remove(t, node)
            tokens.revoke(t, row.token)
            change.note(
                "node.remove",
                node,
                environment=row.environment,
                pool=row.pool,
                region=row.region,
                token=row.token,
                others=others,
            )
        return row.token


def _several(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _states(rows: Sequence[NodeRow], count: int, newest: int, now: float, who: Actor) -> Sequence[NodeState]:
    """As to the newest generation, and the domains that `who` may know of."""
    return states(rows, count, newest, now, lambda domain: bool(who.scope_on(domain)), newest)


def _pools(t: Reading, who: Actor, environment: str) -> list[PoolView]:
    rows = nodes.all(t, environment)
    wanted = generations.get(t, environment).generation
    found: dict[tuple[str, str], Counter[str]] = {}
    for row, state in zip(rows, _states(rows, len(rows), wanted, t.now, who), strict=True):
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


def _trouble(row: NodeRow, newest: int) -> tuple[str, Reason | None]:
    """Why it does not serve the newest; '' where it says nothing."""
    if row.generation <= newest or row.error:
        return row.error, reason_of(row.error)
    ahead = Reason("ahead", {"generation": row.generation})
    return str(ahead), ahead


def _view(row: NodeRow, who: Actor, count: int, wanted: dict[str, int], now: float) -> NodeView:
    [state] = _states([row], count, wanted.get(row.environment, 0), now, who)
    error, reason = _trouble(row, wanted.get(row.environment, 0)) if who.operator else ("", None)
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
        error=error,
        reason=reason,
        refused=tuple(
            RefusedView(domain=domain, why=why, reason=reason_of(why))
            for domain, why in sorted(row.refused.items())
            if who.scope_on(domain)
        ),
    )
