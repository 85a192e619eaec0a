"""A search is charged at its pattern's pace, the same in both tiers, whether the pattern is known before the run or not."""

import pytest

import stdlib
from edgescript.bounds import InputBounds
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.costing.statement import state_cost
from edgescript.program import Program, load
from edgescript.request import Headers, Request
from edgescript.source import Source

REGISTRY = stdlib.registry()
PATTERNS = [
    "bot",
    "^/a",
    "[0-9]",
    "(?i)bot|spider|crawl",
    "(?=[a-c]{30}#)a",
    "(a?)(a?)(a?)x",
    "^([0-9]+)$",
    "([0-9]+)#",
    "(a+)+$",
    "^(?:[a-z]b?c?){4}$",
    "",
    "(",
]
CALLS = [
    "match_re({s}, {p})",
    "match_re({s}, {p}, 'i')",
    "capture_re({s}, {p})",
    "capture_re({s}, {p}, 3)",
    "gsub_re({s}, {p}, '-')",
    "req_header('data', {q})",
    "req_user_agent({q})",
]
SUBJECTS = ["", "aBbot1", "a" * 40, "1" * 60, "ab1x\n" * 30, "bcd/" * 700]


def fuel(text: str, subject: str) -> tuple[set[int], int]:
    """What each tier uses for the script, and the most that is stated."""
    compiled = compile_source(Source("t.es", text), REGISTRY)
    assert compiled.code is not None
    program = load(compiled.code, REGISTRY)
    request = Request(host="a.test", headers=Headers((("data", subject), ("user-agent", subject))))
    used = set()
    for tier in (Program.run, Program.interpret):
        context = Context(request)
        tier(program, context)
        used.add(context.fuel_used)
    stated = state_cost(program.linked, context.limits, InputBounds(head_bytes=2 * len(subject) + 40)).fuel
    return used, stated


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("call", CALLS)
def test_both_tiers_charge_the_same_and_no_more_than_stated(call, pattern):
    literal = f"x = {call.format(s='$http_data', p=repr(pattern), q=repr('re:' + pattern))}\n"
    made = f"p = concat('{pattern}', $arg_none)\nq = concat('re:', p)\nx = " + call.format(
        s="$http_data", p="p", q="q"
    )
    for subject in SUBJECTS:
        for text in (literal, made.replace("$arg_none", "''")):
            if pattern == "(" and text is literal:
                continue  # refused by the compiler
            used, stated = fuel(text, subject)
            assert len(used) == 1
            assert max(used) <= stated
