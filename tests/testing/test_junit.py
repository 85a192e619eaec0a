"""Results as JUnit XML: what a build server counts, and that anything can stand in it."""

from xml.etree import ElementTree as ET

import pytest

from edgescript.testing.expectations import Mismatch
from edgescript.testing.junit import as_junit
from edgescript.testing.results import CaseResult, FileResult

PASSED = CaseResult("passes", 3, time_s=0.25)
FAILED = CaseResult(
    "fails", 9, [Mismatch("status", "200", "404"), Mismatch("body", '"a"', '"b"')], time_s=0.5
)
REFUSED = CaseResult("is no request", 12, refusal="a node refuses this request with 400: no Host")
FILE = FileResult("a.test.toml", [PASSED, FAILED, REFUSED])

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}
"""Of the elements that the schema knows, those used here."""
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error"},
    "failure": set(),
    "error": set(),
}


def parsed(*files):
    return ET.fromstring(as_junit(files).encode())


def test_counts():
    root = parsed(FILE, FileResult("b.test.toml", [PASSED]))
    assert root.attrib == {
        "name": "edgescript",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "time": "1.000000",
    }
    first, second = root
    counts = ("name", "tests", "failures", "errors", "skipped")
    assert [first.get(each) for each in counts] == ["a.test.toml", "3", "1", "1", "0"]
    assert [second.get(each) for each in counts] == ["b.test.toml", "1", "0", "0", "0"]


def test_cases():
    passed, failed, refused = parsed(FILE).iter("testcase")
    assert (passed.attrib, list(passed)) == (
        {"name": "passes", "classname": "a.test.toml", "time": "0.250000"},
        [],
    )
    (failure,) = failed
    assert failure.attrib == {"message": "not as expected: status, body", "type": "mismatch"}
    assert failure.text.splitlines() == [
        "a.test.toml:9",
        "status: got 200, want 404",
        'body: got "a", want "b"',
    ]
    (error,) = refused
    assert error.get("message") == "a node refuses this request with 400: no Host"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (FileResult("c.test.toml", problems=["c.test.toml:1: no case"]), "c.test.toml:1: no case"),
        (FileResult("c.test.toml", bad_scripts=["c.es"]), "scripts with errors: c.es"),
    ],
)
def test_a_file_that_was_not_run_is_an_error(file, reason):
    (suite,) = parsed(file)
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    (error,) = suite.iter("error")
    assert error.text == reason


def test_only_what_the_schema_knows():
    for element in parsed(FILE, FileResult("c", problems=["x"])).iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= INSIDE[element.tag]


def test_what_xml_cannot_hold_is_replaced():
    name = "a\x00b\x1bc<&>\"'\ud800\ufffe é 中"
    case = CaseResult(name, 1, [Mismatch("body", name, name)])
    (shown,) = parsed(FileResult(name, [case])).iter("testcase")
    assert shown.get("name") == "a\ufffdb\ufffdc<&>\"'\ufffd\ufffd é 中"
