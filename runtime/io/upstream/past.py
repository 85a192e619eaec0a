"""What servers were counted for under upstreams that are served no more, so that no sum falls when one goes."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from runtime.io.upstream.group import ServerReport
from runtime.upstreams.retry import Failure

MAX_NAMES: Final = 1000
"""Servers remembered: names come with reloads, without end. Beyond it the one that went first is forgotten."""


class Counted:
    """Of one server."""

    __slots__ = ("connect_s", "connects", "failures", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.connects = 0
        self.connect_s = 0.0
        self.failures: Counter[Failure] = Counter()

    def add(self, report: ServerReport) -> None:
        self.requests += report.requests
        self.connects += report.connects
        self.connect_s += report.connect_s
        self.failures.update(report.failures)


class PastServers:
    """By name."""

    __slots__ = ("by_name",)

    def __init__(self) -> None:
        self.by_name: dict[str, Counted] = {}

    def add(self, reports: Iterable[ServerReport]) -> None:
        """The last reports of a group."""
        for report in reports:
            if report.name not in self.by_name and len(self.by_name) >= MAX_NAMES:
                del self.by_name[next(iter(self.by_name))]
            self.by_name.setdefault(report.name, Counted()).add(report)
