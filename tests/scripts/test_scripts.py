"""Every test file of this folder, by `edgescript test`; and no script without one."""

import json
from pathlib import Path

import pytest

from tests.support.command import run_command

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*/*.es"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_script(script):
    result = run_command("test", script, "--json")
    shown = json.loads(result.stdout)
    failed = [case for file in shown["files"] for case in file["cases"] if not case["passed"]]
    assert (result.status, failed) == (0, []), result.stdout
    assert shown["passed"] > 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_script_is_refused_by_check(script):
    found = json.loads(run_command("check", script, "--json").stdout)
    assert [each["code"] for each in found if each["severity"] == "error"] == []
