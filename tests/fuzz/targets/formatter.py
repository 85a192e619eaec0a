"""Any bytes to the formatter: a text or diagnostics; the text compiles to the same instructions, and formats to itself."""

from edgescript.compiler import compile_source
from edgescript.diagnostics.findings import has_errors
from edgescript.formatting.canonical import canonical
from edgescript.source import Source
from tests.fuzz.soundness import REGISTRY

CORPUS = "scripts"


def run(data: bytes) -> None:
    source = Source.from_bytes("fuzz.es", data)
    formatted = canonical(source)
    if formatted.text is None:
        assert has_errors(formatted.diagnostics)
        return
    again = Source("fuzz.es", formatted.text)
    assert canonical(again).text == formatted.text, "not its own canonical form"
    assert instructions(again) == instructions(source), "another meaning"


def instructions(source: Source):
    """What the script does, without the places it does it at; None where it does not compile."""
    code = compile_source(source, REGISTRY).code
    if code is None:
        return None
    bodies = [(each.name, each.params, each.local_names, each.body) for each in code.functions]
    # With their types: 1 and 1.0 are equal.
    constants = [(type(value), value) for value in code.constants]
    return constants, code.global_names, code.builtins, code.variables, bodies
