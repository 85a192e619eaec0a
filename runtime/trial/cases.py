"""
Cases of a test file, played: each on a node of its own, in virtual time.

The clock is the case's, chance is seeded, and scripts are bounded by their fuel, not by the wall clock: a test ends the same
way on every machine.
"""

import random
from collections.abc import Callable, Sequence

from edgescript.pipeline import InstalledScript, ScriptResult
from edgescript.source import as_utf8
from edgescript.testing.cases import Suite
from edgescript.testing.expectations import Fault, Forwarded, Outcome, ScriptRan
from runtime.http.refusal import Refuse
from runtime.proxy.header_ops import Fields
from runtime.proxy.simulate import Simulation
from runtime.trial.node import TrialNode
from runtime.trial.requests import Places, Shot


class RefusedByNodeError(Exception):
    """A request no node accepts."""


def play(
    suite: Suite,
    index: int,
    shots: Sequence[Shot],
    scripts: Sequence[InstalledScript],
    before_each: Callable[[], None] = lambda: None,
) -> Outcome:
    """
    What came of the last of `shots`, the requests of the suite's case `index`. Raises RefusedByNodeError.

    `before_each` is called before each request; what it raises ends the case.
    """
    case = suite.cases[index]
    places = Places(case)
    node = TrialNode(
        scripts,
        random=random.Random(case.seed),  # noqa: S311 - chance that can be repeated is what a test needs
        geo=places,
        dictionaries=suite.dictionaries_of(case),
    )
    now, number = case.now_s, 0
    outcome: Simulation | Refuse | None = None
    for shot in shots:
        places.set_client(shot.incoming.connection.client_addr, shot.geo)
        for each in range(shot.repeat):
            before_each()
            now += shot.every_s if each else 0.0
            number += 1
            incoming = shot.incoming._replace(id=f"{number:032x}")
            outcome = node.take(incoming, shot.origin, now, _no_time)
            if isinstance(outcome, Refuse):
                raise RefusedByNodeError(
                    f"a node refuses this request with {outcome.status}: {outcome.reason}"
                )
        now += shot.after_s
    assert isinstance(outcome, Simulation), "a case has at least its own request"
    return outcome_of(outcome)


def _no_time() -> float:
    return 0.0


def outcome_of(simulation: Simulation) -> Outcome:
    """What a case can expect something of."""
    forward, throttle, effects = simulation.forward, simulation.throttle, simulation.effects
    return Outcome(
        action=simulation.action,
        status=simulation.status,
        headers=_as_text(simulation.fields),
        body=simulation.body.decode("utf-8", "replace"),
        forward=forward and Forwarded(_text(forward.method), _text(forward.target), _as_text(forward.fields)),
        cache=simulation.cache.status,
        cache_ttl=simulation.cache.ttl_s or 0,
        limit_rate=0 if throttle is None else throttle.rate_bytes_per_s or 0,
        limit_rate_after=0 if throttle is None else throttle.after_bytes,
        cache_key=as_utf8(effects.cache_key or ""),
        cache_tags=list(effects.cache_tags),
        cache_bypass=effects.bypass,
        forward_origin=effects.origin or "",
        delay_s=round(simulation.delay_s, 3),
        scripts=[_script_ran(result) for result in simulation.scripts],
    )


def _script_ran(result: ScriptResult) -> ScriptRan:
    fault = result.fault
    error = None if fault is None else Fault(int(fault.code), fault.line, fault.column, fault.message)
    return ScriptRan(result.script.name, result.state.value, result.fuel, error)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _as_text(fields: Fields) -> list[tuple[str, str]]:
    return [(_text(name), _text(value)) for name, value in fields]
