"""Runs that stop at `get_rsp_header` and go on with the response's head, told on contexts without any node (U-17)."""

import random

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.effects import Answer
from edgescript.pipeline import InstalledScript, OnError, ScriptResult, respond, run_position
from edgescript.program import load
from edgescript.request import Headers, Request
from edgescript.services import Services
from edgescript.source import Source

HEAD = Headers((("content-type", "image/png"), ("set-cookie", "a=1"), ("set-cookie", "b=2")))


class Limiter:
    """Admits two, and counts who asked."""

    def __init__(self) -> None:
        self.asked = 0

    def wait(self, _key: str, _rate: float, _burst: float, _now: float, /) -> float:
        self.asked += 1
        return 0.0 if self.asked <= 2 else -1.0


def script(text: str, on_error: OnError = "deny", name: str = "a") -> InstalledScript:
    code = compile_source(Source(name, text), stdlib.registry()).code
    assert code is not None
    program = load(code, stdlib.registry())
    return InstalledScript(name, "head", program.run, on_error, awaits_response=program.awaits_response)


class Story:
    """Scripts on one request: `first` is what they asked for before the head, `late` what they did with it."""

    def __init__(self, *scripts: InstalledScript, services: Services | None = None) -> None:
        self.results: list[ScriptResult] = []
        context = Context(Request(target="/a"), services=services or Services(random=random.Random(1)))
        run_position(scripts, context, self.results)
        self.first, self.ended_first = context.effects, context.ended
        context.renew(Request(target="/a"), 0.0)
        respond(context, self.first, HEAD, self.results)
        self.late, self.context = context.effects, context

    @property
    def states(self) -> list[str]:
        return [result.state.value for result in self.results]

    def added(self, late: bool = True) -> list[tuple[str, str]]:
        """The first run's wishes, or those that came with the head."""
        known = len(self.first.response_headers)
        ops = self.late.response_headers[known:] if late else self.first.response_headers
        return [(op.name, op.value) for op in ops]

    @property
    def all(self) -> list[tuple[str, str]]:
        return [(op.name, op.value) for op in self.late.response_headers]


def test_wishes_before_the_wait_belong_to_the_first_run_and_those_after_it_to_the_second():
    story = Story(script("add_rsp_header('A', '1')\nget_rsp_header('x')\nadd_rsp_header('B', '2')\n"))
    assert not story.ended_first
    assert (story.added(late=False), story.added()) == ([("A", "1")], [("B", "2")])


def test_other_scripts_run_before_the_wait_is_over():
    story = Story(
        script("get_rsp_header('x')\nadd_rsp_header('A', '1')\n"),
        script("add_rsp_header('B', '2')\n", name="b"),
    )
    assert (story.added(late=False), story.added()) == ([("B", "2")], [("A", "1")])


def test_the_state_is_that_of_the_whole_run():
    waits = script("if eq(get_rsp_header('content-type'), 'image/png') {\n    add_rsp_header('A', '1')\n}\n")
    story = Story(waits, script("if false {\n}\n", name="b"))
    assert story.states == ["ExecutedAndHit", "ExecutedButNotHit"]
    assert waits.tally.by_state() == {
        "NonExecution": 0,
        "ExecutedAndHit": 1,
        "ExecutedButNotHit": 0,
        "Exception": 0,
    }


def test_fuel_is_counted_of_both_runs():
    waits = script("get_rsp_header('x')\nadd_rsp_header('A', '1')\n")
    story = Story(waits)
    assert story.added() == [("A", "1")]
    assert waits.tally.fuel > story.results[0].fuel > 0


def test_a_header_that_a_script_has_set_needs_no_wait():
    story = Story(script("add_rsp_header('A', '1')\nadd_rsp_header('B', get_rsp_header('a'))\n"))
    assert story.first.waiting == ()
    assert story.added(late=False) == [("A", "1"), ("B", "1")]


def test_lines_of_one_name_are_an_array():
    story = Story(script("add_rsp_header('N', arr_concat(get_rsp_header('set-cookie'), '+'))\n"))
    assert story.added() == [("N", "a=1+b=2")]


def test_what_one_script_did_after_the_wait_the_next_one_sees():
    story = Story(
        script("get_rsp_header('x')\ndel_rsp_header('content-type')\n"),
        script("add_rsp_header('N', tostring(get_rsp_header('content-type')))\n", name="b"),
    )
    assert ("N", "false") in story.added()


def test_chance_and_counting_are_asked_once():
    limiter = Limiter()
    text = (
        "a = rand(1, 1000000)\nb = uuid()\nok = limit_req('k', 1, 0)\nadd_rsp_header('First', concat(a, b, ok))\n"
        "get_rsp_header('x')\nadd_rsp_header('Second', concat(a, b, ok))\nadd_rsp_header('New', concat(rand(1, 9)))\n"
    )
    story = Story(script(text), services=Services(random=random.Random(7), limiter=limiter))
    assert limiter.asked == 1
    assert story.added(late=False)[0][1] == story.added()[0][1]


def test_custom_functions_and_callbacks_may_wait():
    text = (
        "def look(k, v, out) {\n    set(out, k, get_rsp_header(v))\n}\n"
        "out = []\nforeach(['content-type', 'x'], look, out)\nadd_rsp_header('N', tostring(get(out, 1)))\n"
    )
    assert Story(script(text)).added() == [("N", "image/png")]


@pytest.mark.parametrize(("on_error", "status"), [("deny", 500), ("continue", None)])
def test_a_fault_after_the_wait_takes_back_what_was_asked_of_the_response(
    on_error: OnError, status: int | None
):
    asks = "say('a')\nlimit_rate(10, 'k')\nset_cache_ttl('path', 5)\nadd_rsp_header('A', '1')\n"
    story = Story(
        script("add_rsp_header('Kept', '0')\nset_cache_ttl('path', 3)\n"),
        script(f"{asks}get_rsp_header('x')\nadd_rsp_header('B', '2')\nsay('b')\nlen($arg_x)\n", on_error),
        script("add_rsp_header('Other', '3')\n"),
    )
    assert story.states == ["ExecutedButNotHit", "Exception", "ExecutedButNotHit"]
    assert story.all == [("Kept", "0"), ("Other", "3")]
    late = story.late
    assert (late.ttl_s, late.rate_bytes_per_s, list(late.output), late.output_bytes) == (3, None, [], 0)
    assert late.end == (None if status is None else Answer(status, None))


def test_what_a_later_script_set_stays_when_an_earlier_one_fails():
    story = Story(
        script("limit_rate(10, 'k')\nget_rsp_header('x')\nlen($arg_x)\n", "continue"),
        script("limit_rate(20, 'k')\n"),
    )
    assert story.late.rate_bytes_per_s == 20_480


def test_two_that_fail_each_take_back_their_own():
    fails = "say('f{0}')\nadd_rsp_header('F{0}', '1')\nget_rsp_header('x')\nlen($arg_x)\n"
    stays = "say('s{0}')\nadd_rsp_header('S{0}', '1')\nget_rsp_header('x')\nsay('t{0}')\n"
    texts = [fails.format(1), stays.format(2), fails.format(3), stays.format(4)]
    story = Story(*(script(text, "continue", name=str(at)) for at, text in enumerate(texts)))
    assert story.all == [("S2", "1"), ("S4", "1")]
    assert "".join(story.late.output) == "s2\nt2\ns4\nt4\n"


def test_what_comes_after_the_wait_comes_last():
    story = Story(
        script("get_rsp_header('x')\nset_cache_ttl('path', 1)\nadd_rsp_header('A', '1')\n"),
        script("set_cache_ttl('path', 4)\nadd_rsp_header('A', '4')\n"),
    )
    assert (story.late.ttl_s, story.all) == (1, [("A", "4"), ("A", "1")])


def test_what_is_said_stands_in_the_order_of_the_scripts():
    story = Story(
        script("say('1')\nget_rsp_header('x')\nsay('2')\n"),
        script("say('3')\n"),
        script("get_rsp_header('x')\nsay('4')\n"),
    )
    assert "".join(story.late.output) == "1\n2\n3\n4\n"


def test_limits_hold_for_both_parts_of_a_run_together():
    rounds = "for k, v in split('{}', '') {{\n    add_rsp_header('A', 'b', true)\n}}\n".format("x" * 200)
    assert Story(script(f"{rounds}get_rsp_header('x')\n{rounds}")).states == ["Exception"]


def test_a_run_that_never_goes_on_counts_as_no_hit():
    waits = script("get_rsp_header('x')\nreturn true\n")
    run_position([waits], Context(Request()))
    assert (waits.tally.no_hit, waits.tally.hit) == (1, 0)


def test_a_fault_before_the_wait_is_like_any_other():
    story = Story(script("add_rsp_header('A', '1')\nlen($arg_x)\nget_rsp_header('x')\n", "continue"))
    assert (story.states, story.first.waiting, story.added(late=False)) == (["Exception"], (), [])


def test_an_end_after_the_wait_stops_the_others_that_wait():
    story = Story(
        script("get_rsp_header('x')\nexit(403)\n"),
        script("get_rsp_header('x')\nadd_rsp_header('B', '2')\n", name="b"),
    )
    assert (story.late.end, story.added()) == (Answer(403, None), [])
    assert story.states == ["ExecutedButNotHit", "ExecutedButNotHit"]
