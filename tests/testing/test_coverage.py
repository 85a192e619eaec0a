"""What there is to reach in a script, and what runs have reached of it."""

import contextlib

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.program import load
from edgescript.request import Headers, Request
from edgescript.source import Source
from edgescript.testing.coverage import Both, Branch, ScriptCoverage, reachable, total

REGISTRY = stdlib.registry()


def compiled(text):
    result = compile_source(Source("a.es", text), REGISTRY)
    assert result.code is not None, result.diagnostics
    return result.code


def covered(text, *targets):
    """The coverage of the script after a request for each of `targets`."""
    code = compiled(text)
    coverage = ScriptCoverage("a.es", reachable(code))
    for target in targets:
        context = Context(Request("GET", target, headers=Headers([])))
        with contextlib.suppress(ScriptFault):
            load(code, REGISTRY).interpret(context, coverage)
    return coverage


IF = """\
# a comment
a = $arg_a

if a {
    say('a')
} else {
    say('b')
}
say('c')
"""
NO_ELSE = """\
if $arg_a {
    say('a')
}
"""
NESTED = """\
if $arg_a {
    if $arg_b {
        say('b')
    }
}
say('c')
"""
MANY_LINES = """\
table = ['a',
    'b',

    # a comment
    'c'
]
if and($arg_a,
    $arg_b) {
    say(
        get(table, 1)
    )
}
"""
LOOP = """\
for name, value in decode_args($args) {
    say(value)
    if value {
        say(name)
    }
}
"""
FUNCTIONS = """\
def called(a) {
    return concat(a, '')
}
def not_called(a) {
    b = a
    return b
}
say(called('x'))
"""
RETURNS = """\
if $arg_a {
    return true
    say('never compiled')
} else {
    return false
}
say('neither')
"""
ENDS = """\
say('a')
exit(403)
say('b')
"""
FAULTS = """\
say('a')
add($arg_n, 1)
say('b')
"""
ELSE_IF = """\
if $arg_a {
    say('a')
} else if $arg_b {
    say('b')
} else {
    say('c')
}
"""
CONSTANT = """\
if true {
    say('always')
}
if false {
    say('never compiled')
}
"""

ROWS = [
    # text, requests, executable lines, lines reached, branches, branches reached, missing
    (IF, [], {2, 4, 5, 7, 9}, 0, 2, 0, ["2-9"]),
    (IF, ["/?a=1"], {2, 4, 5, 7, 9}, 4, 2, 1, ["4->else never", "7"]),
    (IF, ["/"], {2, 4, 5, 7, 9}, 4, 2, 1, ["4->then never", "5"]),
    (IF, ["/?a=1", "/"], {2, 4, 5, 7, 9}, 5, 2, 2, []),
    (NO_ELSE, ["/"], {1, 2}, 1, 2, 1, ["1->then never", "2"]),
    (NO_ELSE, ["/?a=1"], {1, 2}, 2, 2, 1, ["1->else never"]),
    (NESTED, ["/"], {1, 2, 3, 6}, 2, 4, 1, ["1->then never", "2-3"]),
    (NESTED, ["/?a=1"], {1, 2, 3, 6}, 3, 4, 2, ["1->else never", "2->then never", "3"]),
    (NESTED, ["/?a=1&b=1", "/?a=1", "/"], {1, 2, 3, 6}, 4, 4, 4, []),
    (MANY_LINES, ["/"], {1, 2, 5, 7, 8, 9, 10}, 4, 2, 1, ["7->then never", "8-10"]),
    (MANY_LINES, ["/?a=1"], {1, 2, 5, 7, 8, 9, 10}, 5, 2, 1, ["7->then never", "9-10"]),
    (MANY_LINES, ["/?a=1&b=1"], {1, 2, 5, 7, 8, 9, 10}, 7, 2, 1, ["7->else never"]),
    (LOOP, ["/"], {1, 2, 3, 4}, 1, 2, 0, ["2-4"]),
    (LOOP, ["/?a=1&b=2"], {1, 2, 3, 4}, 4, 2, 1, ["3->else never"]),
    (FUNCTIONS, ["/"], {2, 5, 6, 8}, 2, 0, 0, ["5-6"]),
    (RETURNS, ["/", "/?a=1"], {1, 2, 5}, 3, 2, 2, []),
    (ENDS, ["/"], {1, 2, 3}, 2, 0, 0, ["3"]),
    (FAULTS, ["/"], {1, 2, 3}, 2, 0, 0, ["3"]),
    (ELSE_IF, ["/?b=1"], {1, 2, 3, 4, 6}, 3, 4, 2, ["1->then never", "2", "3->else never", "6"]),
    (CONSTANT, ["/"], {1, 2}, 2, 1, 1, []),
    ("def unused() {\n}\n", ["/"], {1}, 0, 0, 0, ["1"]),
    ("# nothing\n", ["/"], set(), 0, 0, 0, []),
    (
        "if $arg_a { if $arg_b { say('x') } }\n",
        ["/?a=1"],
        {1},
        1,
        4,
        2,
        ["1:1->else never", "1:13->then never"],
    ),
]


@pytest.mark.parametrize(("text", "targets", "lines", "reached", "branches", "taken", "missing"), ROWS)
def test_coverage(text, targets, lines, reached, branches, taken, missing):
    coverage = covered(text, *targets)
    assert coverage.there_is.lines == lines
    assert coverage.lines == (reached, len(lines))
    assert coverage.branches == (taken, branches)
    assert coverage.missing() == missing


def test_what_two_runs_reach_adds_up():
    assert covered(IF, "/?a=1", "/").lines.reached > covered(IF, "/").lines.reached
    assert covered(IF, "/", "/") == covered(IF, "/")


def test_an_if_has_two_branches_at_its_place():
    assert reachable(compiled(IF)).branches == {Branch(4, 1, taken=True), Branch(4, 1, taken=False)}


def test_percent_of_nothing_is_all_of_it():
    assert covered("# nothing\n").lines.value == 100
    assert total([]).value == 100


def test_the_total_is_of_lines_and_branches():
    # 4 of 5 lines and 1 of 2 branches; 2 of 2 lines and 1 of 2 branches.
    assert total([covered(IF, "/?a=1"), covered(NO_ELSE, "/?a=1")]) == (8, 11)


def test_the_last_one_missing_is_not_rounded_away():
    coverage = covered("say('a')\n" * 300 + "if $arg_a {\n    say('b')\n}\n", "/")
    assert coverage.lines == (301, 302)
    assert int(coverage.lines.value) == 99


def test_two_tracers_see_the_same():
    one, other = (ScriptCoverage("a.es", reachable(compiled(IF))) for _ in range(2))
    load(compiled(IF), REGISTRY).interpret(
        Context(Request("GET", "/", headers=Headers([]))), Both(one, other)
    )
    assert one == other
    assert one.lines.reached == 4
