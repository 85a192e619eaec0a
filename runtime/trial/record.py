"""What came of a request that was tried, as one JSON object: what `edgescript run --json` prints and the console answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgescript.faults import ScriptFault
from edgescript.pipeline import ScriptResult
from edgescript.source import as_utf8
from runtime.proxy.simulate import Simulation, Throttle

Traces = Mapping[str, Sequence[str]]
"""Trace lines by script name; empty without a trace."""


def record(simulation: Simulation, traces: Traces) -> dict[str, Any]:
    """The object documented in README, under `run --json`."""
    forward = simulation.forward
    return {
        "action": simulation.action,
        "status": simulation.status,
        "response": {
            "headers": [[_text(name), _text(value)] for name, value in simulation.fields],
            "body": simulation.body.decode("utf-8", "replace"),
        },
        "forward": forward
        and {
            "method": _text(forward.method),
            "uri": _text(forward.target),
            "origin": simulation.effects.origin,
            "headers": [[_text(name), _text(value)] for name, value in forward.fields],
        },
        "cache": _cache_object(simulation),
        "limit_rate": _throttle_object(simulation.throttle),
        "limit_req": {
            "delay_s": simulation.delay_s,
            "shadow_refused": simulation.effects.shadow_refusals,
        },
        "scripts": [_script_object(result, traces) for result in simulation.scripts],
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _cache_object(simulation: Simulation) -> dict[str, Any]:
    cache, effects = simulation.cache, simulation.effects
    return {
        "status": cache.status or None,
        "store": cache.store,
        "ttl_s": cache.ttl_s,
        "source": cache.source or None,
        "reason": cache.reason or None,
        "key": effects.cache_key and as_utf8(effects.cache_key),
        "tags": list(effects.cache_tags),
        "grace": {
            "while_revalidate_s": effects.stale_while_revalidate_s,
            "if_error_s": effects.stale_if_error_s,
        },
        "bypass": effects.bypass,
    }


def _throttle_object(throttle: Throttle | None) -> dict[str, int | None] | None:
    return throttle and {"rate": throttle.rate_bytes_per_s, "after": throttle.after_bytes}


def _script_object(result: ScriptResult, traces: Traces) -> dict[str, Any]:
    script: dict[str, Any] = {
        "name": result.script.name,
        "position": result.script.position,
        "state": result.state.value,
        "error": result.fault and _fault_object(result.fault),
        "fuel": result.fuel,
        "time_us": round(result.time_us, 1),
    }
    if traces:
        script["trace"] = list(traces.get(result.script.name, ()))
    return script


def _fault_object(fault: ScriptFault) -> dict[str, Any]:
    return {
        "code": int(fault.code),
        "line": fault.line,
        "column": fault.column,
        "message": as_utf8(fault.message),
    }
