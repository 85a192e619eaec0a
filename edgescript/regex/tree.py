"""
The tree of a pattern, and what can be measured on it.

Options, POSIX classes, named groups and letter case are gone by the time a pattern is a tree: every place that takes
a byte is `Chars`, an explicit set. So the printers in `render` need no flags, and both engines read the same sets.

A set of bytes is an `int` with bit n set for byte n: union, complement and overlap are single operations.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal, TypeAlias

ALL_BYTES: Final = (1 << 256) - 1
NEWLINE: Final = 1 << 10

Mode: TypeAlias = Literal["greedy", "lazy", "possessive"]


class At(Enum):
    """A place between two bytes."""

    TEXT_START = auto()
    """`\\A`, and `^` without option m."""
    LINE_START = auto()
    """`^` with option m: at the start, or after a newline that is not the last byte of the text."""
    TEXT_END = auto()
    """`\\z`"""
    FINAL_END = auto()
    """`\\Z`, and `$` without option m: at the end, or before a newline that is the last byte of the text."""
    LINE_END = auto()
    """`$` with option m: at the end, or before any newline."""
    WORD = auto()
    NOT_WORD = auto()


@dataclass(frozen=True, slots=True)
class Chars:
    """One byte of a set."""

    mask: int


@dataclass(frozen=True, slots=True)
class Place:
    at: At


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items in order; no item is the empty string."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """The first arm that leads to a match."""

    arms: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`body` from `low` to `high` times; `high` None is without end."""

    body: "Node"
    low: int
    high: int | None
    mode: Mode


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group; `index` from 1."""

    body: "Node"
    index: int


@dataclass(frozen=True, slots=True)
class Atomic:
    """`(?>body)`: once left, never entered again by backtracking."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Look:
    body: "Node"
    ahead: bool
    negative: bool


Node: TypeAlias = Chars | Place | Sequence | Choice | Repeat | Group | Atomic | Look

EMPTY: Final = Sequence(())


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside, in order of the text."""
    match node:
        case Sequence(items):
            return items
        case Choice(arms):
            return arms
        case Repeat() | Group() | Atomic() | Look():
            return (node.body,)
        case _:
            return ()


def is_plain(mask: int) -> bool:
    """Whether a set is one byte, any byte but one, or any: what a matcher compares and need not look up."""
    missing = ALL_BYTES ^ mask
    return mask != 0 and (mask & mask - 1 == 0 or missing & missing - 1 == 0)


def has(node: Node, *kinds: type) -> bool:
    """Whether a node of one of the kinds is in the tree."""
    return isinstance(node, kinds) or any(has(child, *kinds) for child in children(node))


def places(node: Node) -> set[At]:
    """Every kind of place the tree asks for."""
    if isinstance(node, Place):
        return {node.at}
    return set[At]().union(*map(places, children(node)))


def min_width(node: Node) -> int:
    """The fewest bytes a match can have."""
    match node:
        case Chars():
            return 1
        case Sequence(items):
            return sum(map(min_width, items))
        case Choice(arms):
            return min(map(min_width, arms))
        case Repeat():
            return node.low * min_width(node.body)
        case Group() | Atomic():
            return min_width(node.body)
        case Place() | Look():
            return 0


def max_width(node: Node) -> int | None:
    """The most bytes a match can have, None when there is no end."""
    match node:
        case Chars():
            return 1
        case Sequence(items):
            widths = [max_width(item) for item in items]
            return None if None in widths else sum(width or 0 for width in widths)
        case Choice(arms):
            widths = [max_width(arm) for arm in arms]
            return None if None in widths else max(width or 0 for width in widths)
        case Repeat():
            width = max_width(node.body)
            if width == 0 or node.high == 0:
                return 0
            return None if width is None or node.high is None else width * node.high
        case Group() | Atomic():
            return max_width(node.body)
        case Place() | Look():
            return 0


def repeat_product(node: Node) -> int:
    """The largest product of the counts of repeats inside each other: how often the innermost part is copied."""
    inner = max(map(repeat_product, children(node)), default=1)
    if isinstance(node, Repeat):
        return inner * max(node.low if node.high is None else node.high, 1)
    return inner


def count_states(node: Node) -> int:
    """How many places that take a byte, or look, there are when every bounded repeat is written out."""
    match node:
        case Sequence() | Choice() | Group() | Atomic():
            return sum(map(count_states, children(node)))
        case Repeat():
            return count_states(node.body) * max(node.low if node.high is None else node.high, 1)
        case _:
            return 1


def first_bytes(node: Node) -> int:
    """The set of bytes a non-empty match can begin with; more than the truth where places restrict it."""
    match node:
        case Chars(mask):
            return mask
        case Sequence(items):
            mask = 0
            for item in items:
                mask |= first_bytes(item)
                if min_width(item) > 0:
                    break
            return mask
        case Choice() | Group() | Atomic() | Repeat():
            mask = 0
            for child in children(node):
                mask |= first_bytes(child)
            return mask
        case Place() | Look():
            return 0


def prefers_empty(node: Node) -> bool:
    """Whether being empty may come before taking bytes: `|a`, `a??`."""
    match node:
        case Choice(arms):
            return any(min_width(arm) == 0 for arm in arms[:-1]) or any(map(prefers_empty, arms))
        case Repeat():
            return (node.mode == "lazy" and node.low == 0) or prefers_empty(node.body)
        case _:
            return any(map(prefers_empty, children(node)))


def stacks(node: Node) -> bool:
    """Whether more than a set of bytes is repeated without end: a backtracking matcher remembers every round."""
    if isinstance(node, Repeat) and node.high is None and not isinstance(node.body, Chars):
        return True
    return any(map(stacks, children(node)))
