"""`# position:` in the first comment line says where a script runs."""

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.source import Source


def compiled(text):
    return compile_source(Source.from_bytes("a.es", text.encode()), stdlib.registry())


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("say('a')\n", "head"),
        ("# position: head\n", "head"),
        ("# position: foot\n", "foot"),
        ("\n\n  #position:foot  \r\nsay('a')\n", "foot"),
        ("\ufeff# position: foot\n", "foot"),
        ("// position: foot\n", "foot"),
        ("# a note\n# position: foot\n", "head"),
        ("say('a')\n# position: foot\n", "head"),
        ("# the position: foot\n", "head"),
        ("# Position: foot\n", "head"),
    ],
)
def test_position(text, position):
    result = compiled(text)
    assert result.position == position
    assert result.code is not None


@pytest.mark.parametrize(
    ("text", "column"), [("# position: middle\n", 13), ("#position: head foot\n", 12), ("# position:\n", 12)]
)
def test_any_other_word_is_an_error(text, column):
    source = Source.from_bytes("a.es", text.encode())
    result = compile_source(source, stdlib.registry())
    assert [each.code for each in result.diagnostics] == ["position-unknown"]
    assert source.position(result.diagnostics[0].span.start) == (1, column)
    assert (result.code, result.position) == (None, "head")
