"""
Fuel along one way through a script, remembered by line.

A `Spent` is the last link of a chain, so that a way forks for nothing; each link adds fuel of a line, or what a round
of a loop spends times its rounds.
"""

from collections import Counter
from typing import NamedTuple, Optional


class Spent(NamedTuple):
    """`total` is the sum over the chain."""

    total: int = 0
    before: Optional["Spent"] = None
    line: int = 0
    what: str = ""
    """The builtin, or '' for the instructions themselves."""
    units: int = 0
    inner: Optional["Spent"] = None
    rounds: int = 0
    """Of `inner`, in place of `units`."""

    def add(self, line: int, what: str, units: int) -> "Spent":
        return Spent(self.total + units, self, line, what, units) if units else self

    def repeat(self, inner: "Spent", rounds: int) -> "Spent":
        if not inner.total or not rounds:
            return self
        return Spent(self.total + inner.total * rounds, self, inner=inner, rounds=rounds)

    def by_line(self) -> Counter[tuple[int, str]]:
        """Units by line and builtin; their sum is `total`."""
        lines: Counter[tuple[int, str]] = Counter()
        todo: list[tuple[Spent | None, int]] = [(self, 1)]
        while todo:
            link, rounds = todo.pop()
            while link is not None:
                if link.inner is not None:
                    todo.append((link.inner, rounds * link.rounds))
                elif link.units:
                    lines[link.line, link.what] += link.units * rounds
                link = link.before
        return lines


NONE_SPENT = Spent()


def dearer(one: Spent, other: Spent) -> Spent:
    return other if other.total > one.total else one
