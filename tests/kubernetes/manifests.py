"""
The manifests of `deploy/kubernetes` as a cluster would get them: each overlay rendered, its objects as dictionaries.

The programs that render and judge are those of `deploy/requirements.lock`, in `.venv-deploy` (`make .venv-deploy/.installed`);
kubectl may be the machine's. What is missing is the reason of a skip.
"""

import functools
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.parent.name for path in (FOLDER / "overlays").glob("*/kustomization.yaml"))
WITHIN_S = 120


def program(name):
    """Its path, or None."""
    ours = ROOT / ".venv-deploy" / "bin" / name
    return str(ours) if ours.exists() else shutil.which(name)


def needs(*names):
    absent = [each for each in names if program(each) is None]
    return pytest.mark.skipif(
        bool(absent), reason=f"not installed: {', '.join(absent)} (make .venv-deploy/.installed)"
    )


def run(name, *arguments):
    """Status and both streams as one text."""
    ran = subprocess.run(
        [program(name), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_S,
        check=False,
        cwd=FOLDER,
    )
    return ran.returncode, ran.stdout


@functools.cache
def text(overlay):
    """One YAML stream."""
    status, rendered = run("kubectl", "kustomize", f"overlays/{overlay}")
    assert status == 0, rendered
    return rendered


@functools.cache
def objects(overlay):
    """In the order they are applied."""
    return [each for each in yaml.safe_load_all(text(overlay)) if each]


def of_kind(overlay, kind):
    return [each for each in objects(overlay) if each["kind"] == kind]


def workloads(overlay):
    """Pairs of name and pod template."""
    return [
        (each["metadata"]["name"], each["spec"]["template"])
        for each in objects(overlay)
        if "template" in (each.get("spec") or {})
    ]


def settings(overlay):
    """Of the configuration maps with an edge.toml: the workload's name and the settings."""
    for each in of_kind(overlay, "ConfigMap"):
        if "edge.toml" in each["data"]:
            yield each["metadata"]["name"], tomllib.loads(each["data"]["edge.toml"])


def pause_s(container):
    """What it waits for before it is told to end."""
    program, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"
    return int(seconds)


def arguments(overlay, port):
    """Those of the manifest, on a port of our own."""
    [(_, template)] = [pair for pair in workloads(overlay) if pair[0] == "edgescript-console"]
    [container] = template["spec"]["containers"]
    found = list(container["args"])
    found[found.index("--listen") + 1] = f"127.0.0.1:{port}"
    return found
