"""Scripts tried on a stated request, with a stated origin: what `edgescript run --json` tells, without a network."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from runtime.console.model.access import Actor
from runtime.console.model.refusal import invalid
from runtime.console.service.jobs import Work
from runtime.console.service.trials import Tried, TriedOrigin, TriedPlace, TriedRequest, TriedScript

_LAST: Final = 253_402_300_800.0
"""The end of year 9999, where calendars end."""


class Trying:
    """Operations on no domain: everybody who is somebody may try."""

    def __init__(self, work: Work, now: Callable[[], float]) -> None:
        self._work = work
        self._now = now

    def run(
        self,
        who: Actor,
        scripts: Sequence[TriedScript],
        request: TriedRequest,
        now: float | str | None = None,
        geo: TriedPlace | None = None,
        origin: TriedOrigin | None = None,
        dictionaries: Mapping[str, Mapping[str, str]] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """What came of it, at `now` or at this moment. Raises Refused as `Trials.run` does."""
        del who
        tried = Tried(
            scripts=tuple(scripts),
            request=request,
            now=self._now() if now is None else _moment(now),
            geo=geo,
            origin=origin,
            dictionaries={name: dict(entries) for name, entries in (dictionaries or {}).items()},
            trace=trace,
        )
        return self._work.run(tried)


def _moment(stated_: float | str) -> float:
    """Unix seconds, of those or of an ISO 8601 time, which is UTC without a zone."""
    try:
        if isinstance(stated_, str):
            moment = datetime.fromisoformat(stated_)
            stated_ = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise invalid("now", "want Unix seconds or 2026-01-31T08:00:00Z") from None
    if not 0 <= stated_ < _LAST:
        raise invalid("now", "not between 1970 and 9999")
    return float(stated_)
