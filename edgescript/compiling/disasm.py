"""
The listing of Code: what `edgescript disasm` prints and the tests of the compiler read.

    main()
         1:4  VARIABLE   $host                                     10
        1:11  CONST      'a.com'
         1:1  CALL       eq 2
         1:1  IF
         1:1    HIT                                                 7
         2:8    CONST      403
    ...

Constants and names stand where the operands' numbers were, blocks are indented, and the number on the right is the
fuel of the segment that begins there, where the Linked form is at hand to tell what the builtins cost.
"""

from collections.abc import Iterator
from typing import Final

from edgescript.compiling.code import Code, CodeFunction, Instruction, unpack_position
from edgescript.compiling.opcodes import BLOCK_OPENERS, Op, Operand
from edgescript.compiling.verify import Linked
from edgescript.types import number_text

_SHOWN_BYTES: Final = 60
"""Of a constant string."""
_FUEL_COLUMN: Final = 60


def listing(code: Code, linked: Linked | None = None) -> str:
    """The text of `code`, each line ended. Code need not be verified: an operand out of range shows as `?n`."""
    lines = [f"{_plain(code.source_name)}  sha256 {code.source_sha256.hex()[:16]}  format {code.format}"]
    for index, function in enumerate(code.functions):
        fuel = linked.bodies[index].fuel if linked else ()
        lines.append("")
        lines.append(_header(function))
        lines.extend(_body(code, function, fuel))
    return "\n".join(lines) + "\n"


def _header(function: CodeFunction) -> str:
    names = [_plain(name) for name in function.local_names]
    params, others = names[: function.params], names[function.params :]
    text = f"{_plain(function.name)}({', '.join(params)})"
    return f"{text}  locals {', '.join(others)}" if others else text


def _body(code: Code, function: CodeFunction, fuel: tuple[int, ...]) -> Iterator[str]:
    depth = 0
    for at, instruction in enumerate(function.body):
        op = _op(instruction)
        if op is Op.END or op is Op.ELSE:
            depth = max(0, depth - 1)
        line, column = unpack_position(function.positions[at]) if at < len(function.positions) else (0, 0)
        name = op.name if op is not None else f"op {instruction[0]}"
        text = (
            f"{f'{line}:{column}':>8}  {'  ' * depth}{name:<10} {_operands(code, function, op, instruction)}"
        )
        if fuel and fuel[at]:
            text = f"{text:<{_FUEL_COLUMN}} {fuel[at]:>4}"
        yield text.rstrip()
        if op in BLOCK_OPENERS or op is Op.ELSE:
            depth += 1


_OPS: Final[dict[int, Op]] = {int(op): op for op in Op}


def _op(instruction: Instruction) -> Op | None:
    return _OPS.get(instruction[0])


def _operands(code: Code, function: CodeFunction, op: Op | None, instruction: Instruction) -> str:
    _, a, b = instruction
    if op is None:
        return f"{a} {b}"
    texts = [
        _operand(code, function, kind, value)
        for kind, value in ((op.info.a, a), (op.info.b, b))
        if kind is not Operand.NONE
    ]
    return " ".join(texts)


def _operand(code: Code, function: CodeFunction, kind: Operand, value: int) -> str:
    tables: dict[Operand, tuple[str, ...]] = {
        Operand.LOCAL: function.local_names,
        Operand.GLOBAL: code.global_names,
        Operand.BUILTIN: code.builtins,
        Operand.VARIABLE: code.variables,
        Operand.FUNCTION: tuple(body.name for body in code.functions),
    }
    if kind is Operand.COUNT:
        return str(value)
    if kind is Operand.CONSTANT:
        return _constant(code.constants[value]) if 0 <= value < len(code.constants) else f"?{value}"
    names = tables[kind]
    if not 0 <= value < len(names):
        return f"?{value}"
    return f"{'$' if kind is Operand.VARIABLE else ''}{_plain(names[value])}"


def _constant(value: str | float) -> str:
    if isinstance(value, str):
        return (
            repr(value) if len(value) <= _SHOWN_BYTES else f"{value[:_SHOWN_BYTES]!r}... ({len(value)} bytes)"
        )
    return number_text(value)


def _plain(name: str) -> str:
    """A name from untrusted Code, fit to print."""
    return name if name.isidentifier() or name.replace(".", "").replace("-", "").isalnum() else repr(name)
