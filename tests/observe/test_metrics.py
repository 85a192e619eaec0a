"""Figures: counted by workers, summed, told in Prometheus' format."""

from prometheus_client.parser import text_string_to_metric_families

from runtime.observe.counters import BUCKETS, Counters
from runtime.observe.metrics import PREFIX, render
from runtime.observe.samples import LATE, LATE_S, MAX_SERIES, METRICS, add, rising


def told(samples):
    families = text_string_to_metric_families(render(samples).decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for each in families
        for sample in each.samples
    }


def test_every_metric_is_described_once():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    text = render({}).decode()
    for metric in METRICS:
        assert f"# HELP {PREFIX}{metric.name}" in text
        assert metric.text.endswith(".")


def test_figures_are_told_with_their_labels():
    samples = {
        ("requests", ("2xx", "HIT")): 3,
        ("connections", ()): 7,
        ("script_runs", ('a"\n.es', "Exception")): 1,
    }
    values = told(samples)
    assert values["edgescript_requests_total", "HIT", "2xx"] == 3
    assert values["edgescript_connections",] == 7
    assert values["edgescript_script_runs_total", 'a"\n.es', "Exception"] == 1


def test_a_histogram_counts_what_is_below_each_bound():
    counters = Counters()
    for seconds in (0.0, 0.0009, 0.0011, 0.5, 3600.0, -1.0):
        counters.answered_late("MISS", 200, 10, seconds)
    samples = {(LATE, (str(number),)): count for number, count in enumerate(counters.late)}
    values = told({**samples, (LATE_S, ()): counters.late_s})
    name = "edgescript_late_answer_seconds_bucket"
    assert [values[name, bound] for bound in ("0.001", "0.002", "0.512", "65.536", "+Inf")] == [3, 4, 5, 5, 6]
    assert values["edgescript_late_answer_seconds_count",] == 6
    assert sum(counters.late) == 6
    assert len(counters.late) == BUCKETS


def test_answers_are_counted_by_label_and_status():
    counters = Counters()
    counters.answered("HIT", 200, 100)
    counters.answered("HIT", 200, 50)
    counters.answered("SYNTH", 403, 1)
    assert dict(counters.answers) == {("HIT", 200): 2, ("SYNTH", 403): 1}
    assert counters.sent_bytes == 151


def test_what_only_rises_outlives_its_worker():
    samples = {("requests", ("2xx", "HIT")): 3, ("connections", ()): 7, (LATE, ("0",)): 1}
    assert rising(samples) == {("requests", ("2xx", "HIT")): 3, (LATE, ("0",)): 1}


def test_sums_are_bounded():
    total = {("connections", ()): 1}
    add(total, [(("script_metric", (str(number),)), 1) for number in range(MAX_SERIES + 10)])
    add(total, [(("connections", ()), 2)])
    assert len(total) == MAX_SERIES
    assert total["connections", ()] == 3
