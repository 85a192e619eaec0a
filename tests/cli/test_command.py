"""What all commands share: help, statuses, the guard, colours, completion."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgescript.cli import COMMANDS
from edgescript.cli.author import check as check_module
from tests.support.command import run_command

PROGRAM = [sys.executable, "-m", "edgescript"]


def test_help_names_every_command():
    result = run_command("--help")
    assert result.status == 0
    lines = result.stdout.partition("Show this message")[2].splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ") and "Example:" not in line]
    assert sorted(listed) == [*COMMANDS]


def test_help_has_a_heading_for_whom_commands_serve():
    found = re.findall(r"^(\S.*):\n  (\S+)", run_command("--help").stdout, re.MULTILINE)
    assert found == [
        ("Options", "--version"),
        ("Scripts, on your machine", "check"),
        ("Scripts, on a console", "audit"),
        ("Programs that serve", "console"),
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_short_and_has_an_example(command):
    result = run_command(command, "--help")
    lines = result.stdout.splitlines()
    assert result.status == 0
    assert len(lines) < 50
    assert max(map(len, lines)) <= 80
    assert f"Example: edgescript {command}" in result.stdout
    assert lines[-1].startswith("  Example: "), "it is one line, to be copied"


def test_no_command_at_all_shows_help_as_wrong_usage():
    result = run_command()
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == run_command("--help").stdout


def test_version():
    assert run_command("--version").stdout.startswith("edgescript ")


@pytest.mark.parametrize(
    "arguments", [["bogus"], ["--bogus"], ["check"], ["explain", "--bogus"], ["doc", "a", "--list"]]
)
def test_wrong_usage_is_one_line_and_status_2(arguments):
    result = run_command(*arguments)
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.startswith("edgescript")
    assert result.stderr.count("\n") == 1


NEAR = [
    ("token", "tokens"),
    ("pubilsh", "publish"),
    ("bogus", ""),
    ("console bakcup", "backup"),
    ("console bogus", ""),
    ("tokens craete", "create"),
    ("dict delet", "delete"),
    ("rollouts promte", "promote"),
    ("domains bogus", ""),
]


@pytest.mark.parametrize(("words", "meant"), NEAR)
def test_a_command_that_is_not_there_may_be_near_to_one(words, meant):
    *group, word = words.split()
    result = run_command(*group, word)
    assert result.status == 2
    assert result.stderr.startswith(f"{' '.join(['edgescript', *group])}: no such command '{word}'")
    assert (f"did you mean '{meant}'?" in result.stderr) == bool(meant)


def test_the_name_of_a_variable_is_said_as_it_is(monkeypatch):
    monkeypatch.setenv("EDGESCRIPT_TOKEN", "est_a_b")
    complaint = run_command("nodes", "--console", "http://console.example").stderr
    assert complaint.startswith("edgescript nodes: EDGESCRIPT_TOKEN would go over the network in clear")


def test_an_error_of_ours_is_one_line_without_a_traceback(monkeypatch, script):
    def fail(*_):
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr(check_module, "_summary", fail)
    result = run_command("check", script("a.es", "say('hi')\n"))
    assert result.status == 70
    assert result.stderr == "edgescript: internal error: RuntimeError: first second\n"


def test_a_person_who_interrupts_is_not_told_about_it(monkeypatch, script):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(check_module, "_summary", interrupt)
    result = run_command("check", script("a.es", "say('hi')\n"))
    assert (result.status, result.stderr) == (130, "")


def test_a_reader_who_leaves_ends_it_quietly():
    """`edgescript doc --list | true`."""
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [*PROGRAM, "doc", "--list"], stdout=write, stderr=subprocess.PIPE, timeout=30, check=False
        )
    finally:
        os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals_and_no_color_is_respected(script, no_color, coloured):
    """On a pseudo terminal, check colours its findings unless NO_COLOR is set."""
    name = script("a.es", "lenght()\n")
    parent, child = os.openpty()
    try:
        environment = os.environ | {"NO_COLOR": no_color, "TERM": "xterm"}
        subprocess.run(
            [*PROGRAM, "check", name], stdout=child, stderr=child, env=environment, timeout=30, check=False
        )
        text = os.read(parent, 65536)
    finally:
        os.close(parent)
        os.close(child)
    assert b"unknown-function" in text
    assert (b"\x1b[" in text) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_be_given_completion(shell):
    environment = os.environ | {"_EDGESCRIPT_COMPLETE": f"{shell}_source"}
    program = Path(sys.executable).with_name("edgescript")
    result = subprocess.run(
        [program], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 0
    assert "edgescript" in result.stdout


COMPLETED = {
    "files to check": ("check he", "file,he"),
    "files to run": ("run he", "file,he"),
    "a file to list": ("disasm he", "file,he"),
    "a configuration": ("serve --config he", "file,he"),
    "a script to serve": ("serve --script he", "file,he"),
    "a function": ("doc sub", "plain,substr"),
    "a variable": ("doc $ur", "plain,$uri"),
    "a diagnostic": ("explain unknown-fu", "plain,unknown-function"),
    "a run-time error": ("explain 40", "plain,402"),
    "a command": ("ex", "plain,explain"),
}


@pytest.mark.parametrize("case", COMPLETED)
def test_tab_completes(case):
    typed, offered = COMPLETED[case]
    words = f"edgescript {typed}"
    environment = os.environ | {
        "_EDGESCRIPT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    result = subprocess.run(
        [Path(sys.executable).with_name("edgescript")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert offered in result.stdout.splitlines()


def test_completion_of_files_imports_no_builtins():
    probe = (
        "import sys\nfrom edgescript.cli import completion\nfrom edgescript.cli.author import check\n"
        "assert completion.files(None, None, 'a')[0].type == 'file'\n"
        "assert not {'stdlib', 'lark', 'runtime'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", probe], timeout=60, check=False).returncode == 0


def test_names_and_text_that_the_terminal_cannot_show_are_escaped(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.es"
    Path(os.fsdecode(path)).write_text("lenght('中')\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    for name in (path, path + b".none"):
        result = subprocess.run(
            [*PROGRAM, "check", name], env=environment, capture_output=True, timeout=30, check=False
        )
        assert result.returncode == (1 if name == path else 2)
        assert b"internal error" not in result.stderr
        assert rb"\udcff.es" in result.stdout + result.stderr


@pytest.mark.parametrize("arguments", [["doc", "--list"], ["explain", "402"], ["--version"]])
def test_output_that_cannot_be_written_is_no_error_of_ours(arguments):
    command = [sys.executable, "-c", "from edgescript.cli import main; main()", *arguments]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=30)
    assert (result.returncode, result.stderr) == (
        74,
        b"edgescript: cannot write the output: No space left on device\n",
    )


def test_a_closed_standard_output_takes_all():
    command = f"exec '{sys.executable}' -c 'from edgescript.cli import main; main()' explain 402 >&-"
    result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, check=False, timeout=30)
    assert (result.returncode, result.stderr) == (0, b"")
