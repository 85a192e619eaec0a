"""A program and its settings to a script that runs on requests."""

from collections.abc import Callable

from edgescript.builtins import Stage
from edgescript.context import Context
from edgescript.debugging import ASKED_FOR
from edgescript.pipeline import DEFAULT_ON_ERROR, InstalledScript
from edgescript.program import Program
from edgescript.reading import Reading
from runtime.scripts.rule import Rule


def installed(
    program: Program, rule: Rule, position: Stage, run: Callable[[Context], bool] | None = None
) -> InstalledScript:
    """
    `program` as `rule` wants it; `position` is what the script's own text says, `run` goes before the program's.

    With a `run` that watches, each request is to be run, but for that of the debug option, which is one more thing read.
    """
    position = rule.position or position

    def of_watched() -> Reading | None:
        return ASKED_FOR.joined(program.reading()) if rule.signature else None

    return InstalledScript(
        rule.name,
        position,
        program.run if run is None else run,
        rule.on_error or DEFAULT_ON_ERROR[position],
        rule.priority,
        rule.enabled,
        rule.break_on_hit,
        rule.test_ip,
        program.awaits_response,
        program.code.source_sha256.hex()[:12],
        reading=program.reading if run is None else of_watched,
    )
