"""The nodes this process hears of: what each last said of itself, and what of it the store has yet to learn."""

from collections.abc import Callable
from typing import Final

import msgspec

from runtime.bundles.report import Report
from runtime.console.calls import Overloaded
from runtime.console.model.access import NodeActor

MAX_NODES: Final = 20_000
FORGET_AFTER_S: Final = 3600.0
"""A node not heard of for so long is the store's alone to remember."""
TAKEN_FOR_S: Final = 60.0
"""So long a name belongs to the place that last used it."""
NODES_A_REPORT_SECOND: Final = 200
"""What all nodes together should send, in reports a second."""
MIN_INTERVAL_S: Final = 2.0
MAX_INTERVAL_S: Final = 60.0
TAILING_INTERVAL_S: Final = 1.0
TAILING_NODES: Final = 500
"""With more nodes than this, a log that is being read makes no reports quicker."""
TOUCH_S: Final = 5.0
"""Polls alone are written no oftener."""


class Heard(msgspec.Struct, kw_only=True):
    """A node as it last was. Times are Unix seconds; `seen` by our clock, `started` by its own."""

    id: str
    environment: str
    pool: str
    region: str
    token: str
    version: str = ""
    generation: int = 0
    error: str = ""
    started: float = 0.0
    seen: float = 0.0
    refused: dict[str, str] = {}
    highest: int = 0


class NameTaken(Exception):  # noqa: N818 - a state of another node's
    """Another node has this name, in another place."""


class Register:
    """All nodes that were heard of in the last hour."""

    def __init__(self, forgotten: Callable[[str], None] = lambda _node: None) -> None:
        self._nodes: dict[str, Heard] = {}
        self._changed: dict[str, Heard] = {}
        self._forgotten = forgotten

    def __len__(self) -> int:
        return len(self._nodes)

    def polled(self, who: NodeActor, node: str, now: float) -> None:
        """A node asked for its manifest. Raises NameTaken and Overloaded."""
        heard = self._of(who, node, now)
        stale = abs(now - heard.seen) >= TOUCH_S  # the clock may have been set back
        heard.seen = now
        # A node that has reported nothing yet has not said what it serves, and is told of by its first report.
        if stale and heard.version:
            self._changed[node] = heard

    def reported(self, who: NodeActor, node: str, report: Report, now: float) -> None:
        """A node said how it is. Raises NameTaken and Overloaded."""
        heard = self._of(who, node, now)
        heard.version = report.version
        heard.generation = report.generation
        heard.highest = max(report.generation, report.refused)
        heard.error = report.error
        heard.started = report.started
        heard.refused = {each.domain: each.why for each in report.refused_domains}
        heard.seen = now
        self._changed[node] = heard

    def _of(self, who: NodeActor, node: str, now: float) -> Heard:
        heard = self._nodes.get(node)
        if heard is not None:
            place = (heard.environment, heard.pool, heard.region)
            if place == (who.environment, who.pool, who.region):
                heard.token = who.id
                return heard
            if abs(now - heard.seen) < TAKEN_FOR_S:
                raise NameTaken
        elif len(self._nodes) >= MAX_NODES:
            raise Overloaded
        heard = self._nodes[node] = Heard(
            id=node,
            environment=who.environment,
            pool=who.pool,
            region=who.region,
            token=who.id,
            seen=now,
        )
        return heard

    def interval_s(self, *, tailing: bool) -> float:
        """How long a node should wait before its next report."""
        nodes = len(self._nodes)
        if tailing and nodes <= TAILING_NODES:
            return TAILING_INTERVAL_S
        return min(MAX_INTERVAL_S, max(MIN_INTERVAL_S, nodes / NODES_A_REPORT_SECOND))

    def drain(self) -> list[Heard]:
        """Nodes whose rows are to be written."""
        changed = [msgspec.structs.replace(heard) for heard in self._changed.values()]
        self._changed.clear()
        return changed

    def give_back(self, rows: list[Heard]) -> None:
        """Rows that could not be written."""
        for row in rows:
            self._changed.setdefault(row.id, row)

    def remove(self, node: str) -> None:
        """Forget a node, if it is known."""
        if self._nodes.pop(node, None) is not None:
            self._changed.pop(node, None)
            self._forgotten(node)

    def sweep(self, now: float) -> None:
        """Forget nodes that have gone."""
        for node in [each.id for each in self._nodes.values() if now - each.seen > FORGET_AFTER_S]:
            self.remove(node)
