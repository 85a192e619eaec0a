"""
Lines of the access log for somebody who looks on: the newest answers of some sites, with or without a log in a file.

It stands in the log's place while somebody does, and hands on what the log is told. Of other sites' answers no line is made
but the file's.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import msgspec

from edgescript.context import Context
from edgescript.pipeline import ScriptResult
from edgescript.request import Connection, Request
from runtime.observe.access_log import AccessLog, AtOnce, Shared

MAX_LINES: Final = 200
"""Kept at one time: what a person can follow, and a console that has a thousand nodes can take."""


class Tail:
    """
    `log` is the file's, if there is one; `site_of` gives the name of the site that answers for a host, '' for none;
    `lines` makes lines as the file has them, and is used for nothing else.
    """

    def __init__(self, log: AccessLog | None, lines: AccessLog, site_of: Callable[[str], str]) -> None:
        self._log = log
        self._lines = lines
        self._site_of = site_of
        self._kept: deque[tuple[str, bytes]] = deque(maxlen=MAX_LINES)
        self.sites: Collection[str] = frozenset()
        """Those whose answers are kept."""
        self.left_out = 0
        """Answers of theirs that were displaced by newer ones."""

    def record(self, context: Context, results: Sequence[ScriptResult]) -> None:
        """As of `AccessLog`."""
        if self._log is not None:
            self._log.record(context, results)
        if self._site_of(context.request.host) in self.sites:
            self._lines.record(context, results)

    def add(
        self,
        request: Request,
        status: int,
        label: str,
        sent_bytes: int,
        started_s: float,
        ended_s: float,
        upstream: str = "",
        upstream_s: float = 0.0,
        refused: str = "",
    ) -> None:
        """As of `AccessLog`."""
        if self._log is not None:
            self._log.add(
                request, status, label, sent_bytes, started_s, ended_s, upstream, upstream_s, refused
            )
        site = self._site_of(request.host)
        if site in self.sites:
            self._lines.add(
                request, status, label, sent_bytes, started_s, ended_s, upstream, upstream_s, refused
            )
            self._keep(site)

    def add_at_once(
        self, connection: Connection, block: Shared, target: str, answer: AtOnce, now: float
    ) -> None:
        """As of `AccessLog`."""
        if self._log is not None:
            self._log.add_at_once(connection, block, target, answer, now)
        site = self._site_of(block.host)
        if site in self.sites:
            self._lines.add_at_once(connection, block, target, answer, now)
            self._keep(site)

    def _keep(self, site: str) -> None:
        """Take the line that was just made."""
        for line in self._lines.take():  # one at a time
            self.left_out += len(self._kept) == MAX_LINES
            self._kept.append((site, line))

    def add_begun(
        self, connection: Connection, begun: bytes, status: int, reason: str, sent_bytes: int, now: float
    ) -> None:
        """As of `AccessLog`; what was refused before it was a request is no site's."""
        if self._log is not None:
            self._log.add_begun(connection, begun, status, reason, sent_bytes, now)

    def take(self) -> list[dict[str, Any]]:
        """What is kept, the oldest first, each as the keys of its line and the site as `domain`; it is kept no more."""
        kept = list(self._kept)
        self._kept.clear()
        return [{"domain": site, **msgspec.json.decode(line)} for site, line in kept]
