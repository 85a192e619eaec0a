"""What a script may never do, whatever it is: end in a defect of ours, or differ between the tiers."""

import stdlib
from edgescript.compiler import compile_source
from edgescript.meter import Limits
from edgescript.program import Program, load
from edgescript.source import Source
from tests.tiers.kit import both, context_of

REGISTRY = stdlib.registry()
LIMITS = Limits(fuel=30_000, value_bytes=1 << 16, total_bytes=1 << 18, output_bytes=1 << 16)
DEFECTS = ("internal error", "out of memory", "calls nest too deeply")


def runs_soundly(program: Program, make_context=context_of) -> None:
    """Both tiers agree, and neither met an exception that is none of the language's."""
    result = both(program, LIMITS, make_context).result
    assert not isinstance(result, tuple) or result[1] not in DEFECTS, result


def program_of_text(text: str) -> Program | None:
    """The program of a script, None where the compiler refuses it."""
    code = compile_source(Source("fuzz.es", text), REGISTRY).code
    return None if code is None else load(code, REGISTRY)
