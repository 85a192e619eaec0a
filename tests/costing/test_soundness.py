"""No run spends more fuel than was stated before it, whatever the program and the request."""

from contextlib import suppress

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

import stdlib
from edgescript.bounds import InputBounds
from edgescript.compiler import compile_source
from edgescript.compiling.disasm import listing
from edgescript.context import Context
from edgescript.costing.analysis import Analysis
from edgescript.costing.statement import Statement, state_cost
from edgescript.faults import ScriptFault
from edgescript.meter import Limits
from edgescript.program import Program, load
from edgescript.request import Headers, Request
from edgescript.source import Source
from stdlib.example import EXAMPLE_SERVICES
from tests.tiers.kit import program_of
from tests.tiers.source_strategy import sources
from tests.tiers.strategies import programs

INPUTS = InputBounds(target_bytes=600, head_bytes=600)
LIMITS = Limits(
    fuel=300_000, value_bytes=8_192, regex_bytes=2_048, dictionary_entries=500, loop_rounds=60, calls=80
)
TEXTS = st.one_of(
    st.text(alphabet="ab&=,/%41 .\xe9", max_size=250),
    st.sampled_from(["a=1&a=2&b=%41", "/x/y.ts", '{"a":[1,{"b":"c"}]}', "x" * 250, "&" * 250]),
)


def request_of(path: str, query: str, value: str) -> Request:
    return Request(
        host="a.example",
        target=f"/{path}?{query}",
        headers=Headers((("none", value), ("cookie", f"a={value}"), ("user-agent", value))),
    )


def spent(program: Program, request: Request, limits: Limits) -> int:
    context = Context(request, now_s=1e9, services=EXAMPLE_SERVICES, limits=limits)
    with suppress(ScriptFault):
        program.interpret(context)
    return context.fuel_used


def hold(program: Program, request: Request, limits: Limits = LIMITS) -> Statement:
    statement = state_cost(program.linked, limits, INPUTS)
    used = spent(program, request, limits)
    assert used <= statement.fuel or statement.fuel > limits.fuel, (used, statement)
    assert statement.fuel == sum(share.fuel for share in statement.shares)
    assert statement.least <= statement.fuel
    return statement


def hold_any(program: Program, request: Request) -> None:
    note(listing(program.code, program.linked))
    event("over the budget" if hold(program, request).fuel > LIMITS.fuel else "within the budget")


@settings(max_examples=150, deadline=None)
@given(programs(stdlib.registry()), TEXTS, TEXTS, TEXTS)
def test_on_programs_of_every_shape(tree, path, query, value):
    hold_any(program_of(tree, stdlib.registry()), request_of(path, query, value))


@settings(max_examples=120, deadline=None)
@given(sources(), TEXTS, TEXTS, TEXTS)
def test_on_scripts(text, path, query, value):
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    if compiled.code is not None:
        hold_any(load(compiled.code, stdlib.registry()), request_of(path, query, value))


@settings(max_examples=60, deadline=None)
@given(programs(stdlib.registry()), TEXTS, TEXTS)
def test_with_nothing_known(tree, path, query):
    """The way that scripts of too many steps are gone through never states less."""
    program = program_of(tree, stdlib.registry())
    coarse = Analysis(program.linked, LIMITS, INPUTS, coarse=True)
    coarse.run()
    total = coarse.path.total + sum(
        dearest.total * getattr(LIMITS, limit) for limit, dearest in coarse.lumps.items()
    )
    used = spent(program, request_of(path, query, ""), LIMITS)
    assert used <= total or total > LIMITS.fuel


HARD = {
    "a string that doubles": (
        "s = 'ab'\nfor _i, n in split('1,2,3,4,5,6,7,8', ',') {\n s = concat(s, s)\n}\nsay(md5(s))\n"
    ),
    "a dictionary that grows under its own loop": (
        "d = [1, 2, 3]\nfor _i, n in d {\n arr_insert(d, n)\n}\nfor _i, n in d {\n say(n)\n}\n"
    ),
    "one dictionary under two names": (
        "d = []\ne = d\nset(e, 'a', 'x')\nset(e, 'b', 'x')\nfor _i, n in d {\n say(n)\n}\n"
    ),
    "recursion": "def f(n) {\n if gt(n, 0) {\n return f(sub(n, 1))\n }\n return n\n}\nf(20)\n",
    "recursion through a callback": (
        "d = ['a' = 1]\ndef f(k, v, u) {\n if lt(len(d), 0) {\n return false\n }\n foreach(d, f, u)\n}\nforeach(d, f, [])\n"
    ),
    "a callback that feeds another dictionary": (
        "def f(k, v, u) {\n set(u, k, concat(v, v))\n}\nu = []\nforeach(['a' = $uri, 'b' = 'y'], f, u)\nsay(json_enc(u))\n"
    ),
    "a comparison of one's own": (
        "def c(x, y) {\n return gt(len(x), len(y))\n}\nd = split('ccc,b,aa,dddd,e,ff,g', ',')\narr_sort(d, c)\n"
    ),
    "a comparison that lies": (
        "t = true\ndef c(x, y) {\n if t {\n t = false\n } else {\n t = true\n }\n return t\n}\n"
        "d = split('c,b,a,d,e,f,g,h,i,j,k,l,m', ',')\narr_sort(d, c)\n"
    ),
    "ways out of a loop": (
        "def f(x) {\n for _i, n in split(x, '/') {\n if eq(n, 'b') {\n return md5(n)\n }\n say(sha1(n))\n }\n return ''\n}\n"
        "say(f($uri))\nif $arg_a {\n exit(403)\n}\nsay(md5($uri))\n"
    ),
    "a value that moves from variable to variable": (
        "a = ''\nb = ''\nc = ''\nfor _i, n in split($args, '&') {\n a = b\n b = c\n c = concat(c, n)\n say(md5(a))\n}\n"
    ),
    "what follows an end": "if $arg_a {\n say(md5($uri))\n exit(403, sha1($uri))\n} else {\n say(crc($uri))\n}\n",
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD.keys())
@pytest.mark.parametrize("query", ["a=1", "x&" * 60, "/".join("b" * 90)])
def test_hard(text, query):
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    assert compiled.code is not None, compiled.diagnostics
    program = load(compiled.code, stdlib.registry())
    hold(program, request_of("a/b/cc/" + "d/" * 40, query, "v"), Limits())


def test_a_chain_of_calls_as_long_as_a_script_may_have():
    """Walked without going as deep as the chain, with care and without."""
    for again in ("", ", f{next}(x)"):
        text = "".join(
            f"def f{at}(x) {{\n return concat('', f{at + 1}(x){again.format(next=at + 1)})\n}}\n"
            for at in range(900)
        )
        compiled = compile_source(
            Source("t.es", text + "def f900(x) {\n return x\n}\nf0(1)\n"), stdlib.registry()
        )
        assert compiled.code is not None
        hold(load(compiled.code, stdlib.registry()), request_of("", "", ""), Limits())
        hold(load(compiled.code, stdlib.registry()), request_of("", "", ""), Limits(call_depth=1000))
