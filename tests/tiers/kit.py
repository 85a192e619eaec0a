"""A small registry in which every road a call can take is taken by some builtin, and runs of programs over it."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from edgescript.builtins import (
    AnyValue,
    Bool,
    Builtin,
    Cost,
    Dict,
    Effect,
    Family,
    Func,
    Inline,
    Int,
    Num,
    Registry,
    Str,
    Text,
    Variables,
)
from edgescript.calls import shown
from edgescript.compiling import ir
from edgescript.compiling.compile import compile_program
from edgescript.context import Context
from edgescript.effects import Answer
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Limits, Meter
from edgescript.program import Program, load
from edgescript.request import Request
from edgescript.source import Position, Source
from edgescript.types import Table, Value, is_equal, is_truthy, to_number

pure = Family("pure", effect=Effect.PURE)
acting = Family("acting", effect=Effect.WRITES)
variables = Variables()


@pure.builtin(cost=Cost(2, per="s", shift=1))
def upper(s: Str) -> str:
    return s.upper()


@pure.builtin(cost=Cost(3, per="parts", shift=2))
def join(first: Text, *parts: Text) -> str:
    return "".join(str(part) for part in (first, *parts))[:400]


@pure.builtin(cost=Cost(2, per="value", shift=0))
def size(value: AnyValue) -> int:
    return len(value) if isinstance(value, str | Table) else 0


@pure.builtin(cost=Cost(2))
def part(s: Str, start: Int, end: Int = -1) -> str:
    return s[start:end]


@pure.builtin(cost=Cost(1))
def add(a: Num, b: Num) -> int | float:
    return to_number(a + b)


@pure.builtin(cost=Cost(1), inline=(Inline("a > b"),))
def gt(a: Num, b: Num) -> bool:
    return a > b


@pure.builtin(cost=Cost(1), inline=(Inline("a == b", {"a": str}), Inline("b == a", {"b": str})))
def eq(a: AnyValue, b: AnyValue) -> bool:
    return is_equal(a, b)


@pure.builtin(cost=Cost(1), inline=(Inline("a is None or a is False"),))
def not_(a: AnyValue) -> bool:
    return not is_truthy(a)


@pure.builtin(cost=Cost(2), inline=(Inline("d.get(k)"),))
def get(d: Dict, k: AnyValue) -> Value:
    return d.get(k)


@pure.builtin(cost=Cost(2))
def find(s: Str) -> str | Literal[False]:
    return s if "a" in s else False


@pure.builtin(cost=Cost(2))
def maybe(b: Bool) -> str | None:
    return "some" if b else None


@pure.builtin(cost=Cost(4))
def matches(s: Str, pattern: Str, flags: Str = "") -> bool:
    if "(" in pattern:
        raise ScriptFault(FaultCode.OTHER, f"bad pattern {flags}".strip())
    return pattern in s


@pure.specialised(matches, "pattern", "flags")
def _matches(pattern: str, flags: str = "") -> Any:
    if "(" in pattern:
        raise ValueError(pattern)
    return None if flags == "x" else lambda s: pattern in s


@pure.builtin(cost=Cost(2))
def defect(n: Num) -> float:
    return 1 / n


@acting.builtin(cost=Cost(2))
def record(meter: Context, v: AnyValue) -> Literal[True]:
    meter.write(f"{shown(v)}\n")
    return True


@acting.builtin(cost=Cost(2))
def echo(meter: Context, s: Str) -> str:
    meter.write(f"{s}\n")
    return s


@acting.builtin(cost=Cost(2))
def put(meter: Meter, d: Dict, k: AnyValue, v: AnyValue) -> None:
    meter.entries(1)
    d.set(k, v)


@acting.builtin(cost=Cost(5))
def each(meter: Meter, d: Dict, f: Func) -> Value:
    meter.loop(len(d))
    for key, value in d.items():
        if f(key, value) is False:
            return False
    return None


@acting.builtin(cost=Cost(2))
def work(meter: Meter, units: Int) -> int:
    meter.charge(min(abs(units), 1000))
    return units


@acting.builtin(cost=Cost(2), may_end=True)
def leave(context: Context, status: Int, body: Str = "") -> bool:
    if status > 0:
        context.end(Answer(status, body))
    return True


variables.attribute("host", "host", "The host.")


@variables.prefixed("arg_")
def arg(context: Context, name: str) -> str | None:
    return context.request.arguments.get(name)


@variables.variable()
def query(context: Context) -> str | None:
    return context.request.query


REGISTRY = Registry([pure, acting], variables)


class Outcome(NamedTuple):
    """Everything that leaves a run."""

    result: bool | tuple[FaultCode, str, str, int, int]
    """Hit, or the fault's code, message, limit, line and column."""
    effects: dict[str, Any]
    fuel: int
    calls: int
    ended: bool


def context_of(limits: Limits = Limits()) -> Context:  # noqa: B008 - frozen
    return Context(Request(host="a.example", target="/p?x=1&y=abc"), limits=limits)


def outcome(run: Any, context: Context) -> Outcome:
    result: bool | tuple[FaultCode, str, str, int, int]
    try:
        result = run(context)
    except ScriptFault as fault:
        result = (fault.code, fault.message, fault.limit, fault.line, fault.column)
    return Outcome(result, context.effects.__dict__, context.fuel_used, context.calls, context.ended)


def both(
    program: Program,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    make_context: Callable[[Limits], Context] = context_of,
) -> Outcome:
    """The outcome, the same in both tiers."""
    interpreted = outcome(program.interpret, make_context(limits))
    translated = outcome(program.run, make_context(limits))
    assert translated == interpreted, (interpreted, translated)
    return translated


def program_of(tree: ir.Program, registry: Registry = REGISTRY) -> Program:
    return load(compile_program(tree, Source("test.es", "")), registry)


class Nodes:
    """
    Makes ir with a place of its own for every node: line n, column n.

    Calls by name: `nodes.upper('a')`; script strings, numbers, booleans and None stand for constants.
    """

    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._registry = registry
        self._line = 0

    def at(self) -> Position:
        self._line += 1
        return Position(self._line, self._line)

    def value(self, value: Any) -> ir.Expression:
        return value if isinstance(value, ir.Node) else ir.Constant(self.at(), value)  # type: ignore[return-value]

    def builtin(self, name: str) -> Builtin:
        return self._registry.functions[name]

    def call(self, name: str, *arguments: Any) -> ir.CallBuiltin:
        return ir.CallBuiltin(self.at(), self.builtin(name), tuple(map(self.value, arguments)))

    def do(self, name: str, *arguments: Any) -> ir.Discard:
        return ir.Discard(self.at(), self.call(name, *arguments))

    def variable(self, name: str) -> ir.LoadVariable:
        found = self._registry.variable(name)
        assert found is not None
        return ir.LoadVariable(self.at(), *found)

    def get(self, slot: int) -> ir.LoadGlobal:
        return ir.LoadGlobal(self.at(), slot)

    def local(self, slot: int) -> ir.LoadLocal:
        return ir.LoadLocal(self.at(), slot)

    def set(self, slot: int, value: Any) -> ir.StoreGlobal:
        return ir.StoreGlobal(self.at(), slot, self.value(value))

    def set_local(self, slot: int, value: Any) -> ir.StoreLocal:
        return ir.StoreLocal(self.at(), slot, self.value(value))

    def array(self, *values: Any) -> ir.MakeArray:
        return ir.MakeArray(self.at(), tuple(map(self.value, values)))

    def dictionary(self, pairs: dict[Any, Any]) -> ir.MakeDictionary:
        made = tuple((self.value(key), self.value(value)) for key, value in pairs.items())
        return ir.MakeDictionary(self.at(), made)

    def if_(self, condition: Any, body: Any, orelse: Any = (), *, hit: bool = True) -> ir.If:
        return ir.If(self.at(), self.value(condition), tuple(body), tuple(orelse), hit)

    def for_(self, key: int, value: int, iterable: Any, *body: ir.Statement, local: bool = False) -> ir.For:
        return ir.For(self.at(), key, value, local, self.value(iterable), body)

    def return_(self, value: Any = None) -> ir.Return:
        return ir.Return(self.at(), self.value(value))

    def function(self, name: str, params: int, names: str, *body: ir.Statement) -> ir.Function:
        return ir.Function(name, self.at(), params, tuple(names.split()), body)
