"""Each limit on a script's text, just under and just over; hostile text is refused fast and with few words."""

import random
import time
import timeit

import pytest

import stdlib
from edgescript.checking.callcheck import MAX_PATTERNS
from edgescript.checking.check import MAX_VALUES
from edgescript.compiler import compile_source
from edgescript.compiling.opcodes import MAX_FUNCTIONS, MAX_LOOPS
from edgescript.compiling.resolve import MAX_ARGUMENTS, MAX_OWN_VARIABLES
from edgescript.diagnostics.findings import MAX_PER_SEVERITY
from edgescript.parsing.layout import MAX_NESTING
from edgescript.parsing.lexical import MAX_LITERAL_BYTES, MAX_NAME_BYTES, MAX_SOURCE_BYTES
from edgescript.source import Source


def compiled(data):
    if isinstance(data, str):
        data = data.encode()
    return compile_source(Source.from_bytes("a.es", data), stdlib.registry())


def errors(data):
    return [each.code for each in compiled(data).diagnostics if each.severity == "error"]


def blocks(depth):
    return "if $arg_a {\n" * depth + "}\n" * depth


def chain(links):
    return "if $arg_a {\n}" + " else if $arg_b {\n}" * (links - 1) + "\n"


def variables(count):
    return "".join(f"v{index} = 1\n" for index in range(count))


LIMITS = {
    "source-too-large": lambda over: "#" + "x" * (MAX_SOURCE_BYTES - 1 + over),
    "literal-too-long": lambda over: f"x = '{'a' * (MAX_LITERAL_BYTES + over)}'\n",
    "nesting-too-deep in blocks": lambda over: blocks(MAX_NESTING + over),
    "nesting-too-deep in calls": lambda over: (
        "x = " + "not(" * (MAX_NESTING + over) + "1" + ")" * (MAX_NESTING + over)
    ),
    "nesting-too-deep in literals": lambda over: (
        "x = " + "[" * (MAX_NESTING + over) + "]" * (MAX_NESTING + over)
    ),
    "nesting-too-deep in groups": lambda over: (
        "x = " + "(" * (MAX_NESTING + over) + "1" + ")" * (MAX_NESTING + over)
    ),
    "nesting-too-deep in signs": lambda over: "x = " + "-" * (MAX_NESTING + over) + "1\n",
    "nesting-too-deep in else if": lambda over: chain(MAX_NESTING + over),
    "nesting-too-deep together": lambda over: (
        "if $arg_a {\n" * 30 + "x = " + "[" * (34 + over) + "]" * (34 + over) + "\n}" * 30
    ),
    "loops-too-deep": lambda over: "for k, v in [] {\n" * (MAX_LOOPS + over) + "}\n" * (MAX_LOOPS + over),
    "too-many-variables in the script": lambda over: variables(MAX_OWN_VARIABLES + over),
    "too-many-variables in a function": lambda over: (
        f"def f(a) {{\n{variables(MAX_OWN_VARIABLES - 1 + over)}}}\n"
    ),
    "too-many-arguments": lambda over: f"say(concat({', '.join(['1'] * (MAX_ARGUMENTS + over))}))\n",
    "too-many-values": lambda over: f"x = [{', '.join(['1'] * (MAX_VALUES - 1 + over))}]\n",
    "too-many-functions": lambda over: "".join(
        f"def f{index}() {{\n}}\nf{index}()\n" for index in range(MAX_FUNCTIONS + over)
    ),
    "name-too-long": lambda over: f"say({'a' * (MAX_NAME_BYTES + over)})\n",
    "too-many-patterns": lambda over: "".join(
        f"say(match_re($uri, 'a{index}'))\n" for index in range(MAX_PATTERNS + over)
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_just_under_is_accepted_and_compiles(name):
    result = compiled(LIMITS[name](0))
    assert [each.code for each in result.diagnostics if each.severity == "error"] == []
    assert result.code is not None


@pytest.mark.parametrize("name", LIMITS)
def test_just_over_is_refused_once(name):
    assert errors(LIMITS[name](1)) == [name.partition(" ")[0]]


def test_variables_of_functions_are_counted_for_themselves():
    functions = "".join(
        f"def f{index}() {{\n{variables(150).replace('v', 'w')}}}\nf{index}()\n" for index in range(3)
    )
    assert errors(variables(150) + functions) == []


def test_parameters_are_bounded_by_variables_and_arguments():
    parameters = ", ".join(f"p{index}" for index in range(MAX_ARGUMENTS + 1))
    assert set(errors(f"def f({parameters}) {{\n}}\n")) == {"too-many-arguments", "too-many-variables"}


@pytest.mark.parametrize(
    ("line", "severity"),
    [("x = = 1\n", "error"), ("upper('a')\n", "warning"), ("// note\n", "compat")],
)
def test_only_so_many_of_a_severity_are_kept_and_the_rest_counted(line, severity):
    exact = compiled(line * MAX_PER_SEVERITY).diagnostics
    assert len([each for each in exact if each.severity == severity]) == MAX_PER_SEVERITY
    *kept, last = [
        each for each in compiled(line * (MAX_PER_SEVERITY + 7)).diagnostics if each.severity == severity
    ]
    assert len(kept) == MAX_PER_SEVERITY
    assert last.code == f"more-{severity}"
    assert "7 more" in last.message


def lines_of(text):
    return text.encode() * (MAX_SOURCE_BYTES // len(text))


HOSTILE = {
    "ten megabytes of (": b"(" * 10_000_000,
    "a literal of five megabytes": b"x = '" + b"a" * 5_000_000 + b"'",
    "ten thousand ifs": b"if a {\n" * 10_000 + b"}\n" * 10_000,
    "an endless else if": b"if a {\n}" + b" else if a {\n}" * 9_000,
    "random bytes": random.Random(1).randbytes(MAX_SOURCE_BYTES),
    "opening brackets": b"(" * MAX_SOURCE_BYTES,
    "closing brackets": lines_of(")\n"),
    "braces": lines_of("{}"),
    "quotes": lines_of("'"),
    "backslashes": b"'" + b"\\" * (MAX_SOURCE_BYTES - 1),
    "digits": b"x = " + b"9" * (MAX_SOURCE_BYTES - 4),
    "dots and digits": lines_of("9."),
    "signs": lines_of("-"),
    "junk": lines_of("\xff\x00"),
    "one long name": b"a" * MAX_SOURCE_BYTES,
    "syntax errors": lines_of("x = = 1\n"),
    "operators": lines_of("a&&b\n"),
    "unknown functions": lines_of("fn()\n"),
    "unassigned variables": lines_of("x=y\n"),
    "many variables": b"".join(b"v%d=1\n" % index for index in range(14_000)),
    "functions that call the next": b"".join(
        b"def f%d(){\nf%d()\n}\n" % (index, index + 1) for index in range(4500)
    ),
    "a long literal on one line": b"x = [" + b"1," * 65_000 + b"]",
    "wide characters on one line": ("x = [" + "'\u4e2d'," * 20_000 + "]").encode(),
    "lines without commas": b"x = [\n" + lines_of("1\n")[:-10] + b"]\n",
    "an unclosed loop over and over": lines_of("for k, v in d {\n"),
    "headers without blocks": lines_of("if a\n"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(30)
def test_hostile_text_gives_few_words_fast(name):
    compiled(b"x = 1\n")  # the grammar is loaded before the clock starts
    started = time.process_time()
    result = compiled(HOSTILE[name])
    # A second on an idle machine; the rest is for slow and shared ones.
    assert time.process_time() - started < 5
    assert len(result.diagnostics) <= 3 * (MAX_PER_SEVERITY + 1)
    assert sum(len(each.message) + len(each.help) for each in result.diagnostics) < 100_000


def test_columns_of_a_long_line_are_counted_once():
    """Four times the line takes about four times the time, not sixteen times."""

    def seconds(count):
        # timeit keeps the garbage collector, which would walk what other tests have left, out of it.
        line = ("x = [" + "'\u4e2d'," * count + "]").encode()
        assert compiled(line).code is not None
        return min(timeit.repeat(lambda: compiled(line), timer=time.process_time, number=1, repeat=3))

    assert seconds(16_000) < 10 * seconds(4_000)
