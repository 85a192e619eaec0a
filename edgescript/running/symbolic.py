"""
The symbolic stack of the translator: Python expressions not evaluated yet, and what is known of their values.

Invariant: whatever is WAITING is evaluated in order of pushing, before any statement emitted after it was pushed.
"""

import ast
from enum import IntEnum
from typing import Final

from edgescript import typeset
from edgescript.running import pycode
from edgescript.running.pycode import Place, load
from edgescript.types import Value

MAX_DEPTH: Final = 24
"""Expressions inside each other in one of Python's; its compiler recurses into them."""


class State(IntEnum):
    """How much may still happen to what an entry stands for."""

    FIXED = 0
    """A constant or a temporary: the same whenever it is evaluated."""
    READING = 1
    """A variable that only this body changes: the same until it does."""
    WAITING = 2
    """Anything else: must be evaluated in its turn."""


class _Unknown:
    """Stands for the value of an entry that is no constant."""


UNKNOWN: Final = _Unknown()


class Entry:
    """An expression on the symbolic stack."""

    __slots__ = ("_value", "depth", "node", "state", "types", "variable")

    def __init__(
        self,
        node: ast.expr,
        types: int,
        state: State,
        depth: int = 0,
        variable: str = "",
        value: Value | _Unknown = UNKNOWN,
    ) -> None:
        self.node = node
        self.types = types
        """A superset of the types its value may have, see `typeset`."""
        self.state = state
        self.depth = depth
        self.variable = variable
        """Its name when READING."""
        self._value = value

    @property
    def is_constant(self) -> bool:
        return self._value is not UNKNOWN

    @property
    def constant(self) -> Value:
        """The value of a constant."""
        assert not isinstance(self._value, _Unknown)
        return self._value


def constant_entry(value: Value) -> Entry:
    return Entry(pycode.constant(value), typeset.of_value(value), State.FIXED, value=value)


class Symbolic:
    """A body's statements so far, its symbolic stack, and the types of the variables that only it changes."""

    def __init__(self, types: dict[str, int]) -> None:
        self.statements: list[ast.stmt] = []
        self.stack: list[Entry] = []
        self.types = types
        self.place: Place = pycode.NOWHERE
        """Of the instruction under translation."""
        self._settled = 0  # so many entries from the bottom are not WAITING
        self._fixed = 0  # so many entries from the bottom are FIXED

    def emit(self, *statements: ast.stmt) -> None:
        self.statements.extend(statements)

    def push(self, entry: Entry) -> None:
        self.stack.append(entry)

    def push_waiting(self, node: ast.expr, types: int, *operands: Entry) -> None:
        """Push an expression made of `operands`, just popped."""
        depth = 1 + max((operand.depth for operand in operands), default=0)
        self.stack.append(Entry(node, types, State.WAITING, depth))
        if depth >= MAX_DEPTH:
            self.settle()

    def push_reading(self, variable: str) -> None:
        self.stack.append(
            Entry(load(variable), self.types.get(variable, typeset.ANY), State.READING, variable=variable)
        )

    def temporary(self) -> str:
        """The name for what is pushed next."""
        return f"t{len(self.stack)}"

    def push_temporary(self, types: int) -> None:
        """Push the temporary of this height, which has been assigned."""
        self.stack.append(Entry(load(self.temporary()), types, State.FIXED))

    def pop(self) -> Entry:
        entry = self.stack.pop()
        height = len(self.stack)
        self._settled = min(self._settled, height)
        self._fixed = min(self._fixed, height)
        return entry

    def pop_many(self, count: int) -> list[Entry]:
        """The top entries, in order of pushing."""
        height = len(self.stack) - count
        entries = self.stack[height:]
        del self.stack[height:]
        self._settled = min(self._settled, height)
        self._fixed = min(self._fixed, height)
        return entries

    def settle(self) -> None:
        """Evaluate whatever is WAITING."""
        self._assign(self._settled, State.WAITING)
        self._settled = len(self.stack)

    def fix(self) -> None:
        """Evaluate everything that is not FIXED: a block opens, or a variable changes."""
        self._assign(self._fixed, State.READING)
        self._settled = self._fixed = len(self.stack)

    def _assign(self, start: int, least: State) -> None:
        stack = self.stack
        for height in range(start, len(stack)):
            entry = stack[height]
            if entry.state >= least:
                name = f"t{height}"
                self.emit(pycode.assign(self.place, name, entry.node))
                stack[height] = Entry(load(name), entry.types, State.FIXED)

    def referable(self, entry: Entry) -> Entry:
        """`entry`, just popped, as one that may be evaluated more than once."""
        if entry.state is not State.WAITING:
            return entry
        self.push(entry)
        self.settle()
        return self.pop()

    def discard(self, entry: Entry) -> None:
        """Evaluate `entry`, just popped, for what it does."""
        if entry.state is State.WAITING:
            self.settle()
            self.emit(pycode.evaluate(self.place, entry.node))

    def truth(self, entry: Entry) -> ast.expr:
        """The test that `entry`, just popped, is neither undef nor false."""
        falsy = entry.types & typeset.FALSY
        if not falsy or falsy == entry.types:
            self.discard(entry)
            return pycode.FALSE if falsy else pycode.TRUE
        if not entry.types & ~typeset.BOOLEAN:
            return entry.node
        if falsy == typeset.FALSY:
            entry = self.referable(entry)
        return pycode.membership(self.place, entry.node, entry.types, ~typeset.FALSY)

    def narrow(self, entry: Entry, types: int) -> None:
        """From here on the value of `entry` is one of `types`."""
        entry.types &= types
        if entry.variable:
            self.types[entry.variable] = self.types.get(entry.variable, typeset.ANY) & types


def joined(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    """What is known of the variables where two ways meet; of a variable that is missing, nothing."""
    return {name: types | second.get(name, typeset.ANY) for name, types in first.items()}
