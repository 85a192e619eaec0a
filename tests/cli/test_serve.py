"""`edgescript serve` as a process: starts, answers, ends; refuses what it cannot serve."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

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
    assert result.stderr == f"edgescript: cannot listen on {address}: address already in use\n"


def test_two_nodes_do_not_share_an_address(tmp_path):
    with serving(tmp_path, "--origin", "http://127.0.0.1:1") as (_, port):
        address = f"127.0.0.1:{port}"
        result = run_command("serve", "--listen", address, "--origin", "http://127.0.0.1:1")
    assert (result.status, result.stderr) == (
        1,
        f"edgescript: cannot listen on {address}: address already in use\n",
    )


def events(process):
    """What is logged from now on, one object a line; other lines as they are."""
    for line in process.stderr:
        yield json.loads(line) if line.startswith("{") else line


def test_sighup_serves_the_scripts_as_they_are_now(script, tmp_path):
    name = script("a.es", "exit(200, 'old')\n")
    arguments = ["--origin", "http://127.0.0.1:1", "--script", name]
    with serving(tmp_path, *arguments) as (process, port):
        script("a.es", "exit(200, 'new')\n")
        assert ask(port, "/") == (200, b"old")
        process.send_signal(signal.SIGHUP)
        event = next(events(process))
        assert (event["event"], event["scripts"]) == ("reloaded", ["a.es"])
        assert ask(port, "/") == (200, b"new")


def test_sigusr1_and_a_reload_tell_how_often_each_state_was_reached(script, tmp_path):
    text = "if eq($uri, '/hit') {\n    exit(204)\n}\nif eq($uri, '/error') {\n    add_rsp_header('A', hmac('k', 'x', $uri))\n}\nexit(200, 'x')\n"
    first, second = script("a.es", text), script("b.es", "# position: foot\nexit(200)\n")
    config = script(
        "edge.toml",
        'origin = "http://127.0.0.1:1"\n'
        '[[scripts]]\nfile = "a.es"\n[[scripts]]\nfile = "b.es"\nname = "second"\n',
    )
    assert first
    assert second
    with serving(tmp_path, "--config", str(config)) as (process, port):
        assert [ask(port, path)[0] for path in ("/hit", "/hit", "/", "/error")] == [204, 204, 200, 500]
        log = events(process)
        assert next(log)["event"] == "script-fault"
        process.send_signal(signal.SIGUSR1)
        states = next(log)
        assert (states["event"], states["scripts"]["a.es"]) == (
            "script-states",
            {"NonExecution": 0, "ExecutedAndHit": 2, "ExecutedButNotHit": 1, "Exception": 1},
        )
        assert states["scripts"]["second"]["NonExecution"] == 4
        process.send_signal(signal.SIGHUP)
        assert next(log)["before"] == states["scripts"]
        process.send_signal(signal.SIGUSR1)
        assert set(next(log)["scripts"]["a.es"].values()) == {0}


def test_counts_of_limits_outlive_a_reload(script, tmp_path):
    name = script("a.es", "if not(limit_req('k', 0.001, 0)) {\n    exit(429)\n}\nexit(204)\n")
    with serving(tmp_path, "--origin", "http://127.0.0.1:1", "--script", name) as (process, port):
        assert ask(port, "/")[0] == 204
        process.send_signal(signal.SIGHUP)
        next(events(process))
        assert ask(port, "/")[0] == 429


SPOILED = {
    "a script with an error": (
        "a.es",
        "lenght()\n",
        "errors in scripts",
        "a.es:1:1: error[unknown-function]",
    ),
    "a script that is gone": ("a.es", None, "cannot read", None),
    "a configuration that is none": ("edge.toml", "drain_s = 'x'\n", "drain_s: got 'x', want a number", None),
}


@pytest.mark.parametrize("case", SPOILED)
def test_after_a_reload_that_fails_the_node_goes_on_as_before(script, tmp_path, case):
    file, text, reason, diagnostic = SPOILED[case]
    script("a.es", "exit(200, 'old')\n")
    script("edge.toml", 'origin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n')
    with serving(tmp_path, "--config", str(tmp_path / "edge.toml")) as (process, port):
        if text is None:
            (tmp_path / file).unlink()
        else:
            script(file, text)
        process.send_signal(signal.SIGHUP)
        lines = []
        for line in events(process):
            lines.append(line)
            if isinstance(line, dict):
                break
        assert lines[-1]["event"] == "reload-failed"
        assert reason in lines[-1]["reason"]
        assert diagnostic is None or diagnostic in lines[0]
        assert ask(port, "/") == (200, b"old")
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0


def test_no_request_fails_while_scripts_are_reloaded(script, tmp_path):
    name = script("a.es", "exit(200, '0')\n")
    with serving(tmp_path, "--origin", "http://127.0.0.1:1", "--script", name) as (process, port):
        stop = threading.Event()

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
            seen = []
            with contextlib.closing(connection):
                while not stop.is_set():
                    connection.request("GET", "/", headers={"Host": "www.example.com"})
                    response = connection.getresponse()
                    seen.append((response.status, int(response.read())))
            return seen

        with ThreadPoolExecutor(3) as pool:
            clients = [pool.submit(client) for _ in range(3)]
            log = events(process)
            for number in range(1, 6):
                script("a.es", f"exit(200, '{number}')\n")
                process.send_signal(signal.SIGHUP)
                assert next(log)["event"] == "reloaded"
            time.sleep(0.05)
            stop.set()
            for each in clients:
                statuses, bodies = zip(*each.result(TIMEOUT_S), strict=True)
                assert set(statuses) == {200}
                assert list(bodies) == sorted(bodies)
                assert bodies[-1] == 5


WRONG = {
    "no origin": ([], "no origin"),
    "an origin that is none": (["--origin", "ftp://a"], "want http://host[:port]"),
    "an address that is none": (["--origin", "http://a", "--listen", "here"], "want host:port"),
    "no host": (["--origin", "http://a", "--listen", ":80"], "want host:port, such as 127.0.0.1:8080"),
    "an empty address": (["--origin", "http://a", "--listen", ""], "want host:port"),
    "two workers": (["--origin", "http://a", "--workers", "2"], "--workers: got 2, want 1"),
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
