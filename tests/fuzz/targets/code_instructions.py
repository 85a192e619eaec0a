"""Well-formed code whose instructions were changed: refused, or a program alike in both tiers."""

import msgspec

from edgescript.compiler import compile_source
from edgescript.compiling.code import Code, encode
from edgescript.compiling.disasm import listing
from edgescript.compiling.opcodes import Op
from edgescript.faults import CodeError
from edgescript.program import load
from edgescript.source import Source
from tests.fuzz.catalogue import files
from tests.fuzz.reader import Reader
from tests.fuzz.soundness import REGISTRY, runs_soundly

_COMPILED = (compile_source(Source.from_bytes("fuzz.es", data), REGISTRY).code for data in files("scripts"))
CODES = [code for code in _COMPILED if code is not None]
MOST_CHANGES = 6


def changed(take: Reader) -> Code:
    """One of the corpus' programs with some instructions replaced."""
    code = take.pick(CODES)
    at = take.below(len(code.functions))
    body = list(code.functions[at].body)
    for _ in range(MOST_CHANGES):
        if take.is_empty:
            break
        body[take.below(len(body))] = (take.below(len(Op) + 2), take.below(64) - 2, take.below(64) - 2)
    function = msgspec.structs.replace(code.functions[at], body=tuple(body))
    functions = (*code.functions[:at], function, *code.functions[at + 1 :])
    return msgspec.structs.replace(code, functions=functions)


def run(data: bytes) -> None:
    code = changed(Reader(data))
    listing(code)
    try:
        program = load(encode(code), REGISTRY)
    except CodeError:
        return
    runs_soundly(program)
