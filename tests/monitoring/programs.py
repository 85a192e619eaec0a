"""What dashboards and alerts ask, and the program that judges rules."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
ALERTS = FOLDER / "alerts.yaml"
DASHBOARDS = sorted(FOLDER.glob("*.json"))
WITHIN_S = 60
_FIGURE = re.compile(r"\b(?:edgescript|console)_[a-z0-9_]+")
_SELECTED = re.compile(r"((?:edgescript|console)_[a-z0-9_]+)\{([^}]*)\}")
_LABEL = re.compile(r'([a-z_]+)(?:=~|!~|!=|=)"')

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="not installed: promtool (Debian's package prometheus)"
)


def run_promtool(*arguments):
    """Status and both streams as one text."""
    ran = subprocess.run(
        ["promtool", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    return ran.returncode, ran.stdout


def rules():
    """Every alert rule."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(path):
    """Of a dashboard, those that ask something."""
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def questions():
    """(where, PromQL) of everything that is asked."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]


def figures(question):
    """Names of the figures that are asked for."""
    return set(_FIGURE.findall(_without_texts(question)))


def _without_texts(question):
    return re.sub(r'"[^"]*"', '""', question)


def labels(question):
    """(figure, label) of each condition on a label."""
    for name, conditions in _SELECTED.findall(question):
        for label in _LABEL.findall(conditions):
            yield name, label
