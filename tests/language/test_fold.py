"""Folding: what becomes a constant, what may not, and that meaning stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling import ir
from edgescript.compiling.compile import compile_program
from edgescript.compiling.fold import fold
from edgescript.compiling.lower import lower
from edgescript.compiling.resolve import resolve
from edgescript.context import Context
from edgescript.diagnostics.findings import Findings
from edgescript.faults import ScriptFault
from edgescript.parsing.parser import parse
from edgescript.program import load
from edgescript.request import Request
from edgescript.source import Source


def folded(expression):
    """The ir of an expression, folded."""
    program = compile_source(
        Source.from_bytes("a.es", f"say({expression})\n".encode()), stdlib.registry()
    ).program
    assert program is not None
    statement = program.main[0]
    assert isinstance(statement, ir.Discard)
    assert isinstance(statement.value, ir.CallBuiltin)
    return statement.value.arguments[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("add(1, mul(2, 3))", 7),
        ("-add(1, 2)", -3),
        ("concat('a', 1, 'b')", "a1b"),
        ("len('中')", 3),
        ("substr('abc', 1.9, 2)", "ab"),
        ("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("div(1, 4)", 0.25),
        ("eq('1', '1')", True),
        ("not(0)", False),
        ("and(1, 'a')", True),
        ("and(false, now())", False),
        ("or(false, undefined)", False),
        ("or(0, now())", True),
    ],
)
def test_constant(expression, value):
    node = folded(expression)
    assert isinstance(node, ir.Constant)
    assert (type(node.value), node.value) == (type(value), value)


@pytest.mark.parametrize(
    "expression",
    [
        "now()",
        "rand(1, 1)",
        "req_uri()",
        "div(1, 0)",
        "tochar(add(100, 200))",
        "split('a b')",
        "format(concat('%2000', 'd'), 1)",
        "concat($uri, 'a')",
        "and($arg_a, false)",
        "or($arg_a, true)",
    ],
    ids=str,
)
def test_not_constant(expression):
    """Clock, chance, request, dictionaries, faults, large results, and operands that must still be evaluated."""
    assert not isinstance(folded(expression), ir.Constant)


@pytest.mark.parametrize(
    ("expression", "operands"),
    [
        ("and(true, $arg_a, 'x')", 1),
        ("and($arg_a, false, now())", 2),
        ("or($arg_a, false, undefined, $arg_b)", 2),
        ("or($arg_a, 0, $arg_b)", 2),
    ],
)
def test_operands_that_change_nothing_go(expression, operands):
    node = folded(expression)
    assert isinstance(node, ir.And | ir.Or)
    assert len(node.operands) == operands


def run(text, request, *, folding):
    """Output, hit or fault of a script, folded or not."""
    source = Source.from_bytes("a.es", text.encode())
    parsed = parse(source)
    assert parsed.script is not None
    registry = stdlib.registry()
    program = lower(parsed.script, resolve(parsed.script, registry, Findings()), source)
    code = compile_program(fold(program) if folding else program, source)
    context = Context(request)
    try:
        hit = load(code, registry).run(context)
    except ScriptFault as fault:
        return "fault", int(fault.code), fault.line, fault.column, "".join(context.effects.output)
    return "hit" if hit else "no hit", "".join(context.effects.output)


SCRIPTS = {
    "a taken if still counts as a hit": "if true {\n}\n",
    "the taken arm of an if that is dropped counts": "if false {\n} else if 1 {\n    say('a')\n}\n",
    "no hit without a taken if": "if false {\n    say('a')\n} else {\n    say('b')\n}\n",
    "an if of a function is no hit": "def f() {\n    if true {\n        return 1\n    }\n    say('no')\n}\nsay(f())\n",
    "code after a folded return goes": "if true {\n    return false\n}\nsay('no')\n",
    "an undecided operand is still evaluated": "def f() {\n    say('f')\n    return true\n}\nsay(and(f(), false))\nsay(or(f(), true))\n",
    "a fault stays at its place": "say('a')\n  x = upper(tonumber('1'))\nsay(x)\n",
    "results that are dropped": "upper('a')\nand(true, false)\nsay('b')\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_meaning_stays(name):
    request = Request(target="/x?a=1")
    assert run(SCRIPTS[name], request, folding=True) == run(SCRIPTS[name], request, folding=False)


ATOMS = st.sampled_from(
    [
        "1",
        "0",
        "-2.5",
        "'a'",
        "''",
        "'12'",
        "true",
        "false",
        "undefined",
        "$uri",
        "$arg_none",
        "x",
        "[]",
        "['a', 2]",
        "1000000000",
    ]
)
ONE = st.sampled_from(
    ["not", "len", "upper", "floor", "tonumber", "tostring", "type", "null", "md5", "show", "-"]
)
TWO = st.sampled_from(
    ["and", "or", "eq", "ne", "add", "sub", "mul", "div", "mod", "gt", "concat", "get", "find"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds("{}({})".format, ONE, inner) | st.builds("{}({}, {})".format, TWO, inner, inner),
    max_leaves=12,
)
PROLOGUE = "x = 'x'\ndef show(v) {\n    say(v)\n    return v\n}\n"


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_any_expression_keeps_its_meaning(condition, value):
    text = f"{PROLOGUE}if {condition} {{\n    say({value})\n}} else {{\n    say(type({value}))\n}}\n"
    request = Request(target="/path?q")
    assert run(text, request, folding=True) == run(text, request, folding=False)
