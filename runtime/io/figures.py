"""A worker's figures, made of what it counts when somebody asks."""

from edgescript.services import ScriptMetrics
from runtime.io.worker import Worker
from runtime.limits.counts import LimitCounts
from runtime.limits.local import SiteLimiter
from runtime.observe.samples import LATE, LATE_S, Key, Samples, add


def figures(worker: Worker) -> list[tuple[Key, float]]:
    """All that the worker counts, by name and labels (`observe.samples`)."""
    counters = worker.counters
    told: Samples = {
        ("sent_bytes", ()): counters.sent_bytes,
        ("aborted", ()): counters.aborted,
        ("connections", ()): len(worker.clients),
        ("connections_refused", ()): counters.connections_refused,
        ("handshakes", ()): worker.listeners.waiting,
        ("handshakes_failed", ()): worker.listeners.failed,
        ("tunnels", ()): worker.tunnels,
        ("script_faults", ()): counters.script_faults,
        ("access_log_dropped", ()): 0 if worker.access is None else worker.access.left_out,
        (LATE_S, ()): counters.late_s,
    }
    for (label, status), count in counters.answers.items():
        add(told, [(("requests", (f"{status // 100}xx", label)), count)])
    for status, count in counters.refused.items():
        told["refused", (str(status),)] = count
    for bucket, count in enumerate(counters.late):
        if count:
            told[LATE, (str(bucket),)] = count
    _add_scripts(worker, told)
    _add_cache(worker, told)
    _add_upstreams(worker, told)
    return list(told.items())


def _add_scripts(worker: Worker, told: Samples) -> None:
    for states in (worker.front.sites.ran(), worker.past_states):
        for script, by_state in states.items():
            add(told, [(("script_runs", (script, state)), count) for state, count in by_state.items()])
    _add_services(worker, told)


def _add_services(worker: Worker, told: Samples) -> None:
    """What limits and `metric_incr` count; sites may share either."""
    counted: dict[int, ScriptMetrics] = {}
    limits: dict[int, LimitCounts] = {}
    for site in worker.front.sites.all():
        metrics, limiter = site.services.metrics, site.services.limiter
        if isinstance(metrics, ScriptMetrics):
            counted[id(metrics)] = metrics
        if isinstance(limiter, SiteLimiter):
            limits[id(limiter.counts)] = limiter.counts
    for counts in limits.values():
        told["limiter_full", ("refused",)] = counts.refused_full
        told["limiter_full", ("admitted",)] = counts.admitted_full
        told["limiter_contended", ()] = counts.contended
        told["limiter_shadow", ()] = counts.shadow_refused
    for metrics in counted.values():
        add(told, [(("script_metric", (name,)), value) for name, value in metrics.totals.items()])


def _add_cache(worker: Worker, told: Samples) -> None:
    store = worker.cache.store
    told["cache_bytes", ()] = store.size_bytes
    told["cache_objects", ()] = len(store)
    told["cache_evictions", ()] = worker.stored.store.evictions
    objects = worker.stored.objects
    if objects is not None:
        told["disk_failed_writes", ()] = objects.failed_writes
        told["disk_damaged", ()] = objects.counts.damaged
        told["disk_hits", ()] = objects.counts.hits
        told["disk_stored", ()] = objects.counts.stored
        # All workers share them, so each tells its part of them.
        told["disk_bytes", ()] = objects.used_bytes / worker.config.workers
        told["disk_objects", ()] = len(objects) / worker.config.workers


def _add_upstreams(worker: Worker, told: Samples) -> None:
    """By server; one that several origins share is one."""
    for group in worker.upstreams.values():
        for server in group.report():
            name = server.name
            add(
                told,
                [
                    (("upstream_connections", (name, "idle")), server.idle),
                    (("upstream_connections", (name, "busy")), server.in_use),
                    (("upstream_requests", (name,)), server.requests),
                    (("upstream_connects", (name,)), server.connects),
                    (("upstream_connect_seconds", (name,)), server.connect_s),
                    (("upstream_down", (name,)), 0 if server.up else 1),
                    *(
                        (("upstream_failures", (name, kind)), count)
                        for kind, count in server.failures.items()
                    ),
                ],
            )


def trouble(worker: Worker) -> list[str]:
    """What keeps the worker from its full service."""
    return [f"disk cache: {worker.stored.trouble}"] if worker.stored.trouble else []
