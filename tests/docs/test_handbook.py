"""What the handbook says in numbers and names is what the code and the measurements say."""

import re
import shutil
import subprocess
import sys

import pytest

from edgescript.compiling import code
from runtime.bundles import manifest
from runtime.state.objects import directory
from tests.architecture.imports import ROOT

DOCS = ROOT / "docs"
RESULTS = ROOT / "loadtest" / "RESULTS.md"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_requests_a_second_are_those_of_the_benchmark():
    """After `make bench`, docs/sizing.md has to be brought up to date."""
    table = text("sizing.md").partition("| requests a second,")[2].partition("\n\n")[0]
    told = re.findall(r"\| ([\d,]+) \|$", table, re.MULTILINE)
    measured = re.findall(
        r"^\| edgescript[^|]* \| ([\d,]+) \|", RESULTS.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(told) >= 7
    assert [each for each in told if each not in measured] == []


def test_memory_is_that_of_the_benchmark():
    """After `make bench`, as above."""
    results = RESULTS.read_text(encoding="utf-8")
    start = results.partition("| start | first answer after s | memory MiB |")[2]
    rows = re.findall(r"^\| (edgescript[^|]*) \| [\d.]+ \| (\d+) \|$", start, re.MULTILINE)
    (_, alone), (what, many) = rows[:2]
    assert what == "edgescript, 10,000 sites"
    [scripts] = re.findall(r"^\| their memory \| (\d+ MiB) \|", results, re.MULTILINE)
    table = text("sizing.md").partition("| what | how much |")[2].partition("\n\n")[0]
    told = re.findall(r"\| ([\d.]+ MiB) \|$", table, re.MULTILINE)
    assert told == [f"{alone} MiB", f"{many} MiB", f"{(int(many) - int(alone)) / 10:.1f} MiB", scripts]


def test_files_of_the_project_that_are_named_exist():
    """In commands that are not run, for want of a cluster or systemd."""
    named = {
        (page.name, path.rstrip("./"))
        for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]
        for path in re.findall(
            r"(?<![\w./])((?:deploy|loadtest|runtime|examples|tests)/[\w./-]+)", page.read_text()
        )
    }
    assert len(named) >= 20
    assert sorted((page, path) for page, path in named if not (ROOT / path).exists()) == []


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("manifests and documents", manifest.FORMAT),
        ("compiled scripts", code.FORMAT),
        ("the disk cache", directory.VERSION),
    ],
)
def test_formats_are_those_of_this_release(what, number):
    assert f"| {what} ({number}) |" in text("upgrade.md")


def test_what_a_node_refuses_is_explained():
    """Each kind of trouble with what a console sends is in the table of symptoms."""
    sources = (ROOT / "runtime" / "bundles").glob("*.py")
    kinds = {
        kind
        for source in sources
        for kind in re.findall(r'BundleError\(\s*"([a-z-]+)"', source.read_text(encoding="utf-8"))
    }
    assert {kind for kind in kinds if f"`{kind}`" not in text("troubleshooting.md")} == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="not installed: systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(unit, tmp_path):
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text(encoding="utf-8").replace("/usr/bin/edgescript", sys.executable))
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    own = [line for line in ran.stderr.splitlines() if unit.name in line]
    assert (ran.returncode, own) == (0, [])
