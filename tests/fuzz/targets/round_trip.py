"""Any script that compiles: its serial form reads back equal, is verified, and can be listed."""

from edgescript.compiler import compile_source
from edgescript.compiling.code import decode, encode
from edgescript.compiling.disasm import listing
from edgescript.compiling.verify import verify
from edgescript.source import Source
from tests.fuzz.soundness import REGISTRY

CORPUS = "scripts"


def run(data: bytes) -> None:
    code = compile_source(Source.from_bytes("fuzz.es", data), REGISTRY).code
    if code is None:
        return
    serial = encode(code)
    assert decode(serial) == code
    assert encode(decode(serial)) == serial
    assert listing(code, verify(code, REGISTRY))
