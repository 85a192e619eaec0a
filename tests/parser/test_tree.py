"""Trees and their places: each node's span is the text it was read from."""

import pytest

from edgescript.parsing import syntax, walk
from edgescript.parsing.parser import parse
from edgescript.source import Source


def tree(text):
    parsed = parse(Source.from_bytes("a.es", text.encode()))
    assert not [each for each in parsed.diagnostics if each.severity == "error"]
    assert parsed.script is not None
    return parsed.script


def only(text):
    (statement,) = tree(text).body
    return statement


def text_of(source, node):
    return source[node.span.start : node.span.end]


SCRIPT = """\
# first
x = concat('a', -1, -$host)
if and(eq(x, 'b'), true) { say(x) } else if x {
    return
} else {
    return ['k' = 1, 2]
}
for k, v in d {  // last
    f(k)
}
def f(a, b) {
}
"""


def test_statements_span_their_text():
    source, script = SCRIPT, tree(SCRIPT)
    assert [text_of(source, each) for each in script.body] == [
        "x = concat('a', -1, -$host)",
        source[source.index("if and") : source.index("\nfor")],
        "for k, v in d {  // last\n    f(k)\n}",
        "def f(a, b) {\n}",
    ]
    inner = script.body[1]
    assert isinstance(inner, syntax.If)
    assert inner.else_if
    assert [text_of(source, each) for each in walk.statements((inner,))][1:] == [
        "say(x)",
        source[source.index("if x") : source.index("\nfor")],
        "return",
        "return ['k' = 1, 2]",
    ]


def test_expressions_span_their_text():
    script = tree(SCRIPT)
    assert [text_of(SCRIPT, each) for each in walk.expressions(script.body[:1])] == [
        "concat('a', -1, -$host)",
        "'a'",
        "-1",
        "-$host",
        "$host",
    ]
    (literal,) = [each for each in walk.expressions(script.body) if isinstance(each, syntax.Dictionary)]
    assert [text_of(SCRIPT, item) for item in literal.items] == ["'k' = 1", "2"]


def test_comments_are_kept():
    script = tree(SCRIPT)
    assert [(each.marker, each.text) for each in script.comments] == [("#", " first"), ("//", " last")]
    assert [text_of(SCRIPT, each) for each in script.comments] == ["# first", "// last"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'中'", "\xe4\xb8\xad"),
        (r"'a\\b'", "a\\b"),
        (r"'\n\t\r'", "\n\t\r"),
        (r"'\''", "'"),
        (r"'\"'", '\\"'),
        (r'"\""', '"'),
        (r'"\'"', "\\'"),
        (r"'\.\d\0'", r"\.\d\0"),
        (r"'\\n'", "\\n"),
        ("''", ""),
    ],
)
def test_string_values(text, value):
    statement = only(f"x = {text}\n")
    assert isinstance(statement.value, syntax.String)
    assert statement.value.value == value
    assert statement.value.double_quoted == (text[0] == '"')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("-99", -99),
        ("1.10", 1.1),
        ("2.0", 2),
        ("9007199254740993", 9007199254740992),
    ],
)
def test_number_values(text, value):
    number = only(f"x = {text}\n").value
    assert isinstance(number, syntax.Number)
    assert (number.value, type(number.value)) == (value, type(value))


def test_a_sign_before_anything_else_is_a_negation():
    negation = only("x = -f(1)\n").value
    assert isinstance(negation, syntax.Negation)
    assert isinstance(negation.operand, syntax.Call)


def test_names_know_their_dollar():
    name = only("x = $host\n").value
    assert (name.id, name.dollar) == ("host", True)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\r\n\r\n", " \t\v\f"])
def test_nothing_is_a_script(text):
    assert tree(text).body == ()


@pytest.mark.parametrize("text", ["x = 1", "x = 1\n", "\n\nx = 1\n\n", "x = 1 # end", "x = 1\r\n"])
def test_the_last_line_needs_no_end(text):
    assert isinstance(only(text), syntax.Assign)


def test_what_could_be_read_is_there_despite_errors():
    parsed = parse(Source.from_bytes("a.es", b"x = 1\ny = = 2\nif a == b {\n    z = 3\n}\n"))
    assert [each.code for each in parsed.diagnostics] == ["missing-value", "operator"]
    assert parsed.script is not None
    targets = [
        each.target.id for each in walk.statements(parsed.script.body) if isinstance(each, syntax.Assign)
    ]
    assert targets == ["x", "z"]
    assert parsed.doubtful >= {"y", "a", "b"}
