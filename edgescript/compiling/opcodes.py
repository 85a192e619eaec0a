"""
The instruction set: one table. Compiler, verifier, disassembler, both tiers and the cost statement read it.

The code is structured, as WebAssembly's is: `IF`, `AND`, `OR` and `EACH` open a block that `END` closes, and there are
no jumps. So one pass verifies a function, and one pass turns it into Python. An instruction is `(op, a, b)`; an unused
operand is 0.

Fuel: a segment is a run of instructions with no block border inside; it is charged once, at its first instruction,
with the sum of its instructions' `cost` and of the `base` costs of the builtins it calls. Borders are the start of a
body, and after each of IF, ELSE, AND, OR, EACH and END. `per` costs of builtins are charged at the call. EACH charges
its body's first segment per round.
"""

from enum import Enum, IntEnum
from typing import Any, Final, NamedTuple, Self

MAX_INSTRUCTIONS: Final = 200_000
"""Of a program; some 50,000 lines. Verifying and translating are linear in it."""
MAX_FUNCTIONS: Final = 1_000
MAX_VARIABLES: Final = 256
"""Of a body, and of the script level. Scripts may have 200 of their own (`resolve.MAX_OWN_VARIABLES`); the rest is for `lower`."""
MAX_STACK: Final = 16_384
"""Values. It bounds the elements of one dictionary literal: an address list is written as one."""
MAX_BLOCKS: Final = 128
"""Blocks inside each other. Python's compiler recurses into them; its own limit is some hundreds."""
MAX_LOOPS: Final = 12
"""EACH inside EACH, and so `for` inside `for`. Python, which the translated tier becomes, nests 20 in a function."""
MAX_LINE: Final = 1 << 22
MAX_NAME_BYTES: Final = 1_024


class Operand(Enum):
    """What an operand indexes or counts."""

    NONE = ""
    CONSTANT = "constant"
    LOCAL = "local"
    GLOBAL = "global"
    VARIABLE = "variable"
    BUILTIN = "builtin"
    FUNCTION = "function"
    COUNT = "count"


class OpInfo(NamedTuple):
    number: int
    a: Operand
    b: Operand
    pops: int
    """Values taken off the stack, for each of the COUNT operand where there is one."""
    pushes: int
    """Values left in their place; by an operation that opens a block, before the block's first instruction."""
    cost: int
    picture: str
    """The same drawn: stack before, the operation, stack after."""
    text: str


class Op(IntEnum):
    """Numbers are part of the serial form: a new one is added at the end, a used one never changes."""

    def __new__(cls, *fields: Any) -> Self:
        number = OpInfo(*fields).number
        member = int.__new__(cls, number)
        member._value_ = number
        return member

    def __init__(self, *fields: Any) -> None:
        self.info = OpInfo(*fields)

    # fmt: off
    CONST      = OpInfo( 0, Operand.CONSTANT, Operand.NONE,  0, 1, 1, "- CONST v",           "push a constant")
    UNDEF      = OpInfo( 1, Operand.NONE,     Operand.NONE,  0, 1, 1, "- UNDEF undef",       "push undef")
    TRUE       = OpInfo( 2, Operand.NONE,     Operand.NONE,  0, 1, 1, "- TRUE true",         "push true")
    FALSE      = OpInfo( 3, Operand.NONE,     Operand.NONE,  0, 1, 1, "- FALSE false",       "push false")
    LOCAL      = OpInfo( 4, Operand.LOCAL,    Operand.NONE,  0, 1, 1, "- LOCAL v",           "push a local variable")
    SET_LOCAL  = OpInfo( 5, Operand.LOCAL,    Operand.NONE,  1, 0, 1, "v SET_LOCAL -",       "pop into a local variable")
    GLOBAL     = OpInfo( 6, Operand.GLOBAL,   Operand.NONE,  0, 1, 1, "- GLOBAL v",          "push a script-level variable")
    SET_GLOBAL = OpInfo( 7, Operand.GLOBAL,   Operand.NONE,  1, 0, 1, "v SET_GLOBAL -",      "pop into a script-level variable")
    VARIABLE   = OpInfo( 8, Operand.VARIABLE, Operand.NONE,  0, 1, 3, "- VARIABLE v",        "push a built-in variable")
    FUNCTION   = OpInfo( 9, Operand.FUNCTION, Operand.NONE,  0, 1, 3, "- FUNCTION f",        "push a custom function as a value")
    ARRAY      = OpInfo(10, Operand.COUNT,    Operand.NONE,  1, 1, 4, "v1..va ARRAY d",      "pop a values, push an array of them")
    DICT       = OpInfo(11, Operand.COUNT,    Operand.NONE,  2, 1, 4, "k1 v1..ka va DICT d", "pop a pairs, push a dictionary")
    CALL       = OpInfo(12, Operand.BUILTIN,  Operand.COUNT, 1, 1, 1, "v1..vb CALL v",       "call a builtin with b arguments")
    INVOKE     = OpInfo(13, Operand.FUNCTION, Operand.COUNT, 1, 1, 6, "v1..vb INVOKE v",     "call a custom function with b arguments")
    POP        = OpInfo(14, Operand.NONE,     Operand.NONE,  1, 0, 1, "v POP -",             "drop the top")
    IF         = OpInfo(15, Operand.NONE,     Operand.NONE,  1, 0, 1, "v IF -",              "open a block, run when v is true")
    ELSE       = OpInfo(16, Operand.NONE,     Operand.NONE,  0, 0, 1, "- ELSE -",            "the other block of IF")
    END        = OpInfo(17, Operand.NONE,     Operand.NONE,  0, 0, 0, "- END -",             "close the innermost block")
    AND        = OpInfo(18, Operand.NONE,     Operand.NONE,  1, 0, 1, "v AND -",             "open a block; END leaves false when v is false, else the block's boolean")
    OR         = OpInfo(19, Operand.NONE,     Operand.NONE,  1, 0, 1, "v OR -",              "open a block; END leaves true when v is true, else the block's boolean")
    BOOL       = OpInfo(20, Operand.NONE,     Operand.NONE,  1, 1, 1, "v BOOL b",            "truthiness as a boolean")
    EACH       = OpInfo(21, Operand.NONE,     Operand.NONE,  1, 2, 4, "d EACH k v",          "open a block, run once per entry with its key and value pushed")
    RETURN     = OpInfo(22, Operand.NONE,     Operand.NONE,  1, 0, 1, "v RETURN -",          "leave the body with v")
    HIT        = OpInfo(23, Operand.NONE,     Operand.NONE,  0, 0, 1, "- HIT -",             "a top-level if was taken (main body only)")
    # fmt: on


BLOCK_OPENERS = frozenset({Op.IF, Op.AND, Op.OR, Op.EACH})
SEGMENT_BORDERS = BLOCK_OPENERS | {Op.ELSE, Op.END}


def _effect(info: OpInfo) -> tuple[int, int, int, int]:
    """Values popped in any case, for each of `a`, for each of `b`; and values pushed."""
    if info.a is Operand.COUNT:
        return 0, info.pops, 0, info.pushes
    if info.b is Operand.COUNT:
        return 0, 0, info.pops, info.pushes
    return info.pops, 0, 0, info.pushes


_EFFECTS: Final = {op: _effect(op.info) for op in Op}


def stack_effect(op: Op, a: int, b: int) -> tuple[int, int]:
    """How many values an instruction pops and then pushes. END leaves what is there, the boolean of AND and OR too."""
    fixed, per_a, per_b, pushes = _EFFECTS[op]
    return fixed + per_a * a + per_b * b, pushes
