"""Texts of scripts over the whole standard library, drawn by hypothesis from the bytes, in both tiers."""

from hypothesis import given, settings

from tests.fuzz.soundness import program_of_text, runs_soundly
from tests.tiers.source_strategy import sources


@settings(database=None, deadline=None)
@given(sources())
def _agree(text) -> None:
    program = program_of_text(text)
    if program is not None:
        runs_soundly(program)


def run(data: bytes) -> None:
    _agree.hypothesis.fuzz_one_input(data)
