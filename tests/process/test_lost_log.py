"""Who reads the node's log, or has room for it, may go: that costs lines, and nothing else."""

import contextlib
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.io.process.fork import fork
from runtime.io.stderr import write_line
from tests.support.edge import WITHIN_S, Edge, ask
from tests.support.ports import free_port
from tests.support.waiting import wait_until

FAULTY = "if $arg_wrong {\n    say(substr(nil, 1, 2))\n}\nexit(200, 'yes')\n"


@contextlib.contextmanager
def pipe():
    """Two descriptors, closed at the end where they are not yet."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for each in ends:
            with contextlib.suppress(OSError):
                os.close(each)


def fill(descriptor):
    """Write until nothing more goes in."""
    os.set_blocking(descriptor, False)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(descriptor, b"x" * size)
    os.set_blocking(descriptor, True)


def test_a_line_goes_out_whole(tmp_path):
    path = tmp_path / "log"
    with path.open("ab") as file:
        write_line(file.fileno(), "a\udc80" + "b" * 100_000)
        write_line(file.fileno(), "c")
    assert path.read_bytes() == b"a\\udc80" + b"b" * 100_000 + b"\nc\n"


def test_lines_of_several_processes_do_not_mix():
    with pipe() as (reader, writer):
        children = []
        for number in range(3):
            line = json.dumps([number] * 50)

            def write(line=line):
                for _ in range(200):
                    with contextlib.suppress(BlockingIOError):
                        write_line(writer, line)
                return 0

            children.append(fork(write, []))
        os.close(writer)
        with open(reader, "rb", closefd=False) as lines:
            read = [json.loads(line) for line in lines]
        for pid in children:
            assert os.waitpid(pid, 0)[1] == 0
    assert {number for line in read for number in line} == {0, 1, 2}


@pytest.mark.parametrize("make", [pipe, lambda: contextlib.closing(_Pair())], ids=["pipe", "socket"])
def test_nobody_is_waited_for(make):
    with make() as (_, writer):
        fill(writer)
        with pytest.raises(BlockingIOError):
            write_line(writer, "x")


class _Pair:
    """A socket's two ends, as a service manager hands one over."""

    def __init__(self):
        self._sockets = socket.socketpair()

    def __iter__(self):
        return iter([each.fileno() for each in self._sockets])

    def close(self):
        for each in self._sockets:
            each.close()


def test_a_line_that_cannot_be_written_is_an_error():
    with pipe() as (reader, writer):
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            write_line(writer, "x")
    with Path("/dev/full").open("wb") as full, pytest.raises(OSError) as told:
        write_line(full.fileno(), "x")
    assert told.value.errno == errno.ENOSPC


def test_a_child_that_cannot_complain_ends():
    """It must not go on as a second one of its parent."""
    script = (
        "import os, sys\n"
        "from runtime.io.process.fork import FAILED, fork\n"
        "pid = fork(lambda: print('lost', end='', file=sys.stderr) or 1 / 0, [])\n"
        "print(os.getpid(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == FAILED)\n"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert re.fullmatch(r"\d+ True\n", done.stdout)


@contextlib.contextmanager
def started(folder, stderr):
    """A node of two workers that writes its log to `stderr`; it serves."""
    (folder / "a.es").write_text(FAULTY)
    edge = Edge.__new__(Edge)
    edge.port, edge.admin_port, edge.folder = free_port(), free_port(), folder
    (folder / "edge.toml").write_text(
        f'listen = "127.0.0.1:{edge.port}"\nadmin = "127.0.0.1:{edge.admin_port}"\n'
        'origin = "http://127.0.0.1:1"\nscripts = ["a.es"]\nworkers = 2\n'
    )
    edge.process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--config", str(folder / "edge.toml")],
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    try:
        wait_until(lambda: serves(edge))
        yield edge
    finally:
        edge.process.kill()
        edge.process.wait(WITHIN_S)


def serves(edge):
    with contextlib.suppress(ConnectionError):
        return edge.admin("GET", "/readyz")[1]["workers"] == 2
    return False


def goes_on(edge):
    """All that the node would tell of happens: a script's fault, a worker's end, a reload, the node's own end."""
    assert ask(edge.port, "GET", "/?wrong=1")[0] == 500
    for killed in edge.workers():
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda killed=killed: killed not in edge.workers() and serves(edge))
    assert edge.admin("POST", "/reload")[0] == 200
    assert edge.get("/") == (200, b"yes")
    assert edge.end() == 0


def test_a_node_whose_log_has_no_reader_goes_on(tmp_path):
    with pipe() as (reader, writer), started(tmp_path, writer) as edge:
        os.close(reader)
        os.close(writer)
        goes_on(edge)


def test_a_node_whose_log_nobody_reads_goes_on(tmp_path):
    with pipe() as (_, writer), started(tmp_path, writer) as edge:
        fill(writer)
        goes_on(edge)


def test_a_node_begins_and_goes_on_where_its_log_has_no_room(tmp_path):
    with Path("/dev/full").open("wb") as full, started(tmp_path, full) as edge:
        goes_on(edge)
