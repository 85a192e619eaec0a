"""
Figures of the benchmark: what one measurement saw, what several say together, and one server against another.

Two figures stand for speed. Requests per second is what a user gets; on a machine shared with others it also
measures the others. Processor time per request is the kernel's account of the server alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

BUSY: Final = 0.95
"""A server that had less than this share of its core was held back by something else."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One server in one round. Times of answers in microseconds; `cpu_s` and `elapsed_s` are of the same interval."""

    requests: int
    duration_s: float
    p50_us: int
    p99_us: int
    unexpected: int
    broken: int
    cpu_s: float
    elapsed_s: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.duration_s

    @property
    def cpu_us_per_request(self) -> float:
        """Microseconds of processor time a request; the same number is milliseconds per 1,000 requests."""
        return 1e6 * self.cpu_s / self.requests if self.requests else 0.0

    @property
    def busy(self) -> float:
        """The share of its core the server had, 0 to 1."""
        return self.cpu_s / self.elapsed_s

    @property
    def errors(self) -> int:
        """Answers of the wrong kind, broken connections, time-outs."""
        return self.unexpected + self.broken


@dataclass(frozen=True, slots=True)
class Summary:
    """The medians of several rounds; `errors` is their sum."""

    rate: float
    p50_us: float
    p99_us: float
    cpu_us_per_request: float
    busy: float
    errors: int

    @property
    def was_held_back(self) -> bool:
        """Whether something other than the server set the pace."""
        return self.busy < BUSY


def summarise(samples: Sequence[Sample]) -> Summary:
    """The medians over the rounds of one server; at least one round."""
    return Summary(
        rate=median(one.rate for one in samples),
        p50_us=median(one.p50_us for one in samples),
        p99_us=median(one.p99_us for one in samples),
        cpu_us_per_request=median(one.cpu_us_per_request for one in samples),
        busy=median(one.busy for one in samples),
        errors=sum(one.errors for one in samples),
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One server against another, round by round: above 1 it is the faster one."""

    by_rate: tuple[float, ...]
    by_cpu: tuple[float, ...]

    @property
    def rate(self) -> float:
        """The median ratio of requests per second."""
        return median(self.by_rate)

    @property
    def cpu(self) -> float:
        """The median ratio of processor time per request, the other's over ours."""
        return median(self.by_cpu)


def compare(ours: Sequence[Sample], theirs: Sequence[Sample]) -> Comparison:
    """Ratios of the rounds both took part in, in order."""
    pairs = list(zip(ours, theirs, strict=True))
    return Comparison(
        by_rate=tuple(a.rate / b.rate for a, b in pairs),
        by_cpu=tuple(b.cpu_us_per_request / a.cpu_us_per_request for a, b in pairs),
    )
