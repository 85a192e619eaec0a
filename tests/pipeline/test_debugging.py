"""The debug option (reference section 9.2): who sees what a script did, and what it looks like."""

import itertools
import re

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.debugging import MAX_TRACE_BYTES, debuggable, is_debugging
from edgescript.effects import PLACEHOLDER
from edgescript.pipeline import InstalledScript, run_position
from edgescript.program import load
from edgescript.request import Headers, Request
from edgescript.source import Source

ASKS = Request(target="/a?_es_dbg=sesame")


def run(text: str, request: Request = ASKS, rule_id: str = "7") -> dict[str, str]:
    """The response headers of a script with the option `_es_dbg=sesame`; a call takes a microsecond each look."""
    code = compile_source(Source("a.es", text), stdlib.registry()).code
    assert code is not None
    ticks = itertools.count()
    traced = debuggable(load(code, stdlib.registry()), rule_id, "sesame", lambda: next(ticks) * 1e-6)
    context = Context(request)
    context.response_headers = Headers()
    run_position([InstalledScript("a.es", "head", traced, "continue")], context)
    context.effects.show_debug()
    return {op.name: op.value for op in context.effects.response_headers}


@pytest.mark.parametrize(
    ("request_", "debugging"),
    [
        (ASKS, True),
        (Request(headers=Headers((("_es_dbg", "sesame"),))), True),
        (Request(), False),
        (Request(target="/?_es_dbg=Sesame"), False),
        (Request(target="/?_es_dbg="), False),
        (Request(target="/?_es_dbg"), False),
        (Request(target="/?_es_dbg=sesame1"), False),
        (Request(target="/?_es_dbg=no", headers=Headers((("_es_dbg", "sesame"),))), True),
        (Request(headers=Headers((("_es_dbg", "s\xe9same"),))), False),
    ],
)
def test_the_signature_is_an_argument_or_a_header(request_: Request, debugging: bool):
    assert is_debugging(request_, "sesame") is debugging
    assert ("X-DEBUG-ES-TRACE-RULE-7" in run("len('a')\n", request_)) is debugging


def test_each_call_is_an_item_of_the_chain():
    headers = run("if eq($uri, '/b') {\n}\nadd_rsp_header('A', concat('x', 1, len($uri)))\n")
    assert headers["X-DEBUG-ES-TRACE-RULE-7"] == (
        "_1_eq(/a,/b):false{_1}_3_len(/a):2{_1}_3_concat(x,1,2):x12{_1}_3_add_rsp_header(A,x12):true{_1}"
    )
    assert headers["A"] == "x12"


def test_the_cost_is_fuel_time_and_share_of_the_budget():
    cost = run("len($uri)\n")["X-DEBUG-ES-COST-RULE-7"]
    assert re.fullmatch(r"fuel=\d+; time_us=\d+; budget=\d+\.\d\d%", cost)


def test_the_rules_name_is_made_fit_for_a_header():
    assert "X-DEBUG-ES-COST-RULE-my-rule-.es" in run("len('')\n", rule_id="my rule\n.es")


def test_values_are_printable_and_short():
    request = Request(target="/a?_es_dbg=sesame&v=" + "y" * 500)
    chain = run("upper(concat('a\\n', tochar(200), $uri, tochar(0)))\nlen($arg_v)\n", request)
    text = chain["X-DEBUG-ES-TRACE-RULE-7"]
    assert "a%0A%C8/a%00" in text
    assert f"_2_len({'y' * 64}..):500" in text


def test_placeholders_in_data_are_not_filled_in():
    request = Request(target="/a?_es_dbg=sesame&v=${host}@{server}$")
    assert PLACEHOLDER.search(run("len($arg_v)\n", request)["X-DEBUG-ES-TRACE-RULE-7"]) is None


def test_the_chain_is_bounded_and_says_what_is_left_out():
    text = run(
        "for k, v in split($args, 'x') {\n    len(v)\n}\n", Request(target="/a?_es_dbg=sesame&" + "x" * 900)
    )
    chain = text["X-DEBUG-ES-TRACE-RULE-7"]
    assert len(chain) < MAX_TRACE_BYTES + 20
    assert re.search(r"\.\.\d+$", chain)


def test_a_run_that_failed_is_told_although_its_wishes_are_taken_back():
    headers = run("add_rsp_header('A', '1')\nlen($arg_none)\n")
    assert "A" not in headers
    assert headers["X-DEBUG-ES-TRACE-RULE-7"].startswith("_1_add_rsp_header(A,1):true{_1}_2_error(402):")
    assert "X-DEBUG-ES-COST-RULE-7" in headers


@pytest.mark.parametrize("text", ["add_rsp_header('Cache-Control', 'max-age=60')\n", "len($arg_none)\n"])
def test_no_cache_keeps_what_is_shown(text: str):
    assert run(text)["Cache-Control"] == "no-store"


def test_the_fault_is_told_although_the_chain_is_full():
    text = "for k, v in split($args, 'x') {\n    len(v)\n}\nlen($arg_none)\n"
    headers = run(text, Request(target="/a?_es_dbg=sesame&" + "x" * 900))
    assert re.search(r"\.\.\d+_4_error\(402\):", headers["X-DEBUG-ES-TRACE-RULE-7"])
