"""Source to instructions: the compiler's output for each construct, and the listing's layout."""

from textwrap import dedent

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling import disasm, opcodes
from edgescript.compiling.code import Code, CodeFunction
from edgescript.compiling.opcodes import Op
from edgescript.compiling.verify import verify
from edgescript.running import vm
from edgescript.running.translate_body import _OPERATIONS
from edgescript.source import Source


def code_of(text: str) -> Code:
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    assert compiled.code is not None, compiled.diagnostics
    return compiled.code


def short(text: str) -> str:
    """The instructions of the last body, operands as the listing shows them, on one line."""
    body = disasm.listing(code_of(text)).rstrip("\n").split("\n\n")[-1].splitlines()[1:]
    return " | ".join(" ".join(line.split()[1:]) for line in body)


@pytest.mark.parametrize(
    ("source", "instructions"),
    [
        # Every body ends in RETURN.
        ("", "UNDEF | RETURN"),
        ("x = 'a'", "CONST 'a' | SET_GLOBAL x | UNDEF | RETURN"),
        ("x = -1.5", "CONST -1.5 | SET_GLOBAL x | UNDEF | RETURN"),
        ("x = true\ny = x", "TRUE | SET_GLOBAL x | GLOBAL x | SET_GLOBAL y | UNDEF | RETURN"),
        ("say($host)", "VARIABLE $host | CALL say 1 | POP | UNDEF | RETURN"),
        ("say($arg_a)", "VARIABLE $arg_a | CALL say 1 | POP | UNDEF | RETURN"),
        # Literals: an array leaves its keys out.
        ("x = [$uri, 2]", "VARIABLE $uri | CONST 2 | ARRAY 2 | SET_GLOBAL x | UNDEF | RETURN"),
        ("x = ['k' = $uri]", "CONST 'k' | VARIABLE $uri | DICT 1 | SET_GLOBAL x | UNDEF | RETURN"),
        # An `if` of the script level marks the hit first thing in its body.
        ("if $arg_a {\n}", "VARIABLE $arg_a | IF | HIT | END | UNDEF | RETURN"),
        (
            "if $arg_a {\nexit(403)\n} else {\nsay(1)\n}",
            "VARIABLE $arg_a | IF | HIT | CONST 403 | CALL exit 1 | POP | ELSE | CONST 1 | CALL say 1 | POP | END | UNDEF | RETURN",
        ),
        # `for` stores the value, which is on top, then the key.
        (
            "for k, v in [$uri] {\nsay(v)\n}",
            "VARIABLE $uri | ARRAY 1 | EACH | SET_GLOBAL v | SET_GLOBAL k | GLOBAL v | CALL say 1 | POP | END | UNDEF | RETURN",
        ),
        # Special forms: the last operand is made a boolean, inner ones are tested only.
        ("x = and($uri, $host)", "VARIABLE $uri | AND | VARIABLE $host | BOOL | END | SET_GLOBAL x | UNDEF | RETURN"),
        (
            "x = or($uri, $host, $args)",
            "VARIABLE $uri | OR | VARIABLE $host | OR | VARIABLE $args | BOOL | END | END | SET_GLOBAL x | UNDEF | RETURN",
        ),
        # What follows a return in its block is left out.
        ("return true\nsay(1)", "TRUE | RETURN"),
        (
            "if $uri {\nreturn true\n} else {\nreturn false\n}\nsay(1)",
            "VARIABLE $uri | IF | HIT | TRUE | RETURN | ELSE | FALSE | RETURN | END | UNDEF | RETURN",
        ),
        # Functions: parameters are locals, names of the script level are global.
        ("n = 1\ndef f(a) {\nn = a\nb = n\n}\nf(2)", "LOCAL a | SET_GLOBAL n | GLOBAL n | SET_LOCAL b | UNDEF | RETURN"),
        ("def g() {\n}\ndef f(a) {\nreturn g()\n}\nf(2)", "INVOKE g 0 | RETURN"),
        ("def f(k, v, d) {\nforeach([], f, d)\n}\nforeach([], f, [])", "ARRAY 0 | FUNCTION f | LOCAL d | CALL foreach 3 | POP | UNDEF | RETURN"),
    ],
)  # fmt: skip
def test_instructions(source, instructions):
    assert short(source) == instructions


def test_long_and_nests_by_halves():
    # 250 operands inside each other would pass MAX_BLOCKS.
    operands = ", ".join(f"$arg_a{n}" for n in range(250))
    code = code_of(f"x = and({operands})")
    verify(code, stdlib.registry())


def test_each_constant_stands_once():
    code = code_of("say('a')\nsay('a')\nsay(1)\nsay(1.5)\nsay('1')\nsay(1)")
    assert code.constants == ("a", 1, 1.5, "1")


def test_listing_shows_places_blocks_and_fuel():
    code = code_of("def f(a) {\n  b = a\n  return b\n}\nif eq($host, 'a.example') {\n  f(1)\n}\n")
    assert disasm.listing(code, verify(code, stdlib.registry())) == dedent("""\
        t.es  sha256 569e364a337f2e3c  format 1

        main()
             5:7  VARIABLE   $host                                      7
            5:14  CONST      'a.example'
             5:4  CALL       eq 2
             5:1  IF
             5:1    HIT                                                 9
             6:5    CONST      1
             6:3    INVOKE     f 1
             6:3    POP
             5:1  END
             5:1  UNDEF                                                 2
             5:1  RETURN

        f(a)  locals b
             2:7  LOCAL      a                                          4
             2:3  SET_LOCAL  b
            3:10  LOCAL      b
             3:3  RETURN
        """)


def test_listing_of_damaged_code_shows_what_it_can():
    body = ((0, 9, 0), (99, 1, 2), (17, 0, 0), (12, 0, 1))
    code = Code(1, "a\x1b[2J", b"", (), (), (), (), (CodeFunction("x\n", 0, (), body, (1 << 12 | 1,)),))
    assert disasm.listing(code) == dedent("""\
        'a\\x1b[2J'  sha256   format 1

        'x\\n'()
             1:1  CONST      ?9
             0:0  op 99      1 2
             0:0  END
             0:0  CALL       ?0 1
        """)


def test_every_operation_has_its_place_in_both_tiers():
    assert set(vm._OPERATIONS) == set(_OPERATIONS) == set(Op)


def test_operation_numbers_are_those_of_stored_code():
    assert [op.value for op in Op] == list(range(24))
    assert {Op.IF, Op.ELSE, Op.AND, Op.OR, Op.EACH, Op.END} == opcodes.SEGMENT_BORDERS
