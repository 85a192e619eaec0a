"""Instructions to Python: what the translator proves, it does not test."""

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.compile import compile_program
from edgescript.compiling.ir import Program
from edgescript.compiling.verify import verify
from edgescript.program import load
from edgescript.running.translate import python_text
from edgescript.source import Source
from tests.tiers.kit import REGISTRY, Nodes


def python_of(*main, functions=()):
    names = tuple(f"v{slot}" for slot in range(4))
    code = compile_program(Program(tuple(main), names, tuple(functions)), Source("t.es", ""))
    return python_text(verify(code, REGISTRY))


@pytest.fixture
def n():
    return Nodes()


def test_a_known_string_is_not_tested(n):
    assert "check_" not in python_of(n.set(0, n.call("find", n.variable("host"))))


def test_an_unknown_value_is_tested_once(n):
    text = python_of(
        n.set(0, n.call("get", n.array(), 1)),
        n.set(1, n.call("find", n.get(0))),
        n.set(2, n.call("find", n.get(0))),
    )
    assert text.count("g0.__class__ is not str") == 1
    assert text.count("check_find") == 1


def test_what_is_known_to_be_string_or_undef_is_tested_by_identity(n):
    assert "if v0 is None:" in python_of(n.set(0, n.call("find", n.variable("arg_x"))))


def test_a_condition_on_a_boolean_is_the_boolean(n):
    assert "if a_" not in python_of(n.if_(n.call("gt", 1, 2), ()))
    assert "if 1 > 2:" in python_of(n.if_(n.call("gt", 1, 2), ()))


def test_a_taken_branch_narrows_what_is_known(n):
    body = [n.set(1, n.call("find", n.get(0)))]
    text = python_of(n.set(0, n.variable("arg_x")), n.if_(n.get(0), body))
    assert "if g0 is not None:" in text
    assert "check_" not in text


def test_ways_that_meet_know_what_both_know(n):
    text = python_of(
        n.if_(n.variable("arg_x"), [n.set(0, "a")], [n.set(0, n.variable("host"))]),
        n.set(1, n.call("find", n.get(0))),
    )
    assert "check_" not in text
    text = python_of(
        n.if_(n.variable("arg_x"), [n.set(0, "a")]),
        n.set(1, n.call("find", n.get(0))),
    )
    assert "if g0 is None:" in text


def test_nothing_is_assumed_of_a_variable_that_a_function_assigns(n):
    f = n.function("f", 0, "", n.set(0, 1))
    text = python_of(n.set(0, "a"), n.do("find", n.get(0)), functions=[f])
    assert "check_" not in text, "no call of f is in the program"
    text = python_of(
        n.set(0, "a"), n.do("each", n.array(), n.value(None)), n.set(1, _load_function(n)),
        n.do("find", n.get(0)), functions=[f],
    )  # fmt: skip
    assert "t0.__class__ is not str" in text


def _load_function(n):
    from edgescript.compiling.ir import LoadFunction

    return LoadFunction(n.at(), 0)


def test_nested_calls_are_one_expression(n):
    text = python_of(n.set(0, n.call("find", n.call("part", n.variable("host"), 1))))
    assert "g0 = find_0(part_1(v0, 1))" in text or "g0 = find_1(part_0(v0, 1))" in text


def test_constant_arguments_are_worked_in(n):
    text = python_of(n.set(0, n.call("matches", n.variable("host"), "a")))
    assert "g0 = matches_0(v0)" in text
    text = python_of(n.set(0, n.call("matches", n.variable("host"), "(")))
    assert "g0 = matches_0(v0, '(')" in text, "a specialiser that raises leaves the general body"


def test_a_built_in_variable_is_read_once_on_any_way(n):
    host = n.variable("host")
    text = python_of(n.set(0, host), n.set(1, host), n.if_(n.get(0), [n.set(2, host)]))
    assert text.count("request.host") == 1


def test_a_built_in_variable_read_in_a_branch_is_read_again_behind_it(n):
    host = n.variable("host")
    text = python_of(n.set(0, 1), n.if_(n.get(0), [n.set(1, host)], [n.set(2, host)]), n.set(3, host))
    assert text.count("request.host") == 3


def test_a_loop_binds_its_variables_at_once(n):
    assert "for g0, g1 in t0.items():" in python_of(n.for_(0, 1, n.array(n.get(2))))


def test_text_of_a_script_stays_text(n):
    odd = "'); import os #\n\x00\xff"
    assert repr(odd) in python_of(n.set(0, odd))


TABLE_READ_ONLY = """
hosts = ['a' = 1, 'b' = 2]
def f() {
    return get(hosts, 'b')
}
if get(hosts, $host) { say(f()) }
for k, v in hosts { say(k) }
"""


@pytest.mark.parametrize(
    ("source", "is_shared"),
    [
        (TABLE_READ_ONLY, True),
        ("say(get(['a', 'b'], 1))", True),
        ("d = ['a' = 1]\nif d { say(len(d)) }", True),
        ("d = ['a' = 1]\nset(d, 'b', 2)", False),
        ("d = ['a' = 1]\ne = d\nset(e, 'b', 2)", False),
        ("d = ['a' = 1]\nd = ['b' = 1]\nsay(len(d))", False),
        ("d = ['a' = $host]\nsay(len(d))", False),
        ("d = [['a' = 1]]\nset(get(d, 1), 'b', 2)", False),
        ("def f(d) {\n set(d, 'x', 1)\n}\nf(['a' = 1])", False),
        ("def f() {\n return ['a' = 1]\n}\nset(f(), 'x', 1)", False),
        ("d = ['a' = 1]\ne = [d]\nsay(len(e))", False),
        ("def c(k, v, u) {\n set(u, k, v)\n}\nu = ['x' = 1]\nforeach(['a'], c, u)", False),
    ],
)
def test_a_table_of_constants_that_nothing_changes_is_made_once(source: str, is_shared: bool) -> None:
    code = compile_source(Source("t.es", source), stdlib.registry()).code
    assert code is not None
    text = python_text(load(code, stdlib.registry()).linked)
    assert ("m.entries(" in text and "named_" not in text and "array_" not in text) == is_shared
