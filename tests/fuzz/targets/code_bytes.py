"""Any bytes as compiled code: refused, or a program that runs within its limits, alike in both tiers."""

from edgescript.compiler import compile_source
from edgescript.compiling.code import MAGIC, encode
from edgescript.faults import CodeError
from edgescript.program import load
from edgescript.source import Source
from tests.fuzz.catalogue import files
from tests.fuzz.soundness import REGISTRY, runs_soundly


def seeds() -> tuple[bytes, ...]:
    """Every script of the corpus that compiles, without the mark in front."""
    codes = (compile_source(Source.from_bytes("fuzz.es", data), REGISTRY).code for data in files("scripts"))
    return tuple(encode(code).removeprefix(MAGIC) for code in codes if code is not None)


def run(data: bytes) -> None:
    try:
        program = load(MAGIC + data, REGISTRY)
    except CodeError:
        return
    runs_soundly(program)
