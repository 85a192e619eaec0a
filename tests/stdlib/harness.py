"""
Script expressions evaluated by the real toolchain, for tests in the language's own notation.

Scripts here have two functions more: `probe(v)` hands a value to the test, and `opaque(v)` gives its argument back so
that neither the checker nor folding nor a specialised body knows it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from edgescript.builtins import AnyValue, Cost, Effect, Family, Registry
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.effects import Effects
from edgescript.faults import Ended, ScriptFault
from edgescript.parsing import parser, syntax
from edgescript.program import Program, load
from edgescript.source import Source
from edgescript.types import Table, Value, type_name
from stdlib import FAMILIES
from stdlib.example import PRELUDE, example_context
from stdlib.variables import variables

Tier = Literal["translated", "interpreted"]
TIERS: tuple[Tier, ...] = ("translated", "interpreted")

probes = Family("probes", effect=Effect.WRITES)
_seen: list[Value] = []


@probes.builtin(cost=Cost(1))
def probe(v: AnyValue) -> None:
    """Hand `v` to the test."""
    _seen.append(v)


@probes.builtin(cost=Cost(1), effect=Effect.AMBIENT)
def opaque(v: AnyValue) -> Value:
    """Return `v`, of which nothing is known before the run."""
    return v


REGISTRY = Registry((*FAMILIES, probes), variables)


@dataclass(frozen=True)
class Run:
    """What came of a script: the probed values, or the fault; the effects; the fuel."""

    values: tuple[Any, ...]
    fault: ScriptFault | None
    effects: Effects
    ended: bool
    fuel: int

    @property
    def value(self) -> Any:
        assert self.fault is None, str(self.fault)
        assert len(self.values) == 1
        return self.values[0]

    @property
    def summary(self) -> tuple[object, ...]:
        """For comparing tiers: values or fault code, effects."""
        code = None if self.fault is None else self.fault.code
        return self.values, code, self.ended, plain_effects(self.effects)


@cache
def program(text: str) -> Program:
    """The compiled script. Fails on an error diagnostic."""
    compiled = compile_source(Source("test.es", text.encode().decode("latin-1")), REGISTRY)
    assert compiled.code is not None, [f"{d.code}: {d.message}" for d in compiled.diagnostics]
    return load(compiled.code, REGISTRY)


def run(text: str, context: Context | None = None, tier: Tier = "translated") -> Run:
    """Run a script on the example request, or on another context."""
    context = example_context() if context is None else context
    script = program(PRELUDE + text)
    _seen.clear()
    fault = None
    try:
        (script.run if tier == "translated" else script.interpret)(context)
    except ScriptFault as raised:
        fault = raised
    except Ended:
        assert context.ended
    values = tuple(comparable(value) for value in _seen)
    return Run(values, fault, context.effects, context.ended, context.fuel_used)


def is_refused(expression: str) -> bool:
    """Whether the compiler says itself that the function does not take such literals."""
    text = f"{PRELUDE}probe({expression})\n"
    compiled = compile_source(Source("test.es", text.encode().decode("latin-1")), REGISTRY)
    return {each.code for each in compiled.diagnostics if each.severity == "error"} == {"argument-value"}


def evaluate(expression: str, context: Context | None = None, tier: Tier = "translated") -> Run:
    """Run `probe(expression)`."""
    return run(f"probe({expression})\n", context, tier)


def comparable(value: Value) -> Any:
    """The value with its type, dictionaries by content: 1, true and '1' differ."""
    if isinstance(value, Table):
        return ("table", tuple((comparable(key), comparable(item)) for key, item in value.items()))
    return (type_name(value), value)


def plain_effects(effects: Effects) -> dict[str, object]:
    """The effects as data; wishes of no consequence left out."""
    return {name: value for name, value in vars(effects).items() if value not in ((), [])}


def with_opaque_arguments(expression: str) -> str:
    """A call with each argument wrapped in `opaque`; any other expression as it is."""
    prefix = "x_ = "
    parsed = parser.parse(Source("test.es", prefix + expression.encode().decode("latin-1") + "\n"))
    assert parsed.script is not None
    (statement,) = parsed.script.body
    assert isinstance(statement, syntax.Assign)
    text = prefix + expression.encode().decode("latin-1")
    if isinstance(statement.value, syntax.Call) and statement.value.function.id not in {"and", "or"}:
        for argument in reversed(statement.value.arguments):
            if isinstance(argument, syntax.Name):
                continue  # a function's name is no value outside foreach and arr_sort
            start, end = argument.span
            text = f"{text[:start]}opaque({text[start:end]}){text[end:]}"
    return text.removeprefix(prefix).encode("latin-1").decode()
