"""Any builtin with arguments made of the bytes, as constants and as values that only the run knows, in both tiers."""

from typing import Any

from edgescript.builtins import Kind
from edgescript.compiling import ir
from tests.fuzz.reader import Reader
from tests.fuzz.soundness import REGISTRY, runs_soundly
from tests.tiers.kit import Nodes, program_of

BUILTINS = sorted(REGISTRY.functions)
NUMBERS = (0, 1, -1, 2, 0.5, 255, 256, 1000, -100, 1e15, 2.0**53, 1e300, float("inf"), float("nan"))
ODD = (None, True, False, "", 0, "text")
MOST_VARIADIC = 4


class _Maker:
    def __init__(self, data: bytes) -> None:
        self.take = Reader(data)
        self.nodes = Nodes(REGISTRY)
        self.known: list[ir.Statement] = []

    def value(self, kind: Kind, depth: int = 2) -> Any:
        """A constant or literal, mostly of the kind."""
        take = self.take
        if take.below(8) == 7:
            return take.pick(ODD)
        match kind:
            case Kind.NUMBER | Kind.INTEGER:
                return take.pick(NUMBERS) if take.below(2) else take.below(65536) - 300
            case Kind.BOOLEAN:
                return bool(take.below(2))
            case Kind.DICTIONARY:
                return self.table(depth)
            case Kind.FUNCTION:
                return ir.LoadFunction(self.nodes.at(), 0)
            case Kind.ANY:
                return self.table(depth) if depth and take.below(4) == 3 else take.text()
        return take.text()

    def table(self, depth: int) -> ir.Expression:
        values = [self.value(Kind.ANY, depth - 1) for _ in range(self.take.below(4))]
        if self.take.below(2):
            return self.nodes.array(*values)
        pairs = tuple((self.nodes.value(self.take.text()), self.nodes.value(value)) for value in values)
        return ir.MakeDictionary(self.nodes.at(), pairs)

    def argument(self, kind: Kind) -> Any:
        value = self.value(kind)
        if isinstance(value, ir.LoadFunction) or not self.take.below(2):
            return value
        # Behind a variable nothing specialises the call.
        self.known.append(self.nodes.set(1, value))
        return self.nodes.get(1)

    def program(self) -> ir.Program:
        builtin = REGISTRY.functions[self.take.pick(BUILTINS)]
        most = builtin.min_args + MOST_VARIADIC if builtin.max_args is None else builtin.max_args
        count = builtin.min_args + self.take.below(most - builtin.min_args + 1)
        arguments = [self.argument(builtin.param_at(index).kind) for index in range(count)]
        nodes = self.nodes
        called = nodes.set(0, nodes.call(builtin.name, *arguments))
        shown = nodes.do("say", nodes.call("tostring", nodes.get(0)))
        packed = nodes.do("say", nodes.call("json_enc", nodes.array(nodes.get(0))))
        visit = nodes.function(
            "visit", 2, "x y", nodes.return_(nodes.call("ne", nodes.local(0), nodes.local(1)))
        )
        return ir.Program((*self.known, called, shown, packed), ("result", "given"), (visit,))


def run(data: bytes) -> None:
    runs_soundly(program_of(_Maker(data).program(), REGISTRY))
