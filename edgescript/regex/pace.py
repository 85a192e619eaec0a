r"""
What a search costs for each byte of its subject, known before any search.

The proof in `linear` lists all that a backtracking matcher can be doing at once and counts the steps of the dearest byte.
Here the same listing is priced: each state costs what passing it was measured to take in `re`, and each byte what
finding the place of a start takes, which depends on how the pattern begins. The sum is for the hardest text. Against
130 patterns, each on the hardest of some hundred texts, it was within a factor of 2 for four of five, never less than a
third, and more than three times too high for ten, most of them because no text tried was as hard as the proof fears.
Easier texts take less, which nothing can know before the search.

RE2 takes much the same for each byte of any text, and longer to begin with. The exception are patterns that remember for
more than `MAX_GAP` bytes where they may have begun, as `a.{20}b` does: for a text it has not met, RE2 then makes a
state for every byte. Whether a pattern is one of these is answered by the listing too, equal threads merged.

A search reads no further than a match of bounded width ends, and one tied to the start of the text no further than that
width.
"""

from typing import Final, NamedTuple

from edgescript.regex.automaton import Automaton, Prices, Unproven
from edgescript.regex.lexical import both_cases
from edgescript.regex.linear import MAX_STEPS
from edgescript.regex.listing import Budget, Listing
from edgescript.regex.tree import (
    Atomic,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Place,
    Repeat,
    Sequence,
    children,
    count_states,
    is_plain,
    max_width,
)

BLOCK_SHIFT: Final = 6
"""Weights are for blocks of 64 bytes."""
UNIT_TENTHS_NS: Final = 400
"""Tenths of nanoseconds that a unit is taken for here: between the 30 of usual scripts and the 50 of the dearest calls."""
MAX_WEIGHT: Final = 1024
"""640 ns a byte. Patterns that need more are held to shorter subjects by `linear.MAX_CRAWL_WORK`."""
_MOST_TENTHS: Final = UNIT_TENTHS_NS * MAX_WEIGHT >> BLOCK_SHIFT
MAX_GAP: Final = 10
"""Bytes. All sets of beginnings that many bytes long fit into RE2's cache."""
MAX_GAP_STEPS: Final = 5_000
"""Of the listing that shows a pattern with a larger gap to be harmless: some 2 ms."""

PRICES: Final = Prices(
    byte=7,
    several=35,
    counted=22,
    place=5,
    choice=29,
    arm=6,
    look=41,
    option=118,
    loop=100,
    marks=200,
    ready=1,
    tried=60,
)
"""Tenths of nanoseconds in `re`."""
_COUNTED_PLAIN: Final = 2
_COUNTED_SET: Final = 8
"""The same for a byte of a repeat in a look-around, which is counted in one go."""

_BEGINNINGS: Final = {"byte": 1, "set": 28, "other": 39, "anchor": 1}
"""Tenths of nanoseconds to the next place where a match may begin, for each byte, by what a match begins with."""
RE2_TENTHS_NS: Final = 16
RE2_ENTRY: Final = 8
"""Units for each search in RE2: 0.5 µs more than one in `re`."""
CRAWL_TENTHS_NS: Final = 1_500
CRAWL_STATE_TENTHS_NS: Final = 40
"""For each byte, and for each byte and state, where RE2 makes a state for every byte."""


class Pace(NamedTuple):
    """What searches with a pattern cost, in units beyond the one for 64 bytes that builtins declare."""

    entry: int
    """For each search."""
    weight: int
    """For 64 bytes that are read, at most `MAX_WEIGHT`."""
    reach: int | None
    """The most bytes that are read, whatever the subject; None without such a bound."""
    ends_with_match: bool
    """Whether nothing is read far beyond the end of a match."""

    def units(self, read: int) -> int:
        """Of a search that read so many bytes."""
        if self.reach is not None and read > self.reach:
            read = self.reach
        return self.entry + (read * self.weight >> BLOCK_SHIFT)

    def free_size(self, covered: int) -> int | None:
        """The longest subject whose search never costs more than `covered` units, -1 for none; None for any."""
        if self.entry > covered:
            return -1
        if not self.weight:
            return None
        size = (((covered - self.entry + 1) << BLOCK_SHIFT) - 1) // self.weight
        return None if self.reach is not None and self.reach <= size else size


def pace_on_re(tree: Node, *, anchored: bool) -> Pace:
    """The pace of a pattern that is proven linear."""
    width = max_width(tree)
    beginning = "anchor" if anchored else _beginning(tree)
    tenths = _BEGINNINGS[beginning] + _most_tenths(tree)
    return Pace(0, _weight(tenths), width if anchored else None, width is not None)


def pace_on_re2(tree: Node) -> Pace:
    """The pace of a pattern on RE2, groups aside."""
    tenths = RE2_TENTHS_NS
    if _gap(tree) > MAX_GAP and not _is_listed(tree):
        tenths = CRAWL_TENTHS_NS + CRAWL_STATE_TENTHS_NS * count_states(tree)
    return Pace(RE2_ENTRY, _weight(tenths), None, max_width(tree) is not None)


def _weight(tenths_ns: int) -> int:
    units = ((tenths_ns << BLOCK_SHIFT) + UNIT_TENTHS_NS // 2) // UNIT_TENTHS_NS
    # A second unit is within what may be off.
    return 0 if units <= 2 else min(units - 1, MAX_WEIGHT)


def _most_tenths(tree: Node) -> int:
    """Tenths of nanoseconds of the dearest byte."""
    try:
        automaton = Automaton(tree, _look_tenths, prices=PRICES)
        listing = Listing(automaton, tree, Budget(MAX_STEPS), max_work=_MOST_TENTHS)
        listing.run()
    except Unproven:
        return _MOST_TENTHS
    return listing.most_work


def _look_tenths(look: Look) -> int:
    return _path_tenths(look.body)


def _path_tenths(node: Node) -> int:
    """Tenths of nanoseconds of one attempt at a node of bounded width, all arms of choices tried."""
    match node:
        case Chars(mask):
            return PRICES.byte if is_plain(mask) else PRICES.several
        case Place():
            return PRICES.place
        case Choice(arms):
            return PRICES.choice + sum(PRICES.arm + _path_tenths(arm) for arm in arms)
        case Repeat(body, _, high):
            rounds = high or 1
            if isinstance(body, Chars):
                return PRICES.choice + rounds * (_COUNTED_PLAIN if is_plain(body.mask) else _COUNTED_SET)
            return rounds * (PRICES.option + _path_tenths(body))
        case Look():
            return PRICES.look + _path_tenths(node.body)
        case Sequence() | Group() | Atomic():
            return sum(map(_path_tenths, children(node)))


def _beginning(node: Node) -> str:
    """
    How `re` finds the next place to begin: by a byte, by a set, or by trying everywhere.

    It sees a byte or a set that stands first, in groups too, and the first bytes of arms, but only of arms that begin
    with a single byte; common ones it takes out of the choice.
    """
    match node:
        case Group():
            return _beginning(node.body)
        case Sequence(items) if items:
            return _beginning(items[0])
        case Chars(mask) if mask & mask - 1 == 0:
            return "byte"
        case Chars(mask) if not is_plain(mask):
            return "set"
        case Choice(arms):
            firsts = [_first_byte(arm) for arm in arms]
            if None in firsts:
                return "other"
            return "byte" if len(set(firsts)) == 1 else "set"
        case _:
            return "other"


def _first_byte(node: Node) -> int | None:
    """The set of the one byte that stands first."""
    while isinstance(node, Sequence) and node.items:
        node = node.items[0]
    return node.mask if isinstance(node, Chars) and node.mask & node.mask - 1 == 0 else None


def _gap(node: Node) -> int:
    """How many places want one of several bytes (other than a letter in either case), bounded repeats written out."""
    match node:
        case Chars(mask):
            return int(mask != both_cases(mask & -mask) & mask)
        case Repeat(body, low, high):
            return _gap(body) * max(low if high is None else high, 1)
        case _:
            return sum(map(_gap, children(node)))


def _is_listed(tree: Node) -> bool:
    """Whether all merged configurations are few enough to be listed."""
    try:
        Listing(Automaton(tree, _look_tenths), tree, Budget(MAX_GAP_STEPS), merge=True).run()
    except Unproven:
        return False
    return True
