"""
What the compiler says of a script's worst case: a figure in its Code, and a warning if it is over what a run may spend.

The worst case on the largest requests a node takes says little of most scripts: a few searches in a header of 32 KiB
look dear, and whoever sends such a header harms none but himself. So the warning is about ordinary requests, and about
scripts whose bound is their own: what only the limits of a run bound, such as recursion or a dictionary out of JSON,
may be small whenever it runs. `edgescript cost` states all of these.
"""

from typing import Final

import msgspec

from edgescript.bounds import ORDINARY_INPUTS
from edgescript.builtins import Registry
from edgescript.compiling.code import Code
from edgescript.compiling.verify import verify
from edgescript.costing.statement import state_cost
from edgescript.diagnostics.findings import Findings
from edgescript.faults import CodeError
from edgescript.meter import DEFAULT_LIMITS
from edgescript.source import Source, Span
from edgescript.types import MAX_EXACT_INT

_UNKNOWN: Final = frozenset({"calls", "dictionary_entries", "loop_rounds", "value_bytes"})
"""Limits that stand for what the script does not bound itself."""


def priced(code: Code, source: Source, registry: Registry, findings: Findings) -> Code:
    """
    The code with its worst case stated.

    Reports `cost-over-budget` at the dearest line of a script that an ordinary request can drive over the limit.
    """
    try:
        linked = verify(code, registry)
    except CodeError:
        return code  # too large to run at all, which the limits on text say better
    worst = state_cost(linked).fuel
    budget = DEFAULT_LIMITS.fuel
    if worst > budget:
        ordinary = state_cost(linked, inputs=ORDINARY_INPUTS)
        if ordinary.fuel > budget and not _UNKNOWN.intersection(ordinary.limits):
            span = _line_span(source, ordinary.shares[0].line)
            findings.add("cost-over-budget", span, fuel=ordinary.fuel, budget=budget)
    return msgspec.structs.replace(code, worst_fuel=min(worst, MAX_EXACT_INT))


def _line_span(source: Source, line: int) -> Span:
    start = source.line_starts[line - 1]
    end = source.text.find("\n", start)
    text = source.text[start : end if end >= 0 else len(source.text)]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
