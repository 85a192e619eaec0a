"""`make run`: the demo starts, every request it prints gives what stands beside it, and it ends cleanly."""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from runtime.demo.ports import USUAL
from tests.architecture.imports import ROOT
from tests.support.ports import free_ports
from tests.support.waiting import wait_until

TIMEOUT_S = 30


VARIABLES = [variable for variable, _ in USUAL.values()]


@contextlib.contextmanager
def demo(ports):
    """The demo as a process; gives it and what it printed when it was ready."""
    environment = os.environ | dict(zip(VARIABLES, map(str, ports), strict=True))
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process, read_until(process, b"Ctrl-C ends it.\n").decode()
    finally:
        process.terminate()  # so that it ends what it began
        try:
            process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=TIMEOUT_S)


def read_until(process, end):
    text = b""
    deadline = time.monotonic() + TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not text.endswith(end):
            assert selector.select(max(0.0, deadline - time.monotonic())), text
            more = os.read(process.stdout.fileno(), 65536)
            assert more, text
            text += more
    return text


def printed_tries(text):
    """(command, status beside it) of each request."""
    return re.findall(r"^((?:curl|for) .*)\n    # (\d{3}): ", text, re.MULTILINE)


def test_every_printed_request_gives_the_status_beside_it():
    ports = free_ports(4)
    with demo(ports) as (process, text):
        assert all(f"http://127.0.0.1:{port}" in text for port in ports)
        assert "\n\n\n" not in text
        tries = printed_tries(text)
        assert len(tries) >= 8
        wrong = []
        for command, status in tries:
            shell = ["bash", "-c", f'curl() {{ command curl -s --max-time 10 "$@"; }}; {command}']
            result = subprocess.run(shell, capture_output=True, timeout=TIMEOUT_S, check=False)
            statuses = re.findall(rb"^HTTP/1\.1 (\d{3})", result.stdout, re.MULTILINE)
            if not statuses or statuses[-1].decode() != status:
                wrong.append((command, status, statuses))
        assert wrong == []
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == 0
        assert process.stdout.read() == b""


def test_taken_ports_are_passed_over_and_sigterm_ends_it():
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        numbers = {each.getsockname()[1] for each in taken}
        process, text = held.enter_context(demo(sorted(numbers)))
        ports = {int(found) for found in re.findall(r"http://127\.0\.0\.1:(\d+)", text)}
        assert len(ports) == 4
        assert not ports & numbers
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0


def test_a_script_is_published_by_the_lines_that_are_printed(tmp_path):
    with demo(free_ports(4)) as (_, text):
        lines = text.partition("then in production.\n\n")[2].partition("\n\n")[0]
        assert lines.startswith("export ")
        programs = Path(sys.executable).parent
        ran = subprocess.run(
            ["bash", "-euc", f'set -o pipefail; PATH="{programs}:$PATH"\n{lines}'],
            cwd=tmp_path,
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert re.findall("^X-Greeting: (.*?)\r?$", ran.stdout, re.MULTILINE) == [
            "good day",
            "good day",
            "hello",
        ]


def children(process):
    """Process ids of the console and the nodes."""
    listed = subprocess.run(
        ["ps", "-wwo", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout
    return {
        "console" if " console " in line else Path(line.split()[-1]).stem: int(line.split()[0])
        for line in listed.splitlines()
        if " edgescript " in line
    }


def test_a_process_that_is_killed_is_started_again():
    ports = free_ports(4)
    with demo(ports) as (process, _):
        for name, port, path in (("console", ports[2], "/readyz"), ("production", ports[0], "/")):
            os.kill(children(process)[name], signal.SIGKILL)
            said = read_until(process, b" started again\n").decode()
            assert f"demo: the {name}" in said
            wait_until(lambda port=port, path=path: answers(port, path), TIMEOUT_S, why=name)
        assert process.poll() is None


def answers(port, path):
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).status == 200
    return False


@pytest.mark.parametrize("port", ["x", "70000", "-1"])
def test_a_port_that_is_none_is_wrong_usage(port):
    environment = os.environ | {"EDGESCRIPT_DEMO_ORIGIN_PORT": port}
    result = subprocess.run(
        [sys.executable, "-m", "runtime.demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 2
    assert "want a port" in result.stderr
