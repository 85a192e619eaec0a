"""Any text gives diagnostics, never an exception; what is accepted compiles, what is not does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stdlib
from edgescript.compiler import compile_source
from edgescript.diagnostics.render import as_text
from edgescript.parsing.parser import parse
from edgescript.source import Source
from tests.language.suite import cases
from tests.parser.words import WORDS


def check(data):
    source = Source.from_bytes("a.es", data)
    compiled = compile_source(source, stdlib.registry())
    errors = [each for each in compiled.diagnostics if each.severity == "error"]
    assert (compiled.code is None) == bool(errors)
    assert list(compiled.diagnostics) == sorted(compiled.diagnostics, key=lambda each: each.span)
    for diagnostic in compiled.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(source.text)
        assert as_text(source, diagnostic).isprintable() or "\n" in as_text(source, diagnostic)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    check(data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from(["", " "]))
def test_any_words(words, between):
    check(between.join(words).encode())


SCRIPTS = [case.source.encode() for case in cases() if case.result is not None]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SCRIPTS), st.data())
def test_a_script_with_one_byte_changed(script, data):
    place = data.draw(st.integers(0, len(script)))
    inserted = data.draw(st.sampled_from([b"", b"(", b")", b"{", b"}", b"'", b"\n", b"=", b",", b"\xff"]))
    check(script[:place] + inserted + script[place + data.draw(st.integers(0, 1)) :])


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_a_script_cut_anywhere(script):
    for end in range(0, len(script), 7):
        parse(Source.from_bytes("a.es", script[:end]))
