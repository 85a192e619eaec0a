"""
What takes processor time and nothing of the store: compiling, testing, comparing and running the texts of authors.

A text may be made to take long, so whoever asks for it is given something that does it (`Work`): here and now (`Jobs`), or in a
process that can be ended (`runtime.console.bench`). All that goes in and comes out is plain values. That process imports this
module, and with it nothing of the store.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from edgescript.builtins import Registry
from edgescript.compiler import compile_source
from runtime.console.service.answers import DecisionChange, Diagnostics, Evidence
from runtime.console.service.compiling import Compile, Compiler
from runtime.console.service.testing import Tester
from runtime.console.service.texts import Text
from runtime.console.service.trials import Trials, Tried


class Made(msgspec.Struct, frozen=True):
    """Of a text: `code` and `evidence` are None where it has errors."""

    diagnostics: Diagnostics
    code: bytes | None = None
    evidence: Evidence | None = None


class Decided(msgspec.Struct, frozen=True):
    """Where two texts decide otherwise; `note` is why that could not be told, '' where it could."""

    decisions: tuple[DecisionChange, ...]
    note: str


class Work(Protocol):
    """Who does it. Every method raises Refused, also where it took too long."""

    def findings(self, name: str, source: str) -> Diagnostics: ...

    def made(self, name: str, text: Text) -> Made: ...

    def decided(self, name: str, old: Text, new: Text) -> Decided: ...

    def run(self, tried: Tried) -> dict[str, Any]: ...


class Jobs:
    """Done where it is asked for, for as long as it takes."""

    def __init__(self, compiler: Compiler, tester: Tester, trials: Trials) -> None:
        self._compiler = compiler
        self._tester = tester
        self._trials = trials

    def findings(self, name: str, source: str) -> Diagnostics:
        """Every finding in `source`."""
        return self._compiler.judge(name, source.encode()).diagnostics

    def made(self, name: str, text: Text) -> Made:
        """What a version of `text` would be."""
        judged = self._compiler.judge(name, text.source.encode())
        if judged.code is None:
            return Made(judged.diagnostics)
        evidence = Evidence(
            diagnostics=judged.diagnostics,
            tests=self._tester.evidence(name, judged, text.rule, text.tests),
            cost_bound=self._compiler.cost_bound(judged),
            position=text.rule.pos or judged.position,
            code_sha256=hashlib.sha256(judged.code).hexdigest(),
        )
        return Made(judged.diagnostics, judged.code, evidence)

    def decided(self, name: str, old: Text, new: Text) -> Decided:
        """By the tests of both."""
        before, after = (
            (self._compiler.judge(name, each.source.encode()), each.rule, each.tests) for each in (old, new)
        )
        return Decided(*self._tester.decisions(name, before, after))

    def run(self, tried: Tried) -> dict[str, Any]:
        """As `edgescript run --json` has it."""
        return self._trials.run(tried)


def jobs(
    registry: Registry,
    monotonic: Callable[[], float],
    random: Callable[[int], bytes],
    compile_: Compile = compile_source,
) -> Jobs:
    """All of it, done in this process; `monotonic` says seconds, `random` gives so many bytes that nobody can foresee."""
    compiler = Compiler(registry, compile_)
    return Jobs(compiler, Tester(compiler, monotonic), Trials(compiler, monotonic, random))
