"""
What the bodies of a program share while they are translated: names of what stands outside, and which functions need what.

Most functions are made once, with the program. A function that reads variables of the script which only `main` assigns is
given them in its calls; only one that touches what other functions change is made anew in each run.
"""

from collections.abc import Iterable
from typing import Any, Final

from edgescript.compiling.opcodes import Op
from edgescript.compiling.verify import Linked
from edgescript.running import pycode
from edgescript.running.shared_tables import shared_tables

MAX_GIVEN: Final = 8
"""Variables that a call gives a function: with more, calls would get long, and the Python of a long script longer still."""


class Unit:
    """What the bodies of a program share while they are translated."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        self.namespace: dict[str, Any] = {"__builtins__": {}, **pycode.CLASS_NAMES}
        self._bound: dict[int, str] = {}
        self.used = _used_bodies(linked)
        self.shared = {
            f"g{slot}"
            for index in self.used
            for op, slot, _ in linked.bodies[index].instructions
            if op == Op.SET_GLOBAL
        }
        """Script-level variables that functions assign."""
        self.values = _operands(linked, [0, *self.used], Op.FUNCTION)
        """Functions that are used as values."""
        self.ending = _ending_functions(linked, self.used)
        """Functions after whose calls the request may have ended; their callers look, and leave too."""
        self.given = _given_variables(linked, self.used, self.shared)
        """By function: the script-level variables that it, or one that it calls, reads, and that only `main` assigns."""
        self.inner = self._inner_functions()
        """
        Functions that must be made anew in each run, inside `main`, for what they share with it. The others are given what
        they read, in calls, and it cannot change before they return: so are most functions made once.
        """
        self.tables = shared_tables(linked)
        self.index_of = {id(body): index for index, body in enumerate(linked.bodies)}

    def _inner_functions(self) -> set[int]:
        """Functions that touch what others change, read much, or hand out functions, and all that call one of those."""
        touching = [
            index
            for index in self.used
            if len(self.given[index]) > MAX_GIVEN
            or (index in self.values and self.given[index])  # it is called when `main` is elsewhere
            or any(
                op == Op.FUNCTION or (op in _VARIABLES and f"g{a}" in self.shared)
                for op, a, _ in self.linked.bodies[index].instructions
            )
        ]
        return _with_callers(self.linked, self.used, touching)

    def parameters(self, index: int) -> list[str]:
        """The script-level variables that a function is given after its arguments."""
        return [] if index in self.inner else [f"g{slot}" for slot in sorted(self.given[index])]

    def bind(self, hint: str, value: Any) -> str:
        """The name of `value` in the namespace."""
        name = self._bound.get(id(value))
        if name is None:
            # The number keeps names apart, from each other and from all names without underscore.
            name = self._bound[id(value)] = f"{hint}_{len(self._bound)}"
            self.namespace[name] = value
        return name


_USES: Final = frozenset({Op.INVOKE, Op.FUNCTION})
_VARIABLES: Final = frozenset({Op.GLOBAL, Op.SET_GLOBAL})


def _operands(linked: Linked, bodies: Iterable[int], op: Op) -> set[int]:
    """The first operands of all instructions `op` in some bodies."""
    return {a for index in bodies for number, a, _ in linked.bodies[index].instructions if number == op}


def _used_bodies(linked: Linked) -> list[int]:
    """Indexes of the functions that can run, ascending."""
    used: set[int] = set()
    waiting = [0]
    while waiting:
        for op, index, _ in linked.bodies[waiting.pop()].instructions:
            if op in _USES and index not in used:
                used.add(index)
                waiting.append(index)
    return sorted(used)


def _given_variables(linked: Linked, used: list[int], shared: set[str]) -> dict[int, set[int]]:
    """Complete where there are at most `MAX_GIVEN`."""
    given = {
        index: {slot for slot in _operands(linked, [index], Op.GLOBAL) if f"g{slot}" not in shared}
        for index in used
    }
    callers = _callers(linked, used)
    waiting = list(used)
    while waiting:
        index = waiting.pop()
        if len(given[index]) <= MAX_GIVEN:
            for caller in callers.get(index, ()):
                if not given[index] <= given[caller]:
                    given[caller] |= given[index]
                    waiting.append(caller)
    return given


def _ending_functions(linked: Linked, used: list[int]) -> set[int]:
    """Functions that call what may end the request, and all that call one of those."""
    direct = [
        index
        for index in used
        if any(op == Op.CALL and linked.builtins[a].may_end for op, a, _ in linked.bodies[index].instructions)
    ]
    return _with_callers(linked, used, direct)


def _callers(linked: Linked, used: list[int]) -> dict[int, set[int]]:
    callers: dict[int, set[int]] = {}
    for index in used:
        for callee in _operands(linked, [index], Op.INVOKE):
            callers.setdefault(callee, set()).add(index)
    return callers


def _with_callers(linked: Linked, used: list[int], functions: list[int]) -> set[int]:
    """Those functions, and all that call one of them, themselves or through others."""
    callers = _callers(linked, used)
    waiting = list(functions)
    every = set(waiting)
    while waiting:
        found = callers.get(waiting.pop(), set()) - every
        every |= found
        waiting.extend(found)
    return every
