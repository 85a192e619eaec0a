"""
Dictionary literals that can be made once, at load, instead of once a run.

Scripts keep their tables (hosts, secrets, content types) in literals of constants, look things up in them and never
change them. Such a table is shared by all runs of the translated tier. Proven, over the whole program:

- every key and value is a string, number or boolean, so nothing inside can change;
- it goes straight to a PURE builtin or a loop, or to a variable that is stored nowhere else, all of whose loads go
  straight to PURE builtins and loops. PURE bodies neither change nor keep nor return their arguments.

What a run is charged and how its entries are counted stays as it was.
"""

from dataclasses import dataclass, field
from typing import Final

from edgescript.builtins import Effect
from edgescript.compiling.opcodes import Op, stack_effect
from edgescript.compiling.verify import Body, Linked

Place = tuple[int, int]
"""(index of the body, index of the instruction)."""
_SCALARS: Final = frozenset({Op.CONST, Op.TRUE, Op.FALSE})
_LITERALS: Final = frozenset({Op.ARRAY, Op.DICT})
_FOLLOWED: Final = _SCALARS | _LITERALS | {Op.LOCAL, Op.GLOBAL}
"""Pushed by these, a value can be told by the instruction it came from."""
_READERS: Final = frozenset({Op.EACH, Op.IF, Op.AND, Op.OR, Op.BOOL, Op.POP})
_UNKNOWN: Final = -1


@dataclass(slots=True)
class _Uses:
    """What is seen of the variables of a program."""

    stores: dict[tuple[int, int], list[Place]] = field(default_factory=dict)
    """By variable, (body or -1 for globals, slot): the literals stored to it, and `_OTHER` for anything else."""
    unsafe: set[tuple[int, int]] = field(default_factory=set)
    """Variables with a load that does not go straight to a reader."""
    read: set[Place] = field(default_factory=set)
    """Literals that go straight to a reader."""


_OTHER: Final[Place] = (-1, -1)


def shared_tables(linked: Linked) -> frozenset[Place]:
    """The ARRAY and DICT instructions whose table may be shared by all runs."""
    uses = _Uses()
    for index, body in enumerate(linked.bodies):
        _look_at(linked, index, body, uses)
    found = set(uses.read)
    for variable, stored in uses.stores.items():
        if len(stored) == 1 and stored[0] != _OTHER and variable not in uses.unsafe:
            found.add(stored[0])
    return frozenset(found)


def _look_at(linked: Linked, index: int, body: Body, uses: _Uses) -> None:
    """Follow the operand stack: an entry is the index of the instruction that pushed it, or `_UNKNOWN`."""
    stack: list[int] = []
    constant: set[int] = set()
    for at, (number, a, b) in enumerate(body.instructions):
        op = Op(number)
        popped, pushed = stack_effect(op, a, b)
        operands = stack[len(stack) - popped :]
        del stack[len(stack) - popped :]
        if op in _LITERALS and all(
            operand >= 0 and body.instructions[operand][0] in _SCALARS for operand in operands
        ):
            constant.add(at)
        _note(linked, index, body, at, operands, constant, uses)
        stack += [at if op in _FOLLOWED else _UNKNOWN] * pushed
        if op is Op.END and stack and body.instructions[body.partners[at]][0] in {Op.AND, Op.OR}:
            _escape(index, body, stack[-1], uses)
            stack[-1] = _UNKNOWN


def _note(
    linked: Linked, index: int, body: Body, at: int, operands: list[int], constant: set[int], uses: _Uses
) -> None:
    """What instruction `at` does with its operands."""
    number, a, _ = body.instructions[at]
    op = Op(number)
    if op in {Op.SET_LOCAL, Op.SET_GLOBAL}:
        variable = (index if op is Op.SET_LOCAL else -1, a)
        literal = operands[0] in constant
        uses.stores.setdefault(variable, []).append((index, operands[0]) if literal else _OTHER)
        if not literal:
            _escape(index, body, operands[0], uses)
        return
    reads = op in _READERS or (op is Op.CALL and linked.builtins[a].effect is Effect.PURE)
    for operand in operands:
        if not reads:
            _escape(index, body, operand, uses)
        elif operand in constant:
            uses.read.add((index, operand))


def _escape(index: int, body: Body, pushed: int, uses: _Uses) -> None:
    """The value pushed by instruction `pushed` goes where it cannot be followed."""
    if pushed < 0:
        return
    op, slot, _ = body.instructions[pushed]
    if op == Op.GLOBAL:
        uses.unsafe.add((-1, slot))
    elif op == Op.LOCAL:
        uses.unsafe.add((index, slot))
