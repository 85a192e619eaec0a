"""The catalogue of diagnostics: complete, well worded, and every page's example true."""

import re

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.source import Source
from tests.language.suite import cases, markers

LIMITS = {
    "source-too-large",
    "literal-too-long",
    "nesting-too-deep",
    "loops-too-deep",
    "too-many-variables",
    "too-many-arguments",
    "too-many-patterns",
    "too-many-functions",
    "too-many-values",
    "name-too-long",
    "more-error",
    "more-warning",
    "more-hint",
    "more-compat",
}
"""Shown from both sides in tests/text_limits instead of by an example."""
ENTRIES = CATALOGUE.values()


def findings(text):
    return compile_source(Source.from_bytes("a.es", text.encode()), stdlib.registry()).diagnostics


@pytest.mark.parametrize(
    "entry", [each for each in ENTRIES if each.code not in LIMITS], ids=lambda each: each.code
)
def test_the_example_gives_the_diagnostic_and_nothing_else(entry):
    # The shortest example of a header has an empty block, which is worth a hint.
    found = {each.code for each in findings(entry.example)} - {"empty-block"}
    assert (found or {"empty-block"}) == {entry.code}


def test_only_limits_have_no_example():
    assert {each.code for each in ENTRIES if not each.example} == LIMITS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.code)
def test_the_words_keep_the_manner(entry):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.code)
    for words in (entry.message, entry.summary, entry.help):
        assert not words.endswith(".")
    assert not re.match(r"[A-Z][a-z]", entry.message)
    assert entry.why.endswith(".")
    assert entry.severity == "compat" or not entry.code.startswith("compat-")


def test_every_diagnostic_but_the_limits_has_a_case_in_a_suite():
    shown = {marker.code for case in cases() for marker in markers(case.source)}
    assert CATALOGUE.keys() - LIMITS - shown == {"position-unknown", "number-range", "not-text"}


def test_there_are_many_and_their_summaries_fit_a_line():
    assert len(CATALOGUE) > 100
    width = max(map(len, CATALOGUE))
    assert [each.code for each in ENTRIES if width + 2 + len(each.summary) > 80] == []
