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
"""Of a body, and of the script level. The language promises 200 (reference section 5); the rest is for `lower`."""
MAX_STACK: Final = 16_384
"""Values. It bounds the elements of one dictionary literal: an address list is written as one."""
MAX_BLOCKS: Final = 128
"""Blocks inside each other. Python's compiler recurses into them; its own limit is some hundreds."""
MAX_LOOPS: Final = 12
"""EACH inside EACH. Python allows 20 loops inside each other in a function."""
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
    cost: int
    picture: str
    """Stack before, the operation, stack after."""
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
    CONST      = OpInfo( 0, Operand.CONSTANT, Operand.NONE, 1, "- CONST v",           "push a constant")
    UNDEF      = OpInfo( 1, Operand.NONE,     Operand.NONE, 1, "- UNDEF undef",       "push undef")
    TRUE       = OpInfo( 2, Operand.NONE,     Operand.NONE, 1, "- TRUE true",         "push true")
    FALSE      = OpInfo( 3, Operand.NONE,     Operand.NONE, 1, "- FALSE false",       "push false")
    LOCAL      = OpInfo( 4, Operand.LOCAL,    Operand.NONE, 1, "- LOCAL v",           "push a local variable")
    SET_LOCAL  = OpInfo( 5, Operand.LOCAL,    Operand.NONE, 1, "v SET_LOCAL -",       "pop into a local variable")
    GLOBAL     = OpInfo( 6, Operand.GLOBAL,   Operand.NONE, 1, "- GLOBAL v",          "push a script-level variable")
    SET_GLOBAL = OpInfo( 7, Operand.GLOBAL,   Operand.NONE, 1, "v SET_GLOBAL -",      "pop into a script-level variable")
    VARIABLE   = OpInfo( 8, Operand.VARIABLE, Operand.NONE, 3, "- VARIABLE v",        "push a built-in variable")
    FUNCTION   = OpInfo( 9, Operand.FUNCTION, Operand.NONE, 3, "- FUNCTION f",        "push a custom function as a value")
    ARRAY      = OpInfo(10, Operand.COUNT,    Operand.NONE, 4, "v1..va ARRAY d",      "pop a values, push an array of them")
    DICT       = OpInfo(11, Operand.COUNT,    Operand.NONE, 4, "k1 v1..ka va DICT d", "pop a pairs, push a dictionary")
    CALL       = OpInfo(12, Operand.BUILTIN,  Operand.COUNT, 1, "v1..vb CALL v",      "call a builtin with b arguments")
    INVOKE     = OpInfo(13, Operand.FUNCTION, Operand.COUNT, 6, "v1..vb INVOKE v",    "call a custom function with b arguments")
    POP        = OpInfo(14, Operand.NONE,     Operand.NONE, 1, "v POP -",             "drop the top")
    IF         = OpInfo(15, Operand.NONE,     Operand.NONE, 1, "v IF -",              "open a block, run when v is true")
    ELSE       = OpInfo(16, Operand.NONE,     Operand.NONE, 1, "- ELSE -",            "the other block of IF")
    END        = OpInfo(17, Operand.NONE,     Operand.NONE, 0, "- END -",             "close the innermost block")
    AND        = OpInfo(18, Operand.NONE,     Operand.NONE, 1, "v AND b",             "false when v is false, else the boolean its block leaves")
    OR         = OpInfo(19, Operand.NONE,     Operand.NONE, 1, "v OR b",              "true when v is true, else the boolean its block leaves")
    BOOL       = OpInfo(20, Operand.NONE,     Operand.NONE, 1, "v BOOL b",            "truthiness as a boolean")
    EACH       = OpInfo(21, Operand.NONE,     Operand.NONE, 4, "d EACH k v",          "open a block, run once per entry with its key and value pushed")
    RETURN     = OpInfo(22, Operand.NONE,     Operand.NONE, 1, "v RETURN",            "leave the body with v")
    HIT        = OpInfo(23, Operand.NONE,     Operand.NONE, 1, "- HIT -",             "a top-level if was taken (main body only)")
    # fmt: on


BLOCK_OPENERS = frozenset({Op.IF, Op.AND, Op.OR, Op.EACH})
SEGMENT_BORDERS = BLOCK_OPENERS | {Op.ELSE, Op.END}
