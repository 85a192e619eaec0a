"""Formatting keeps the meaning and the comments, is its own fixed point, and takes any bytes."""

import dataclasses

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import stdlib
from edgescript.compiler import compile_source
from edgescript.diagnostics.findings import has_errors
from edgescript.formatting.canonical import canonical
from edgescript.parsing.lexical import MAX_SOURCE_BYTES
from edgescript.parsing.parser import parse
from edgescript.parsing.syntax import Node
from edgescript.source import Source
from tests.fmt.ragged import LITERALS, SCRIPTS, ragged_scripts
from tests.parser.words import WORDS

MENDED = {
    "compat-dash-comment",
    "compat-slash-comment",
    "compat-one-line-block",
    "compat-parentheses",
    "compat-trailing-comma",
    "compat-else-line",
}
"""Findings that no formatted script has."""


def tree(node):
    """A tree without its places; how a string was quoted is no part of its meaning."""
    if isinstance(node, tuple):
        return tuple(map(tree, node))
    if not isinstance(node, Node):
        return node
    fields = [
        each.name
        for each in dataclasses.fields(node)
        if each.name not in {"span", "double_quoted", "comments"}
    ]
    return type(node).__name__, *(tree(getattr(node, name)) for name in fields)


def comments(script):
    """The texts of the comments, without the signs they begin with."""
    return [each.text.lstrip(f"#{each.marker}").rstrip(" \t\r\f\v") for each in script.comments]


def code(text):
    """What a text compiles to, without what tells where it stood; None for what does not compile."""
    made = compile_source(Source("t.es", text), stdlib.registry()).code
    if made is None:
        return None
    functions = [(each.name, each.params, each.local_names, each.body) for each in made.functions]
    return made.constants, made.global_names, made.builtins, made.variables, functions


def check(text):
    """Hold the text to everything that is promised; whether it was formatted or refused."""
    source = Source("t.es", text)
    before = parse(source)
    made = canonical(source)
    if has_errors(before.diagnostics):
        assert made.text is None
        assert made.diagnostics == before.diagnostics
        return "refused"
    assert made.text is not None
    after = parse(Source("t.es", made.text))
    assert not has_errors(after.diagnostics)
    assert tree(after.script) == tree(before.script)
    assert comments(after.script) == comments(before.script)
    assert {each.code for each in after.diagnostics} & MENDED == set()
    assert code(made.text) == code(text)
    assert canonical(Source("t.es", made.text)).text == made.text
    assert made.text == "" or (made.text.endswith("\n") and not made.text.startswith("\n"))
    assert not any(line != line.rstrip(" \t\r\f\v") for line in made.text.split("\n"))
    assert "\n\n\n" not in made.text
    return "formatted"


@settings(max_examples=120, deadline=None)
@given(ragged_scripts())
def test_scripts_laid_out_anyhow(text):
    event(check(text))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    check(Source.from_bytes("t.es", data).text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from(["", " "]))
def test_any_words(words, between):
    check(Source.from_bytes("t.es", between.join(words).encode()).text)


@pytest.mark.parametrize("text", SCRIPTS, ids=range(len(SCRIPTS)))
def test_the_scripts_of_the_suites(text):
    assert check(text) == "formatted"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(LITERALS)), st.sampled_from(["#", "//x\n", "\n\n", "(", ")", "\xff", "'", ",", "\t"])
)
def test_something_put_in_anywhere(place, inserted):
    check(LITERALS[:place] + inserted + LITERALS[place:])


def test_a_script_that_would_outgrow_the_limit_is_left_alone():
    text = "if a{x=[[[[[[[[]]]]]]]]}\n" * 5_000
    assert len(text) <= MAX_SOURCE_BYTES
    made = canonical(Source("t.es", text))
    assert made.text is None
    assert [each.code for each in made.diagnostics] == ["source-too-large"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "f(" * 60 + ")" * 60 + "\n",
        "x = [" + "'a', " * 5_000 + "1]\n",
        "x = f(" + "g(1), " * 250 + "2)\n",
        "#\n" * 20_000,
        "\n" * 100_000,
    ],
    ids=["deep", "long literal", "many calls", "comments", "blank lines"],
)
def test_hostile_shapes_are_cheap(text):
    assert check(text) == "formatted"
