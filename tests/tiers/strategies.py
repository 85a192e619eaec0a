"""Programs of every shape the compiler can make, small and hostile: faults, ends, recursion, shared variables."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from edgescript.builtins import Builtin, Kind, Registry
from edgescript.compiling import ir
from edgescript.meter import Limits
from edgescript.source import Position

GLOBALS = 3
SCALARS = st.one_of(
    st.sampled_from(["", "a", "abc", "x" * 20, "\xff", "a('", "1", "(", "host"]),
    st.integers(-3, 6),
    st.sampled_from([0.5, 2.0, -1.5, 1e300, float("inf"), 2**53]),
    st.booleans(),
    st.none(),
)
BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: st.sampled_from(["", "a", "abc", "x" * 40]),
    Kind.NUMBER: st.sampled_from([0, 1, 2, -1, 0.5, 2.5]),
    Kind.INTEGER: st.sampled_from([0, 1, 2, -1, 1.5]),
    Kind.BOOLEAN: st.booleans(),
    Kind.TEXT: st.sampled_from(["", "a", 3, 0.5]),
    Kind.PATTERN: st.sampled_from(["a", "b.", "(", "x" * 20]),
    Kind.REGEX_OPTIONS: st.sampled_from(["", "i", "q"]),
    Kind.MATCHER: st.sampled_from(["a", "re:b.", "re:("]),
}


class _Maker:
    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], registry: Registry) -> None:
        self.draw = draw
        self.registry = registry
        builtins = sorted(registry.functions.values(), key=lambda builtin: builtin.name)
        rare = [builtin for builtin in builtins if builtin.may_end or builtin.name == "defect"]
        self.builtins = [builtin for builtin in builtins if builtin not in rare] * 4 + rare
        self.line = 0
        self.locals = 0
        self.functions: list[int] = []

    def at(self) -> Position:
        self.line += 1
        return Position(self.line, self.line % 90 + 1)

    def pick(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def count(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def program(self) -> ir.Program:
        self.functions = [self.count(2) for _ in range(self.count(3))]
        functions = tuple(self.function(index) for index in range(len(self.functions)))
        self.locals = 0
        return ir.Program(
            self.block(3) + self.block(2) + self.block(3), tuple(f"v{n}" for n in range(GLOBALS)), functions
        )

    def function(self, index: int) -> ir.Function:
        params = self.functions[index]
        self.locals = params + 2
        names = tuple(f"w{n}" for n in range(self.locals))
        return ir.Function(f"fn{index}", self.at(), params, names, self.block(2))

    def block(self, depth: int) -> tuple[ir.Statement, ...]:
        return tuple(self.statement(depth) for _ in range(self.pick(3, 4, 2, 1, 5, 0)))

    def statement(self, depth: int) -> ir.Statement:
        kind = self.pick("set", "set", "do", "do", "record", "if", "for", "return") if depth else "do"
        at = self.at()
        match kind:
            case "set":
                return self.store(at)
            case "record":
                builtin = self.registry.functions.get("record")
                if builtin is not None:
                    return ir.Discard(at, ir.CallBuiltin(self.at(), builtin, (self.expression(2),)))
            case "if":
                return ir.If(
                    at, self.expression(3), self.block(depth - 1), self.block(depth - 1), not self.locals
                )
            case "for":
                in_function = bool(self.locals)
                slots = st.integers(0, (self.locals or GLOBALS) - 1)
                key, value = self.draw(slots), self.draw(slots)
                return ir.For(at, key, value, in_function, self.table(), self.block(depth - 1))
            case "return" if self.pick(*[False] * 4, True):
                return ir.Return(at, self.draw(st.none()) if self.pick(True, False) else self.expression(1))
        return ir.Discard(at, self.expression(3))

    def store(self, at: Position) -> ir.Statement:
        if self.locals and self.pick(True, False):
            return ir.StoreLocal(at, self.count(self.locals - 1), self.expression(3))
        return ir.StoreGlobal(at, self.count(GLOBALS - 1), self.expression(3))

    def table(self) -> ir.Expression:
        return self.make_table(1) if self.pick(*[True] * 7, False) else self.expression(2)

    def make_table(self, depth: int) -> ir.Expression:
        if self.pick(True, False):
            return ir.MakeArray(self.at(), self.expressions(depth, self.count(4)))
        keys = self.pick("text", "text", "any")
        pairs = tuple(
            (
                ir.Constant(self.at(), self.pick("a", "b")) if keys == "text" else self.expression(depth),
                self.expression(depth),
            )
            for _ in range(self.count(3))
        )
        return ir.MakeDictionary(self.at(), pairs)

    def expressions(self, depth: int, count: int) -> tuple[ir.Expression, ...]:
        return tuple(self.expression(depth) for _ in range(count))

    def expression(self, depth: int) -> ir.Expression:
        kinds = ["constant", "global", "variable"]
        if self.locals:
            kinds.append("local")
        if self.functions:
            kinds.append("function")
        if depth:
            kinds += ["call", "call", "call", "table", "and", "or"]
            if self.functions:
                kinds.append("invoke")
        match self.pick(*kinds):
            case "global":
                return ir.LoadGlobal(self.at(), self.count(GLOBALS - 1))
            case "local":
                return ir.LoadLocal(self.at(), self.count(self.locals - 1))
            case "variable":
                found = self.registry.variable(self.pick("host", "arg_x", "arg_y", "arg_none"))
                assert found is not None
                return ir.LoadVariable(self.at(), *found)
            case "function":
                return ir.LoadFunction(self.at(), self.count(len(self.functions) - 1))
            case "call":
                return self.call(self.draw(st.sampled_from(self.builtins)), depth)
            case "table":
                return self.make_table(depth - 1)
            case "and":
                return ir.And(self.at(), self.expressions(depth - 1, self.count(3)))
            case "or":
                return ir.Or(self.at(), self.expressions(depth - 1, self.count(3)))
            case "invoke":
                index = self.count(len(self.functions) - 1)
                arguments = self.expressions(depth - 1, self.functions[index])
                return ir.CallFunction(self.at(), index, arguments)
        return ir.Constant(self.at(), self.draw(SCALARS))

    def call(self, builtin: Builtin, depth: int) -> ir.Expression:
        most = builtin.max_args
        count = builtin.min_args + self.count(
            (builtin.min_args + 2 if most is None else most) - builtin.min_args
        )
        arguments = tuple(self.argument(builtin.param_at(index).kind, depth) for index in range(count))
        return ir.CallBuiltin(self.at(), builtin, arguments)

    def argument(self, kind: Kind, depth: int) -> ir.Expression:
        """Mostly of the kind, so that bodies are reached."""
        if self.pick(*[False] * 5, True):
            return self.expression(depth - 1)
        if kind is Kind.DICTIONARY:
            return self.make_table(0)
        if kind is Kind.FUNCTION and self.functions:
            return ir.LoadFunction(self.at(), self.count(len(self.functions) - 1))
        return ir.Constant(self.at(), self.draw(BY_KIND.get(kind, SCALARS)))


@st.composite
def programs(draw: Callable[[st.SearchStrategy[Any]], Any], registry: Registry) -> ir.Program:
    return _Maker(draw, registry).program()


def _mostly(usual: int, *rare: int) -> st.SearchStrategy[int]:
    return st.sampled_from([usual] * 8 + list(rare))


LIMITS = st.builds(
    Limits,
    fuel=_mostly(100_000, 0, 20, 60, 150, 400, 2000),
    calls=_mostly(100, 1, 10),
    loop_rounds=_mostly(20, 0, 3),
    total_loop_rounds=_mostly(100, 5),
    call_depth=_mostly(10, 1, 3),
    dictionary_entries=_mostly(1000, 0, 10),
    output_bytes=_mostly(10_000, 10),
)
