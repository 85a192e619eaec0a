"""`edgescript cost`: what is printed, and the exit status."""

import json

from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.source import Source
from stdlib import registry
from tests.support.command import run_command

LOOP = "for _k, v in ['a', 'b'] {\n    say(md5(v))\n}\n"


def test_the_dearest_lines_and_the_loops(script):
    result = run_command("cost", script("a.es", LOOP))
    assert result.status == 0
    assert "at most" in result.stdout
    assert "of the budget of 500,000" in result.stdout
    assert "line 1: for runs at most 2 times" in result.stdout
    assert "md5" in result.stdout


def test_over_the_budget_is_a_no(script):
    path = script("a.es", LOOP)
    assert run_command("cost", "--budget", "10", path).status == 1
    assert run_command("cost", "--budget", "1000", path).status == 0


def test_json(script):
    path = script("a.es", LOOP)
    (found,) = json.loads(run_command("cost", "--json", path).stdout)
    assert found["file"] == path
    assert found["fuel"] == sum(share["fuel"] for share in found["shares"])
    assert found["loops"] == [{"line": 1, "what": "for", "rounds": 2, "limit": ""}]
    assert not found["over_budget"]
    assert found["limits"] == []


def test_stored_code_costs_what_its_script_does(script, tmp_path):
    code = compile_source(Source("a.es", LOOP), registry()).code
    assert code is not None
    stored = tmp_path / "a.code"
    stored.write_bytes(encode(code))
    one, other = (
        json.loads(run_command("cost", "--json", path).stdout) for path in (script("a.es", LOOP), str(stored))
    )
    assert one[0]["fuel"] == other[0]["fuel"] == code.worst_fuel


def test_a_script_with_an_error_has_no_cost(script):
    result = run_command("cost", script("a.es", "say(\n"))
    assert result.status == 1
    assert "error[" in result.stderr


def test_damaged_code_is_one_line(tmp_path):
    path = tmp_path / "a.code"
    path.write_bytes(b"ESC\x01damaged")
    result = run_command("cost", str(path))
    assert result.status == 1
    assert "damaged" in result.stderr
