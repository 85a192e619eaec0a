"""Damaged bytes: CodeError, or a program that runs within its limits. Never a crash, never a hang."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edgescript.compiler import compile_source
from edgescript.compiling.code import decode, encode
from edgescript.compiling.disasm import listing
from edgescript.faults import CodeError
from edgescript.meter import Limits
from edgescript.program import load
from edgescript.source import Source
from stdlib import registry
from tests.tiers.kit import both

SCRIPT = """
def visit(key, value, data) {
    set(data, key, concat(value, 'x'))
    return lt(len(value), 9)
}
out = []
for k, v in ['a' = 'b', 'c' = $arg_x] {
    if and(v, or(eq(k, 'a'), $arg_y)) {
        set(out, k, upper(tostring(v)))
    } else {
        say(k)
    }
}
foreach(out, visit, out)
if match_re($uri, '^/p') {
    add_rsp_header('X-Out', json_enc(out))
    exit(403, substr('refused', 1, 3))
}
return false
"""
BYTES = encode(compile_source(Source("t.es", SCRIPT), registry()).code)
LIMITS = Limits(fuel=5_000)


def check(data):
    try:
        program = load(data, registry())
    except CodeError:
        return
    both(program, LIMITS)


def test_undamaged():
    assert both(load(BYTES, registry()), LIMITS).ended


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BYTES) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_replaced_bytes(changes):
    data = bytearray(BYTES)
    for index, value in changes:
        data[index] = value
    check(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(BYTES) - 1), st.integers(0, len(BYTES) - 1), st.binary(max_size=4))
def test_cut_and_pasted_bytes(start, end, between):
    check(BYTES[:start] + between + BYTES[end:])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    check(b"ESC\x01" + data)


SMALL = st.integers(-1, 12)
INSTRUCTIONS = st.lists(st.tuples(st.integers(0, 24), SMALL, SMALL), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_replaced_instructions(data):
    # Past the decoder: well-formed Code whose instructions are odd.
    code = decode(BYTES)
    function = data.draw(st.sampled_from(code.functions))
    body = list(function.body)
    for instruction in data.draw(INSTRUCTIONS):
        body[data.draw(st.integers(0, len(body) - 1))] = instruction
    changed = type(function)(
        function.name, function.params, function.local_names, tuple(body), function.positions
    )
    functions = tuple(changed if each is function else each for each in code.functions)
    damaged = type(code)(
        code.format, code.source_name, code.source_sha256, code.constants, code.global_names,
        code.builtins, code.variables, functions,
    )  # fmt: skip
    listing(damaged)
    check(encode(damaged))
