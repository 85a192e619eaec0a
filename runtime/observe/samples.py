"""
Figures on their way from the workers to whoever asks: by name and labels, so that they can be summed.

What a figure is called, what its labels are and whether it only ever rises is declared once, in `METRICS`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Kind = Literal["counter", "gauge"]
Key: TypeAlias = tuple[str, tuple[str, ...]]
"""A figure's name and the values of its labels, in the order of their declaration."""
Samples: TypeAlias = dict[Key, float]


class Metric(NamedTuple):
    """`name` is without the prefix that all have, and without the suffix of counters."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    text: str


METRICS: Final = (
    Metric("requests", "counter", ("status", "cache"), "Answers by class of status and by X-Cache."),
    Metric("sent_bytes", "counter", (), "Bytes of answers."),
    Metric("aborted", "counter", (), "Requests whose client went before its answer was complete."),
    Metric(
        "refused", "counter", ("status",), "Requests not accepted, by the status they were answered with."
    ),
    Metric("connections", "gauge", (), "Clients connected."),
    Metric("connections_refused", "counter", (), "Connections closed at once because the most were open."),
    Metric("handshakes", "gauge", (), "Connections in their PROXY header or TLS handshake."),
    Metric("handshakes_failed", "counter", (), "Connections that ended in it."),
    Metric("tunnels", "gauge", (), "Upgraded connections."),
    Metric("script_runs", "counter", ("script", "state"), "Runs of each script by the state they came to."),
    Metric("script_faults", "counter", (), "Script runs that raised."),
    Metric("script_fuel", "counter", ("script",), "Fuel that each script used."),
    Metric(
        "script_seconds",
        "counter",
        ("script",),
        "What runs of each script that raised nothing took, reckoned from every 64th.",
    ),
    Metric("domain_requests", "counter", ("domain", "release"), "Requests of a console's domains."),
    Metric("domain_errors_5xx", "counter", ("domain", "release"), "Their answers with status 500 to 599."),
    Metric(
        "domain_aborted",
        "counter",
        ("domain", "release"),
        "Those whose client went before its answer was complete.",
    ),
    Metric(
        "version_runs",
        "counter",
        ("domain", "release", "script", "version", "state"),
        "Runs of the scripts of a console's domains, by the state they came to.",
    ),
    Metric("version_fuel", "counter", ("domain", "release", "script", "version"), "Fuel that they used."),
    Metric(
        "version_time_us",
        "counter",
        ("domain", "release", "script", "version"),
        "Microseconds that those which raised nothing took, reckoned from every 64th.",
    ),
    Metric("decisions_recalled", "counter", (), "Requests whose scripts' decision was remembered."),
    Metric("decisions", "gauge", (), "Decisions of scripts that are remembered."),
    Metric("decision_bytes", "gauge", (), "About the memory they take."),
    Metric("limiter_full", "counter", ("outcome",), "Requests that found the table of limits full."),
    Metric(
        "limiter_contended",
        "counter",
        (),
        "Requests decided by policy: another process held the key too long.",
    ),
    Metric("limiter_shadow", "counter", (), "Requests that a limit in shadow mode would have refused."),
    Metric("limiter_leased_keys", "gauge", (), "Keys of limits across nodes of which workers have a share."),
    Metric("limiter_lease_failures", "counter", (), "Times that workers asked Redis for shares in vain."),
    Metric("limiter_cut_off", "gauge", (), "Workers whom Redis does not answer."),
    Metric("script_metric", "counter", ("name",), "What scripts count with metric_incr."),
    Metric("upstream_connections", "gauge", ("server", "state"), "Connections to servers of origins."),
    Metric("upstream_requests", "counter", ("server",), "Requests sent to each server of an origin."),
    Metric("upstream_connects", "counter", ("server",), "Connections made to each server of an origin."),
    Metric("upstream_connect_seconds", "counter", ("server",), "What making them took, all together."),
    Metric("upstream_failures", "counter", ("server", "kind"), "Failures of each server of an origin."),
    Metric("upstream_down", "gauge", ("server",), "Workers that take the server to be down."),
    Metric("cache_bytes", "gauge", (), "Memory taken by stored responses."),
    Metric("cache_objects", "gauge", (), "Keys under which responses are stored in memory."),
    Metric("cache_evictions", "counter", (), "Stored responses dropped for lack of room."),
    Metric("cache_overtagged", "counter", (), "Responses not stored because of too many or too long tags."),
    Metric("disk_bytes", "gauge", (), "Room taken by stored responses in the state directory."),
    Metric("disk_objects", "gauge", (), "Stored responses in the state directory."),
    Metric("disk_hits", "counter", (), "Stored responses that were found there."),
    Metric("disk_stored", "counter", (), "Stored responses that were put there."),
    Metric("disk_damaged", "counter", (), "Stored responses that were found damaged and dropped."),
    Metric("disk_failed_writes", "counter", (), "Stored responses that could not be written."),
    Metric("access_log_dropped", "counter", (), "Lines of the access log that could not be written."),
    Metric("workers", "gauge", (), "Workers that serve."),
    Metric("worker_restarts", "counter", ("cause",), "Workers that were replaced, by how the old one ended."),
    Metric("reloads", "counter", ("outcome",), "Reloads, done or failed."),
    Metric("generation", "gauge", (), "Number of the configuration that is served; 1 is the first."),
    Metric("config_age_seconds", "gauge", (), "Since the configuration that is served was read."),
    Metric("console_generation", "gauge", (), "Generation of the console's that is served; 0 for none."),
    Metric("console_reachable", "gauge", (), "Whether the console answered when it was last asked."),
    Metric("console_contact_age_seconds", "gauge", (), "Since the console's last answer."),
    Metric("console_bundles", "counter", ("outcome",), "Bundles the console sent, served or refused."),
    Metric(
        "console_domains_refused", "gauge", (), "Domains of the console whose newest state cannot be loaded."
    ),
    Metric("trouble", "gauge", ("what",), "What keeps the node from its full service, 1 each."),
)
"""All but the histogram, whose samples are named as follows."""
LATE: Final = "late"
"""Answers that took less than 2**n milliseconds, its label being n, and no less than half of that."""
LATE_S: Final = "late_seconds"
_RISING: Final = {metric.name for metric in METRICS if metric.kind == "counter"} | {LATE, LATE_S}
MAX_SERIES: Final = 20_000
"""Figures told at one time: names of scripts and servers are configured, those of metric_incr are not."""


def add(total: Samples, more: Mapping[Key, float] | Iterable[tuple[Key, float]]) -> None:
    """Add `more` to `total`, figure by figure; new ones only up to `MAX_SERIES`."""
    pairs = more.items() if isinstance(more, Mapping) else more
    for key, value in pairs:
        before = total.get(key)
        if before is not None:
            total[key] = before + value
        elif len(total) < MAX_SERIES:
            total[key] = value


def rising(samples: Samples) -> Samples:
    """Those that only rise, which are still counted when the worker that counted them has gone."""
    return {key: value for key, value in samples.items() if key[0] in _RISING}
