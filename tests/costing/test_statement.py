"""What is stated of scripts: the bound beside what a run spends, loops, limits, lines."""

import pytest

import stdlib
from edgescript.bounds import ORDINARY_INPUTS, InputBounds
from edgescript.compiler import compile_source
from edgescript.compiling.code import decode, encode
from edgescript.context import Context
from edgescript.costing.statement import Loop, state_cost
from edgescript.meter import DEFAULT_LIMITS, Limits
from edgescript.program import load
from edgescript.request import Request
from edgescript.source import Source
from loadtest.vm_bench import ROOT


def program_of(text):
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    assert compiled.code is not None, compiled.diagnostics
    return load(compiled.code, stdlib.registry())


def stated(text, limits=DEFAULT_LIMITS, inputs=None):
    return state_cost(program_of(text).linked, limits, inputs)


def spent(text):
    context = Context(Request(host="a.example", target="/x?a=1"))
    program_of(text).run(context)
    return context.fuel_used


# Where nothing depends on the request, the bound is what a run spends.


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a'\nsay(x)\n",
        "for _k, v in ['a', 'b', 'c'] {\n    say(v)\n}\n",
        "def f(a) {\n    return md5(a)\n}\nsay(f('a'))\n",
        "if true {\n    say('a')\n}\n",
        "s = 'aaaaaaaaaaaaaaaaaaaa'\nfor _k, _v in [1, 2, 3, 4, 5] {\n    s = concat(s, s)\n}\nsay(md5(s))\n",
        "for _k, v in ['a', 'b'] {\n    for _j, w in ['c', 'd', 'e'] {\n        print(concat(v, w))\n    }\n}\n",
    ],
)
def test_exact(text):
    assert stated(text).fuel == spent(text)


def test_the_dearer_arm_counts():
    dear, cheap = "    say(sha1($uri))\n", "    say('a')\n"
    alone, after = stated(dear).fuel, stated(dear + cheap).fuel
    for one, other in ((dear, cheap), (cheap, dear)):
        both = stated(f"if $arg_a {{\n{one}}} else {{\n{other}}}\n")
        around = stated("if $arg_a {\n} else {\n}\n").fuel
        assert alone < both.fuel <= alone + around < after + around
        assert both.least < alone


def test_what_ends_the_request_is_not_added_to_what_follows():
    long = "    say(sha1($http_a))\n"
    ends = stated(f"if $arg_a {{\n{long}    exit(403)\n}}\n{long}")
    goes_on = stated(f"if $arg_a {{\n{long}}}\n{long}")
    assert ends.fuel < goes_on.fuel


def test_inputs_are_a_parameter():
    small, large = (
        stated("say(md5($uri))\n", inputs=InputBounds(target_bytes=size)).fuel for size in (1_000, 9_000)
    )
    assert large - small == (9_000 >> 5) - (1_000 >> 5)


def test_lines_are_named_dearest_first():
    statement = stated("a = md5($uri)\nb = sha1($http_a)\nsay(concat(a, b))\n")
    assert [(share.line, share.what) for share in statement.shares[:2]] == [(2, "sha1"), (1, "md5")]
    assert sum(share.fuel for share in statement.shares) == statement.fuel


# Loops and limits


@pytest.mark.parametrize(
    ("text", "loop", "limits"),
    [
        ("for _k, v in [1, 2] {\n    say(v)\n}\n", Loop(1, "for", 2, ""), ()),
        ("for _k, v in req_uri_seg() {\n    say(v)\n}\n", Loop(1, "for", 128, ""), ()),
        (
            "for _k, v in split($args, '&') {\n    say(v)\n}\n",
            Loop(1, "for", 8_193, ""),
            (),
        ),
        (
            "def f(k, v, u) {\n    say(v)\n}\nforeach(['a' = 1], f, [])\n",
            Loop(4, "foreach", 1, ""),
            (),
        ),
        (
            "d = [1]\nfor _k, v in d {\n    arr_insert(d, v)\n}\n",
            Loop(2, "for", 10_000, "loop_rounds"),
            ("dictionary_entries", "loop_rounds"),
        ),
    ],
)
def test_loops(text, loop, limits):
    statement = stated(text)
    assert statement.loops == (loop,)
    assert statement.limits == limits


def test_recursion_is_bounded_by_the_limit_of_calls():
    text = "def f(n) {\n    if gt(n, 0) {\n        return f(sub(n, 1))\n    }\n    return 0\n}\nf(3)\n"
    few, many = (stated(text, Limits(calls=calls)) for calls in (10, 100))
    assert "calls" in few.limits
    assert spent(text) <= few.fuel < many.fuel


def test_loops_in_loops_are_bounded_by_the_limit_of_all_rounds():
    loops = "for _a, x in d {\n    for _b, y in d {\n        for _c, z in d {\n            say(x)\n        }\n    }\n}\n"
    text = f"d = split('{','.join('x' * 100)}', ',')\n{loops}"
    statement = stated(text)
    assert "total_loop_rounds" in statement.limits
    assert statement.fuel < 50_000 * 30 + 10_000 * 30


# Involved scripts


def test_a_chain_of_functions_that_call_each_other_twice_ends_soon():
    lines = ["def f0() {\n    return md5($uri)\n}"]
    lines += [f"def f{n}() {{\n    f{n - 1}()\n    return f{n - 1}()\n}}" for n in range(1, 45)]
    statement = stated("\n".join([*lines, "f44()\n"]))
    assert statement.fuel > DEFAULT_LIMITS.fuel
    assert "calls" in statement.limits


def test_the_examples_are_far_below_the_budget():
    for path in sorted((ROOT / "examples").rglob("*.es")):
        compiled = compile_source(Source.from_bytes(path.name, path.read_bytes()), stdlib.registry())
        assert compiled.code is not None
        statement = state_cost(load(compiled.code, stdlib.registry()).linked, inputs=ORDINARY_INPUTS)
        assert statement.fuel <= DEFAULT_LIMITS.fuel, path
        assert "cost-over-budget" not in {each.code for each in compiled.diagnostics}, path


def test_code_carries_its_worst_case_and_older_code_none():
    code = compile_source(Source("t.es", "say($uri)\n"), stdlib.registry()).code
    assert code is not None
    assert decode(encode(code)).worst_fuel == stated("say($uri)\n").fuel
