"""
Rollouts under way: steps, ends, and the watch over their figures.

The machine is in `model.rollout`; here its moves are stored, each with what nodes are sent because of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from runtime.console.model import rollout as rules
from runtime.console.model.access import CONSOLE, Actor, Scope
from runtime.console.model.names import message_text
from runtime.console.model.reasons import Reason
from runtime.console.model.refusal import Refused, not_found
from runtime.console.model.rollout import Course
from runtime.console.model.verdict import Seen, reasons_to_abort
from runtime.console.service.answers import Figures, Page, Rollout
from runtime.console.service.desk import Change, Desk
from runtime.console.service.documents import Documents
from runtime.console.service.hosts import claim
from runtime.console.service.views import course_of, evidence_of, rollout_view
from runtime.console.service.watch import Watch
from runtime.console.store import Reading, environments, nodes, releases, rollouts
from runtime.console.store.nodes import NodeRow
from runtime.console.store.rollouts import RolloutRow

FiguresOf: TypeAlias = Callable[[str, str, int, float], Seen]
"""Domain, environment, release, Unix seconds since when: what nodes have counted."""
MAX_REMEMBERED: Final = 1_000
"""Rollouts whose last figures are kept in memory."""


class Rollouts:
    """Operations on rollouts."""

    def __init__(self, desk: Desk, documents: Documents, monotonic: Callable[[], float]) -> None:
        self._desk = desk
        self._watch = Watch(monotonic)
        self._documents = documents
        self._figures: OrderedDict[tuple[str, int], Figures] = OrderedDict()

    def rollouts(
        self,
        who: Actor,
        domain: str,
        limit: int = 50,
        cursor: str | None = None,
        environment: str | None = None,
    ) -> Page[Rollout]:
        """Newest first."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            page = rollouts.page(t, domain, limit, cursor, environment)
            every = {each: nodes.all(t, each) for each in {row.environment for row in page.items}}
            shown = tuple(self._view(t, row, every[row.environment]) for row in page.items)
        return Page(items=shown, next=page.next)

    def rollout(self, who: Actor, domain: str, number: int) -> Rollout:
        """One, with how far nodes have come and what they counted."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            return self._view(t, _rollout(t, domain, number))

    def promote(
        self, who: Actor, domain: str, number: int, percent: int | None = None, seen: int | None = None
    ) -> Rollout:
        """A step on from the percentage `seen`; see `model.rollout.promote`."""
        with self._desk.change(who) as change:
            self._desk.domain(change.t, who, domain, Scope.PUBLISH)
            row = _rollout(change.t, domain, number)
            course = rules.promote(course_of(row), percent, change.t.now, seen=seen)
            row = self._move(change, row, course)
            change.note(
                "rollout.promote", str(number), domain, environment=row.environment, percent=row.percent
            )
            return self._view(change.t, row)

    def abort(self, who: Actor, domain: str, number: int, reason: str = "") -> Rollout:
        """The release from before serves everybody."""
        said = message_text(reason, "reason")
        with self._desk.change(who) as change:
            self._desk.domain(change.t, who, domain, Scope.PUBLISH)
            row = _rollout(change.t, domain, number)
            row = self._move(change, row, rules.abort(course_of(row), said or (Reason("by-hand"),)))
            change.note("rollout.abort", str(number), domain, environment=row.environment, reason=row.reason)
            return self._view(change.t, row)

    def consider(self, figures_of: FiguresOf) -> list[Rollout]:
        """
        Those that were ended by their figures, or went a step on after their time. To be called every second.

        Each is its own change; one that fails leaves the others and is tried again the next time.
        """
        with self._desk.read() as t:
            running = rollouts.all_running(t)
            now = t.now
        self._watch.keep(running)
        moved = []
        for row in running:
            looked = self._watch.look(row, now)
            figures = _figures(row, figures_of, looked.since)
            self._remember(row, figures)
            margins = course_of(row).plan.abort
            reasons = [] if margins is None else reasons_to_abort(figures.before, figures.after, margins)
            if not reasons and not rules.is_due(course_of(row), looked.held_s):
                continue
            try:
                done = self._act(row, reasons)
            except Refused:
                continue
            if done is not None:
                moved.append(done)
        return moved

    def _act(self, seen: RolloutRow, reasons: Sequence[Reason]) -> Rollout | None:
        """The move that `seen` calls for; None where somebody else moved it in the meantime."""
        with self._desk.change(CONSOLE) as change:
            row = rollouts.get(change.t, seen.domain, seen.number)
            if row is None or row.state != "running" or row.stepped != seen.stepped:
                change.nothing()
                return None
            if reasons:
                row = self._move(change, row, rules.abort(course_of(row), reasons))
                change.note(
                    "rollout.abort",
                    str(row.number),
                    row.domain,
                    environment=row.environment,
                    reason=row.reason,
                )
            else:
                row = self._move(change, row, rules.promote(course_of(row), None, change.t.now))
                change.note(
                    "rollout.promote",
                    str(row.number),
                    row.domain,
                    environment=row.environment,
                    percent=row.percent,
                    held_s=row.hold_s,
                )
            return self._view(change.t, row)

    def _move(self, change: Change, row: RolloutRow, course: Course) -> RolloutRow:
        """Store where the rollout is now, and what follows for what is served."""
        t = change.t
        moved = msgspec.structs.replace(
            row,
            percent=course.percent,
            state=course.state,
            reason=course.reason,
            stepped=course.stepped,
            ended=None if course.running else t.now,
            evidence={
                **row.evidence,
                **self._evidence(row),
                **evidence_of(course, change.advance(row.environment)),
            },
        )
        rollouts.put(t, moved)
        if course.state == "completed":
            self._go_live(change, moved)
        if not course.running:
            claim(t, row.domain)
        self._documents.renew(change, row.domain, row.environment)
        return moved

    def _go_live(self, change: Change, row: RolloutRow) -> None:
        release = releases.get(change.t, row.domain, row.to_release)
        assert release is not None, "releases are not removed"
        environments.go_live(
            change.t,
            row.domain,
            row.environment,
            row.to_release,
            scripts=release.scripts,
            rollout=row.number,
            author=change.who.label,
        )

    def _evidence(self, row: RolloutRow) -> dict[str, Any]:
        figures = self._figures.get((row.domain, row.number))
        return {} if figures is None else {"figures": msgspec.to_builtins(figures)}

    def _remember(self, row: RolloutRow, figures: Figures) -> None:
        place = (row.domain, row.number)
        self._figures[place] = figures
        self._figures.move_to_end(place)
        while len(self._figures) > MAX_REMEMBERED:
            self._figures.popitem(last=False)

    def _view(self, t: Reading, row: RolloutRow, every: Sequence[NodeRow] | None = None) -> Rollout:
        figures = self._figures.get((row.domain, row.number))
        if figures is None or row.state != "running":
            stored = row.evidence.get("figures")
            figures = figures if stored is None else msgspec.convert(stored, Figures)
        return rollout_view(t, row, figures, every)


def _rollout(t: Reading, domain: str, number: int) -> RolloutRow:
    row = rollouts.get(t, domain, number)
    if row is None:
        raise not_found("rollout")
    return row


def _figures(row: RolloutRow, figures_of: FiguresOf, since: float) -> Figures:
    def of(release: int | None) -> Seen:
        return Seen() if release is None else figures_of(row.domain, row.environment, release, since)

    return Figures(before=of(row.from_release), after=of(row.to_release))


def require_none_running(t: Reading, domain: str, environment: str) -> None:
    """Raises Refused."""
    running = rollouts.running(t, domain, environment)
    if running is not None:
        raise Refused(
            "rollout-running",
            f"rollout {running.number} is under way in {environment}: promote or abort it first",
            rollout=running.number,
        )
