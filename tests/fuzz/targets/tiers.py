"""Any script that compiles, run in both tiers: the same outcome, effects, fuel and place of the fault."""

from edgescript.source import Source
from tests.fuzz.soundness import program_of_text, runs_soundly

CORPUS = "scripts"


def run(data: bytes) -> None:
    program = program_of_text(Source.from_bytes("fuzz.es", data).text)
    if program is not None:
        runs_soundly(program)
