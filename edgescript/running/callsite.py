"""
A call of a builtin, as the translator writes it: checks that could not be proven, the charge by size, the body.

The order is that of the interpreter. Constant arguments go to a specialised body where one is declared; a declared
`Inline` stands for the body where the types allow it.
"""

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from edgescript import calls, typeset
from edgescript.builtins import Builtin, Kind
from edgescript.running import pycode
from edgescript.running.pycode import Template, load
from edgescript.running.symbolic import Entry, State, Symbolic, constant_entry

Bind = Callable[[str, Any], str]
"""Gives the name under which translated code finds an object; the text is a hint for readers."""


def push_call(symbolic: Symbolic, builtin: Builtin, count: int, bind: Bind) -> None:
    """Replace the top `count` entries by the result of calling `builtin` with them."""
    site = _CallSite(symbolic, builtin, symbolic.pop_many(count), bind)
    site.prepare()
    node = site.template_node() or site.body_node()
    symbolic.push_waiting(node, typeset.of_annotation(builtin.returns), *site.arguments)


class _CallSite:
    def __init__(self, symbolic: Symbolic, builtin: Builtin, arguments: list[Entry], bind: Bind) -> None:
        self.symbolic = symbolic
        self.place = symbolic.place
        self.builtin = builtin
        self.arguments = arguments
        self.bind = bind
        self.kinds = [builtin.param_at(index).kind for index in range(len(arguments))]
        self.template = self._find_template()

    def prepare(self) -> None:
        """Emit what comes before the body."""
        self._cut_constants()
        doubtful = [
            index
            for index, (entry, kind) in enumerate(zip(self.arguments, self.kinds, strict=True))
            if entry.types & ~typeset.ACCEPTED[kind]
        ]
        sized = [
            index
            for index in calls.per_indexes(self.builtin, len(self.arguments))
            if self.arguments[index].types & typeset.SIZED
        ]
        if doubtful or sized or (self.template is not None and not self.template.is_straight):
            self._settle()
        if doubtful:
            self._check(doubtful)
        if sized:
            self._charge([self.arguments[index] for index in sized])

    def _settle(self) -> None:
        symbolic = self.symbolic
        for entry in self.arguments:
            symbolic.push(entry)
        symbolic.settle()
        self.arguments = symbolic.pop_many(len(self.arguments))

    def _cut_constants(self) -> None:
        for index, kind in enumerate(self.kinds):
            value = self.arguments[index].constant if self.arguments[index].is_constant else None
            if kind is Kind.INTEGER and type(value) is float and abs(value) < float("inf"):
                self.arguments[index] = constant_entry(int(value))

    def _check(self, doubtful: list[int]) -> None:
        """Kind checks: tests in place, and `calls.check_arguments` when one fails."""
        place, symbolic = self.place, self.symbolic
        cut = [
            index
            for index in doubtful
            if self.kinds[index] is Kind.INTEGER and self.arguments[index].types & typeset.FLOAT
        ]
        for index in cut:
            self._own_temporary(index)
        tests = [
            pycode.membership(
                place,
                self.arguments[index].node,
                self.arguments[index].types,
                ~typeset.ACCEPTED[self.kinds[index]],
            )
            for index in doubtful
        ]
        check = self.bind(f"check_{self.builtin.name}", _checker(self.builtin))
        checked = pycode.call(place, load(check), [entry.node for entry in self.arguments])
        failure: list[ast.stmt] = [pycode.evaluate(place, checked)]
        if cut:
            failure = [pycode.assign(place, "checked", checked)]
            failure.extend(
                pycode.assign(place, self._temporary(index), pycode.item(place, load("checked"), index))
                for index in cut
            )
        if any(test is pycode.TRUE for test in tests):
            symbolic.emit(*failure)
        else:
            symbolic.emit(pycode.when(place, pycode.either(place, ast.Or(), tests), failure))
        for index in doubtful:
            symbolic.narrow(self.arguments[index], typeset.ACCEPTED[self.kinds[index]])

    def _temporary(self, index: int) -> str:
        return f"t{len(self.symbolic.stack) + index}"

    def _own_temporary(self, index: int) -> None:
        """Have argument `index` in its temporary, where its cut value can replace it."""
        entry = self.arguments[index]
        name = self._temporary(index)
        if entry.state is State.READING or entry.is_constant:
            self.symbolic.emit(pycode.assign(self.place, name, entry.node))
        self.arguments[index] = Entry(load(name), entry.types | typeset.INT, State.FIXED)

    def _charge(self, sized: list[Entry]) -> None:
        """`Cost.per` for the arguments, now fit to be evaluated twice."""
        place, cost = self.place, self.builtin.cost
        known = sum(calls.size(entry.constant) for entry in sized if entry.is_constant)
        sizes = [self._size(entry) for entry in sized if not entry.is_constant]
        if not sizes and known <= cost.free_size:
            return
        if known:
            sizes.append(pycode.constant(known))
        total = pycode.add(place, sizes)
        charge = pycode.charge(place, pycode.shift_right(place, total, cost.shift))
        if cost.bound:
            bound = pycode.method(place, "m", "bound", pycode.constant(cost.bound), total)
            charge = [pycode.evaluate(place, bound), *charge]
        if cost.free_size and known <= cost.free_size:
            beyond = pycode.compare(place, total, ast.Gt(), pycode.constant(cost.free_size))
            charge = [pycode.when(place, beyond, charge)]
        self.symbolic.emit(*charge)

    def _size(self, entry: Entry) -> ast.expr:
        if entry.types & ~typeset.SIZED:
            return pycode.call(self.place, load(self.bind("size", calls.size)), [entry.node])
        return pycode.call(self.place, load(self.bind("len", len)), [entry.node])

    def _find_template(self) -> Template | None:
        builtin, arguments = self.builtin, self.arguments
        if not builtin.inline or builtin.max_args != len(arguments):
            return None
        names = tuple(param.name for param in builtin.params)
        known = [
            entry.types & typeset.ACCEPTED[kind] for entry, kind in zip(arguments, self.kinds, strict=True)
        ]
        has_constants = any(entry.is_constant for entry in arguments)
        for inline in builtin.inline:
            types = tuple(typeset.of_annotation(inline.types.get(name, _ANYTHING)) for name in names)
            template = _template(inline.template, names)
            if all(not have & ~want for have, want in zip(known, types, strict=True)) and not (
                has_constants and template.tests_identity
            ):
                return template
        return None

    def template_node(self) -> ast.expr | None:
        """The declared expression that stands for this call, or None."""
        if self.template is None:
            return None
        nodes = [entry.node for entry in self.arguments]
        return self.template.fill(self.place, nodes, self.builtin.body.__globals__, self.bind)

    def body_node(self) -> ast.expr:
        """The call of the body, or of one with constants worked in."""
        body, takes_run, arguments = self._specialised()
        nodes = [entry.node for entry in arguments]
        if takes_run:
            nodes.insert(0, load("m"))
        return pycode.call(self.place, load(self.bind(self.builtin.name, body)), nodes)

    def _specialised(self) -> tuple[Callable[..., Any], bool, list[Entry]]:
        builtin, arguments = self.builtin, self.arguments
        constants = {
            index: entry.constant
            for index, entry in enumerate(arguments)
            if entry.is_constant and not entry.types & ~typeset.ACCEPTED[self.kinds[index]]
        }
        if builtin.specialisers and constants:
            try:
                found = builtin.specialise(constants, len(arguments))
            except Exception:  # noqa: BLE001 - what is wrong with the constants is for the general body to say
                found = None
            if found is not None:
                others = [entry for index, entry in enumerate(arguments) if index not in found.worked_in]
                return found.body, found.takes_run, others
        return builtin.body, builtin.takes_run, arguments


_ANYTHING: Final = Any


def _checker(builtin: Builtin) -> Callable[..., Any]:
    def check(*arguments: Any) -> Any:
        return calls.check_arguments(builtin, arguments)

    return check


@lru_cache(maxsize=1024)
def _template(text: str, parameters: tuple[str, ...]) -> Template:
    return Template(text, parameters)
