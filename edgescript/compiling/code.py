"""
`Code`: a compiled script as the console ships it and a node stores it. Versioned MessagePack.

Everything in it is data and nothing in it is trusted: `verify.py` decides whether it may run. Builtins and built-in
variables are named, not numbered, so Code outlives a reordering of the standard library and a node that lacks a
builtin says which.
"""

from typing import Final

import msgspec

from edgescript.faults import CodeError

FORMAT: Final = 1
"""Raised when the meaning of stored Code changes; a node refuses what it does not know."""
MAGIC: Final = b"ESC\x01"
MAX_CODE_BYTES: Final = 4 << 20

Instruction = tuple[int, int, int]
"""(op, a, b), see `opcodes.py`."""


class CodeFunction(msgspec.Struct, frozen=True, array_like=True):
    """A body. `positions` has `line << 12 | min(column, 4095)` for each instruction."""

    name: str
    params: int
    local_names: tuple[str, ...]
    body: tuple[Instruction, ...]
    positions: tuple[int, ...]


class Code(msgspec.Struct, frozen=True, array_like=True):
    """`functions[0]` is the main body: no parameters, no locals."""

    format: int
    source_name: str
    source_sha256: bytes
    constants: tuple[str | int | float, ...]
    global_names: tuple[str, ...]
    builtins: tuple[str, ...]
    variables: tuple[str, ...]
    functions: tuple[CodeFunction, ...]
    worst_fuel: int = 0
    """The worst case that the compiler stated, for people to read; 0 is unknown. No bound of a run rests on it."""


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Code)


def pack_position(line: int, column: int) -> int:
    return line << 12 | min(column, 4095)


def unpack_position(packed: int) -> tuple[int, int]:
    """(line, column), both from 1; (0, 0) when unknown."""
    return packed >> 12, packed & 4095


def encode(code: Code) -> bytes:
    """The serial form."""
    return MAGIC + _encoder.encode(code)


def decode(data: bytes) -> Code:
    """The Code in `data`, not yet verified. Raises CodeError."""
    if len(data) > MAX_CODE_BYTES:
        raise CodeError(f"code of {len(data)} bytes, more than {MAX_CODE_BYTES}")
    if not data.startswith(MAGIC):
        raise CodeError("not EdgeScript code, or of a version this build does not know")
    try:
        code = _decoder.decode(data[len(MAGIC) :])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise CodeError(f"damaged code: {error}") from None
    if code.format != FORMAT:
        raise CodeError(f"code format {code.format}, this build knows {FORMAT}")
    return code
