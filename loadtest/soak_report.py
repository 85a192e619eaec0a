"""What a soak saw, what of it must not have been, and the text of SOAK.md."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from loadtest.edge import Memory

GROWTH_KB: Final = 4 << 10
"""By which the least that a process takes may rise once it is warm: what fragments goes up and down by so much."""
GROWTH_S: Final = 60.0
"""A shorter run says nothing of growth: memory is still being filled with stored responses."""
WARM: Final = (0.3, 0.5)
LAST: Final = (0.8, 1.0)
"""The parts of the time that are compared. By the first, memory is full of stored responses and every path was taken."""
ROWS: Final = 12
"""Of the table of memory."""
PERCENTILES: Final = (50, 95, 99, 99.9)
QUIET: Final = (
    "aborted_total",
    "script_faults_total",
    "worker_restarts_total",
    "disk_damaged_total",
    "disk_failed_writes_total",
    "trouble",
    "connections_refused_total",
    "upstream_failures_total",
    "connections",
)
"""Figures that are 0 at the end where nothing went wrong."""
ADMIN_PATHS: Final = ("/healthz", "/readyz", "/metrics")
EVENTS: Final = frozenset({"admin-at", "reloaded"})
"""What the log may tell of where nothing went wrong."""


class Looked(NamedTuple):
    """The node's processes at some time, the supervisor first."""

    at_s: float
    processes: tuple[Memory, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Requests under one name; `times_ms` are rounded as locust does, with their counts."""

    name: str
    requests: int
    failures: int
    longest_ms: float
    times_ms: Mapping[float, int]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """From an entry of locust's statistics."""
        times = {float(time): count for time, count in entry["response_times"].items()}
        return cls(
            entry["name"],
            entry["num_requests"],
            entry["num_failures"],
            entry["max_response_time"] or 0.0,
            times,
        )

    @property
    def is_administration(self) -> bool:
        return self.name in ADMIN_PATHS or self.name.startswith(("purge ", "reload"))

    def percentile_ms(self, percent: float) -> float:
        """0 for no request."""
        left = math.ceil(sum(self.times_ms.values()) * percent / 100)
        for time, count in sorted(self.times_ms.items()):
            left -= count
            if left <= 0:
                return time
        return 0.0


@dataclass(frozen=True, slots=True)
class Soaked:
    """`figures` are the node's own at the end, `events` the names of what it logged, `said` what locust printed."""

    seconds: float
    workers: int
    users: int
    named: Sequence[Named]
    looked: Sequence[Looked]
    figures: Mapping[str, float]
    readiness: Mapping[str, Any]
    events: Sequence[str]
    locust_status: int
    node_status: int
    logged: int
    """Lines of the access log."""
    said: str

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.named)

    @property
    def asked_of_node(self) -> int:
        """Those that were not for the admin listener."""
        return sum(each.requests for each in self.named if not each.is_administration)

    @property
    def failures(self) -> int:
        return sum(each.failures for each in self.named)

    @property
    def all(self) -> Named:
        """All of them under one name."""
        times: Counter[float] = Counter()
        for each in self.named:
            times.update(each.times_ms)
        longest = max((each.longest_ms for each in self.named), default=0.0)
        return Named("all", self.requests, self.failures, longest, times)

    def growth_kb(self) -> list[int]:
        """
        Of each process, from when it was warm to the end.

        The least of each time is compared: what is under way, long bodies above all, comes and goes by ten megabytes.
        """
        return [end - warm for warm, end in zip(self._least(WARM), self._least(LAST), strict=False)]

    def _least(self, part: tuple[float, float]) -> list[int]:
        first, last = (each * self.looked[-1].at_s if self.looked else 0.0 for each in part)
        within = [each.processes for each in self.looked if first <= each.at_s <= last]
        return [min(each.anonymous_kb for each in column) for column in zip(*within, strict=False)]

    def broken(self) -> list[str]:
        """What must not have been."""
        return [*self._broken()]

    def _broken(self) -> Iterator[str]:
        if not self.requests:
            yield "no request was made"
        if self.failures or self.locust_status:
            yield f"{self.failures} requests failed; locust ended with status {self.locust_status}"
        for name in QUIET:
            if self.figures[name]:
                yield f"{name} is {self.figures[name]:g}, want 0"
        if not self.readiness["ready"] or self.readiness["trouble"]:
            yield f"/readyz: {dict(self.readiness)}"
        for event, count in Counter(self.events).items():
            if event not in EVENTS:
                yield f"logged: {event}, {count} times"
        if {len(looked.processes) for looked in self.looked} != {self.workers + 1}:
            yield "processes ended"
        if not self.asked_of_node == self.figures["requests_total"] == self.logged:
            yield (
                f"clients had {self.asked_of_node} answers, the node counted {self.figures['requests_total']:.0f}"
                f" and logged {self.logged}"
            )
        for number, grown in enumerate(self.growth_kb()):
            if grown > GROWTH_KB and self.seconds >= GROWTH_S:
                yield f"{_process(number)} grew by {grown} kB once it was warm, more than {GROWTH_KB}"
        if self.node_status:
            yield f"the node ended with status {self.node_status}"

    def summary(self) -> str:
        """In a line."""
        every = self.all
        return (
            f"{self.requests} requests in {self.seconds:.0f} s, {self.failures} failed; p50 {every.percentile_ms(50):g},"
            f" p99 {every.percentile_ms(99):g}, longest {every.longest_ms:.0f} ms; growth once warm {self.growth_kb()} kB:"
            f" {'failed' if self.broken() else 'held'}"
        )


def _process(number: int) -> str:
    return f"worker {number}" if number else "supervisor"


def markdown(soaked: Soaked, setting: str) -> str:
    """The whole of SOAK.md. `setting` is date and machine."""
    lines = [
        "# What `make soak` found",
        "",
        f"Written by the program on {setting}.",
        "",
        (
            f"{soaked.users} users for {soaked.seconds / 60:g} minutes against {soaked.workers} workers with the sites of"
            " `mix.toml`; locust, the origin and the node share the machine. Every body was compared with the only right"
            " one of its URL."
        ),
        "",
        f"**{'Failed' if soaked.broken() else 'Held'}**: {soaked.summary()}.",
        "",
        *(f"- {each}" for each in soaked.broken()),
        *([""] if soaked.broken() else []),
        "## Requests",
        "",
        "| | requests | failed | " + " | ".join(f"p{each:g} ms" for each in PERCENTILES) + " | longest ms |",
        "| --- |" + " ---: |" * (len(PERCENTILES) + 3),
        *(_requests(each) for each in (*sorted(soaked.named, key=lambda each: each.name), soaked.all)),
        "",
        "## Memory",
        "",
        (
            "Resident, and in parentheses what of it is no file's, in MB. Files are the program and the state directory, whose pages the"
            " kernel takes back when it needs them."
        ),
        "",
        *_memory(soaked),
        "",
        (
            f"Growth of what is no file's, by the least from {WARM[0]:.0%} to {WARM[1]:.0%} of the time and in its last fifth:"
            f" {', '.join(f'{_process(n)} {grown} kB' for n, grown in enumerate(soaked.growth_kb()))}; at most {GROWTH_KB} is allowed."
        ),
        "",
        "## What the node said",
        "",
        "| | at the end |",
        "| --- | ---: |",
        *(f"| {name} | {value:.0f} |" for name, value in soaked.figures.items()),
        f"| lines of the access log | {soaked.logged} |",
    ]
    return "\n".join(lines) + "\n"


def _requests(named: Named) -> str:
    times = " | ".join(f"{named.percentile_ms(each):g}" for each in PERCENTILES)
    return f"| {named.name} | {named.requests} | {named.failures} | {times} | {named.longest_ms:.0f} |"


def _memory(soaked: Soaked) -> Iterator[str]:
    if not soaked.looked:
        return
    count = len(soaked.looked[0].processes)
    yield "| s | " + " | ".join(_process(number) for number in range(count)) + " |"
    yield "| ---: |" + " ---: |" * count
    every = max(len(soaked.looked) // ROWS, 1)
    for looked in (*soaked.looked[::every], soaked.looked[-1]):
        cells = (f"{each.rss_kb / 1024:.1f} ({each.anonymous_kb / 1024:.1f})" for each in looked.processes)
        yield f"| {looked.at_s:.0f} | " + " | ".join(cells) + " |"
