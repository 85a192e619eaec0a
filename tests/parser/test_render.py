"""Diagnostics for machines, and what hostile text may not do to a terminal. Text for people: tests/language/rendering.md."""

import json
import time

from edgescript.diagnostics.findings import Diagnostic, Related, visible
from edgescript.diagnostics.render import as_github, as_json, as_record, as_sarif, as_text
from edgescript.parsing.parser import parse
from edgescript.source import Source, Span

SOURCE = Source.from_bytes("dir/a,b.es", "x = '中' + 1\nif x {\n".encode())
FOUND = tuple(visible(parse(SOURCE).diagnostics, compat=False))


def test_json_has_lines_and_columns_of_characters():
    first, second = json.loads(as_json([(SOURCE, FOUND)]))
    assert first == {
        "file": "dir/a,b.es",
        "line": 1,
        "column": 9,
        "end_line": 1,
        "end_column": 10,
        "severity": "error",
        "code": "operator",
        "message": "operators are functions: got '+', want add(a, b), or concat(a, b) for texts",
        "help": "",
    }
    assert second["code"] == "unclosed-block"
    assert second["related"] == {
        "line": 2,
        "column": 6,
        "end_line": 2,
        "end_column": 7,
        "message": "opened here",
    }


def test_json_of_nothing_is_an_empty_list():
    assert json.loads(as_json([(SOURCE, ())])) == []


def test_sarif_is_one_run_with_its_rules():
    log = json.loads(
        as_sarif([(SOURCE, FOUND), (Source("c.es", "x = @\n"), parse(Source("c.es", "x = @\n")).diagnostics)])
    )
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["operator", "unclosed-block", "unexpected-character"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "dir/a,b.es"
    assert physical["region"] == {"startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 10}
    assert run["results"][1]["relatedLocations"][0]["message"]["text"] == "opened here"
    assert {result["level"] for result in run["results"]} == {"error"}


def test_github_commands_escape_what_ends_them():
    first, second = as_github([(SOURCE, FOUND)]).splitlines()
    assert first == (
        "::error file=dir/a%2Cb.es,line=1,endLine=1,col=9,endColumn=10,title=operator"
        "::operators are functions: got '+', want add(a, b), or concat(a, b) for texts"
    )
    assert second.startswith("::error file=dir/a%2Cb.es,line=2,")


def test_severities_have_their_words():
    compat = Diagnostic("compat-dollar", "compat", "text", Span(0, 1), help="50%\nmore")
    assert as_github([(SOURCE, [compat])]).startswith("::notice ")
    assert as_github([(SOURCE, [compat])]).endswith("::text%0A50%25%0Amore\n")
    assert json.loads(as_sarif([(SOURCE, [compat])]))["runs"][0]["results"][0]["level"] == "note"


def test_control_characters_of_a_script_never_reach_the_terminal():
    source = Source.from_bytes("a.es", "x = \x1b[31m\u202e'\x07' @\n".encode())
    for diagnostic in parse(source).diagnostics:
        assert as_text(source, diagnostic).replace("\n", "").isprintable()


def test_a_message_repeats_only_so_much_of_a_script():
    source = Source("a.es", "x = 0x" + "f" * 5000 + "\n")
    (diagnostic,) = parse(source).diagnostics
    assert len(diagnostic.message) < 200
    assert max(map(len, as_text(source, diagnostic).splitlines())) < 200


def test_a_span_over_lines_is_marked_on_its_first():
    source = Source("a.es", "say('a',\n    'b')\n")
    diagnostic = Diagnostic(
        "argument-count", "error", "m", Span(0, len(source.text) - 1), related=Related(Span(0, 3), "r")
    )
    assert as_text(source, diagnostic) == (
        "a.es:1:1: error[argument-count]: m\n  |\n1 | say('a',\n  | ^^^^^^^^\n"
        "a.es:1:1: note: r\n  |\n1 | say('a',\n  | ^^^\n"
    )
    assert (as_record(source, diagnostic)["end_line"], as_record(source, diagnostic)["end_column"]) == (2, 9)


def test_columns_agree_with_wide_zero_width_and_invalid_characters():
    source = Source.from_bytes("a.es", "x = 'e\u0301\U0001f600' @\n".encode() + b"y = '\xff\xfe' @\n")
    first, second = (as_text(source, each) for each in parse(source).diagnostics)
    assert first.splitlines()[3] == "  | " + " " * 10 + "^"
    assert second.splitlines()[0].startswith("a.es:2:10:")
    assert second.splitlines()[3] == "  | " + " " * 9 + "^"


def test_many_findings_on_one_long_line_take_no_longer_than_on_many():
    """Only the part of a line that is shown is looked at."""
    source = Source("a.es", "x = [" + "0x," * 30_000 + "]\n")
    found = parse(source).diagnostics
    started = time.process_time()
    shown = "".join(as_text(source, each) for each in found)
    assert time.process_time() - started < 2
    assert len(shown) < 100_000
