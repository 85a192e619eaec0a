"""`edgescript check`: every finding, in each form, and the status."""

import json
import os

import pytest

from tests.support.command import run_command

BAD = "name = $arg_who\nif lenght(name) {\n    say(upper())\n}\n"


def test_a_clean_file_is_status_0(script):
    result = run_command("check", script("a.es", "say('hi')\n"))
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == "1 file checked: nothing to report\n"


def test_every_error_of_every_file_is_shown_with_its_line_and_caret(script):
    result = run_command("check", script("a.es", BAD), script("b.es", "exit(\n"))
    assert result.status == 1
    assert "a.es:2:4: error[unknown-function]: unknown function 'lenght'" in result.stdout
    assert "2 | if lenght(name) {\n  |    ^^^^^^\nhelp: did you mean 'len'?" in result.stdout
    assert "a.es:3:" in result.stdout
    assert "b.es:" in result.stdout
    assert "2 files checked: " in result.stderr


def test_warnings_do_not_fail(script):
    result = run_command("check", script("a.es", "x = 1\n"))
    assert "warning[" in result.stdout
    assert result.status == 0


def test_hints_are_counted_for_themselves_and_do_not_fail(script):
    result = run_command("check", script("a.es", "password = 'sesame'\nsay(password)\n"))
    assert "hint[secret-in-script]" in result.stdout
    assert (result.status, result.stderr) == (0, "1 file checked: 1 hint\n")


TWO = "x = 1\nupper($uri)\nsay(\n"


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ((), ["unused-variable", "unused-result", "unclosed-bracket"]),
        (("--ignore", "unused-variable"), ["unused-result", "unclosed-bracket"]),
        (("--ignore", "unused-variable", "--ignore", "unused-result"), ["unclosed-bracket"]),
        (("--ignore", "unclosed-bracket"), ["unused-variable", "unused-result", "unclosed-bracket"]),
        (("--select", "unused-result"), ["unused-result", "unclosed-bracket"]),
    ],
)
def test_codes_can_be_left_out_but_errors_cannot(script, options, codes):
    result = run_command("check", script("a.es", TWO), "--json", *options)
    assert [each["code"] for each in json.loads(result.stdout)] == codes
    assert result.status == 1


def test_a_code_that_does_not_exist_is_a_usage_error(script):
    result = run_command("check", script("a.es", "say('a')\n"), "--ignore", "unused-resul")
    assert result.status == 2
    assert "did you mean 'unused-result'?" in result.stderr


def test_compat_tells_what_the_vendor_would_refuse(script):
    name = script("a.es", 'say("hi")\n')
    assert run_command("check", name).stdout == ""
    result = run_command("check", name, "--compat")
    assert "compat[" in result.stdout
    assert result.status == 0


@pytest.mark.parametrize("form", ["--json", "--sarif"])
def test_machines_get_one_json_document_and_the_same_status(script, form):
    result = run_command("check", script("a.es", BAD), form)
    assert (result.status, result.stderr) == (1, "")
    assert "unknown-function" in json.dumps(json.loads(result.stdout))


def test_json_of_a_clean_file_is_an_empty_array(script):
    assert json.loads(run_command("check", script("a.es", "say('hi')\n"), "--json").stdout) == []


def test_github_gets_annotations(script):
    result = run_command("check", script("a.es", BAD), "--github")
    assert result.status == 1
    assert "::error file=a.es,line=2," in result.stdout


HOSTILE = {
    "ten megabytes": b"x = 1\n" * 1_800_000,
    "all brackets": b"[" * 200_000,
    "all quotes": b"'" * 200_000,
    "nothing but errors": b"x = = 1\n" * 20_000,
    "no text at all": os.urandom(200_000),
    "a line without end": b"say('" + b"a" * 200_000,
    "deep blocks": b"if true {\n" * 20_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.timeout(20)
def test_a_hostile_file_is_refused_with_few_words(script, kind):
    result = run_command("check", script("a.es", HOSTILE[kind]))
    assert result.status == 1
    assert len(result.stdout) < 200_000
    assert "error[" in result.stdout


def test_no_more_is_read_than_the_limit():
    """/dev/zero has no end."""
    result = run_command("check", "/dev/zero")
    assert result.status == 1
    assert "error[source-too-large]" in result.stdout


def test_two_forms_are_wrong_usage(script):
    result = run_command("check", script("a.es", "x = 1\n"), "--sarif", "--json")
    assert (result.status, result.stdout) == (2, "")
    assert "want one of --json and --sarif" in result.stderr


def test_every_file_that_cannot_be_read_is_named(script):
    result = run_command("check", "one.es", script("a.es", "x = 1\n"), "other.es")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == (
        "edgescript: cannot read 'one.es': no such file or directory;"
        " cannot read 'other.es': no such file or directory\n"
    )


@pytest.mark.parametrize(("path", "words"), [("none.es", "no such file"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_wrong_usage(script, path, words):
    script("a.es", "x = 1\n")
    result = run_command("check", path)
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
