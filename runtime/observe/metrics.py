"""The figures as text in Prometheus' format."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from runtime.observe.counters import BUCKETS
from runtime.observe.samples import LATE, LATE_S, METRICS, Samples

PREFIX: Final = "edgescript_"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def render(samples: Samples) -> bytes:
    """All figures, those declared first."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Summed(samples))
    return generate_latest(registry)


class _Summed(Collector):
    """Figures that were counted elsewhere."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Family]:
        by_name: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        for (name, labels), value in sorted(self._samples.items()):
            by_name.setdefault(name, []).append((labels, value))
        for metric in METRICS:
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(PREFIX + metric.name, metric.text, labels=metric.labels)
            for labels, value in by_name.get(metric.name, ()):
                family.add_metric(labels, value)
            yield family
        yield self._late()

    def _late(self) -> Family:
        family = HistogramMetricFamily(
            f"{PREFIX}late_answer_seconds",
            "From a request's head to the end of its answer, where that had to wait for something.",
        )
        total = 0.0
        buckets: list[tuple[str, float]] = []
        for number in range(BUCKETS):
            total += self._samples.get((LATE, (str(number),)), 0)
            last = number == BUCKETS - 1
            buckets.append(("+Inf" if last else str(2**number / 1000), total))
        family.add_metric((), buckets, self._samples.get((LATE_S, ()), 0.0))
        return family
