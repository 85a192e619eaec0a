"""
The scripts of a site on one request: position, priority, break, hit, on_error, rollback (reference section 8).

Priority 0 runs first; equal priorities run in order of upload (U-23). A script that raises has its
effects rolled back as one, then `on_error` decides: `deny` answers 500, `continue` goes on (U-26). After the last
script, output of say or print makes the node answer 200 by itself (U-19).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, NamedTuple

from edgescript.builtins import Stage
from edgescript.context import Context
from edgescript.effects import Answer
from edgescript.faults import ScriptFault

OnError = Literal["deny", "continue"]
DEFAULT_ON_ERROR: Final[dict[Stage, OnError]] = {"head": "deny", "foot": "continue"}
"""Authentication lives in head, so an error there refuses."""


class ScriptState(Enum):
    """What a script did on a request (reference section 9.3)."""

    NON_EXECUTION = "NonExecution"
    HIT = "ExecutedAndHit"
    NO_HIT = "ExecutedButNotHit"
    EXCEPTION = "Exception"


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


class ScriptResult(NamedTuple):
    """One script's part in a request."""

    script: InstalledScript
    state: ScriptState
    fault: ScriptFault | None
    fuel: int
    time_us: float
    """Microseconds by the clock the host gave; 0 without one."""


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
            if results is not None:
                results.append(ScriptResult(script, ScriptState.NON_EXECUTION, None, 0, 0.0))
            continue
        saved = context.start_script()
        started = timer() if timer is not None else 0.0
        try:
            hit = script.run(context)
            skip = context.ended or (hit and script.break_on_hit)
            if results is None:
                continue
            result = ScriptResult(
                script, ScriptState.HIT if hit else ScriptState.NO_HIT, None, context.fuel_used, 0.0
            )
        except ScriptFault as fault:
            context.abandon_script(saved)
            result = ScriptResult(script, ScriptState.EXCEPTION, fault, context.fuel_used, 0.0)
            context.faults = (*context.faults, result)
            if script.on_error == "deny":
                context.effects.output = ()  # the refusal is neutral, whatever earlier scripts said
                context.end(Answer(500, None))
                skip = True
        if results is not None:
            spent = (timer() - started) * 1e6 if timer is not None else 0.0
            results.append(result._replace(time_us=spent))


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
