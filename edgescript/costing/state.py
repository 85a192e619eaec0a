"""What is known at one point of a script, whichever way led there, and what the dearest way there has spent."""

from dataclasses import dataclass
from itertools import starmap

from edgescript.costing.shapes import Shape, join
from edgescript.costing.spent import NONE_SPENT, Spent, dearer


@dataclass(slots=True)
class State:
    globals: list[Shape]
    local: list[Shape]
    stack: list[Shape]
    spent: Spent = NONE_SPENT
    least: int = 0
    """Fuel of the cheapest way."""

    def copy(self) -> "State":
        return State(self.globals.copy(), self.local.copy(), self.stack.copy(), self.spent, self.least)

    def knows_as_much_as(self, other: "State") -> bool:
        return self.globals == other.globals and self.local == other.local and self.stack == other.stack


def merge(one: State | None, other: State | None) -> State | None:
    """The state after either; None is a way that ends before."""
    if one is None or other is None:
        return one or other
    return State(
        _joined(one.globals, other.globals),
        _joined(one.local, other.local),
        _joined(one.stack, other.stack),
        dearer(one.spent, other.spent),
        min(one.least, other.least),
    )


def _joined(one: list[Shape], other: list[Shape]) -> list[Shape]:
    return one if one == other else list(starmap(join, zip(one, other, strict=True)))


def widened(before: State, after: State, most_bytes: int) -> State:
    """`after`, with strings that grew since `before` as long as strings get."""

    def widen(old: list[Shape], new: list[Shape]) -> list[Shape]:
        return [
            there._replace(bytes=most_bytes) if there.bytes > here.bytes else there
            for here, there in zip(old, new, strict=True)
        ]

    return State(
        widen(before.globals, after.globals),
        widen(before.local, after.local),
        widen(before.stack, after.stack),
        after.spent,
        after.least,
    )


@dataclass(slots=True)
class Ends:
    """Where ways out of a body, or of a round, lead."""

    returned: State | None = None
    """With the value on the stack."""
    ended: Spent | None = None
    """The dearest way to the end of the whole run."""
    least: int | None = None
    """Fuel of the cheapest way to an end of the run."""

    def note_end(self, spent: Spent, least: int) -> None:
        self.ended = spent if self.ended is None else dearer(self.ended, spent)
        self.least = least if self.least is None else min(self.least, least)

    def dearest(self, spent: Spent) -> Spent:
        """The dearest of all ways out and `spent`."""
        if self.returned is not None:
            spent = dearer(spent, self.returned.spent)
        return spent if self.ended is None else dearer(spent, self.ended)
