r"""
Proof that a backtracking matcher needs time linear in the subject.

The matcher of `re` walks the pattern's automaton depth first, ways of higher priority first, and starts again one
byte later when a start has failed. Call a *thread* a path of the automaton that has read the first i bytes from some
start. The matcher visits each thread at most once, and then walks the places and branches up to the next bytes
wanted. So if at every i, on every text, the threads that can be visited walk at most W steps together, a search of n
bytes costs at most W·(n+1) steps. That is all the proof has to show, and it covers every known trap at once: nested,
adjacent and overlapping repeats let the threads of one start multiply; a repeat that can fail late lets threads of
many starts pile up; `(a?){30}` multiplies them by a constant too large.

**Construction.** A *configuration* is the ordered list of threads that may be alive after some text: states with
repetition, never merged. The first one is where a start at byte 0 leads. Reading a byte replaces each thread by the
ordered list of where it goes, and appends a new start, which has the lowest priority of all. Bytes that no set of the
pattern tells apart count as one. All configurations reachable from the first are listed; the proof holds if each
keeps to `MAX_THREADS` and `MAX_WORK` and the listing ends within `MAX_STEPS`. The list over-states the truth in one
direction only: places such as `\b` are taken to hold, look-around to succeed, atomic groups to be plain. Look-around
has a listing of its own, and its whole cost is charged to each walk that passes it.

**Cuts.** The matcher stops at the first match, so some threads are never visited and need not be counted:

- If a thread accepts, all of lower priority are dropped, and there are no more starts. True of the matcher: it tries
  the higher thread, and all that comes of it, before the lower one.
- If the first j threads together cannot fail whatever the rest of the text is, threads below them are dropped and
  there are no more starts: one of the j will accept. "Cannot fail" is decided on the sets of states reachable from
  them: none is empty without having accepted, and each accepts at the end of the text. This is what keeps
  `[?&]t=([^&]*)(&|$)` on `re`: after `t=` it cannot fail, so it cannot fail late.

A cut is sound only if the threads that justify it exist in the matcher, so only *sure* threads may justify one: those
that passed no place by faith. With atomic groups in the pattern no thread is sure.

**Replacing every match** repeats the search from the end of each match. The searches together are linear if each
costs no more than the distance it moves on plus a constant. Cost beyond the match's end comes from threads of higher
priority that run on and then fail, as in `a(.*b)?`, in RE2 no less. `may_overrun` is False if no cycle of
configurations exists in which a match is already found and none longer is being found; then the overrun is bounded by
their number. A match that ends at the end of the text can occur three times at most and does not count.

**RE2** is linear by construction: it merges equal threads, so a byte costs it at most as many steps as the pattern has
states. While its cache of merged configurations suffices it is near one step a byte, past it near the bound.
`may_crawl` tells the patterns that are large and whose merged configurations could not all be listed; their subjects are
held to what `MAX_CRAWL_WORK` steps read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edgescript.regex.automaton import Automaton, Unproven
from edgescript.regex.lexical import both_cases
from edgescript.regex.listing import Budget, Listing
from edgescript.regex.tree import Chars, Choice, Group, Look, Node, Sequence, count_states, max_width

MAX_STEPS: Final = 20_000
"""Threads moved while listing configurations: some 20 ms, at compile time only."""
MAX_RE2_STEPS: Final = 50_000
"""The same for large patterns on RE2: some 50 ms."""
MAX_RE2_AUTOMATON: Final = 256
"""States of the largest pattern that listing may still let through: 32 KiB take it some 50 ms."""
MAX_RE2_STATES: Final = 64
"""States up to which RE2 may need them all at every byte: 64 KiB then take some 50 ms, measured past its cache."""
MAX_CRAWL_STATES: Final = 512
"""States of the largest pattern that may crawl: an 8 KiB subject, as long as a target may be, is still within bounds."""
MAX_CRAWL_WORK: Final = MAX_RE2_STATES << 16
"""Bytes times states of a pattern that may crawl: some 50 ms."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a tree."""

    linear: bool
    """A search in `re` takes time linear in the subject."""
    reason: str
    """Why not linear; empty if it is."""
    anchored: bool
    """Every match begins at the start of the text. Only known of linear ones."""


def prove(tree: Node) -> Proof:
    """What can be shown about a tree. Takes bounded time whatever the tree."""
    budget = Budget(MAX_STEPS)
    try:
        automaton = Automaton(tree, _look_work(budget))
        Listing(automaton, tree, budget).run()
    except Unproven as unproven:
        return Proof(linear=False, reason=str(unproven), anchored=False)
    anchored = not automaton.entries(automaton.start, at_start=False)
    return Proof(linear=True, reason="", anchored=anchored)


def may_overrun(tree: Node) -> bool:
    """
    Whether searches for all matches together may take more than linear time, in a matcher that is linear for one.

    Asked of a matcher that merges equal threads: one that does not, but never has more than K, overruns as far.
    """
    if max_width(tree) is not None:
        return False
    budget = Budget(MAX_STEPS)
    try:
        listing = Listing(Automaton(tree, _look_work(budget)), tree, budget, merge=True)
        listing.run()
    except Unproven:
        return True
    return listing.overruns


def may_crawl(tree: Node) -> bool:
    """Whether RE2 may need more than `MAX_RE2_STATES` steps for a byte."""
    states = count_states(tree)
    if _is_word_list(tree):
        # A merged configuration is the longest prefix of a word just read (Aho and Corasick): few, whatever the text.
        return False
    if not MAX_RE2_STATES < states <= MAX_RE2_AUTOMATON:
        return states > MAX_RE2_STATES
    budget = Budget(MAX_RE2_STEPS)
    try:
        Listing(
            Automaton(tree, _look_work(budget), max_states=MAX_RE2_AUTOMATON), tree, budget, merge=True
        ).run()
    except Unproven:
        return True
    return False


def _is_word_list(tree: Node) -> bool:
    """Whether this is a choice of words, each letter in one case or both."""
    while isinstance(tree, Group):
        tree = tree.body
    arms = tree.arms if isinstance(tree, Choice) else (tree,)
    letters = [letter for arm in arms for letter in (arm.items if isinstance(arm, Sequence) else (arm,))]
    return all(
        isinstance(letter, Chars) and letter.mask == both_cases(letter.mask & -letter.mask) & letter.mask
        for letter in letters
    )


def _look_work(budget: Budget) -> Callable[[Look], int]:
    """A function from a look-around to the most steps one evaluation takes. It raises Unproven."""

    def work(look: Look) -> int:
        width = max_width(look.body)
        if width is None:
            raise Unproven("look-around sees as far as it likes")
        listing = Listing(Automaton(look.body, work), look.body, budget, alone=True)
        listing.run()
        return (width + 1) * listing.most_work

    return work
