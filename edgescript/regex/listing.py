"""All configurations of an automaton: the construction described in `linear`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from edgescript.regex.automaton import ACCEPT, ACCEPT_AT_END, Automaton, Entry, Unproven
from edgescript.regex.tree import ALL_BYTES, Atomic, Chars, Node, Repeat, children

MAX_THREADS: Final = 16
"""K of the theory. A choice of more words than this at every byte is faster on RE2 too (measured: from about 20 words,
from 2 where letter case is ignored)."""
MAX_WORK: Final = 128
"""W of the theory: steps for one byte, each some nanoseconds in `re`."""

Threads = tuple[Entry, ...]


class Budget:
    """Steps left for listing, shared by all that one proof needs."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raises Unproven when nothing is left."""
        self._left -= steps + 1
        if self._left < 0:
            raise Unproven("the pattern is too large for the proof")


@dataclass(frozen=True, slots=True)
class _Configuration:
    """Threads in order of priority, without those of the new start, and how far the search is."""

    threads: Threads
    settled: bool
    """A match is certain, so there are no more starts."""
    matched: bool
    """A match was found; what is alive looks for one of higher priority."""


class _Kept(NamedTuple):
    kept: list[Entry]
    cut: bool
    accepted: bool
    """The cut is a thread that accepts."""


class Listing:
    """
    Lists the configurations of an automaton in `run`.

    `merge` keeps equal threads once, as RE2 does, and bounds nothing but the listing itself. `alone` is for a
    look-around: one start, and no cuts, since what follows may ask for another way.
    """

    def __init__(
        self,
        automaton: Automaton,
        tree: Node,
        budget: Budget,
        *,
        merge: bool = False,
        alone: bool = False,
        max_work: int = MAX_WORK,
    ) -> None:
        self.overruns = False
        """After `run`: whether a search may look further and further beyond a match it has found."""
        self.most_work: int
        """After `run`: the most steps for one byte."""
        self._automaton = automaton
        self._budget = budget
        self._merge = merge
        self._max_work = max_work
        self._cuts = not alone and not _has_atoms(tree)
        self._starts = () if alone else automaton.entries(automaton.start, at_start=False)
        self._start_work = self.most_work = automaton.work(automaton.start)
        self._classes = _partition(tree)
        self._sure_to_match: dict[frozenset[int], bool] = {}
        self._doubtful_accept = False
        self._start = self._keep(self._starts)

    def run(self) -> None:
        """Raises Unproven when a bound is passed."""
        start_moves = self._moves(self._starts)
        if self._starts:
            # A start costs its walk, and what it takes a byte to, even where no thread is left.
            self._bound_work(self._start_work + max((work for _, work in start_moves.values()), default=0))
        waiting = self._first()
        edges: dict[_Configuration, list[_Configuration]] = {first: [] for first in waiting}
        while waiting:
            at = waiting.pop()
            for number, (moved, work) in self._moves(at.threads).items():
                started, start_work = ([], 0) if at.settled else start_moves.get(number, ([], 0))
                threads = [*moved, *started]
                self._bound_work(work if at.settled else work + start_work + self._start_work)
                following, accepts = self._configuration(threads, settled=at.settled, matched=at.matched)
                if following not in edges:
                    edges[following] = []
                    waiting.append(following)
                if at.matched and not accepts and following.threads:
                    edges[at].append(following)
        # A pattern tied to the start of the text matches once.
        self.overruns = bool(self._starts) and (self._doubtful_accept or not self._cuts or _has_cycle(edges))

    def _first(self) -> list[_Configuration]:
        """Where a search can be after one byte, and a start that nothing came before."""
        begin = self._automaton.entries(self._automaton.start, at_start=True)
        first = [self._configuration((), settled=False, matched=False)[0]]
        # A search may also begin further on, where `\A` fails and earlier starts have cut nothing.
        for entries in (begin, self._starts):
            kept, cut, accepted = self._keep(entries)
            first += [
                self._configuration(moved, settled=cut, matched=accepted)[0]
                for moved, _ in self._moves(kept).values()
            ]
        return first

    def _moves(self, threads: Iterable[Entry]) -> dict[int, tuple[list[Entry], int]]:
        """For each class of bytes that a thread takes: where the threads go, and the steps it takes them."""
        moved: dict[int, tuple[list[Entry], int]] = {}
        for state, sure in threads:
            if state < 0:
                continue
            after = self._automaton.after(state)
            if not sure:
                after = tuple((entry, False) for entry, _ in after)
            work = self._automaton.work_after(state)
            for number in self._classes[self._automaton.mask(state)]:
                self._budget.spend(len(after))
                into, steps = moved.get(number, ([], 0))
                into += after
                moved[number] = into, steps + work
        return moved

    def _bound_work(self, work: int) -> None:
        self.most_work = max(self.most_work, work)
        if work > self._max_work and not self._merge:
            raise Unproven(f"one byte can take more than {self._max_work} steps")

    def _configuration(
        self, threads: Iterable[Entry], *, settled: bool, matched: bool
    ) -> tuple[_Configuration, bool]:
        """The threads after cuts, and whether one accepted."""
        kept, cut, accepted = self._keep(threads)
        started = 0
        if not cut and not settled:
            started = len(self._start.kept)
            if self._start.cut:
                kept += self._start.kept
                cut, accepted, started = True, self._start.accepted, 0
        if len(kept) + started > MAX_THREADS and not self._merge:
            raise Unproven(f"more than {MAX_THREADS} ways to go on can be open at once")
        return _Configuration(tuple(kept), settled or cut, matched or accepted), accepted

    def _keep(self, threads: Iterable[Entry]) -> "_Kept":
        """The threads up to a cut."""
        kept: list[Entry] = []
        seen: set[Entry] = set()
        may_end = False
        for state, sure in threads:
            self._budget.spend(0)
            if state == ACCEPT:
                if sure and self._cuts:
                    return _Kept(kept, cut=True, accepted=True)
                self._doubtful_accept = True
                continue
            if (state, sure) in seen or (state == ACCEPT_AT_END and not sure):
                continue
            if self._merge:
                seen.add((state, sure))
            kept.append((state, sure))
            may_end = may_end or state == ACCEPT_AT_END
            if may_end and self._cuts and self._cannot_fail(kept):
                return _Kept(kept, cut=True, accepted=False)
        return _Kept(kept, cut=False, accepted=False)

    def _cannot_fail(self, threads: list[Entry]) -> bool:
        """Whether the threads, together, accept whatever follows."""
        sure = frozenset(state for state, is_sure in threads if is_sure)
        return ACCEPT_AT_END in sure and self._covers(sure) and self._never_empty(sure - {ACCEPT_AT_END})

    def _covers(self, states: frozenset[int]) -> bool:
        mask = 0
        for state in states:
            if state >= 0:
                mask |= self._automaton.mask(state)
        return mask == ALL_BYTES

    def _never_empty(self, first: frozenset[int]) -> bool:
        """Whether each set of states reachable from `first` has accepted, or goes on with any byte and at the end."""
        known = self._sure_to_match.get(first)
        if known is not None:
            return known
        seen = {first}
        waiting = [first]
        answer = True
        while waiting and answer:
            moves = self._moves((state, True) for state in waiting.pop())
            for moved, _ in moves.values():
                sure = {state for state, is_sure in moved if is_sure}
                following = frozenset(sure - {ACCEPT_AT_END})
                if ACCEPT in sure or following in seen:
                    continue
                if ACCEPT_AT_END not in sure or not self._covers(following):
                    answer = False
                    break
                seen.add(following)
                waiting.append(following)
        self._sure_to_match[first] = answer
        return answer


def _has_atoms(node: Node) -> bool:
    return (
        isinstance(node, Atomic)
        or (isinstance(node, Repeat) and node.mode == "possessive")
        or any(map(_has_atoms, children(node)))
    )


def _masks(node: Node) -> set[int]:
    if isinstance(node, Chars):
        return {node.mask}
    return set[int]().union(*map(_masks, children(node)))


def _partition(tree: Node) -> dict[int, tuple[int, ...]]:
    """For each set of the tree, the classes of bytes it is made of; classes are numbered from 0."""
    classes = [ALL_BYTES]
    masks = _masks(tree)
    for mask in masks:
        classes = [part for known in classes for part in (known & mask, known & ~mask) if part]
    return {mask: tuple(number for number, part in enumerate(classes) if part & mask) for mask in masks}


def _has_cycle(edges: dict[_Configuration, list[_Configuration]]) -> bool:
    """Whether the graph has a cycle: take away what leads nowhere until nothing changes."""
    sources: dict[_Configuration, list[_Configuration]] = {}
    for source, targets in edges.items():
        for target in targets:
            sources.setdefault(target, []).append(source)
    left = {source: len(targets) for source, targets in edges.items()}
    free = [source for source, count in left.items() if count == 0]
    removed = 0
    while free:
        removed += 1
        for source in sources.get(free.pop(), ()):
            left[source] -= 1
            if left[source] == 0:
                free.append(source)
    return removed < len(edges)
