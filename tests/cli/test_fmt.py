"""`edgescript fmt`: files in place, what it says, what it leaves alone, and its status."""

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run_command

UGLY = "x=1\nif x { say(  x ) }\n"
GOOD = "x = 1\nif x {\n    say(x)\n}\n"
BAD = "x = = 1\n"


@pytest.fixture
def typed(monkeypatch):
    """typed(data) is what the command finds on standard input."""

    def type_(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return type_


def test_files_are_rewritten_and_named(script):
    ugly, good = script("a.es", UGLY), script("b.es", GOOD)
    result = run_command("fmt", ugly, good)
    assert (result.status, result.stdout, result.stderr) == (0, "a.es: formatted\n", "")
    assert Path(ugly).read_text() == GOOD


def test_a_file_that_stays_the_same_is_not_written(script):
    good = Path(script("b.es", GOOD))
    good.chmod(0o444)
    before = good.stat()
    assert run_command("fmt", good).status == 0
    assert (good.stat().st_ino, good.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_mode_and_a_link_are_kept(script):
    ugly = Path(script("a.es", UGLY))
    ugly.chmod(0o640)
    Path("link.es").symlink_to(ugly.name)
    assert run_command("fmt", "link.es").status == 0
    assert Path("link.es").is_symlink()
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640
    assert ugly.read_text() == GOOD
    assert sorted(path.name for path in Path().iterdir()) == ["a.es", "link.es"]


def test_check_changes_nothing_and_says_what_would_change(script):
    ugly, good = script("a.es", UGLY), script("b.es", GOOD)
    result = run_command("fmt", "--check", ugly, good)
    assert (result.status, result.stdout) == (1, "a.es: would change\n")
    assert Path(ugly).read_text() == UGLY
    assert run_command("fmt", "--check", good)[:2] == (0, "")


def test_diff_shows_what_would_change(script):
    result = run_command("fmt", "--diff", script("a.es", UGLY))
    assert result.status == 1
    assert result.stdout == (
        "--- a.es\n+++ a.es\n@@ -1,2 +1,4 @@\n-x=1\n-if x { say(  x ) }\n+x = 1\n+if x {\n+    say(x)\n+}\n"
    )
    assert Path("a.es").read_text() == UGLY


@pytest.mark.skipif(not Path("/usr/bin/patch").exists(), reason="needs patch")
def test_patch_takes_the_diff(script):
    name = script("a.es", b"x=1\nsay('\xff')")
    diff = subprocess.run(
        [sys.executable, "-m", "edgescript", "fmt", "--diff", name], capture_output=True, check=False
    )
    subprocess.run(["/usr/bin/patch", "-p0"], input=diff.stdout, check=True, capture_output=True)
    assert Path(name).read_bytes() == b"x = 1\nsay('\xff')\n"


def test_line_ends_alone_are_a_change_without_lines_to_show(script):
    name = script("a.es", b"\xef\xbb\xbfx = 1\r\n")
    result = run_command("fmt", "--diff", name)
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr == "a.es: line ends or a byte order mark would change\n"
    run_command("fmt", name)
    assert Path(name).read_bytes() == b"x = 1\n"


def test_a_file_with_syntax_errors_is_left_alone_and_the_others_are_not(script):
    bad, ugly = script("bad.es", BAD), script("a.es", UGLY)
    result = run_command("fmt", bad, ugly)
    assert (result.status, result.stdout) == (1, "a.es: formatted\n")
    assert "bad.es:1:4: error[missing-value]" in result.stderr
    assert "1 | x = = 1\n  |    ^\n" in result.stderr
    assert Path(bad).read_text() == BAD


def test_what_only_a_run_or_check_would_refuse_is_formatted(script):
    assert run_command("fmt", script("a.es", "nowhere( 1 )\n")).stdout == "a.es: formatted\n"


def test_bytes_that_are_no_text_are_kept(script):
    name = script("a.es", b"say( '\xff\xfe' ) # \xe9\n")
    assert run_command("fmt", name).status == 0
    assert Path(name).read_bytes() == b"say('\xff\xfe')  # \xe9\n"


def test_a_minus_stands_for_standard_input_and_output(typed):
    typed(UGLY.encode())
    assert run_command("fmt", "-") == (0, GOOD, "")
    typed(UGLY.encode())
    assert run_command("fmt", "-", "--check")[:2] == (1, "<stdin>: would change\n")
    typed(BAD.encode())
    result = run_command("fmt", "-")
    assert (result.status, result.stdout) == (1, "")
    assert "<stdin>:1:4: error[" in result.stderr


def test_json_has_an_object_for_each_file(script):
    result = run_command("fmt", "--check", "--json", script("a.es", UGLY), script("bad.es", BAD))
    assert result.status == 1
    first, second = json.loads(result.stdout)
    assert first == {"file": "a.es", "changes": True, "diagnostics": []}
    assert (second["changes"], second["diagnostics"][0]["code"]) == (False, "missing-value")
    diffed = json.loads(run_command("fmt", "--diff", "--json", "a.es").stdout)
    assert diffed[0]["diff"].startswith("--- a.es\n+++ a.es\n")


@pytest.mark.parametrize(
    "arguments",
    [["fmt"], ["fmt", "missing.es"], ["fmt", "."], ["fmt", "-", "--json"], ["fmt", "--bogus", "a.es"]],
)
def test_wrong_usage(script, arguments):
    script("a.es", UGLY)
    result = run_command(*arguments)
    assert (result.status, result.stdout) == (2, "")
    assert Path("a.es").read_text() == UGLY


def test_nothing_is_written_when_a_file_cannot_be_read(script):
    assert run_command("fmt", script("a.es", UGLY), "missing.es").status == 2
    assert Path("a.es").read_text() == UGLY


def test_what_is_no_regular_file_is_not_replaced(script):
    script("a.es", UGLY)
    os.mkfifo("pipe.es")
    writer = subprocess.Popen(["/bin/sh", "-c", "cat a.es > pipe.es"])
    result = run_command("fmt", "pipe.es")
    assert writer.wait(10) == 0
    assert result.status == 2
    assert result.stderr.endswith("cannot write 'pipe.es': no regular file\n")
    assert stat.S_ISFIFO(Path("pipe.es").stat().st_mode)
