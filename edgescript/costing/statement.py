"""The worst case of a script, in fuel and in time, and what it rests on."""

from typing import Final, NamedTuple

from edgescript.bounds import InputBounds
from edgescript.compiling.verify import Linked
from edgescript.costing.analysis import Analysis, TooManyStepsError
from edgescript.meter import DEFAULT_LIMITS, Limits

UNIT_US: Final = 0.05
"""Microseconds of a unit of fuel, on the machine of `loadtest/RESULTS.md`."""


class Share(NamedTuple):
    """Fuel that a line spends on one thing."""

    line: int
    what: str
    """A builtin's name, or '' for the instructions themselves."""
    fuel: int


class Loop(NamedTuple):
    """How often something is repeated each time it is come to."""

    line: int
    what: str
    """`for`, or the builtin that calls a function again and again."""
    rounds: int
    limit: str
    """The limit of a run that bounds it, '' where the script does."""


class Statement(NamedTuple):
    """What a run can cost."""

    fuel: int
    """No run spends more, unless the limit of fuel stops it."""
    least: int
    """No run that comes to its end without an error spends less."""
    shares: tuple[Share, ...]
    """Of the dearest way, dearest first; their sum is `fuel`."""
    loops: tuple[Loop, ...]
    """In order of lines."""
    limits: tuple[str, ...]
    """The limits of a run that bound what the script does not, sorted."""

    @property
    def time_us(self) -> float:
        return self.fuel * UNIT_US


def state_cost(
    linked: Linked, limits: Limits = DEFAULT_LIMITS, inputs: InputBounds | None = None
) -> Statement:
    """The worst case of one run of a verified script under the limits, on requests within the bounds."""
    inputs = InputBounds() if inputs is None else inputs
    analysis = Analysis(linked, limits, inputs, coarse=False)
    try:
        analysis.run()
    except TooManyStepsError:
        analysis = Analysis(linked, limits, inputs, coarse=True)
        analysis.run()
    whole = analysis.path
    for limit, dearest in analysis.lumps.items():
        whole = whole.repeat(dearest, getattr(limits, limit))
    shares = sorted(whole.by_line().items(), key=lambda item: (-item[1], item[0]))
    return Statement(
        whole.total,
        analysis.least,
        tuple(Share(line, what, fuel) for (line, what), fuel in shares),
        tuple(Loop(*place, *rounds) for place, rounds in sorted(analysis.loops.items())),
        tuple(sorted(analysis.rests)),
    )
