"""
Code to Linked: proof that it may run, and everything a tier needs to run it.

One pass over each body, with the operand stack's height and the stack of open blocks. What is proven:

- every operand is in range, every builtin and variable is declared here and takes so many arguments;
- blocks close in order; IF and EACH leave the stack as they found it, AND and OR leave one value more; no block
  takes values from below itself; the stack never holds more than `MAX_STACK`;
- a body ends in RETURN; RETURN has its value alone on the stack, is not inside AND or OR, and nothing but the end of
  its block follows it;
- there are no jumps, so it ends; nesting, counts and names are bounded, so both tiers have room for it.

Values are not typed here: builtins check theirs, and everything else takes any value.
"""

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from edgescript.builtins import Builtin, Registry, Variable
from edgescript.compiling.code import FORMAT, Code, CodeFunction, Instruction
from edgescript.compiling.opcodes import (
    BLOCK_OPENERS,
    MAX_BLOCKS,
    MAX_FUNCTIONS,
    MAX_INSTRUCTIONS,
    MAX_LINE,
    MAX_LOOPS,
    MAX_NAME_BYTES,
    MAX_STACK,
    MAX_VARIABLES,
    SEGMENT_BORDERS,
    Op,
    Operand,
    stack_effect,
)
from edgescript.faults import CodeError
from edgescript.types import MAX_EXACT_INT

_NOT_BYTES: Final = re.compile("[^\x00-\xff]")
_MAX_ENTRIES: Final = 65_536
"""Of the tables of constants, builtins and variables."""


@dataclass(frozen=True, slots=True)
class Body:
    """A proven body. The sequences run beside `instructions`."""

    name: str
    params: int
    local_names: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    positions: tuple[int, ...]
    partners: tuple[int, ...]
    """Of an opener: its ELSE, or its END; of ELSE: its END; of END: its opener. Otherwise 0."""
    fuel: tuple[int, ...]
    """Charged before the instruction runs: at the first of a segment its whole cost, otherwise 0."""
    max_stack: int

    @property
    def locals(self) -> int:
        """How many local variables there are, parameters first."""
        return len(self.local_names)


@dataclass(frozen=True, slots=True)
class Linked:
    """Code that may run, bound to declarations. `bodies[0]` is the main body."""

    source_name: str
    constants: tuple[str | int | float, ...]
    global_names: tuple[str, ...]
    builtins: tuple[Builtin, ...]
    variables: tuple[tuple[Variable, str], ...]
    """Declaration and suffix."""
    bodies: tuple[Body, ...]

    @property
    def globals(self) -> int:
        """How many script-level variables there are."""
        return len(self.global_names)


def verify(code: Code, registry: Registry) -> Linked:
    """The Linked form of `code`, linear in its size. Raises CodeError."""
    if code.format != FORMAT:
        raise CodeError(f"code format {code.format}, this build knows {FORMAT}")
    if not 1 <= len(code.functions) <= MAX_FUNCTIONS + 1:
        raise CodeError(f"{len(code.functions)} bodies, want 1 to {MAX_FUNCTIONS + 1}")
    if sum(len(function.body) for function in code.functions) > MAX_INSTRUCTIONS:
        raise CodeError(f"more than {MAX_INSTRUCTIONS} instructions")
    _check_tables(code)
    builtins = tuple(_find_builtin(name, registry) for name in code.builtins)
    variables = tuple(_find_variable(name, registry) for name in code.variables)
    bodies = tuple(_BodyVerifier(code, index, builtins).verify() for index in range(len(code.functions)))
    return Linked(code.source_name, code.constants, code.global_names, builtins, variables, bodies)


def _check_tables(code: Code) -> None:
    for what, table in (
        ("constants", code.constants),
        ("builtins", code.builtins),
        ("variables", code.variables),
    ):
        if len(table) > _MAX_ENTRIES:
            raise CodeError(f"{len(table)} {what}, more than {_MAX_ENTRIES}")
    for value in code.constants:
        _check_constant(value)
    _check_names("script level", code.global_names)
    main = code.functions[0]
    if main.params or main.local_names:
        raise CodeError("the main body has parameters or locals of its own")
    for function in code.functions:
        _check_names(function.name, (function.name,))
        _check_names(function.name, function.local_names)
        if not 0 <= function.params <= len(function.local_names):
            raise CodeError(f"{function.name}: {function.params} parameters")


def _check_constant(value: str | float) -> None:
    if isinstance(value, str):
        if _NOT_BYTES.search(value):
            raise CodeError("constant string with a character that is no byte")
    elif type(value) is int:
        if not -MAX_EXACT_INT <= value <= MAX_EXACT_INT:
            raise CodeError(f"constant {value}, an integer beyond {MAX_EXACT_INT}")
    elif type(value) is not float:
        raise CodeError("constant that is neither a string nor a number")


def _check_names(where: str, names: tuple[str, ...]) -> None:
    if len(names) > MAX_VARIABLES:
        raise CodeError(f"{where[:MAX_NAME_BYTES]}: {len(names)} variables, more than {MAX_VARIABLES}")
    if any(len(name) > MAX_NAME_BYTES for name in names):
        raise CodeError(f"{where[:MAX_NAME_BYTES]}: name longer than {MAX_NAME_BYTES}")


def _find_builtin(name: str, registry: Registry) -> Builtin:
    builtin = registry.functions.get(name)
    if builtin is None:
        raise CodeError(f"unknown function {name[:MAX_NAME_BYTES]!r}")
    return builtin


def _find_variable(name: str, registry: Registry) -> tuple[Variable, str]:
    found = registry.variable(name) if len(name) <= MAX_NAME_BYTES else None
    if found is None or _NOT_BYTES.search(name):
        raise CodeError(f"unknown variable {name[:MAX_NAME_BYTES]!r}")
    return found


@dataclass(slots=True)
class _Block:
    """An open block. `base` is the height its opener left below it."""

    op: Op
    start: int
    base: int
    else_at: int = 0


_OPS: Final[dict[int, Op]] = {int(op): op for op in Op}
_PARTICULAR: Final = frozenset({Op.CALL, Op.INVOKE, Op.HIT})
"""Operations with a rule of their own, beyond operands and stack."""


class _BodyVerifier:
    def __init__(self, code: Code, index: int, builtins: tuple[Builtin, ...]) -> None:
        self.code = code
        self.index = index
        self.function = code.functions[index]
        self.builtins = builtins
        self.bounds = _operand_bounds(code, self.function)
        self.blocks: list[_Block] = []
        self.loops = 0
        self.shortcuts = 0
        self.height = 0
        self.max_stack = 0
        self.partners = [0] * len(self.function.body)
        self.at = 0

    def fail(self, text: str) -> NoReturn:
        raise CodeError(f"{self.function.name}: instruction {self.at}: {text}")

    def verify(self) -> Body:
        function = self.function
        self.check_positions()
        ops: list[Op] = []
        returned = False
        for self.at, (number, a, b) in enumerate(function.body):
            op = _OPS.get(number)
            if op is None:
                self.fail(f"unknown operation {number}")
            if returned and op is not Op.END and op is not Op.ELSE:
                self.fail(f"{op.name} after RETURN")
            self.check_operands(op, a, b)
            if op in _PARTICULAR:
                self.check_particular(op, a, b)
            self.step(op, a, b, returned=returned)
            returned = op is Op.RETURN
            ops.append(op)
        if self.blocks:
            self.fail(f"{self.blocks[-1].op.name} is not closed")
        if not returned:
            self.fail("the body does not end in RETURN")
        return Body(
            function.name,
            function.params,
            function.local_names,
            function.body,
            function.positions,
            tuple(self.partners),
            self.segment_fuel(ops),
            self.max_stack,
        )

    def check_positions(self) -> None:
        positions = self.function.positions
        if len(positions) != len(self.function.body):
            self.fail(f"{len(positions)} positions for {len(self.function.body)} instructions")
        if any(not 1 <= packed >> 12 <= MAX_LINE or not packed & 4095 for packed in positions):
            self.fail("position out of range")

    def check_operands(self, op: Op, a: int, b: int) -> None:
        info = op.info
        low, high = self.bounds[info.a]
        if not low <= a < high:
            self.fail(f"{op.name} with {info.a.value or 'operand'} {a}, want {low} to {high - 1}")
        low, high = self.bounds[info.b]
        if not low <= b < high:
            self.fail(f"{op.name} with {info.b.value or 'operand'} {b}, want {low} to {high - 1}")

    def step(self, op: Op, a: int, b: int, *, returned: bool) -> None:
        """What one instruction does to the stack and the blocks; `returned` when it cannot be reached."""
        popped, pushed = stack_effect(op, a, b)
        floor = self.blocks[-1].base if self.blocks else 0
        if self.height - popped < floor and not returned:
            self.fail(f"{op.name} takes {popped} values, the block has {self.height - floor}")
        self.height += pushed - popped
        if self.height > MAX_STACK:
            self.fail(f"more than {MAX_STACK} values on the stack")
        self.max_stack = max(self.max_stack, self.height)
        if op in BLOCK_OPENERS:
            self.open(op, self.height - pushed)
        elif op is Op.ELSE:
            self.otherwise(returned=returned)
        elif op is Op.END:
            self.close(returned=returned)
        elif op is Op.RETURN and (self.height or self.shortcuts):
            self.fail("RETURN inside an expression")

    def check_particular(self, op: Op, a: int, count: int) -> None:
        """Builtins and functions get as many arguments as they take, and HIT is the main body's."""
        if op is Op.CALL:
            builtin = self.builtins[a]
            most = builtin.max_args
            if count < builtin.min_args or (most is not None and count > most):
                self.fail(f"{count} arguments for {builtin.signature}")
        elif op is Op.INVOKE:
            params = self.code.functions[a].params
            if count != params:
                self.fail(f"{count} arguments for a function of {params}")
        elif op is Op.HIT and self.index:
            self.fail("HIT outside the main body")

    def open(self, op: Op, base: int) -> None:
        self.blocks.append(_Block(op, self.at, base))
        self.loops += op is Op.EACH
        self.shortcuts += op is Op.AND or op is Op.OR
        if len(self.blocks) > MAX_BLOCKS:
            self.fail(f"more than {MAX_BLOCKS} blocks inside each other")
        if self.loops > MAX_LOOPS:
            self.fail(f"more than {MAX_LOOPS} loops inside each other")

    def otherwise(self, *, returned: bool) -> None:
        block = self.blocks[-1] if self.blocks else None
        if block is None or block.op is not Op.IF or block.else_at:
            self.fail("ELSE without IF")
        self.check_height(block.base, returned=returned)
        block.else_at = self.at
        self.partners[block.start] = self.at

    def close(self, *, returned: bool) -> None:
        if not self.blocks:
            self.fail("END without a block")
        block = self.blocks.pop()
        shortcut = block.op is Op.AND or block.op is Op.OR
        self.check_height(block.base + shortcut, returned=returned)
        self.loops -= block.op is Op.EACH
        self.shortcuts -= shortcut
        self.partners[block.else_at or block.start] = self.at
        self.partners[self.at] = block.start

    def check_height(self, wanted: int, *, returned: bool) -> None:
        if returned:
            self.height = wanted
        elif self.height != wanted:
            self.fail(f"the block leaves {self.height} values on the stack, want {wanted}")

    def segment_fuel(self, ops: list[Op]) -> tuple[int, ...]:
        fuel = [0] * len(ops)
        start = 0
        for at, (op, (_, a, _)) in enumerate(zip(ops, self.function.body, strict=True)):
            fuel[start] += op.info.cost + (self.builtins[a].cost.base if op is Op.CALL else 0)
            if op in SEGMENT_BORDERS:
                start = at + 1
        return tuple(fuel)


def _operand_bounds(code: Code, function: CodeFunction) -> dict[Operand, tuple[int, int]]:
    """Half-open range of each kind of operand. The main body is not callable, hence functions from 1."""
    return {
        Operand.NONE: (0, 1),
        Operand.CONSTANT: (0, len(code.constants)),
        Operand.LOCAL: (0, len(function.local_names)),
        Operand.GLOBAL: (0, len(code.global_names)),
        Operand.VARIABLE: (0, len(code.variables)),
        Operand.BUILTIN: (0, len(code.builtins)),
        Operand.FUNCTION: (1, len(code.functions)),
        Operand.COUNT: (0, MAX_STACK + 1),
    }
