"""
Results as JUnit XML, the form that build servers read: a `testsuite` for each test file, a `testcase` for each case.

Attributes are those of the schema that Jenkins publishes (junit-10.xsd): counts and times in seconds. A file that could
not be run is a suite with one `error`.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from edgescript.testing.results import CaseResult, FileResult

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (section 2.2)."""


def as_junit(files: Iterable[FileResult]) -> str:
    """The whole document."""
    suites = [_suite(file) for file in files]
    root = Element("testsuites", name="edgescript")
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.attrib[count]) for suite in suites)))
    root.set("time", _seconds(sum(float(suite.attrib["time"]) for suite in suites)))
    root.extend(suites)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(file: FileResult) -> Element:
    errors = sum(bool(case.refusal) for case in file.cases) + (not file.was_run)
    suite = Element(
        "testsuite",
        name=_text(file.name),
        tests=str(len(file.cases) + (not file.was_run)),
        failures=str(file.failed - sum(bool(case.refusal) for case in file.cases)),
        errors=str(errors),
        skipped="0",
        time=_seconds(sum(case.time_s for case in file.cases)),
    )
    for case in file.cases:
        _case(suite, file.name, case)
    if not file.was_run:
        reason = "\n".join(file.problems) or f"scripts with errors: {', '.join(file.bad_scripts)}"
        element = SubElement(suite, "testcase", name="the file", classname=_text(file.name), time=_seconds(0))
        SubElement(element, "error", message="not run", type="not-run").text = _text(reason)
    return suite


def _case(suite: Element, file: str, case: CaseResult) -> None:
    element = SubElement(
        suite, "testcase", name=_text(case.name), classname=_text(file), time=_seconds(case.time_s)
    )
    if case.refusal:
        SubElement(element, "error", message=_text(case.refusal), type="refused").text = _text(case.refusal)
    elif case.mismatches:
        what = ", ".join(each.what for each in case.mismatches)
        lines = [f"{each.what}: got {each.got}, want {each.want}" for each in case.mismatches]
        failure = SubElement(element, "failure", message=_text(f"not as expected: {what}"), type="mismatch")
        failure.text = _text("\n".join([f"{file}:{case.line}", *lines]))


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _seconds(value: float) -> str:
    return f"{value:.6f}"
