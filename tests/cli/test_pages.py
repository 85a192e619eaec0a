"""`doc`, `explain` and `disasm`: pages made from declarations, the catalogue and Code."""

import html
import json
import re

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.faults import PAGES, FaultCode
from edgescript.source import Source
from tests.support.command import run_command

REGISTRY = stdlib.registry()


def test_doc_shows_signature_text_and_examples():
    out = run_command("doc", "substr").stdout
    builtin = REGISTRY.functions["substr"]
    assert out.startswith(f"{builtin.signature}\n")
    assert all(f"{example.call} => {example.result}" in out for example in builtin.examples)


@pytest.mark.parametrize("name", sorted(REGISTRY.functions))
def test_every_function_has_a_page(name):
    result = run_command("doc", name)
    assert result.status == 0
    assert REGISTRY.functions[name].signature in result.stdout


@pytest.mark.parametrize("name", ["uri", "$uri", "arg_", "$http_user_agent"])
def test_variables_have_pages_with_or_without_their_sign(name):
    result = run_command("doc", name)
    assert result.status == 0
    assert result.stdout.startswith("$")


def test_doc_lists_everything_in_eighty_columns():
    out = run_command("doc", "--list").stdout
    assert out == run_command("doc").stdout
    words = set(out.split())
    assert set(REGISTRY.functions) <= words
    assert {"$uri", "$arg_NAME"} <= words
    assert max(map(len, out.splitlines())) <= 80


def test_doc_json_is_for_editors():
    record = json.loads(run_command("doc", "split", "--json").stdout)
    assert record["name"] == "split"
    assert record["parameters"][1]["optional"] is True
    records = json.loads(run_command("doc", "--list", "--json").stdout)
    assert {"substr", "$uri"} <= {each["name"] for each in records}


def test_an_unknown_name_is_answered_with_the_nearest():
    result = run_command("doc", "lenght")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr == "no function or variable is called 'lenght', did you mean 'len'?\n"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_diagnostic_has_a_page(code):
    result = run_command("explain", code)
    assert result.status == 0
    assert result.stdout.startswith(code)
    assert max(map(len, result.stdout.splitlines())) <= 80 or CATALOGUE[code].example


def test_explain_lists_all_codes():
    codes = [*CATALOGUE, *(str(int(code)) for code in FaultCode)]
    out = run_command("explain").stdout
    assert [line.split()[0] for line in out.splitlines()] == codes
    assert [each["code"] for each in json.loads(run_command("explain", "--json").stdout)] == codes


@pytest.mark.parametrize("code", FaultCode)
def test_every_run_time_error_has_a_page(code):
    result = run_command("explain", int(code))
    assert result.status == 0
    assert result.stdout.startswith(f"{int(code)} (run-time error): {PAGES[code].summary}\n\n")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert len(PAGES[code].advice) > 40


def test_an_unknown_code_is_answered_with_the_nearest():
    result = run_command("explain", "unknown-funtion")
    assert (result.status, result.stdout) == (1, "")
    assert "did you mean 'unknown-function'?" in result.stderr


SOURCE = "if eq($host, 'a.com') {\n    exit(403)\n}\n"


def test_disasm_lists_a_script(script):
    out = run_command("disasm", script("a.es", SOURCE)).stdout
    assert "eq 2" in out
    assert "$host" in out


def test_disasm_lists_stored_code_the_same(script):
    code = compile_source(Source.from_bytes("a.es", SOURCE.encode()), REGISTRY).code
    assert code is not None
    listed = run_command("disasm", script("a.code", encode(code)))
    assert listed.status == 0
    assert listed.stdout == run_command("disasm", script("a.es", SOURCE)).stdout


def test_disasm_of_damaged_code_is_one_line_and_status_1(script):
    code = compile_source(Source.from_bytes("a.es", SOURCE.encode()), REGISTRY).code
    assert code is not None
    result = run_command("disasm", script("a.code", encode(code)[:-3]))
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("a.code: damaged code")
    assert result.stderr.count("\n") == 1


def test_disasm_of_a_wrong_script_shows_what_is_wrong(script):
    result = run_command("disasm", script("a.es", "lenght()\n"))
    assert (result.status, result.stdout) == (1, "")
    assert "error[unknown-function]" in result.stderr


# What a request must bring for the script of a code's page to raise it.
BRINGS = {
    FaultCode.ARGUMENT_COUNT: "?layout=%d%d",
    FaultCode.NOT_A_NUMBER: "?n=1",
    FaultCode.NOT_A_DICTIONARY: "?json=5",
    FaultCode.NOT_A_BOOLEAN: "?n=1",
    FaultCode.NOT_A_FUNCTION: "?n=1",
    FaultCode.OTHER: "?digest=md4",
}


@pytest.mark.parametrize("code", FaultCode)
def test_the_script_on_an_error_codes_page_raises_it(code, tmp_path):
    path = tmp_path / "a.es"
    path.write_text(PAGES[code].example)
    result = run_command("run", path, "--json", "--url", f"http://a/{BRINGS.get(code, '')}")
    if code is FaultCode.UNSUPPORTED_FUNCTION:  # found before anything runs
        assert (result.status, "unknown-function" in result.stderr) == (1, True)
        return
    error = json.loads(result.stdout)["scripts"][0]["error"]
    assert error["code"] == int(code), error


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_reference_has_every_function_variable_and_code(form):
    text = html.unescape(run_command("doc", f"--{form}").stdout)
    for builtin in REGISTRY.functions.values():
        assert builtin.signature in text
        assert all(example.call in text for example in builtin.examples)
    assert all(f"${name}" in text for name in (*REGISTRY.variables, *REGISTRY.prefixes))
    assert all(code in text for code in CATALOGUE)
    assert all(page.summary in text for page in PAGES.values())


def test_the_html_reference_is_well_formed_and_asks_nothing_of_any_place():
    text = run_command("doc", "--html").stdout
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    ids = re.findall(r'id="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert {link for link in links if link.removeprefix("#") not in ids} == set()
    assert "url(" not in text


@pytest.mark.parametrize("beside", [("substr",), ("--list",), ("--json",)])
def test_the_reference_is_whole(beside):
    assert run_command("doc", "--html", *beside).status == 2
