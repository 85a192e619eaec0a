"""
The translator: Linked to one Python function, which is what nodes run.

Each body is walked once, with a *symbolic* stack: an `Entry` is a Python expression not evaluated yet, and what is
known of its value's types. So a run of instructions becomes one nested expression, and Python's own evaluation from
left to right is the order the interpreter has. Where a statement must come in between (fuel, a check, a block), what
waits on the stack is *settled* first: assigned, bottom up, to `t0`, `t1`, ..., named by its height. A mere reading of
a variable may wait longer, until something could change the variable.

Types make the code short. A check whose answer is known is left out, `if` on a boolean tests just that, and a test
that cannot be left out narrows what is known from there on. Nothing is assumed of values that others can change: the
script-level variables that some function assigns.

In the Python that comes out: `m` is the Context, `g0`.. and `l0`.. are the script's variables, `f1`.. its functions,
`F1`.. those as values, `hit` whether HIT was executed. Everything from outside is a global of a namespace of its own,
which measured faster than closure cells or default arguments (see DESIGN.md).
"""

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from edgescript import typeset
from edgescript.compiling.opcodes import Op
from edgescript.compiling.verify import Body, Linked
from edgescript.context import Context
from edgescript.faults import Ended
from edgescript.running import pycode
from edgescript.running.pycode import NONE, NOWHERE, load
from edgescript.running.symbolic import Entry
from edgescript.running.translate_body import BodyTranslator
from edgescript.running.unit import Unit
from edgescript.types import Function

FILE_NAME: Final = "<edgescript>"


class Translation:
    """The Python of a program."""

    def __init__(self, linked: Linked) -> None:
        unit = Unit(linked)
        module = module_of(unit)
        self._namespace = unit.namespace
        exec(compile(module, FILE_NAME, "exec"), self._namespace)  # noqa: S102 - what this is for; see `pycode`
        self.run: Callable[[Context], bool] = self._namespace["main"]
        """Whether the script hit. Raises whatever a builtin raises."""

    def place_of(self, error: BaseException) -> tuple[int, int]:
        """Line and column, from 1, where the innermost frame of this Python was when `error` was raised."""
        innermost = None
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_globals is self._namespace:
                innermost = traceback
            traceback = traceback.tb_next
        # Looked up once: it takes time by the length of the function, and calls may be deep.
        return (
            (0, 0) if innermost is None else pycode.position_of(innermost.tb_frame.f_code, innermost.tb_lasti)
        )


def module_of(unit: Unit) -> ast.Module:
    """`def main(m)`, which is the whole program, and before it the functions that share nothing with it."""
    linked = unit.linked
    main = _MainTranslator(unit, linked.bodies[0])
    statements = main.walk()
    functions = {index: _FunctionTranslator(unit, linked.bodies[index], index) for index in unit.used}
    outer = [function.definition() for index, function in functions.items() if index not in unit.inner]
    inner = [functions[index].definition() for index in sorted(unit.inner)]
    values = [functions[index].value() for index in sorted(unit.values)]
    opening = [_bind_request()]
    if main.hits:
        opening.append(pycode.assign(NOWHERE, "hit", pycode.FALSE))
    if linked.globals:
        names = [pycode.store(f"g{slot}") for slot in range(linked.globals)]
        opening.append(ast.Assign(list(names), NONE, **NOWHERE))
    if unit.values & unit.ending:
        ended = load(unit.bind("Ended", Ended))
        handler = ast.ExceptHandler(ended, None, [pycode.give_back(NOWHERE, main.hit_flag())], **NOWHERE)
        statements = [ast.Try(statements, [handler], [], [], **NOWHERE)]
    definition = pycode.function("main", ["m"], [*opening, *inner, *values, *statements])
    return ast.Module([*outer, definition], [])


def _raising(run: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    """For a function that a builtin calls, who knows nothing of a request that has ended."""

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        if run.ended:
            raise Ended
        return result

    return call


def _bind_request() -> ast.stmt:
    return pycode.assign(NOWHERE, "request", pycode.attribute(NOWHERE, load("m"), "request"))


class _MainTranslator(BodyTranslator):
    def __init__(self, unit: Unit, body: Body) -> None:
        names = (f"g{slot}" for slot in range(unit.linked.globals))
        super().__init__(unit, body, {name: typeset.UNDEF for name in names if name not in unit.shared})
        self.hits = any(op == Op.HIT for op, _, _ in body.instructions)

    def hit_flag(self) -> ast.expr:
        return load("hit") if self.hits else pycode.FALSE

    def leave_ended(self) -> ast.stmt:
        return pycode.give_back(self.symbolic.place, self.hit_flag())

    def give_back(self, entry: Entry) -> None:
        symbolic = self.symbolic
        place = symbolic.place
        if not entry.types & typeset.BOOLEAN:
            symbolic.discard(entry)
            result = self.hit_flag()
        elif entry.types & ~typeset.BOOLEAN:
            entry = symbolic.referable(entry)
            test = pycode.membership(place, entry.node, entry.types, typeset.BOOLEAN)
            result = ast.IfExp(test, entry.node, self.hit_flag(), **place)
        else:
            result = entry.node
        symbolic.emit(pycode.give_back(place, result))


class _FunctionTranslator(BodyTranslator):
    def __init__(self, unit: Unit, body: Body, index: int) -> None:
        types = {f"l{slot}": typeset.UNDEF for slot in range(body.params, body.locals)}
        super().__init__(unit, body, types)
        self.index = index
        self.name = f"f{index}"
        self.value_name = f"F{index}"
        self.is_inner = index in unit.inner

    def definition(self) -> ast.FunctionDef:
        """`def f1(l0)` inside `main`, or `def f1(m, l0, g0)` outside."""
        body = self.body
        params = [f"l{slot}" for slot in range(body.params)]
        opening: list[ast.stmt] = []
        if not self.is_inner:
            params = ["m", *params, *self.unit.parameters(self.index)]
            if any(op == Op.VARIABLE for op, _, _ in body.instructions):
                opening.append(_bind_request())
        changed = sorted({f"g{slot}" for op, slot, _ in body.instructions if op == Op.SET_GLOBAL})
        if changed:
            opening.append(ast.Nonlocal(changed, **NOWHERE))
        place = pycode.place_of(body.positions[0])
        opening.append(pycode.evaluate(place, pycode.method(place, "m", "enter_call")))
        names: list[ast.expr] = [pycode.store(f"l{slot}") for slot in range(body.params, body.locals)]
        if names:
            opening.append(ast.Assign(names, NONE, **NOWHERE))
        return pycode.function(self.name, params, [*opening, *self.walk()])

    def value(self) -> ast.stmt:
        """`F1 = Function('name', 1, f1)`: one for a run, so that it equals itself."""
        function: ast.expr = load(self.name)
        if not self.is_inner:
            function = pycode.call(NOWHERE, load(self.unit.bind("partial", partial)), [function, load("m")])
        if self.index in self.unit.ending:
            raising = load(self.unit.bind("raising", _raising))
            function = pycode.call(NOWHERE, raising, [load("m"), function])
        make = load(self.unit.bind("Function", Function))
        arity = pycode.constant(self.body.params)
        made = pycode.call(NOWHERE, make, [pycode.constant(self.body.name), arity, function])
        return pycode.assign(NOWHERE, self.value_name, made)

    def leave_ended(self) -> ast.stmt:
        return pycode.give_back(self.symbolic.place, NONE)

    def give_back(self, entry: Entry) -> None:
        symbolic = self.symbolic
        entry = symbolic.referable(entry)
        symbolic.emit(pycode.evaluate(symbolic.place, pycode.method(symbolic.place, "m", "leave_call")))
        symbolic.emit(pycode.give_back(symbolic.place, entry.node))
