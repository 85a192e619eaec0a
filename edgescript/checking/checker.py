"""What all checks share: the script's names, where it runs, what is known at this point, and where to report."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edgescript.builtins import Builtin, Registry, Stage
from edgescript.checking.places import Places
from edgescript.checking.results import Point
from edgescript.checking.words import described
from edgescript.compiling.resolve import CustomFunction, Names
from edgescript.diagnostics.findings import Findings
from edgescript.parsing import syntax
from edgescript.source import Span
from edgescript.typeset import ANY


@dataclass(slots=True)
class Checker:
    names: Names
    position: Stage
    findings: Findings
    doubtful: frozenset[str]
    point: Point
    """Where the walk stands: whose variables names mean, and what is known."""
    function: CustomFunction | None = None
    """The function being looked at, None at script level."""

    call_checks: dict[str, tuple[Callable[["Checker", syntax.Call, Builtin], None], ...]] = field(
        default_factory=dict
    )
    """By builtin, the checks of its calls."""
    patterns: dict[tuple[str, str], str] = field(default_factory=dict)
    """Literal patterns seen, with their options: why each is refused, '' if it is not."""
    too_many_patterns: bool = False
    secrets: set[Span] = field(default_factory=set)
    """Literals reported as secrets."""
    missing: set[str] = field(default_factory=set)
    """Places of this body whose missing test was reported."""

    @classmethod
    def of(cls, names: Names, position: Stage, findings: Findings, doubtful: frozenset[str]) -> "Checker":
        return cls(names, position, findings, doubtful, Point(names, {}, Places(names, {})))

    @property
    def registry(self) -> Registry:
        return self.names.registry

    @property
    def own(self) -> dict[str, int]:
        """Variables of the function being looked at, none at script level."""
        return self.point.own

    def types(self, expression: syntax.Expression) -> int:
        """What an expression can be; where tests contradict each other nothing runs, and nothing is said."""
        return self.point.types(expression) & ANY or ANY

    def described(self, expression: syntax.Expression) -> str:
        return described(expression, self.types(expression))
