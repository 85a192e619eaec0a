"""Scripts made to hang a worker or to fill it up: each ends at its limit, soon, and small."""

import random
import time
import tracemalloc

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.pipeline import InstalledScript, ScriptState, conclude, run_position
from edgescript.program import Program, load
from edgescript.request import Request
from edgescript.services import Services
from edgescript.source import Source
from tests.run_limits.bombs import BOMBS

REGISTRY = stdlib.registry()
SERVICES = Services(random=random.Random(1))
TIERS = (Program.run, Program.interpret)
PEAK_BYTES = 48 << 20
"""`Limits` in edgescript/LANGUAGE.md states it."""
MOST_S = 0.5
"""The wall clock's 50 ms, one slow builtin after it, and a machine that does other things as well."""
by_name = pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)


def program_of(source):
    compiled = compile_source(Source("bomb.es", source), REGISTRY)
    assert compiled.code is not None, [each.message for each in compiled.diagnostics]
    program = load(compiled.code, REGISTRY)
    program.prepare()
    return program


def limit_of(run, program, context):
    """The limit that ended the run, '' where it came to its end."""
    try:
        run(program, context)
    except ScriptFault as fault:
        return fault.limit or str(fault)
    return ""


def fresh(monotonic=None):
    return Context(Request(host="a.test"), services=SERVICES, monotonic=monotonic)


@by_name
def test_a_bomb_ends_at_its_limit_in_both_tiers(bomb):
    program = program_of(bomb.source)
    monotonic = time.monotonic if bomb.limit == "wall_clock_s" else None
    assert [limit_of(run, program, fresh(monotonic)) for run in TIERS] == [bomb.limit] * 2


def seconds(run, program):
    begin = time.thread_time()
    limit_of(run, program, fresh(time.monotonic))
    return time.thread_time() - begin


@by_name
def test_a_bomb_ends_soon(bomb):
    program = program_of(bomb.source)
    for run in TIERS:
        assert any(seconds(run, program) < MOST_S for _ in range(3)), "also on a machine that has much to do"


@by_name
def test_a_bomb_stays_small(bomb):
    program = program_of(bomb.source)
    context = fresh(time.monotonic)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        limit_of(Program.run, program, context)
        assert tracemalloc.get_traced_memory()[1] - before < PEAK_BYTES
    finally:
        tracemalloc.stop()


@by_name
def test_the_scripts_after_a_bomb_are_unharmed(bomb):
    scripts = [
        InstalledScript("bomb", "foot", program_of(bomb.source).run, "continue"),
        InstalledScript(
            "good", "foot", program_of("say(concat('good ', $host))\nreturn true\n").run, "continue"
        ),
    ]
    context, results = fresh(time.monotonic), []
    run_position(scripts, context, results)
    conclude(context)
    assert results[1].state is ScriptState.HIT
    assert context.effects.end == (200, "good a.test\n")
    if bomb.limit:
        assert (results[0].state, context.effects.response_headers) == (ScriptState.EXCEPTION, ())
