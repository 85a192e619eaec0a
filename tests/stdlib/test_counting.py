"""What scripts count by: limits of requests and of places, with their options, and metrics."""

import pytest

from edgescript.context import Context
from edgescript.request import Request
from edgescript.services import MAX_METRICS, ScriptMetrics, Services
from edgescript.tape import Tape
from runtime.limits.local import LocalLimits
from tests.stdlib.harness import TIERS, Tier, run, with_opaque_arguments


class RecordingLimiter:
    """Refuses after so many; says what it was asked."""

    def __init__(self, admits: int = 0) -> None:
        self.admits = admits
        self.asked: list[tuple[object, ...]] = []
        self.shadowed = 0

    def wait(self, *asked: object) -> float:
        self.asked.append(("wait", *asked))
        return 0.25 * (len(self.asked) - 1) if len(self.asked) <= self.admits else -1.0

    def admit_in_window(self, *asked: object) -> bool:
        self.asked.append(("window", *asked))
        return len(self.asked) <= self.admits

    def shadow_refused(self) -> None:
        self.shadowed += 1


ASKED = {
    "limit_req('k', '10r/s', 5)": ("wait", "k", 10.0, 5.0, 7.0),
    "limit_req('k', '10r/s', 5, '')": ("wait", "k", 10.0, 5.0, 7.0),
    "limit_req('k', '90r/m', 5, 'delay')": ("wait", "k", 1.5, 5.0, 7.0),
    "limit_req('k', '1r/m', 5, 'delay')": ("wait", "k", 1 / 60, 0.5, 7.0),
    "limit_req('k', '90r/m', 5, 'sliding')": ("window", "k", 95, 60.0, 7.0),
    "limit_req('k', '2.5r/s', 0, 'sliding')": ("window", "k", 2, 1.0, 7.0),
    "limit_req('k', 10, 5, 'shadow')": ("wait", "shadow\0k", 10.0, 5.0, 7.0),
    "limit_req('k', 10, 5, 'shadow delay')": ("wait", "shadow\0k", 10.0, 5.0, 7.0),
    "limit_req('k', 10, 5, 'sliding shadow')": ("window", "shadow\0k", 15, 1.0, 7.0),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("call", "asked"), ASKED.items())
def test_each_option_asks_in_its_way(call: str, asked: tuple[object, ...], tier: Tier) -> None:
    for text in (call, with_opaque_arguments(call)):
        limiter = RecordingLimiter()
        context = Context(Request(), now_s=7.0, services=Services(limiter=limiter))
        run(f"probe({text})\n", context, tier)
        assert limiter.asked == [asked]


def context_with(limiter: RecordingLimiter) -> Context:
    return Context(Request(), services=Services(limiter=limiter))


def test_delay_is_the_longest_of_all_and_refusal_is_no_wait() -> None:
    context = context_with(RecordingLimiter(admits=3))
    outcome = run("probe(limit_req('k', 10, 9, 'delay'))\n" * 4, context)
    assert [value for _, value in outcome.values] == [True, True, True, False]
    assert context.effects.delay_s == 0.5


def test_shadow_refuses_nothing_and_counts() -> None:
    limiter = RecordingLimiter(admits=1)
    context = context_with(limiter)
    outcome = run("probe(limit_req('k', 10, 0, 'shadow'))\n" * 3, context)
    assert [value for _, value in outcome.values] == [True] * 3
    assert (limiter.shadowed, context.effects.shadow_refusals, context.effects.delay_s) == (2, 2, 0.0)


def test_shadow_takes_nothing_from_the_limit_in_force() -> None:
    limits = LocalLimits().site()
    context = Context(Request(), services=Services(limiter=limits.limiter))
    outcome = run("probe(limit_req('k', 1, 0, 'shadow'))\n" * 2 + "probe(limit_req('k', 1))\n" * 2, context)
    assert [value for _, value in outcome.values] == [True, True, True, False]


def test_long_keys_of_places_are_hashed() -> None:
    context = Context(Request(), services=Services(connections=LocalLimits().site().connections))
    run("x = 'aaaaaaaaaaaaaaaa'\n" + "x = concat(x, x)\n" * 4 + "probe(limit_conn(x, 1))\n", context)
    (place,) = context.leases
    assert place.key.startswith("sha256:")


def test_places_are_kept_when_the_script_fails() -> None:
    limits = LocalLimits()
    context = Context(Request(), services=Services(connections=limits.site().connections))
    run("probe(limit_conn('k', 1))\nprobe(limit_conn('k', 1))\n", context)
    assert limits.in_progress() == 1
    for place in (*context.leases, *context.leases):
        place.release()
    assert limits.in_progress() == 0


def test_metrics_are_counted_by_name() -> None:
    metrics = ScriptMetrics()
    context = Context(Request(), services=Services(metrics=metrics))
    run("metric_incr('a')\nmetric_incr('b', 2.5)\nmetric_incr('a', 3)\n", context)
    assert metrics.totals == {"a": 4.0, "b": 2.5}


def test_metrics_have_a_bounded_number_of_names() -> None:
    metrics = ScriptMetrics()
    assert all(metrics.increase(str(number), 1.0) for number in range(MAX_METRICS))
    assert not metrics.increase("one more", 1.0)
    assert metrics.increase("0", 1.0)
    assert (len(metrics.totals), metrics.dropped) == (MAX_METRICS, 1)


def test_tags_are_bounded() -> None:
    calls = "".join(f"probe(add_cache_tag('tag{number}'))\n" for number in range(33))
    context = Context(Request())
    outcome = run(calls + "probe(add_cache_tag('tag0'))\n", context)
    assert [value for _, value in outcome.values] == [True] * 32 + [False, True]
    assert len(context.effects.cache_tags) == 32


def test_tags_of_a_snapshot_stay_as_they_were() -> None:
    context = Context(Request())
    run("add_cache_tag('a')\n", context)
    before = context.effects.snapshot()
    run("add_cache_tag('b')\n", context)
    assert (before.cache_tags, context.effects.cache_tags) == (["a"], ["a", "b"])


def test_a_run_that_goes_on_hears_the_same_and_counts_nothing_twice() -> None:
    limiter, metrics = RecordingLimiter(admits=2), ScriptMetrics()
    tape = Tape(Services(limiter=limiter, metrics=metrics))
    script = (
        "probe(limit_req('k', 10, 5, 'delay'))\nprobe(limit_req('k', 10, 0, 'sliding'))\n"
        "probe(limit_req('k', 10, 0, 'shadow'))\nprobe(metric_incr('n'))\n"
    )
    heard = []
    for _ in range(2):
        tape.rewind()
        context = Context(Request(), services=tape.services)
        heard.append(run(script, context).values)
    assert heard[0] == heard[1]
    assert (len(limiter.asked), limiter.shadowed, metrics.totals) == (3, 1, {"n": 1.0})
