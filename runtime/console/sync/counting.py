"""
What nodes count, added up: totals since a node's start become differences, differences become figures of ten seconds.

A node that was known before this console started may have told its totals to an earlier process. What such a node tells
first is where its counting goes on from, and is not counted again. The node's clock is only compared with itself.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from runtime.bundles.report import STATES, Report
from runtime.console.store.figures import STEP_S, FigureRow
from runtime.console.store.tables import COUNTS

RESUME_S: Final = 60.0
"""For so long after its first report a node that was known before may tell totals for the first time."""
MAX_TOTALS: Final = 100_000
"""Counters kept of one node: beyond, it is begun with anew."""
MAX_STARTS: Final = 4
"""Starts of one node whose totals are kept."""
MAX_PENDING: Final = 200_000
"""Figures not yet written, when the store is away; further keys are left out and counted."""

Key: TypeAlias = tuple[str, int, str, int]
"""Domain, release, script, version; '' and 0 for the site as a whole."""
Values: TypeAlias = tuple[int, ...]
"""As `COUNTS`."""
_NONE, _HIT, _NOT_HIT, _EXCEPTION = STATES
_ZERO: Final[Values] = (0,) * len(COUNTS)


class _Kept:
    """A node's totals."""

    def __init__(self, resumed_until: float) -> None:
        self.resumed_until = resumed_until
        """Until then, what is told first is not new."""
        self.totals: dict[Key, Values] = {}


class _Place(NamedTuple):
    """What figures are kept by."""

    domain: str
    environment: str
    bucket: int
    script: str
    version: int
    release: int


class Counting:
    """Figures on their way to the store."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self._nodes: dict[str, dict[float, _Kept]] = {}
        """By node and start: two machines that were given one name by mistake begin nothing anew with each report."""
        self._pending: dict[_Place, list[int]] = {}
        self.left_out = 0

    def recall(self, known: Mapping[str, float]) -> None:
        """When each node had started that an earlier process heard of."""
        self._known = dict(known)

    def take(self, node: str, environment: str, report: Report, now: float) -> None:
        """Add what is new in `report`. `now` is Unix seconds, by the console's clock."""
        starts = self._nodes.setdefault(node, {})
        kept = starts.get(report.started)
        if kept is None or len(kept.totals) > MAX_TOTALS:
            resumed = kept is not None or self._known.get(node) == report.started
            if kept is None and len(starts) >= MAX_STARTS:
                del starts[next(iter(starts))]
            kept = starts[report.started] = _Kept(now + RESUME_S if resumed else 0.0)
        bucket = int(now) // STEP_S * STEP_S
        for key, values in _values(report):
            before = kept.totals.get(key)
            kept.totals[key] = values
            if before is None:
                if now < kept.resumed_until:
                    continue
                before = _ZERO
            domain, release, script, version = key
            self._add(_Place(domain, environment, bucket, script, version, release), before, values)

    def _add(self, place: _Place, before: Values, after: Values) -> None:
        if before == after:
            return
        sums = self._pending.get(place)
        if sums is None:
            if len(self._pending) >= MAX_PENDING:
                self.left_out += 1
                return
            sums = self._pending[place] = [0] * len(COUNTS)
        for index, value in enumerate(after):
            sums[index] += max(0, value - before[index])

    def forget(self, node: str) -> None:
        """A node that has not been heard of for long."""
        self._nodes.pop(node, None)

    def drain(self) -> list[FigureRow]:
        """What is to be written; the caller gives it back if it cannot be."""
        rows = [FigureRow(*place, *sums) for place, sums in self._pending.items()]
        self._pending.clear()
        return rows

    def give_back(self, rows: Iterable[FigureRow]) -> None:
        """Rows that could not be written."""
        for row in rows:
            place = _Place(row.domain, row.environment, row.bucket, row.script, row.version, row.release)
            self._add(place, _ZERO, tuple(getattr(row, name) for name in COUNTS))


def _values(report: Report) -> Iterable[tuple[Key, Values]]:
    for each in report.counters:
        states = each.states
        yield (
            (each.domain, each.release, each.script, each.version),
            (
                states.get(_HIT, 0),
                states.get(_NOT_HIT, 0),
                states.get(_NONE, 0),
                states.get(_EXCEPTION, 0),
                0,
                0,
                0,
                each.fuel,
                int(min(each.time_us, 2.0**62)),
            ),
        )
    for site in report.sites:
        yield (
            (site.domain, site.release, "", 0),
            (0, 0, 0, 0, site.requests, site.errors_5xx, site.aborted, 0, 0),
        )
