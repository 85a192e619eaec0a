"""`edgescript serve` as a process: starts, answers, ends; refuses what it cannot serve."""

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.command import run_command
from tests.support.origin import RecordingOrigin

TIMEOUT_S = 20


@contextlib.contextmanager
def serving(cwd, *arguments):
    """A node as a process of its own; gives it and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--listen", "127.0.0.1:0", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"serving on http://127\.0\.0\.1:(\d+)", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


def ask(port, target):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request("GET", target, headers={"Host": "www.example.com"})
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_flags_alone_are_enough_and_signals_end_it(script, tmp_path, number):
    name = script("a.es", "if eq($uri, '/no') {\n    exit(403, 'no')\n}\n")
    with (
        RecordingOrigin(200, [], b"yes") as origin,
        serving(tmp_path, "--origin", origin.url, "--script", name) as (process, port),
    ):
        assert ask(port, "/no") == (403, b"no")
        assert ask(port, "/a") == (200, b"yes")
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 0
    assert [asked.target for asked in origin.asked] == ["/a"]


def test_a_configuration_file_names_scripts_beside_it_and_flags_win(script, tmp_path):
    script("a.es", "exit(200, 'from the file')\n")
    script("edge.toml", 'listen = "127.0.0.1:1"\norigin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n')
    with serving("/", "--config", str(tmp_path / "edge.toml")) as (_, port):
        assert ask(port, "/") == (200, b"from the file")


def test_an_error_in_a_script_keeps_the_node_from_starting(script):
    result = run_command("serve", "--origin", "http://127.0.0.1:1", "--script", script("a.es", "lenght()\n"))
    assert (result.status, result.stdout) == (1, "")
    assert "a.es:1:1: error[unknown-function]" in result.stderr


def test_an_address_in_use_is_one_line_and_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run_command("serve", "--listen", address, "--origin", "http://127.0.0.1:1")
    assert result.status == 1
    assert f"cannot listen on {address}" in result.stderr
    assert result.stderr.count("\n") == 1


WRONG = {
    "no origin": ([], "no origin"),
    "an origin that is none": (["--origin", "ftp://a"], "want http://host[:port]"),
    "an address that is none": (["--origin", "http://a", "--listen", "here"], "want host:port"),
    "a script that is not there": (["--origin", "http://a", "--script", "none.es"], "cannot read 'none.es'"),
    "a file that is not there": (["--config", "none.toml"], "none.toml"),
    "a file that is no TOML": (["--config", "bad.toml"], "bad.toml"),
    "an unknown key": (["--config", "key.toml"], "speed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_one_line_and_status_2(script, case):
    script("bad.toml", "= 1\n")
    script("key.toml", "speed = 1\n")
    arguments, words = WRONG[case]
    result = run_command("serve", *arguments)
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
