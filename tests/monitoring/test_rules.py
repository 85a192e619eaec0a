"""The alert rules: sound, firing when they should, each with something to do about it."""

import re

import pytest
import yaml

from tests.monitoring.programs import (
    ALERTS,
    DASHBOARDS,
    FOLDER,
    ROOT,
    panels,
    promtool,
    questions,
    rules,
    run_promtool,
)

TESTS = ROOT / "tests" / "monitoring" / "alerts.test.yaml"
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
NAMES = [rule["alert"] for rule in rules()]


@promtool
def test_the_rules_and_the_example_s_settings_are_sound():
    assert run_promtool("check", "rules", "--lint-fatal", ALERTS)[0] == 0
    status, said = run_promtool("check", "config", FOLDER / "prometheus.yaml")
    assert status == 0, said


@promtool
def test_rules_fire_when_they_should_and_only_then():
    status, said = run_promtool("test", "rules", TESTS)
    assert status == 0, said


@pytest.mark.parametrize("name", NAMES)
def test_of_each_rule_there_is_a_time_when_it_fires_and_one_when_it_does_not(name):
    cases = [
        case
        for group in yaml.safe_load(TESTS.read_text())["tests"]
        for case in group["alert_rule_test"]
        if case["alertname"] == name
    ]
    assert {bool(case["exp_alerts"]) for case in cases} == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_of_each_rule_the_handbook_says_what_to_do(name):
    assert re.search(rf"^\| .*`{name}`", TROUBLESHOOTING.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_handbook_names_no_other():
    named = re.findall(r"`(EdgeScript[A-Z]\w+)`", TROUBLESHOOTING.read_text(encoding="utf-8"))
    assert set(named) - set(NAMES) == set()


def test_each_rule_says_how_bad_it_is_and_what_it_is():
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
    assert len(NAMES) == len(set(NAMES))


@promtool
def test_what_the_dashboards_ask_is_promql(tmp_path):
    asked = [
        question.replace("$__rate_interval", "5m").replace("$instance", ".*") for _, question in questions()
    ]
    records = [{"record": f"asked:{number}", "expr": each} for number, each in enumerate(asked)]
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": records}]}))
    status, said = run_promtool("check", "rules", path)
    assert status == 0, said


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_do_not_overlap(path):
    taken = set()
    for panel in panels(path):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
