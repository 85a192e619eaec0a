"""Which functions call which, and what a call can change or end."""

from collections.abc import Iterable, Mapping
from typing import Final

from edgescript.builtins import Builtin
from edgescript.checking.narrow import Summary
from edgescript.compiling.resolve import CustomFunction, Names
from edgescript.parsing import syntax, walk


class CallGraph:
    """
    `callees_first` has every function, one that is called before its callers, wherever there is no circle.

    `assigned` has by function the variables its own text assigns; `changes` the global ones a call can change, through
    others too; `callers` who calls it; `passed` are functions given to a builtin, which calls them as it likes.
    """

    def __init__(self, script: syntax.Script, names: Names) -> None:
        self._names = names
        self.passed: set[str] = set()
        self.callers: dict[str, set[str]] = {name: set() for name in names.functions}
        self.assigned: dict[str, frozenset[str]] = {}
        self._calls: dict[str, list[str]] = {}
        for name, function in names.functions.items():
            self.assigned[name] = frozenset(walk.assigned(function.node.body))
            self._calls[name] = self._callees(function.node.body, function.locals)
            for callee in self._calls[name]:
                self.callers[callee].add(name)
        self._callees(script.body, {})
        self.callees_first: tuple[CustomFunction, ...] = tuple(self._order())
        self.changes: dict[str, frozenset[str]] = {}
        everything: Final = frozenset(names.globals)
        for function in self.callees_first:
            found = self.assigned[function.name] - function.locals.keys()
            for callee in self._calls[function.name]:
                found |= self.changes.get(callee, everything)
            self.changes[function.name] = found

    def _callees(self, body: Iterable[syntax.Statement], own: Mapping[str, int]) -> list[str]:
        """The functions a body names; those it passes are remembered."""
        found: dict[str, None] = {}
        for expression in walk.expressions(body):
            if isinstance(expression, syntax.Call):
                callee = self._names.callee(expression.function)
                if isinstance(callee, CustomFunction):
                    found[callee.name] = None
            elif isinstance(expression, syntax.Name):
                meaning = self._names.value(expression, own)
                if isinstance(meaning, CustomFunction):
                    found[meaning.name] = None
                    self.passed.add(meaning.name)
        return list(found)

    def _order(self) -> Iterable[CustomFunction]:
        """After each function's callees, without recursion: a chain of calls may be as long as the script."""
        begun: set[str] = set()
        for root in self._names.functions:
            if root in begun:
                continue
            begun.add(root)
            work = [(root, iter(self._calls[root]))]
            while work:
                name, callees = work[-1]
                following = next((each for each in callees if each not in begun), None)
                if following is None:
                    work.pop()
                    yield self._names.functions[name]
                else:
                    begun.add(following)
                    work.append((following, iter(self._calls[following])))

    def changed_in(self, loop: syntax.For) -> frozenset[str]:
        """Variables that a loop changes: its own, those it assigns, those that functions it names do."""
        found = set(walk.assigned((loop,)))
        for expression in walk.expressions(loop.body):
            name = expression.function if isinstance(expression, syntax.Call) else expression
            if isinstance(name, syntax.Name):
                found |= self.changes.get(name.id, frozenset())
        return frozenset(found)

    def ends(self, call: syntax.Call, summaries: Mapping[str, Summary]) -> bool:
        """Whether nothing runs after a call."""
        callee = self._names.callee(call.function)
        if isinstance(callee, Builtin):
            given = zip(callee.params, call.arguments, strict=False)  # a wrong count is reported elsewhere
            return callee.surely_ends(
                {param.name: value.value for param, value in given if isinstance(value, syntax.String)}
            )
        summary = None if callee is None else summaries.get(callee.name)
        return summary is not None and summary.always is None
