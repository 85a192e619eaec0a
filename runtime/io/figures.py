"""A worker's figures, made of what it counts when somebody asks."""

from typing import Final

from edgescript.services import ScriptMetrics
from runtime.io.upstream.group import ServerReport
from runtime.io.upstream.past import Counted
from runtime.io.worker import Worker
from runtime.limits.counts import LimitCounts
from runtime.limits.local import SiteLimiter
from runtime.observe.samples import LATE, LATE_S, Key, Samples, add

MAX_LEFT_OUT: Final = 10
"""Domains that cannot be served, of which each is told."""


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
        ("access_log_dropped", ()): 0 if worker.access_log is None else worker.access_log.left_out,
        (LATE_S, ()): counters.late_s,
    }
    for (label, status), count in counters.answers.items():
        add(told, [(("requests", (f"{status // 100}xx", label)), count)])
    for status, count in counters.refused.items():
        told["refused", (str(status),)] = count
    for bucket, count in enumerate(counters.late):
        if count:
            told[LATE, (str(bucket),)] = count
    _add_services(worker, told)
    memory = worker.front.memory
    told["decisions_recalled", ()] = memory.recalled
    told["decisions", ()] = len(memory)
    told["decision_bytes", ()] = memory.size_bytes
    _add_cache(worker, told)
    _add_upstreams(worker, told)
    _add_scripts(worker, told)
    _add_domains(worker, told)  # last: there may be more of them than are told
    return list(told.items())


def _add_scripts(worker: Worker, told: Samples) -> None:
    """By name, for people."""
    sites = worker.front.sites
    for site in worker.counted_sites():
        for script in site.scripts:
            tally = script.tally
            if tally:
                name = sites.name_of(site, script)
                add(
                    told,
                    [(("script_runs", (name, state)), count) for state, count in tally.by_state().items()],
                )
                add(
                    told,
                    [
                        (("script_fuel", (name,)), tally.fuel),
                        (("script_seconds", (name,)), tally.time_us / 1e6),
                    ],
                )


def _add_domains(worker: Worker, told: Samples) -> None:
    """By domain and release, for the console that sent them."""
    for site in worker.counted_sites():
        if site.release is None or not (site.counts.requests or site.counts.aborted):
            continue
        release = (site.name, str(site.release))
        counts = site.counts
        add(
            told,
            [
                (("domain_requests", release), counts.requests),
                (("domain_errors_5xx", release), counts.errors_5xx),
                (("domain_aborted", release), counts.aborted),
            ],
        )
        for script in site.scripts:
            tally = script.tally
            if tally:
                version = (*release, script.name, str(script.version))
                add(
                    told,
                    [
                        *(
                            (("version_runs", (*version, state)), count)
                            for state, count in tally.by_state().items()
                        ),
                        (("version_fuel", version), tally.fuel),
                        (("version_time_us", version), tally.time_us),
                    ],
                )


def _limits(worker: Worker) -> list[LimitCounts]:
    """Those of the process, which sites share."""
    found: dict[int, LimitCounts] = {}
    for services in (worker.front.sites.services, *(site.services for site in worker.counted_sites())):
        limiter = services.limiter
        if isinstance(limiter, SiteLimiter):
            found[id(limiter.counts)] = limiter.counts
    return list(found.values())


def _add_services(worker: Worker, told: Samples) -> None:
    """What limits and `metric_incr` count; sites may share either."""
    counted: dict[int, ScriptMetrics] = {}
    for site in worker.counted_sites():
        metrics = site.services.metrics
        if isinstance(metrics, ScriptMetrics):
            counted[id(metrics)] = metrics
    for counts in _limits(worker):
        told["limiter_full", ("refused",)] = counts.refused_full
        told["limiter_full", ("admitted",)] = counts.admitted_full
        told["limiter_contended", ()] = counts.contended
        told["limiter_shadow", ()] = counts.shadow_refused
        if counts.members:
            told["limiter_leased_keys", ()] = counts.leased_keys
            told["limiter_lease_failures", ()] = counts.lease_failures
            told["limiter_cut_off", ()] = int(counts.cut_off)
    for metrics in counted.values():
        add(told, [(("script_metric", (name,)), value) for name, value in metrics.totals.items()])


def _add_cache(worker: Worker, told: Samples) -> None:
    store = worker.cache.store
    told["cache_bytes", ()] = store.size_bytes
    told["cache_objects", ()] = len(store)
    told["cache_overtagged", ()] = worker.cache.counts.overtagged
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
    for group in (*worker.upstreams.values(), *worker.retired):
        for server in group.report():
            name = server.name
            add(
                told,
                [
                    (("upstream_connections", (name, "idle")), server.idle),
                    (("upstream_connections", (name, "busy")), server.in_use),
                    *_counted(name, server),
                ],
            )
    for group in worker.upstreams.values():
        add(told, [(("upstream_down", (server.name,)), 0 if server.up else 1) for server in group.report()])
    for name, past in worker.past_servers.by_name.items():
        add(told, _counted(name, past))


def _counted(name: str, server: ServerReport | Counted) -> list[tuple[Key, float]]:
    return [
        (("upstream_requests", (name,)), server.requests),
        (("upstream_connects", (name,)), server.connects),
        (("upstream_connect_seconds", (name,)), server.connect_s),
        *((("upstream_failures", (name, kind)), count) for kind, count in server.failures.items()),
    ]


def trouble(worker: Worker) -> list[str]:
    """What keeps the worker from its full service."""
    found = [f"disk cache: {worker.stored.trouble}"] if worker.stored.trouble else []
    limiter = worker.front.sites.services.limiter
    if isinstance(limiter, SiteLimiter) and limiter.counts.cut_off:
        found.append("redis: no answer, so limits across nodes go on with the shares known last")
    left_out = worker.front.sites.problems
    found += [f"domain {name}: {why}" for name, why in left_out[:MAX_LEFT_OUT]]
    if len(left_out) > MAX_LEFT_OUT:
        found.append(f"{len(left_out) - MAX_LEFT_OUT} more domains")
    return found
