"""The console's own metrics, in the format of Prometheus."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from runtime.console.api.gate import Ended

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LONG: Final = frozenset({"/api/v1/nodes/{id}/manifest", "/api/v1/domains/{domain}/logs"})
"""Requests that wait on purpose: their duration says nothing."""


class Gauge(NamedTuple):
    """A value that is read when it is asked for; of one with `labels`, a value for each choice of theirs."""

    name: str
    text: str
    read: Callable[[], float | Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()


class _Gauges(Collector):
    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.text, labels=gauge.labels)
            found = gauge.read()
            for labels, value in found.items() if isinstance(found, Mapping) else [((), found)]:
                family.add_metric(labels, value)
            yield family


class Metrics:
    """Counts of requests by route, and gauges."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "console_requests",
            "Requests answered, by route, method and status.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._duration = Histogram(
            "console_request_duration_seconds",
            "From a request's head to the end of its answer, by route.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_Gauges(gauges))

    def ended(self, ended: Ended) -> None:
        """A request was answered. Routes are patterns, so that no client can make up names."""
        route = ended.route or "other"
        method = ended.method if ended.route else "other"
        self._requests.labels(route, method, str(ended.status)).inc()
        if route not in LONG:
            self._duration.labels(route).observe(ended.duration_s)

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)
