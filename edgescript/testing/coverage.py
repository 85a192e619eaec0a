"""
Which lines and branches of a script the tests have reached.

What there is to reach is read from Code: a line is executable when an instruction stands on it, an `if` has two
branches, also without an `else`. So code that can never run, which the compiler leaves out, does not count, and of a
statement over several lines each line with something to evaluate counts. A line counts as reached when evaluation came
to it: the second line of `and(a,` `b)` is not when `a` was false. What was reached comes from the interpreter, by a
`Tracer`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edgescript.compiling.code import Code, CodeFunction, unpack_position
from edgescript.compiling.opcodes import Op
from edgescript.running.vm import Tracer
from edgescript.types import Value

_CONSTANTS: Final = frozenset({Op.CONST, Op.TRUE, Op.FUNCTION})
"""A condition that is one of these holds always: `fold` left it for the hit, and its `else` is nothing to reach."""
_NOTHING: Final = ((int(Op.UNDEF), 0, 0), (int(Op.RETURN), 0, 0))
"""The body of a script without a statement at script level; it counts for line 1."""


class Branch(NamedTuple):
    """One way out of the `if` at the place."""

    line: int
    column: int
    taken: bool


@dataclass(frozen=True, slots=True)
class Reachable:
    """What there is to reach in a script."""

    lines: frozenset[int]
    branches: frozenset[Branch]
    idle: bool
    """Nothing stands at script level: a run does nothing, whatever functions there are."""


def reachable(code: Code) -> Reachable:
    """The executable lines and the branches of `code`."""
    lines: set[int] = set()
    branches: set[Branch] = set()
    main, *others = code.functions
    idle = main.body == _NOTHING
    for function in others if idle else code.functions:
        lines |= {unpack_position(position)[0] for position in function.positions}
        branches |= _branches(function)
    return Reachable(frozenset(lines), frozenset(branches), idle)


def _branches(function: CodeFunction) -> set[Branch]:
    found: set[Branch] = set()
    for at, (op, _, _) in enumerate(function.body):
        if op == Op.IF:
            line, column = unpack_position(function.positions[at])
            found.add(Branch(line, column, taken=True))
            if function.body[at - 1][0] not in _CONSTANTS:
                found.add(Branch(line, column, taken=False))
    return found


class Percent(NamedTuple):
    """So many of so many."""

    reached: int
    of: int

    @property
    def value(self) -> float:
        """0 to 100; 100 when there is nothing to reach."""
        return 100.0 * self.reached / self.of if self.of else 100.0


@dataclass(slots=True)
class ScriptCoverage:
    """
    A `vm.Tracer` for all runs of one script: what is reached adds up.

    `name` is what reports call the script.
    """

    name: str
    there_is: Reachable
    _lines: set[int] = field(default_factory=set)
    _branches: set[Branch] = field(default_factory=set)

    def monotonic(self) -> float:
        """No time is measured."""
        return 0.0

    def line(self, line: int, /) -> None:
        if not self.there_is.idle:
            self._lines.add(line)

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        self._branches.add(Branch(line, column, taken))

    def assign(self, line: int, name: str, value: Value, /) -> None:
        """Assignments are told by their lines."""

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        """Calls are told by their lines."""

    @property
    def lines(self) -> Percent:
        return Percent(len(self._lines & self.there_is.lines), len(self.there_is.lines))

    @property
    def branches(self) -> Percent:
        return Percent(len(self._branches & self.there_is.branches), len(self.there_is.branches))

    @property
    def missing_lines(self) -> list[int]:
        return sorted(self.there_is.lines - self._lines)

    @property
    def missing_branches(self) -> list[Branch]:
        """Those of an `if` that was reached; of another, its line is missing, which says it."""
        reached = {(each.line, each.column) for each in self._branches}
        missing = self.there_is.branches - self._branches
        return sorted(each for each in missing if (each.line, each.column) in reached)

    def missing(self) -> list[str]:
        """`4-6`, `9`, `12->else never`: what was not reached, in the order of the script."""
        several = _lines_with_several_ifs(self.there_is.branches)
        parts = [(first, -1, _span(first, last)) for first, last in self._missing_runs()]
        for line, column, taken in self.missing_branches:
            place = f"{line}:{column}" if line in several else f"{line}"
            parts.append((line, column, f"{place}->{'then' if taken else 'else'} never"))
        return [text for _, _, text in sorted(parts)]

    def _missing_runs(self) -> list[tuple[int, int]]:
        """First and last line of each run of missing lines with no reached one between."""
        runs: list[tuple[int, int]] = []
        open_run = False
        for line in sorted(self.there_is.lines):
            if line in self._lines:
                open_run = False
            else:
                runs.append((runs.pop()[0] if open_run else line, line))
                open_run = True
        return runs


@dataclass(frozen=True, slots=True)
class Both:
    """A `vm.Tracer` that tells two others; time is the first one's."""

    first: Tracer
    second: Tracer

    def monotonic(self) -> float:
        return self.first.monotonic()

    def line(self, line: int, /) -> None:
        self.first.line(line)
        self.second.line(line)

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        self.first.branch(line, column, taken)
        self.second.branch(line, column, taken)

    def assign(self, line: int, name: str, value: Value, /) -> None:
        self.first.assign(line, name, value)
        self.second.assign(line, name, value)

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        self.first.call(line, name, arguments, result, elapsed_s)
        self.second.call(line, name, arguments, result, elapsed_s)


def total(scripts: Iterable[ScriptCoverage]) -> Percent:
    """Lines and branches of all `scripts` together."""
    each = [part for script in scripts for part in (script.lines, script.branches)]
    return Percent(sum(part.reached for part in each), sum(part.of for part in each))


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _lines_with_several_ifs(branches: Iterable[Branch]) -> set[int]:
    places = {(branch.line, branch.column) for branch in branches}
    lines = [line for line, _ in places]
    return {line for line in lines if lines.count(line) > 1}
