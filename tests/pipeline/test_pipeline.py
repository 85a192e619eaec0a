"""Position, priority, break, hit, on_error and rollback (reference section 8), told with scripts made of Python."""

from collections.abc import Callable

import pytest

from edgescript.context import Context
from edgescript.effects import Answer, HeaderOp
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import FUEL_STRIDE, Limits
from edgescript.pipeline import (
    DEFAULT_ON_ERROR,
    TIMED,
    InstalledScript,
    OnError,
    ScriptResult,
    ScriptState,
    conclude,
    in_order,
    run_position,
)
from edgescript.request import Connection, Request

Body = Callable[[Context], bool]


def script(name: str, body: Body, on_error: OnError = "deny", **settings: object) -> InstalledScript:
    return InstalledScript(name=name, position="head", run=body, on_error=on_error, **settings)  # type: ignore[arg-type]


def says(text: str, hit: bool = True) -> Body:
    def body(context: Context) -> bool:
        context.write(text)
        return hit

    return body


def raises(context: Context) -> bool:
    context.header_op("response_headers", HeaderOp("set", "X-Half", "done"))
    raise ScriptFault(FaultCode.NOT_A_STRING, "argument 1 of len: got undef, want string")


def exits(status: int) -> Body:
    def body(context: Context) -> bool:
        context.end(Answer(status, None))
        return True

    return body


def run(*scripts: InstalledScript, context: Context | None = None) -> tuple[Context, list[ScriptResult]]:
    context = Context(Request()) if context is None else context
    results: list[ScriptResult] = []
    run_position(scripts, context, results)
    return context, results


def states(results: list[ScriptResult]) -> list[str]:
    return [result.state.value for result in results]


def test_priority_0_runs_first_and_order_of_upload_decides_among_equals() -> None:
    scripts = [script("b", says("b"), priority=5), script("c", says("c"), priority=5), script("a", says("a"))]
    assert [each.name for each in in_order(scripts, "head")] == ["a", "b", "c"]


def test_disabled_scripts_and_other_positions_are_left_out() -> None:
    scripts = [script("off", says("x"), enabled=False), script("on", says("y"))]
    assert [each.name for each in in_order(scripts, "head")] == ["on"]
    assert in_order(scripts, "foot") == ()


def test_each_script_that_ran_has_its_state() -> None:
    _, results = run(script("hit", says("")), script("miss", says("", hit=False)))
    assert states(results) == ["ExecutedAndHit", "ExecutedButNotHit"]


def test_break_on_hit_skips_the_rest_of_the_position() -> None:
    context, results = run(script("a", says("a"), break_on_hit=True), script("b", says("b")))
    assert states(results) == ["ExecutedAndHit", "NonExecution"]
    assert "".join(context.effects.output) == "a"


def test_break_without_a_hit_goes_on() -> None:
    _, results = run(script("a", says("", hit=False), break_on_hit=True), script("b", says("b")))
    assert states(results) == ["ExecutedButNotHit", "ExecutedAndHit"]


@pytest.mark.parametrize(
    ("client", "state"), [("192.0.2.1", "ExecutedAndHit"), ("192.0.2.2", "NonExecution")]
)
def test_testip_triggers_for_that_client_only(client: str, state: str) -> None:
    context = Context(Request(connection=Connection(client)))
    _, results = run(script("a", says("a"), test_ip="192.0.2.1"), context=context)
    assert states(results) == [state]


def test_exit_ends_the_position_and_the_next() -> None:
    context, results = run(script("a", exits(403)), script("b", says("b")))
    run_position([script("foot", says("c"))], context, results)
    assert states(results) == ["ExecutedAndHit", "NonExecution", "NonExecution"]
    assert context.effects.end == Answer(403, None)


def test_a_fault_in_a_denying_script_answers_500_and_ends() -> None:
    context, results = run(script("a", raises), script("b", says("b")))
    assert states(results) == ["Exception", "NonExecution"]
    assert context.effects.end == Answer(500, None)
    assert [result.script.name for result in context.faults] == ["a"]


def test_a_fault_is_rolled_back_as_one_and_the_next_script_runs() -> None:
    context, results = run(
        script("a", says("kept")), script("b", raises, on_error="continue"), script("c", says("!"))
    )
    assert states(results) == ["ExecutedAndHit", "Exception", "ExecutedAndHit"]
    assert context.effects.response_headers == ()
    assert "".join(context.effects.output) == "kept!"


def test_a_fault_after_exit_takes_the_exit_back() -> None:
    def exits_then_raises(context: Context) -> bool:
        context.end(Answer(200, "let in"))
        raise ScriptFault(FaultCode.OTHER, "too late")

    context, _ = run(script("a", exits_then_raises, on_error="continue"))
    assert not context.ended
    assert context.effects.end is None


def test_a_fault_in_the_first_script_leaves_nothing() -> None:
    context, results = run(script("a", raises, on_error="continue"))
    assert context.effects.response_headers == ()
    fault = results[0].fault
    assert fault is not None
    assert fault.code == FaultCode.NOT_A_STRING


def test_head_denies_and_foot_continues_unless_said_otherwise() -> None:
    assert DEFAULT_ON_ERROR == {"head": "deny", "foot": "continue"}


def test_limits_count_for_each_script_anew() -> None:
    def burns(context: Context) -> bool:
        context.charge(900)
        return True

    context = Context(Request(), limits=Limits(fuel=1000))
    _, results = run(script("a", burns), script("b", burns), context=context)
    assert [(result.state, result.fuel) for result in results] == [(ScriptState.HIT, 900)] * 2


def test_output_without_exit_makes_the_node_answer_200() -> None:
    context, _ = run(script("a", says("hello")))
    conclude(context)
    assert context.effects.end == Answer(200, "hello")


def test_exit_with_a_body_drops_what_was_said() -> None:
    def exits_with_a_body(context: Context) -> bool:
        context.end(Answer(403, "no"))
        return True

    context, _ = run(script("a", says("hello")), script("b", exits_with_a_body))
    conclude(context)
    assert context.effects.end == Answer(403, "no")


def test_exit_without_a_body_has_what_was_said() -> None:
    context, _ = run(script("a", says("gone")), script("b", exits(410)))
    conclude(context)
    assert context.effects.end == Answer(410, "gone")


def test_a_refusal_for_a_fault_says_nothing_of_what_was_said() -> None:
    context, _ = run(script("a", says("secret")), script("b", raises))
    conclude(context)
    assert context.effects.end == Answer(500, None)


def test_no_output_and_no_exit_leaves_the_request_going() -> None:
    context, _ = run(script("a", says("")))
    context.effects.output = ()
    conclude(context)
    assert not context.ended


def test_time_is_taken_with_the_hosts_timer() -> None:
    ticks = iter([1.0, 1.25])
    results: list[ScriptResult] = []
    run_position([script("a", says("a"))], Context(Request()), results, lambda: next(ticks))
    assert results[0].time_us == pytest.approx(250_000)


def test_fuel_of_all_runs_is_summed_also_of_those_that_raise() -> None:
    def spends(context: Context) -> bool:
        context.charge(FUEL_STRIDE + 5)
        if context.request.target == "/raise":
            raise ScriptFault(FaultCode.OTHER, "it broke")
        return True

    one = script("a", spends)
    for target in ("/", "/raise", "/"):
        run_position([one], Context(Request(target=target)))
    assert one.tally.fuel == 3 * (FUEL_STRIDE + 5)
    assert (one.tally.hit, one.tally.exception) == (2, 1)


@pytest.mark.parametrize(
    ("runs", "told_us"), [(1, 1000), (TIMED, 1000), (TIMED + 1, 65_000), (3 * TIMED, 129_000)]
)
@pytest.mark.parametrize("hit", [True, False])
def test_one_run_of_many_is_timed_and_speaks_for_those_since(runs: int, told_us: float, hit: bool) -> None:
    clock = [0.0]
    reads = []

    def read() -> float:
        reads.append(clock[0])
        return clock[0]

    def takes_a_millisecond(_: Context) -> bool:
        clock[0] += 0.001
        return hit

    one = script("a", takes_a_millisecond)
    context = Context(Request(), monotonic=read)
    reads.clear()
    for _ in range(runs):
        run_position([one], context)
    assert one.tally.time_us == pytest.approx(told_us)
    assert (
        len(reads) == runs + 1 + (runs - 1) // TIMED
    )  # the deadline of each, the end of those that are timed


def test_a_context_can_serve_one_request_after_another() -> None:
    context, _ = run(script("a", raises))
    context.renew(Request(target="/next"), 5.0)
    assert (context.ended, context.faults, context.request.path, context.now_s) == (False, (), "/next", 5.0)
    run_position([script("b", says("b"))], context)
    assert context.effects.output == ["b"]
