"""
The checked tree to `ir`: names become slots, `and`, `or` and `-` become what they mean.

Only for scripts without errors, so nothing is left to go wrong; and for registries that declare `sub`, which the sign
before a value stands for. Every node carries the place a fault in it is
reported at: a call's is its function's name.
"""

from edgescript.builtins import Builtin
from edgescript.compiling import ir
from edgescript.compiling.resolve import (
    BuiltinVariable,
    CustomFunction,
    GlobalVariable,
    LocalVariable,
    Names,
    Unassigned,
)
from edgescript.parsing import syntax
from edgescript.source import Position, Source, as_utf8


def lower(script: syntax.Script, names: Names, source: Source) -> ir.Program:
    """The program of an error-free script."""
    places = _Places(source)
    main = _Lowering(names, places, {}, in_function=False).block(script.body)
    functions = tuple(_function(function, names, places) for function in names.functions.values())
    return ir.Program(main, tuple(names.globals), functions)


def _function(function: CustomFunction, names: Names, places: "_Places") -> ir.Function:
    lowering = _Lowering(names, places, function.locals, in_function=True)
    return ir.Function(
        function.name,
        places.at(function.node.span.start),
        len(function.node.params),
        tuple(function.locals),
        lowering.block(function.node.body),
    )


class _Places:
    """Offsets to positions. Remembers the last one, so a long line is read once, not once a node."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ascii = source.text.isascii()
        self._offset = 0
        self._last = Position(1, 1)

    def at(self, offset: int) -> Position:
        line_start = self._source.text.rfind("\n", self._offset, offset) + 1 if offset >= self._offset else 0
        if line_start or offset < self._offset:
            self._last = self._source.position(offset)
        else:
            between = self._source.text[self._offset : offset]
            width = len(between) if self._ascii else len(as_utf8(between))
            self._last = Position(self._last.line, self._last.column + width)
        self._offset = offset
        return self._last


class _Lowering:
    """Lowers one body."""

    def __init__(self, names: Names, places: _Places, own: dict[str, int], *, in_function: bool) -> None:
        self.names = names
        self.at = places.at
        self.own = own
        self.in_function = in_function

    def block(self, body: tuple[syntax.Statement, ...]) -> tuple[ir.Statement, ...]:
        return tuple(self.statement(each) for each in body if not isinstance(each, syntax.Def))

    def statement(
        self, node: syntax.Assign | syntax.If | syntax.For | syntax.Return | syntax.Evaluate
    ) -> ir.Statement:
        at = self.at(node.span.start)
        match node:
            case syntax.Assign(target=target, value=value):
                store = ir.StoreLocal if target.id in self.own else ir.StoreGlobal
                return store(at, self.slot(target), self.expression(value))
            case syntax.If(condition=condition, body=body, orelse=orelse):
                # Hit is decided by the ifs of the script level, inner ones too; a function's do not count (U-24).
                return ir.If(
                    at,
                    self.expression(condition),
                    self.block(body),
                    self.block(orelse or ()),
                    marks_hit=not self.in_function,
                )
            case syntax.For(key=key, value=value, iterable=iterable, body=body):
                # The fault "not a dictionary" belongs to the value walked over.
                at = self.at(iterable.span.start)
                walked = self.expression(iterable)
                return ir.For(
                    at, self.slot(key), self.slot(value), self.in_function, walked, self.block(body)
                )
            case syntax.Return(value=value):
                return ir.Return(at, None if value is None else self.expression(value))
            case syntax.Evaluate(call=call):
                return ir.Discard(at, self.expression(call))

    def slot(self, name: syntax.Name) -> int:
        return self.own[name.id] if name.id in self.own else self.names.globals[name.id]

    def expression(self, node: syntax.Expression) -> ir.Expression:
        at = self.at(node.span.start)
        match node:
            case syntax.String(value=value) | syntax.Number(value=value) | syntax.Boolean(value=value):
                return ir.Constant(at, value)
            case syntax.Name():
                return self.name(node, at)
            case syntax.Negation(operand=operand):
                subtract = self.names.registry.functions["sub"]
                return ir.CallBuiltin(at, subtract, (ir.Constant(at, 0), self.expression(operand)))
            case syntax.Dictionary():
                return self.dictionary(node, at)
            case syntax.Call():
                return self.call(node, at)

    def name(self, node: syntax.Name, at: Position) -> ir.Expression:
        match self.names.value(node, self.own):
            case LocalVariable(slot=slot):
                return ir.LoadLocal(at, slot)
            case GlobalVariable(slot=slot):
                return ir.LoadGlobal(at, slot)
            case BuiltinVariable(variable=variable, suffix=suffix):
                return ir.LoadVariable(at, variable, suffix)
            case CustomFunction(index=index):
                return ir.LoadFunction(at, index)
            case Unassigned():
                return ir.Constant(at, None)

    def dictionary(self, node: syntax.Dictionary, at: Position) -> ir.Expression:
        if all(item.key is None for item in node.items):
            return ir.MakeArray(at, tuple(self.expression(item.value) for item in node.items))
        pairs: list[tuple[ir.Expression, ir.Expression]] = []
        position = 0
        for item in node.items:
            if item.key is None:
                position += 1
                pairs.append((ir.Constant(self.at(item.span.start), position), self.expression(item.value)))
            else:
                pairs.append((self.expression(item.key), self.expression(item.value)))
        return ir.MakeDictionary(at, tuple(pairs))

    def call(self, node: syntax.Call, at: Position) -> ir.Expression:
        callee = self.names.callee(node.function)
        arguments = tuple(self.expression(argument) for argument in node.arguments)
        if isinstance(callee, CustomFunction):
            return ir.CallFunction(at, callee.index, arguments)
        assert isinstance(callee, Builtin), "unknown functions are errors, and errors are not lowered"
        if callee.name == "and":
            return ir.And(at, arguments)
        if callee.name == "or":
            return ir.Or(at, arguments)
        return ir.CallBuiltin(at, callee, arguments)
