"""
Whether a release that is being rolled out does worse than the one before, by a margin its author stated.

Rates are compared, not numbers: at 5 % the candidate sees a twentieth. Exceptions are counted a run of a script, answers of
class 5xx a request, fuel as the mean of a run. Before the candidate has seen `min_requests` nothing is said: of three
requests one failing means nothing. A baseline that has seen fewer than that, or none at all, counts as one without errors,
and nothing is said of fuel.
"""

import math
from typing import Final

import msgspec

from runtime.console.model.reasons import Reason
from runtime.console.model.refusal import invalid

MAX_MIN_REQUESTS: Final = 1_000_000_000


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What nodes counted of one release, all scripts together."""

    requests: int = 0
    errors_5xx: int = 0
    executions: int = 0
    """Runs of scripts that began."""
    exceptions: int = 0
    """Of those, the ones that raised an error."""
    fuel: int = 0

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(
            requests=self.requests + other.requests,
            errors_5xx=self.errors_5xx + other.errors_5xx,
            executions=self.executions + other.executions,
            exceptions=self.exceptions + other.exceptions,
            fuel=self.fuel + other.fuel,
        )


NOTHING: Final = Seen()


class Margins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By how much the candidate may be worse; None where it does not matter."""

    exceptions: float | None = 0.01
    """Added to the baseline's share of runs that raised an error."""
    errors_5xx: float | None = 0.01
    """Added to the baseline's share of requests answered with 5xx."""
    fuel: float | None = 0.5
    """A share of the baseline's mean fuel of a run, added to it."""
    min_requests: int = 100
    """Of the candidate, before anything is said."""

    def check(self) -> None:
        """Raises Refused."""
        for name, most in (("exceptions", 1.0), ("errors_5xx", 1.0), ("fuel", 1_000.0)):
            margin = getattr(self, name)
            if margin is not None and not (math.isfinite(margin) and 0 <= margin <= most):
                raise invalid(f"abort.{name}", f"want 0 to {most:g}, or null")
        if not 1 <= self.min_requests <= MAX_MIN_REQUESTS:
            raise invalid("abort.min_requests", f"want 1 to {MAX_MIN_REQUESTS}")

    def stated(self) -> dict[str, float | None]:
        """By name, as they are stored."""
        return msgspec.structs.asdict(self)


def reasons_to_abort(before: Seen, after: Seen, margins: Margins) -> list[Reason]:
    """One for each way in which the candidate is worse than its margin; [] to go on."""
    if after.requests < margins.min_requests:
        return []
    known = before.requests >= margins.min_requests
    baseline = before if known else NOTHING
    shares = (
        (
            "exceptions",
            margins.exceptions,
            _share(baseline.exceptions, baseline.executions),
            _share(after.exceptions, after.executions),
        ),
        (
            "errors_5xx",
            margins.errors_5xx,
            _share(baseline.errors_5xx, baseline.requests),
            _share(after.errors_5xx, after.requests),
        ),
    )
    found = [
        Reason(code, {"now": now, "was": was, "margin": margin})
        for code, margin, was, now in shares
        if margin is not None and now > was + margin
    ]
    was, now = _share(baseline.fuel, baseline.executions), _share(after.fuel, after.executions)
    if margins.fuel is not None and was > 0 and now > was * (1 + margins.fuel):
        found.append(Reason("fuel", {"now": now, "was": was, "margin": margins.fuel}))
    return found


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
