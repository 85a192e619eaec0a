"""A source to what is known of it: findings, code, the bound of its cost."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from edgescript.builtins import Registry
from edgescript.compiler import Compiled
from edgescript.compiling.code import encode
from edgescript.compiling.verify import verify
from edgescript.costing.statement import state_cost
from edgescript.diagnostics.findings import has_errors
from edgescript.diagnostics.render import as_record
from edgescript.source import Source

Compile = Callable[[Source, Registry], Compiled]
MAX_BOUND: Final = 1 << 53
"""More than any limit of a run, and a number that JSON's readers keep."""


class Judged(NamedTuple):
    """`code` is None exactly where a finding is an error."""

    diagnostics: tuple[dict[str, Any], ...]
    code: bytes | None
    position: str
    compiled: Compiled


class Compiler:
    """Compiles for the builtins of `registry`."""

    def __init__(self, registry: Registry, compile_: Compile) -> None:
        self.registry = registry
        self._compile = compile_

    def judge(self, name: str, text: bytes) -> Judged:
        """What is known of the script `name` with that text. Never raises, whatever the text."""
        source = Source.from_bytes(name, text)
        compiled = self._compile(source, self.registry)
        records = tuple(as_record(source, each) for each in compiled.diagnostics)
        code = None if has_errors(compiled.diagnostics) or compiled.code is None else encode(compiled.code)
        return Judged(records, code, compiled.position, compiled)

    def cost_bound(self, judged: Judged) -> int | None:
        """Fuel that no run exceeds, at most `MAX_BOUND`; None where there is no code."""
        code = judged.compiled.code
        return None if code is None else min(state_cost(verify(code, self.registry)).fuel, MAX_BOUND)
