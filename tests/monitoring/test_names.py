"""What dashboards and alerts ask for is what a node and a console tell."""

import re
import runpy

import httpx
import pytest

from tests.monitoring.programs import FOLDER, figures, labels, questions
from tests.operations.drill import Place
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("monitoring")
OF_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The metrics of a console and of a node that follows it, as text."""
    with Place(tmp_path_factory.mktemp("place")) as place:
        place.start()
        with place.node("edge-1", place.node_token()) as edge:
            place.publish("one")
            place.served(edge, "one")
            node = edge.admin("GET", "/metrics")[1]
            current = 'console_nodes{environment="production",state="current"} 1.0\n'
            wait_until(lambda: current in console_metrics(place), within_s=30)
            console = console_metrics(place)
    return node + console


def console_metrics(place):
    return httpx.get(f"{place.url}/metrics", trust_env=False).text


def names_in(text):
    """Of every series that there may be, by the types that are declared."""
    endings = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
    return {
        name + ending
        for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)
        for ending in endings[kind]
    }


def test_every_figure_exists(told):
    there = names_in(told)
    wrong = {where: figures(question) - there for where, question in questions()}
    assert len(wrong) >= 60
    assert {where: names for where, names in wrong.items() if names} == {}


def test_every_label_of_a_condition_is_one_that_the_figure_has(told):
    from runtime.observe.metrics import PREFIX
    from runtime.observe.samples import METRICS

    has = {
        PREFIX + metric.name + "_total" * (metric.kind == "counter"): set(metric.labels) for metric in METRICS
    }
    for name, found in re.findall(r"^(console_\w+)\{(.*)\} \S+$", told, re.MULTILINE):
        has.setdefault(name, set()).update(re.findall(r'(\w+)="', found))
    wrong = [
        (where, name, label)
        for where, question in questions()
        for name, label in labels(question)
        if label not in has.get(name, set()) | OF_PROMETHEUS
    ]
    assert wrong == []


def test_what_is_written_is_what_the_tables_say():
    written = runpy.run_path(str(FOLDER / "dashboards.py"))["written"]()
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, "run deploy/monitoring/dashboards.py"
