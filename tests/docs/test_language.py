"""edgescript/LANGUAGE.md says what is true: its examples are checked and run, its tables compared."""

import json
import re
from dataclasses import fields

import pytest

import stdlib
from edgescript.faults import FaultCode
from edgescript.meter import Limits
from tests.architecture.imports import ROOT
from tests.language.suite import Case, Marker, cases, markers
from tests.support.command import run_command

LANGUAGE = ROOT / "edgescript" / "LANGUAGE.md"
CASES = [case for case in cases(LANGUAGE.parent) if case.name.startswith(LANGUAGE.stem)]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "script.es"


def findings(file, case: Case) -> list[Marker]:
    compat = ["--compat"] if "compat" in case.options else []
    return [
        Marker(each["line"], each["severity"], each["code"], each["message"])
        for each in json.loads(run_command("check", file, "--json", *compat).stdout)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_example_is_what_it_says(case, file):
    file.write_text(case.source, encoding="utf-8")
    said, marked = findings(file, case), markers(case.source)
    assert [each[:3] for each in said] == [each[:3] for each in marked]
    assert [each for each, wanted in zip(said, marked, strict=True) if wanted.text not in each.text] == []
    if case.result is None:
        assert marked
        return
    url = f"http://www.example.com{case.options.get('url', '/')}"
    decision = json.loads(run_command("run", file, "--url", url, "--json").stdout)
    assert [each["error"] for each in decision["scripts"]] == [None]
    assert decision["response"]["body"] == case.result


def test_the_requests_are_told():
    """The words after `es` are not shown when the page is rendered."""
    text = LANGUAGE.read_text(encoding="utf-8")
    told = re.findall(r"^Request: `(.+)`\n\n```es url=(.+)$", text, re.MULTILINE)
    assert [one for one, other in told if one != other] == []
    assert len(told) == sum("url" in case.options for case in CASES)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column has the heading."""
    table = LANGUAGE.read_text(encoding="utf-8").partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_every_limit_has_its_value():
    said = {name: float(re.match(r"[\d.]+", value)[0]) for name, value, _ in rows("limit")}
    assert said == {each.name: each.default for each in fields(Limits)}


def test_every_error_has_its_number():
    assert [int(row[0]) for row in rows("error number")] == [int(code) for code in FaultCode]


def test_every_built_in_variable_is_there():
    named = set(re.findall(r"\$(\w+)", " ".join(row[0] for row in rows("variable"))))
    registry = stdlib.registry()
    assert {name for name in registry.variables if name not in named} == set()
    assert all(any(name.startswith(prefix) for name in named) for prefix in registry.prefixes)
