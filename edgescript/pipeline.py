"""
The scripts of a site on one request: position, priority, break, hit, on_error, rollback (reference section 8).

Priority 0 runs first; equal priorities run in order of upload (U-23). A script that raises has its
effects rolled back as one, then `on_error` decides: `deny` answers 500, `continue` goes on (U-26). After the last
script, output of say or print makes the node answer 200 by itself (U-19).

A script that asks for a header of the response stops there; the others run, and when the response's head is made
`respond` lets it go on (U-17). It does so by running it again from its start: the request, the clock and, through
`tape`, all other answers are what they were, so it comes to the same place, and from there on its wishes count. What
it asked for before is in force since its first run.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, NamedTuple

from edgescript.builtins import Stage
from edgescript.context import Context
from edgescript.effects import Answer, Effects
from edgescript.faults import ScriptFault
from edgescript.reading import Reading
from edgescript.request import Headers
from edgescript.tape import Tape

OnError = Literal["deny", "continue"]
DEFAULT_ON_ERROR: Final[dict[Stage, OnError]] = {"head": "deny", "foot": "continue"}
"""Authentication lives in head, so an error there refuses."""


class ScriptState(Enum):
    """What a script did on a request (reference section 9.3)."""

    NON_EXECUTION = "NonExecution"
    HIT = "ExecutedAndHit"
    NO_HIT = "ExecutedButNotHit"
    EXCEPTION = "Exception"


TIMED: Final = 64
"""Of so many runs of a script to one state, one is timed: a clock read for each would cost more than most scripts."""


@dataclass(slots=True)
class Tally:
    """How often a script came to each state, and what it took. A run that waits counts when it has gone on."""

    hit: int = 0
    no_hit: int = 0
    exception: int = 0
    non_execution: int = 0
    fuel: int = 0
    """Of all runs, those that raised or waited too."""
    time_us: float = 0.0
    """About what the hits and no-hits took, without time spent waiting: each timed run speaks for those since the one before."""

    def __bool__(self) -> bool:
        return bool(self.hit or self.no_hit or self.exception or self.non_execution)

    def by_state(self) -> dict[str, int]:
        """Counts by the vendor's names of the states."""
        return {
            ScriptState.NON_EXECUTION.value: self.non_execution,
            ScriptState.HIT.value: self.hit,
            ScriptState.NO_HIT.value: self.no_hit,
            ScriptState.EXCEPTION.value: self.exception,
        }


def _nothing_known() -> None:
    return None


@dataclass(frozen=True, slots=True)
class InstalledScript:
    """A script of a site. `run` takes a Context and says whether the script hit."""

    name: str
    position: Stage
    run: Callable[[Context], bool]
    on_error: OnError
    priority: int = 0
    enabled: bool = True
    break_on_hit: bool = False
    """The vendor's `brk`: a hit skips the rest of the same position."""
    test_ip: str = ""
    """The vendor's `testip`: only this client triggers the script."""
    awaits_response: bool = False
    """It may stop to wait for the response's head."""
    digest: str = ""
    """The beginning of its source's SHA-256, hexadecimal: which text it is, for logs."""
    version: int = 0
    """Its number in the console; 0 for one from a file."""
    tally: Tally = field(default_factory=Tally, compare=False)
    reading: Callable[[], Reading | None] = field(default=_nothing_known, compare=False)
    """What its outcome depends on; None where that cannot be told."""


_HIT: Final = ScriptState.HIT
_NO_HIT: Final = ScriptState.NO_HIT
"""A member of an enumeration, looked up in its class, costs more than a call."""


class ScriptResult(NamedTuple):
    """One script's part in a request."""

    script: InstalledScript
    state: ScriptState
    fault: ScriptFault | None
    fuel: int
    time_us: float
    """Microseconds by the clock the host gave; 0 without one."""
    ended: bool = False
    """It ended the request: with `exit`, a redirect, or an error that denies."""


class _Asked(NamedTuple):
    """What a run asked for before it waited: its part of the lists, from and up to, and what it changed, old and new."""

    headers: tuple[int, int]
    output: tuple[int, int]
    changed: dict[str, tuple[Any, Any]]


class Suspended(NamedTuple):
    """A run that waits for the response's head."""

    script: InstalledScript
    before: Effects
    """Of the scripts before it."""
    asked: _Asked
    hit: bool
    """So far."""
    tape: Tape
    at: int
    """The index of its result."""


_SETTINGS: Final = (
    "bypass",
    "cache_tags",
    "rate_after_bytes",
    "rate_bytes_per_s",
    "stale_if_error_s",
    "stale_while_revalidate_s",
    "ttl_s",
    "ttl_s_by_status",
)
"""Effects on the response that are one value each."""


def in_order(scripts: Iterable[InstalledScript], position: Stage) -> tuple[InstalledScript, ...]:
    """The enabled scripts of `position` as they run; the given order decides among equal priorities."""
    chosen = [script for script in scripts if script.position == position and script.enabled]
    return tuple(sorted(chosen, key=lambda script: script.priority))


def run_position(
    scripts: Sequence[InstalledScript],
    context: Context,
    results: list[ScriptResult] | None = None,
    timer: Callable[[], float] | None = None,
) -> None:
    """
    Run one position's scripts; their effects are in `context.effects` afterwards, their faults in `context.faults`.

    With `results`, one result per script is appended to it. `timer` gives seconds. A fault is never raised.
    """
    skip = context.ended
    for script in scripts:
        if skip or (script.test_ip and script.test_ip != context.request.client_addr):
            script.tally.non_execution += 1
            if results is not None:
                results.append(ScriptResult(script, ScriptState.NON_EXECUTION, None, 0, 0.0))
            continue
        saved = context.start_script()
        started = timer() if timer is not None else 0.0
        try:
            if script.awaits_response:
                hit, waits = _run_until_it_waits(
                    script, context, saved, 0 if results is None else len(results)
                )
                skip = context.ended or (hit and not waits and script.break_on_hit)
            else:
                hit = script.run(context)
                tally = script.tally
                if hit:
                    count = tally.hit = tally.hit + 1
                else:
                    count = tally.no_hit = tally.no_hit + 1
                tally.fuel += context.granted - context.left
                if count % TIMED == 1:
                    tally.time_us += context.elapsed_s * (1e6 if count == 1 else 1e6 * TIMED)
                skip = context.ended or (hit and script.break_on_hit)
            if results is None:
                continue
            state, fault = _HIT if hit else _NO_HIT, None
        except ScriptFault as raised:
            context.abandon_script(saved)
            _failed(script, context, raised)
            skip = context.ended
            state, fault = ScriptState.EXCEPTION, raised
        if results is not None:
            spent = (timer() - started) * 1e6 if timer is not None else 0.0
            results.append(
                ScriptResult(script, state, fault, context.granted - context.left, spent, context.ended)
            )


def _failed(script: InstalledScript, context: Context, fault: ScriptFault) -> ScriptResult:
    """What becomes of a run that raised, its effects taken back already."""
    script.tally.exception += 1
    script.tally.fuel += context.fuel_used
    result = ScriptResult(script, ScriptState.EXCEPTION, fault, context.fuel_used, 0.0)
    context.faults = (*context.faults, result)
    context.effects.debug += fault.trace
    if script.on_error == "deny":
        context.effects.output = ()  # the refusal is neutral, whatever earlier scripts said
        context.effects.refused = True
        context.end(Answer(500, None))
    return result


def _run_until_it_waits(
    script: InstalledScript, context: Context, saved: Effects | None, at: int
) -> tuple[bool, bool]:
    """Run a script that may wait: whether it hit so far, and whether it waits; `effects.waiting` has the rest then."""
    services = context.services
    tape = Tape(services)
    context.services = tape.services
    try:
        hit = script.run(context)
    finally:
        context.services = services
    _count(script, hit, context)
    if not context.is_waiting:
        return hit, False
    context.ended = False
    before = Effects() if saved is None else saved
    effects = context.effects
    effects.waiting = (*effects.waiting, Suspended(script, before, _asked(before, effects), hit, tape, at))
    return hit, True


def _asked(before: Effects, after: Effects) -> _Asked:
    return _Asked(
        (len(before.response_headers), len(after.response_headers)),
        (len(before.output), len(after.output)),
        {
            name: (getattr(before, name), getattr(after, name))
            for name in _SETTINGS
            if getattr(before, name) != getattr(after, name)
        },
    )


def _count(script: InstalledScript, hit: bool, context: Context) -> None:
    """What `run_position` does in place, for a run that waits or has waited."""
    tally = script.tally
    if hit:
        count = tally.hit = tally.hit + 1
    else:
        count = tally.no_hit = tally.no_hit + 1
    tally.fuel += context.fuel_used
    if count % TIMED == 1:
        tally.time_us += context.elapsed_s * (1e6 if count == 1 else 1e6 * TIMED)


def respond(
    context: Context,
    first: Effects,
    fields: Headers,
    results: list[ScriptResult] | None = None,
    timer: Callable[[], float] | None = None,
) -> None:
    """
    Let the runs that wait go on, now that the response's head is known: `fields`, without any wish carried out.

    `context` is renewed with the request, and `first` is what all scripts asked for until now. Its `effects` are what
    they ask for in all afterwards. With `results`, those of the first runs are replaced. A run that raises has all it
    asked of the response taken back; what was asked of the origin's request has happened.
    """
    effects = context.effects = first.snapshot()
    effects.waiting = ()
    context.response_headers = fields
    services = context.services
    headers_moved = output_moved = 0
    for script, before, asked, has_hit, tape, at in first.waiting:
        if context.ended:  # by another that waited: this one goes no further than it came
            break
        saved = context.effects.snapshot()
        said = len(saved.output)
        context.replay(before.snapshot())
        tape.rewind()
        context.services = tape.services
        started = timer() if timer is not None else 0.0
        if has_hit:  # it counts for what it comes to
            script.tally.hit -= 1
        else:
            script.tally.no_hit -= 1
        try:
            hit = script.run(context)
            context.end_replay()
            _count(script, hit, context)
            late = list(context.effects.output[said:])
            if effects.refused:  # an `exit` of this script would still have come first; its words go nowhere
                late = []
            _splice(context.effects, "output", asked.output[1] + output_moved, 0, late, cut=said)
            output_moved += len(late)
            state = ScriptState.HIT if hit else ScriptState.NO_HIT
            result = ScriptResult(script, state, None, context.fuel_used, 0.0)
        except ScriptFault as fault:
            context.end_replay()
            context.abandon_script(saved)
            _take_back(context.effects, asked, headers_moved, output_moved)
            headers_moved -= asked.headers[1] - asked.headers[0]
            output_moved -= asked.output[1] - asked.output[0]
            result = _failed(script, context, fault)
        finally:
            context.services = services
        if results is not None:
            spent = (timer() - started) * 1e6 if timer is not None else 0.0
            results[at] = result._replace(time_us=results[at].time_us + spent, ended=context.ended)


def _splice(
    effects: Effects, name: str, start: int, count: int, new: list[Any], cut: int | None = None
) -> None:
    """Put `new` in place of `count` items of a list of `effects`, whose items from `cut` on are dropped before."""
    items = list(getattr(effects, name))[:cut]
    items[start : start + count] = new
    setattr(effects, name, items or ())


def _take_back(effects: Effects, asked: _Asked, headers_moved: int, output_moved: int) -> None:
    """Undo what a run asked of the response before it waited."""
    (start, end), (said, to) = asked.headers, asked.output
    _splice(effects, "response_headers", start + headers_moved, end - start, [])
    _splice(effects, "output", said + output_moved, to - said, [])
    effects.output_bytes = sum(map(len, effects.output))
    for name, (old, new) in asked.changed.items():
        if getattr(effects, name) == new:  # no later script has set it since
            setattr(effects, name, old)


def conclude(context: Context) -> None:
    """
    After the last position: what was said becomes the body (U-19).

    Without an end the node answers 200 with it; `exit` without a body has it as its body.
    """
    effects = context.effects
    if not effects.output:
        return
    said = "".join(effects.output)
    if effects.end is None:
        context.end(Answer(200, said))
    elif isinstance(effects.end, Answer) and effects.end.body is None:
        context.end(Answer(effects.end.status, said))
