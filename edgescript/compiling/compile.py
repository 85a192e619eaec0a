"""
ir to Code: a straight walk, each construct to its instructions.

`x = v`            v SET
`if c {a} else {b}`    c IF a ELSE b END
`for k, v in d {a}`    d EACH SET(v) SET(k) a END
`and(a, b)`        a AND b BOOL END
`return v`         v RETURN; what follows it in its block is left out

Every body ends in RETURN. Left out is also what follows an `if` both of whose blocks return.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from edgescript.compiling import ir
from edgescript.compiling.code import FORMAT, Code, CodeFunction, Instruction, pack_position
from edgescript.compiling.opcodes import Op
from edgescript.source import Position, Source

_FLAT_OPERANDS: Final = 8
"""`and` and `or` of up to so many operands nest to the right; longer ones are halved, so that depth stays small."""


def compile_program(program: ir.Program, source: Source) -> Code:
    """The Code of a checked program. Not verified."""
    tables = _Tables()
    functions = [_compile_body(tables, "main", 0, (), program.main, Position(1, 1))]
    functions.extend(
        _compile_body(
            tables, function.name, function.params, function.local_names, function.body, function.at
        )
        for function in program.functions
    )
    return Code(
        format=FORMAT,
        source_name=source.name,
        source_sha256=hashlib.sha256(source.text.encode("latin-1")).digest(),
        constants=tuple(value for _, value in tables.constants.values()),
        global_names=program.global_names,
        builtins=tuple(tables.builtins),
        variables=tuple(tables.variables),
        functions=tuple(functions),
    )


class _Tables:
    """What the bodies of a program share; each entry once, in order of first use."""

    def __init__(self) -> None:
        self.constants: dict[tuple[type, str], tuple[int, str | int | float]] = {}
        self.builtins: dict[str, int] = {}
        self.variables: dict[str, int] = {}

    def constant(self, value: str | float) -> int:
        # By text, because 0 == 0.0 == -0.0.
        key = (type(value), repr(value) if type(value) is float else str(value))
        return self.constants.setdefault(key, (len(self.constants), value))[0]

    def builtin(self, name: str) -> int:
        return self.builtins.setdefault(name, len(self.builtins))

    def variable(self, name: str) -> int:
        return self.variables.setdefault(name, len(self.variables))


def _compile_body(
    tables: _Tables,
    name: str,
    params: int,
    local_names: tuple[str, ...],
    statements: tuple[ir.Statement, ...],
    at: Position,
) -> CodeFunction:
    body = _Body(tables)
    if not body.block(statements):
        last = statements[-1].at if statements else at
        body.emit(last, Op.UNDEF)
        body.emit(last, Op.RETURN)
    return CodeFunction(name, params, local_names, tuple(body.instructions), tuple(body.positions))


class _Body:
    """The instructions of one body as they are written. Methods for statements tell whether they always return."""

    def __init__(self, tables: _Tables) -> None:
        self.tables = tables
        self.instructions: list[Instruction] = []
        self.positions: list[int] = []

    def emit(self, at: Position, op: Op, a: int = 0, b: int = 0) -> None:
        self.instructions.append((int(op), a, b))
        self.positions.append(pack_position(at.line, at.column))

    def block(self, statements: Iterable[ir.Statement]) -> bool:
        return any(self.statement(statement) for statement in statements)

    def statement(self, node: ir.Statement) -> bool:
        match node:
            case ir.StoreGlobal():
                self.expression(node.value)
                self.emit(node.at, Op.SET_GLOBAL, node.slot)
            case ir.StoreLocal():
                self.expression(node.value)
                self.emit(node.at, Op.SET_LOCAL, node.slot)
            case ir.Discard():
                self.expression(node.value)
                self.emit(node.at, Op.POP)
            case ir.Return():
                if node.value is None:
                    self.emit(node.at, Op.UNDEF)
                else:
                    self.expression(node.value)
                self.emit(node.at, Op.RETURN)
                return True
            case ir.For():
                self.loop(node)
            case ir.If():
                return self.condition(node)
        return False

    def condition(self, node: ir.If) -> bool:
        self.expression(node.condition)
        self.emit(node.at, Op.IF)
        if node.marks_hit:
            self.emit(node.at, Op.HIT)
        body_returns = self.block(node.body)
        orelse_returns = False
        if node.orelse:
            self.emit(node.at, Op.ELSE)
            orelse_returns = self.block(node.orelse)
        self.emit(node.at, Op.END)
        if body_returns and orelse_returns:
            # Nothing comes here, but a body ends in RETURN.
            self.emit(node.at, Op.UNDEF)
            self.emit(node.at, Op.RETURN)
            return True
        return False

    def loop(self, node: ir.For) -> None:
        store = Op.SET_LOCAL if node.in_function else Op.SET_GLOBAL
        self.expression(node.iterable)
        self.emit(node.at, Op.EACH)
        self.emit(node.at, store, node.value)
        self.emit(node.at, store, node.key)
        self.block(node.body)
        self.emit(node.at, Op.END)

    def expression(self, node: ir.Expression) -> None:
        match node:
            case ir.Constant():
                self.constant(node)
            case ir.LoadGlobal():
                self.emit(node.at, Op.GLOBAL, node.slot)
            case ir.LoadLocal():
                self.emit(node.at, Op.LOCAL, node.slot)
            case ir.LoadVariable():
                self.emit(node.at, Op.VARIABLE, self.tables.variable(node.variable.name + node.suffix))
            case ir.LoadFunction():
                self.emit(node.at, Op.FUNCTION, node.index + 1)
            case ir.CallBuiltin():
                self.expressions(node.arguments)
                self.emit(node.at, Op.CALL, self.tables.builtin(node.builtin.name), len(node.arguments))
            case ir.CallFunction():
                self.expressions(node.arguments)
                self.emit(node.at, Op.INVOKE, node.index + 1, len(node.arguments))
            case ir.MakeArray():
                self.expressions(node.values)
                self.emit(node.at, Op.ARRAY, len(node.values))
            case ir.MakeDictionary():
                for key, value in node.pairs:
                    self.expression(key)
                    self.expression(value)
                self.emit(node.at, Op.DICT, len(node.pairs))
            case ir.And():
                self.shortcut(node.at, Op.AND, Op.TRUE, node.operands)
            case ir.Or():
                self.shortcut(node.at, Op.OR, Op.FALSE, node.operands)

    def expressions(self, nodes: Iterable[ir.Expression]) -> None:
        for node in nodes:
            self.expression(node)

    def constant(self, node: ir.Constant) -> None:
        value = node.value
        if value is None:
            self.emit(node.at, Op.UNDEF)
        elif value is True or value is False:
            self.emit(node.at, Op.TRUE if value else Op.FALSE)
        else:
            self.emit(node.at, Op.CONST, self.tables.constant(value))

    def shortcut(self, at: Position, op: Op, empty: Op, operands: tuple[ir.Expression, ...]) -> None:
        """`op` of the operands; `empty` is the value of none at all."""
        if not operands:
            self.emit(at, empty)
        elif len(operands) == 1:
            self.expression(operands[0])
            if not isinstance(operands[0], ir.And | ir.Or):
                self.emit(operands[0].at, Op.BOOL)
        else:
            middle = 1 if len(operands) <= _FLAT_OPERANDS else len(operands) // 2
            if middle == 1:
                self.expression(operands[0])
            else:
                self.shortcut(at, op, empty, operands[:middle])
            self.emit(at, op)
            self.shortcut(at, op, empty, operands[middle:])
            self.emit(at, Op.END)
