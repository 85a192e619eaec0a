"""
How long rollouts have been looked on at their steps, whatever is done to the machine's clock meanwhile.

Steps are taken when a time is over, and figures are those that came since a time. With a clock that is set back a day, no figure
would be younger than the rollout and nothing would end it; with one that is set forward, or after a console was away, a step would
be taken at once, of which nothing has been seen. So time is taken from the monotonic clock here, and the other one believed where
there is no better.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

from runtime.console.store.rollouts import RolloutRow

Place: TypeAlias = tuple[str, int]
"""Domain and number of a rollout."""
LOOKED_S: Final = 60.0
"""For so long a console looks on before it takes a step that was due when it came; a step shorter than that is looked on for all of it."""


class _Begun(NamedTuple):
    """Where looking on at a step began."""

    stepped: float
    mono_s: float
    before_s: float
    """How long the step had been held by then."""
    since: float


class Looked(NamedTuple):
    """What `Watch.look` tells of a rollout."""

    since: float
    """Unix seconds, by the clock as it is set now: figures that came later are its own."""
    held_s: float
    """How long it is at its step, as far as a step may be taken because of it."""


class Watch:
    """Rollouts under way."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._begun: dict[Place, _Begun] = {}

    def look(self, row: RolloutRow, now: float) -> Looked:
        """To be called every second of each rollout that runs; `now` is Unix seconds."""
        place = (row.domain, row.number)
        mono_s = self._monotonic()
        begun = self._begun.get(place)
        since = min(row.started, now) if begun is None else min(begun.since, now)
        if begun is None or begun.stepped != row.stepped:
            begun = _Begun(row.stepped, mono_s, max(0.0, now - row.stepped), since)
        self._begun[place] = begun._replace(since=since)
        looked_s = mono_s - begun.mono_s
        enough = looked_s >= min(LOOKED_S, row.hold_s or 0.0)
        return Looked(since, begun.before_s + looked_s if enough else looked_s)

    def keep(self, running: Iterable[RolloutRow]) -> None:
        """Forget those that are not among `running`."""
        places = {(row.domain, row.number) for row in running}
        self._begun = {place: begun for place, begun in self._begun.items() if place in places}
