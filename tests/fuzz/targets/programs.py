"""Programs of every shape the compiler can make, over the standard library, drawn by hypothesis from the bytes."""

from hypothesis import given, settings

from tests.fuzz.soundness import REGISTRY, runs_soundly
from tests.tiers.kit import program_of
from tests.tiers.strategies import programs


@settings(database=None, deadline=None)
@given(programs(REGISTRY))
def _agree(tree) -> None:
    runs_soundly(program_of(tree, REGISTRY))


def run(data: bytes) -> None:
    _agree.hypothesis.fuzz_one_input(data)
