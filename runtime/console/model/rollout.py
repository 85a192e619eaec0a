"""
How a release comes to an environment: a machine of four states, of which three are ends.

    running ──promoted to 100 % everywhere──► completed
       │  ╲──somebody, or the figures──► aborted        (the release from before serves all)
       │   ╲──a rollback, or the domain's end──► cancelled
       └──promoted, held long enough──► running, a step on

A rollout may be for some pools or regions only; at 100 % of those, the next step is everywhere. Steps that nobody stated, which
are the last one to 100 % and the one to everywhere, are taken by hand alone. Everything here is a value: who
asks, when, and what is stored belongs to the service.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import msgspec

from runtime.bundles.split import CLIENT_IP, Sticky
from runtime.console.model.names import place
from runtime.console.model.reasons import Reason, sentence
from runtime.console.model.refusal import Refused, invalid
from runtime.console.model.verdict import Margins

State: TypeAlias = Literal["running", "completed", "aborted", "cancelled"]
ALL: Final = 100
MAX_STEPS: Final = 20
MAX_PLACES: Final = 100
MAX_HOLD_S: Final = 30 * 86_400.0
_STICKY: Final = msgspec.json.Decoder(Sticky)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How it is to go; what an author states, checked by `plan`."""

    steps: tuple[int, ...] = (ALL,)
    """Percent, rising."""
    sticky: str = CLIENT_IP
    pools: tuple[str, ...] = ()
    """() for all."""
    regions: tuple[str, ...] = ()
    """() for all."""
    abort: Margins | None = None
    """None where figures decide nothing."""
    hold_s: float | None = None
    """After so long at a step, the next one of those stated; None for by hand."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rollout is."""

    plan: Plan
    percent: int
    everywhere: bool
    """In all pools and regions."""
    state: State
    stepped: float
    """When the last step was taken, Unix seconds."""
    reason: str = ""
    """Why it ended as it did: what somebody said, or `reasons` in English."""
    reasons: tuple[Reason, ...] = ()

    @property
    def running(self) -> bool:
        return self.state == "running"


def plan(
    steps: Sequence[int],
    *,
    sticky: str = CLIENT_IP,
    pools: Sequence[str] = (),
    regions: Sequence[str] = (),
    abort: Margins | None = None,
    hold_s: float | None = None,
) -> Plan:
    """What was stated, checked. Raises Refused."""
    if not 1 <= len(steps) <= MAX_STEPS:
        raise invalid("steps", f"want 1 to {MAX_STEPS}")
    if any(type(step) is not int or not 1 <= step <= ALL for step in steps):
        raise invalid("steps", "want whole numbers from 1 to 100")
    if any(first >= second for first, second in pairwise(steps)):
        raise invalid("steps", "want each above the one before")
    try:
        _STICKY.decode(msgspec.json.encode(sticky))
    except msgspec.ValidationError:
        raise invalid("sticky", "want client_ip, cookie:NAME, header:NAME or arg:NAME") from None
    if hold_s is not None and not 0 < hold_s <= MAX_HOLD_S:
        raise invalid("hold_s", f"want above 0 and at most {MAX_HOLD_S:.0f}")
    if abort is not None:
        abort.check()
    return Plan(
        steps=tuple(steps),
        sticky=sticky,
        pools=_places("pools", pools),
        regions=_places("regions", regions),
        abort=abort,
        hold_s=hold_s,
    )


def _places(what: str, names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > MAX_PLACES:
        raise invalid(what, f"more than {MAX_PLACES}")
    for name in names:
        if not place(what, name):
            raise invalid(what, "want names, or nothing for all")
    return tuple(dict.fromkeys(names))


def begin(plan: Plan, now: float) -> Course:
    """At the first step."""
    everywhere = not plan.pools and not plan.regions
    return _at(plan, plan.steps[0], everywhere=everywhere, now=now)


def at_once(now: float, reason: Reason) -> Course:
    """Completed where it begins: a first release, a rollback."""
    return msgspec.structs.replace(begin(Plan(), now), reason=str(reason), reasons=(reason,))


def _at(plan: Plan, percent: int, *, everywhere: bool, now: float) -> Course:
    state: State = "completed" if percent == ALL and everywhere else "running"
    return Course(plan=plan, percent=percent, everywhere=everywhere, state=state, stepped=now)


def promote(course: Course, percent: int | None, now: float, *, seen: int | None = None) -> Course:
    """
    A step on: to `percent`, else to the next step stated, else to 100 %, else everywhere. Raises Refused.

    `seen` is the percentage whoever asks saw it at: of two who ask at once the second one goes no step on by accident.
    """
    _require_running(course)
    if seen is not None and seen != course.percent:
        raise Refused("conflict", f"the rollout is at {course.percent} %, no longer at {seen} %")
    if course.percent == ALL and percent in (None, ALL):
        return _at(course.plan, ALL, everywhere=True, now=now)
    if percent is None:
        percent = _next_step(course) or ALL
    if type(percent) is not int or not course.percent < percent <= ALL:
        raise invalid("percent", f"want above {course.percent}, at most 100; to go back, abort")
    return _at(course.plan, percent, everywhere=course.everywhere, now=now)


def abort(course: Course, why: str | Sequence[Reason]) -> Course:
    """Ended, for what somebody said or for reasons; the release from before serves everybody. Raises Refused."""
    return _ended(course, "aborted", why)


def cancel(course: Course, why: Reason) -> Course:
    """Ended by something that takes its place. Raises Refused."""
    return _ended(course, "cancelled", (why,))


def _ended(course: Course, state: State, why: str | Sequence[Reason]) -> Course:
    _require_running(course)
    said, reasons = (why, ()) if isinstance(why, str) else (sentence(why), tuple(why))
    return msgspec.structs.replace(course, state=state, reason=said, reasons=reasons)


def is_due(course: Course, held_s: float) -> bool:
    """Whether the next step is to be taken by itself, of a rollout that is at this one for `held_s`."""
    hold_s = course.plan.hold_s
    return course.running and hold_s is not None and held_s >= hold_s and _next_step(course) is not None


def _next_step(course: Course) -> int | None:
    """The next of those stated; None after the last."""
    return next((step for step in course.plan.steps if step > course.percent), None)


def _require_running(course: Course) -> None:
    if not course.running:
        raise Refused("conflict", f"the rollout is {course.state} already")
