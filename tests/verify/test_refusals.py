"""Hand-made hostile Code: each is refused with a reason, and the nearest harmless Code is not."""

import pytest

from edgescript.compiling.code import Code, CodeFunction, decode, encode, pack_position
from edgescript.compiling.opcodes import MAX_BLOCKS, MAX_FUNCTIONS, MAX_LOOPS, MAX_STACK, MAX_VARIABLES, Op
from edgescript.compiling.verify import verify
from edgescript.faults import CodeError
from edgescript.meter import Limits
from edgescript.program import MAX_TRANSLATED, load
from tests.tiers.kit import REGISTRY, both

END = "UNDEF RETURN"


def assemble(text, name="main", params=0, local_names=()):
    """A body from `OP` or `OP:a` or `OP:a:b` words."""
    body = []
    for word in text.split():
        op, *operands = word.split(":")
        a, b = (*map(int, operands), 0, 0)[:2]
        body.append((int(Op[op]), a, b))
    positions = tuple(pack_position(1, column) for column in range(1, len(body) + 1))
    return CodeFunction(name, params, tuple(local_names), tuple(body), positions)


def code_of(main, *functions, **tables):
    fields = {
        "constants": ("a", 1),
        "global_names": ("x",),
        "builtins": ("upper", "gt", "leave"),
        "variables": ("host", "arg_q"),
        **tables,
    }
    main = assemble(main) if isinstance(main, str) else main
    return Code(1, "t.es", b"", functions=(main, *functions), **fields)


FUNCTION = assemble("LOCAL:0 RETURN", "f", 1, ("p",))


@pytest.mark.parametrize(
    "main",
    [
        END,
        "CONST:0 CALL:0:1 SET_GLOBAL:0 UNDEF RETURN",
        "TRUE IF UNDEF RETURN ELSE FALSE RETURN END UNDEF RETURN",
        "TRUE AND FALSE END POP UNDEF RETURN",
        "ARRAY:0 EACH POP POP END UNDEF RETURN",
        "TRUE INVOKE:1:1 RETURN",
        "FUNCTION:1 RETURN",
        "ARRAY:0 EACH SET_GLOBAL:0 POP GLOBAL:0 RETURN END UNDEF RETURN",
        # Statements inside expressions: no compiler makes them, and they are harmless.
        "CONST:0 TRUE AND ARRAY:0 EACH POP SET_GLOBAL:0 END TRUE END ARRAY:2 RETURN",
        "GLOBAL:0 TRUE IF CONST:1 SET_GLOBAL:0 END GLOBAL:0 ARRAY:2 RETURN",
    ],
)
def test_runs(main):
    program = load(decode(encode(code_of(main, FUNCTION))), REGISTRY)
    assert both(program).result in (True, False)


@pytest.mark.parametrize(
    ("main", "reason"),
    [
        ("", "does not end in RETURN"),
        ("UNDEF", "does not end in RETURN"),
        ("RETURN", "takes 1 values"),
        ("UNDEF UNDEF RETURN", "RETURN inside an expression"),
        ("UNDEF RETURN POP", "POP after RETURN"),
        ("UNDEF RETURN UNDEF RETURN", "UNDEF after RETURN"),
        ("CONST:2 RETURN", "CONST with constant 2, want 0 to 1"),
        ("CONST:-1 RETURN", "CONST with constant -1"),
        ("CONST:0:1 RETURN", "CONST with operand 1"),
        ("GLOBAL:1 RETURN", "GLOBAL with global 1"),
        ("LOCAL:0 RETURN", "LOCAL with local 0"),
        ("VARIABLE:2 RETURN", "VARIABLE with variable 2"),
        ("FUNCTION:0 RETURN", "FUNCTION with function 0"),
        ("FUNCTION:2 RETURN", "FUNCTION with function 2"),
        ("INVOKE:0:0 RETURN", "INVOKE with function 0"),
        ("INVOKE:1:0 RETURN", "0 arguments for a function of 1"),
        ("CALL:3:0 RETURN", "CALL with builtin 3"),
        ("CALL:0:0 RETURN", "0 arguments for upper(s)"),
        ("UNDEF UNDEF CALL:0:2 RETURN", "2 arguments for upper(s)"),
        ("UNDEF CALL:1:2 RETURN", "CALL takes 2 values, the block has 1"),
        ("ARRAY:1 RETURN", "ARRAY takes 1 values"),
        ("UNDEF DICT:1 RETURN", "DICT takes 2 values"),
        (f"ARRAY:{MAX_STACK + 1} RETURN", "ARRAY with count"),
        ("TRUE IF UNDEF RETURN", "IF is not closed"),
        ("END UNDEF RETURN", "END without a block"),
        ("ELSE UNDEF RETURN", "ELSE without IF"),
        ("TRUE AND TRUE ELSE END UNDEF RETURN", "ELSE without IF"),
        ("TRUE IF ELSE ELSE END UNDEF RETURN", "ELSE without IF"),
        ("TRUE IF UNDEF END RETURN", "leaves 1 values on the stack, want 0"),
        ("TRUE IF UNDEF ELSE UNDEF END RETURN", "leaves 1 values on the stack, want 0"),
        ("UNDEF TRUE IF POP END UNDEF RETURN", "POP takes 1 values, the block has 0"),
        ("TRUE AND END RETURN", "leaves 0 values on the stack, want 1"),
        ("TRUE AND TRUE TRUE END POP RETURN", "leaves 2 values on the stack, want 1"),
        ("TRUE OR TRUE RETURN END RETURN", "RETURN inside an expression"),
        ("TRUE AND TRUE IF UNDEF RETURN END TRUE END RETURN", "RETURN inside an expression"),
        ("ARRAY:0 EACH END UNDEF RETURN", "leaves 2 values on the stack, want 0"),
        ("ARRAY:0 EACH POP POP POP END UNDEF RETURN", "POP takes 1 values, the block has 0"),
        ("TRUE IF " * (MAX_BLOCKS + 1) + "END " * (MAX_BLOCKS + 1) + END, "blocks inside each other"),
        ("ARRAY:0 EACH POP POP " * (MAX_LOOPS + 1) + "END " * (MAX_LOOPS + 1) + END, "loops inside each other"),
        ("UNDEF " * (MAX_STACK + 1) + "RETURN", "values on the stack"),
    ],
)  # fmt: skip
def test_refused(main, reason):
    with pytest.raises(CodeError) as caught:
        load(decode(encode(code_of(main, FUNCTION))), REGISTRY)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (code_of(END, constants=("\u0100",)), "no byte"),
        (code_of(END, constants=(2**53 + 1,)), "an integer beyond"),
        (code_of(END, constants=(True,)), "neither a string nor a number"),
        (code_of(END, builtins=("launch",)), "unknown function 'launch'"),
        (code_of(END, variables=("nope",)), "unknown variable 'nope'"),
        (code_of(END, variables=("arg_\u4e2d",)), "unknown variable"),
        (code_of(END, variables=("arg_",)), "unknown variable"),
        (code_of(END, global_names=("x",) * (MAX_VARIABLES + 1)), "variables, more than"),
        (code_of(END, *[FUNCTION] * (MAX_FUNCTIONS + 1)), "bodies, want"),
        (code_of(END, assemble("HIT UNDEF RETURN", "f")), "HIT outside the main body"),
        (code_of(END, assemble(END, "f", 2, ("p",))), "2 parameters"),
        (code_of(END, assemble(END, "f", -1, ("p",))), "-1 parameters"),
        (code_of(assemble(END, local_names=("x",))), "locals of its own"),
        (code_of(CodeFunction("main", 0, (), ((99, 0, 0),), (4097,))), "unknown operation 99"),
        (code_of(CodeFunction("main", 0, (), ((1, 0, 0), (22, 0, 0)), (4097,))), "1 positions for 2"),
        (code_of(CodeFunction("main", 0, (), ((1, 0, 0), (22, 0, 0)), (4097, 5))), "position out of range"),
        (code_of(CodeFunction("main", 0, (), ((1, 0, 0), (22, 0, 0)), (4097, 1 << 60))), "position out of range"),
        (code_of(CodeFunction("main", 0, (), ((1, 0, 0), (22, 0, 0)), (4097, -1))), "position out of range"),
        (Code(1, "t.es", b"", (), (), (), (), ()), "0 bodies"),
        (Code(2, "t.es", b"", (), (), (), (), ()), "code format 2"),
    ],
)  # fmt: skip
def test_refused_tables(code, reason):
    with pytest.raises(CodeError) as caught:
        verify(code, REGISTRY)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"ESC\x02", b"ESC\x01", b"ESC\x01\xc0", b"ESC\x01" + b"\x91" * 100_000, b"ESC\x01\xdd\xff\xff\xff\xff"],
)  # fmt: skip
def test_bytes_that_are_no_code(data):
    with pytest.raises(CodeError):
        load(data, REGISTRY)


def test_a_value_on_the_stack_is_older_than_a_later_assignment():
    # No compiler assigns inside an expression.
    code = code_of("GLOBAL:0 CONST:1 SET_GLOBAL:0 CALL:0:1 POP UNDEF RETURN", builtins=("record",))
    assert both(load(encode(code), REGISTRY)).effects["output"] == ["undef\n"]


def test_odd_names_reach_no_python():
    odd = "f'); import os #\n"
    code = code_of(
        "UNDEF INVOKE:1:1 POP CONST:0 SET_GLOBAL:0 VARIABLE:0 POP FUNCTION:1 POP TRUE RETURN",
        assemble("LOCAL:0 RETURN", odd, 1, (odd,)),
        global_names=(odd,),
        variables=("arg_" + odd,),
    )
    assert both(load(encode(code), REGISTRY)).result is True


@pytest.mark.parametrize(
    "main",
    [
        "TRUE IF " * MAX_BLOCKS + "END " * MAX_BLOCKS,
        "CONST:0 ARRAY:1 EACH POP POP " * MAX_LOOPS + "END " * MAX_LOOPS,
        "CONST:0 " * MAX_STACK + f"ARRAY:{MAX_STACK} POP ",
        "CONST:0 " + "CALL:0:1 " * 2000 + "POP ",
        "TRUE AND " * MAX_BLOCKS + "TRUE " + "END " * MAX_BLOCKS + "POP ",
    ],
    ids=["blocks", "loops", "stack", "calls", "shortcuts"],
)
def test_the_deepest_and_widest_that_is_allowed_runs(main):
    assert both(load(encode(code_of(main + END)), REGISTRY)).result is False


def test_a_very_long_program_is_not_translated():
    program = load(encode(code_of("TRUE POP " * (MAX_TRANSLATED // 2) + END)), REGISTRY)
    assert both(program, Limits(fuel=MAX_TRANSLATED + 2)).result is False
    assert both(program, Limits(fuel=MAX_TRANSLATED + 1)).result[2] == "fuel"
    assert program._translation is None
