"""The two tiers mean the same: outcome, effects, place of the fault, fuel."""

from hypothesis import event, given, note, settings

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.disasm import listing
from edgescript.program import Program, load
from edgescript.source import Source
from tests.support.python_text import python_text
from tests.tiers.kit import REGISTRY, both, program_of
from tests.tiers.source_strategy import sources
from tests.tiers.strategies import LIMITS, programs


def agree(program: Program, limits):
    note(listing(program.code, program.linked))
    note(python_text(program.linked))
    result = both(program, limits).result
    event(f"fault {int(result[0])}" if isinstance(result, tuple) else f"hit {result}")


@settings(max_examples=250, deadline=None)
@given(programs(REGISTRY), LIMITS)
def test_on_programs_of_every_shape(tree, limits):
    agree(program_of(tree), limits)


@settings(max_examples=100, deadline=None)
@given(programs(stdlib.registry()), LIMITS)
def test_on_programs_over_the_standard_library(tree, limits):
    agree(program_of(tree, stdlib.registry()), limits)


@settings(max_examples=100, deadline=None)
@given(sources(), LIMITS)
def test_on_scripts(text, limits):
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    if compiled.code is None:
        event("refused")
        return
    agree(load(compiled.code, stdlib.registry()), limits)
