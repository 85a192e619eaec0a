"""Instructions to Python: what the translator proves, it does not test."""

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.compile import compile_program
from edgescript.compiling.ir import Program
from edgescript.compiling.verify import verify
from edgescript.program import load
from edgescript.source import Source
from tests.support.python_text import python_text
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


def text_of(source):
    code = compile_source(Source("t.es", source), stdlib.registry()).code
    assert code is not None
    return python_text(load(code, stdlib.registry()).linked)


@pytest.mark.parametrize(
    ("source", "definition"),
    [
        ("a = $host\ndef f(x) {\n return eq(x, a)\n}\nif f('y') { exit(403) }", "\ndef f1(m, l0, g0):"),
        ("a = $host\ndef f() {\n return a\n}\ndef g() {\n return f()\n}\nsay(g())", "\ndef f2(m, g0):"),
        ("def f(x) {\n return eq(x, 'a')\n}\nif f('y') { exit(403) }", "\ndef f1(m, l0):"),
        ("a = $host\ndef f() {\n a = 'b'\n}\nf()\nsay(a)", "\n    def f1():"),
        ("a = $host\ndef f(k, v, u) {\n return a\n}\nforeach(['a'], f, [])", "\n    def f1(l0, l1, l2):"),
    ],
)
def test_a_function_that_reads_what_only_the_script_assigns_is_made_once(source, definition):
    assert definition in "\n" + text_of(source)


def test_calls_hand_on_a_few_variables_however_many_are_read():
    many = range(40)
    source = "".join(f"a{i} = $host\n" for i in many) + "def f0() {\n return a0\n}\n"
    source += "".join(f"def f{i}() {{\n return concat(f{i - 1}(), a{i})\n}}\n" for i in many[1:])
    text = text_of(source + "say(f39())")
    assert "def f8(m, g0, g1, g2, g3, g4, g5, g6, g7):" in text
    assert "    def f40():" in text


@pytest.mark.parametrize(
    ("source", "looks"),
    [
        ("def f() {\n exit(403)\n}\nf()", 2),
        ("def f() {\n return 1\n}\nsay(f())", 0),
        ("def f() {\n exit(403)\n}\ndef g() {\n f()\n}\ng()", 3),
    ],
)
def test_whether_the_request_has_ended_is_asked_where_it_may_have(source, looks):
    text = text_of(source)
    assert text.count("if m.ended:") == looks
    assert "raise" not in text


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
    text = text_of(source)
    assert ("m.entries(" in text and "named_" not in text and "array_" not in text) == is_shared
