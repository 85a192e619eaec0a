"""Rows to what is answered of them, where several operations answer it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import msgspec

from runtime.console.model.nodestate import Progress, node_state, progress
from runtime.console.model.reasons import Reason
from runtime.console.model.rollout import Course, Plan, State
from runtime.console.model.verdict import Margins
from runtime.console.service.answers import Figures, Rollout
from runtime.console.store import Reading, generations, nodes, releases
from runtime.console.store.nodes import NodeRow
from runtime.console.store.rollouts import RolloutRow


def rollout_view(
    t: Reading,
    row: RolloutRow,
    figures: Figures | None = None,
    every: Sequence[NodeRow] | None = None,
) -> Rollout:
    """A rollout, with how far the nodes it is for have come; `every` node of the environment, where they are at hand."""
    generation = generation_of(row)
    return Rollout(
        id=row.number,
        domain=row.domain,
        environment=row.environment,
        from_release=row.from_release,
        to_release=row.to_release,
        scripts=_differing(t, row),
        steps=tuple(row.steps),
        percent=row.percent,
        sticky=row.sticky,
        pools=tuple(row.pools),
        regions=tuple(row.regions),
        abort=margins_of(row),
        hold_s=row.hold_s,
        state=row.state,
        reason=row.reason,
        reasons=_reasons_of(row),
        author=row.author,
        message=row.message,
        created=row.started,
        changed=row.stepped if row.ended is None else row.ended,
        generation=generation,
        progress=_progress(t, row, generation, nodes.all(t, row.environment) if every is None else every),
        figures=figures or Figures(),
    )


def generation_of(row: RolloutRow) -> int:
    """The environment's generation since the rollout's last step."""
    return int(row.evidence["generation"])


def evidence_of(course: Course, generation: int) -> dict[str, Any]:
    """What is kept of a step beside the columns of the row."""
    return {"generation": generation, "reasons": msgspec.to_builtins(course.reasons)}


def _reasons_of(row: RolloutRow) -> tuple[Reason, ...]:
    """() for what somebody said, and in rows from before reasons had codes."""
    return msgspec.convert(row.evidence.get("reasons", ()), tuple[Reason, ...])


def margins_of(row: RolloutRow) -> Margins | None:
    return msgspec.convert(row.abort, Margins) if row.abort else None


def course_of(row: RolloutRow) -> Course:
    """The rollout as its rules see it."""
    plan = Plan(
        steps=tuple(row.steps),
        sticky=row.sticky,
        pools=tuple(row.pools),
        regions=tuple(row.regions),
        abort=margins_of(row),
        hold_s=row.hold_s,
    )
    return Course(
        plan=plan,
        percent=row.percent,
        everywhere=not row.pools and not row.regions,
        state=cast("State", row.state),
        stepped=row.stepped,
        reason=row.reason,
        reasons=_reasons_of(row),
    )


def _differing(t: Reading, row: RolloutRow) -> dict[str, tuple[int | None, int | None]]:
    numbers = [each for each in (row.from_release, row.to_release) if each is not None]
    found = releases.many(t, [(row.domain, number) for number in numbers])
    before: dict[str, int] = {} if row.from_release is None else found[row.domain, row.from_release].scripts
    after: dict[str, int] = found[row.domain, row.to_release].scripts
    names = dict.fromkeys((*before, *after))
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }


def _progress(t: Reading, row: RolloutRow, generation: int, every: Sequence[NodeRow]) -> Progress:
    """Of the nodes that the rollout is for."""
    newest = generations.get(t, row.environment).generation
    found = states(every, len(every), generation, t.now, row.domain.__eq__, newest, row.pools, row.regions)
    return progress(found)


def states(
    rows: Iterable[NodeRow],
    count: int,
    wanted: int,
    now: float,
    concerns: Callable[[str], bool],
    newest: int,
    pools: Any = (),
    regions: Any = (),
) -> list[Any]:
    """The state of each of those in `pools` and `regions`, of `count` in all, as to the domains that it `concerns`; `newest` is the environment's generation."""
    return [
        node_state(
            generation=row.generation,
            error=row.error,
            silent_s=abs(now - row.seen),  # seen in time to come: before the clock was set back
            wanted=wanted,
            nodes=count,
            refuses=any(map(concerns, row.refused)),
            newest=newest,
        )
        for row in rows
        if (not pools or row.pool in pools) and (not regions or row.region in regions)
    ]
