import os
import signal
import sys
from pathlib import Path

import pytest

from loadtest import bench
from loadtest.process import Account, Launch, Running, StartError, free_port, running, tree, tree_cpu_s
from tests.support.waiting import wait_until

CORE = min(os.sched_getaffinity(0))


SERVE = "import socket, os; s = socket.create_server(('127.0.0.1', int(open('port').read())))"


def test_a_server_is_waited_for_pinned_and_ended(tmp_path):
    port = free_port()
    serve = (sys.executable, "-c", f"{SERVE}; s.accept(); sum(range(10**7)); s.accept()")
    with running(Launch(serve, {"port": str(port)}), port, tmp_path, {CORE}) as server:
        assert os.sched_getaffinity(server.process.pid) == {CORE}
        assert server.process.poll() is None
        assert wait_until(server.cpu_s) > 0  # the kernel counts in hundredths of a second
        assert 1 < server.memory_mib() < 1000
    assert server.process.poll() is not None


def test_what_a_server_forks_has_its_core_and_is_counted_as_part_of_it(tmp_path):
    # As our node: a supervisor that listens, and a worker of its own.
    port = free_port()
    serve = (sys.executable, "-c", f"{SERVE}; s.settimeout(30); os.fork(); s.accept(); s.accept()")
    with running(Launch(serve, {"port": str(port)}), port, tmp_path, {CORE}) as server:
        supervisor = server.process.pid
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children")
        worker = int(wait_until(lambda: children.read_text().split())[0])
        assert os.sched_getaffinity(worker) == {CORE}
        accounts = [Account(supervisor, 1, 0.5), Account(worker, supervisor, 2.0), Account(1, 0, 9.0)]
        assert tree(accounts, supervisor) == {supervisor, worker}
        os.kill(worker, signal.SIGKILL)


def test_a_program_beside_a_server_is_ended_with_it(tmp_path):
    port = free_port()
    beside = (sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)")
    serve = (sys.executable, "-c", f"{SERVE}; s.accept(); s.accept()")
    with running(Launch(serve, {"port": str(port)}, beside=beside), port, tmp_path, {CORE}) as server:
        assert server.beside.poll() is None
    assert server.beside.poll() is not None


def test_the_lines_of_an_access_log_are_counted(tmp_path):
    log = tmp_path / "access.log"
    log.write_bytes(b"one\ntwo\nhalf")
    assert Running(None, 1, 0.0, log).log_lines() == 2
    assert Running(None, 1, 0.0).log_lines() == 0


def test_a_server_that_ends_at_once_shows_what_it_printed(tmp_path):
    launch = Launch((sys.executable, "-c", "import sys; sys.exit('no such directive')"))
    with (
        pytest.raises(StartError, match=r"ended with status 1\nno such directive"),
        running(launch, 1, tmp_path, {CORE}),
    ):
        pytest.fail("it is not running")


def test_a_server_is_ended_when_the_block_fails(tmp_path):
    port = free_port()
    serve = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    with (
        pytest.raises(KeyboardInterrupt),
        running(Launch((sys.executable, "-c", serve)), port, tmp_path, {CORE}) as server,
    ):
        raise KeyboardInterrupt
    assert server.process.poll() is not None


def test_processor_time_grows_with_work():
    before = tree_cpu_s(os.getpid())
    wait_until(lambda: sum(range(200_000)) and tree_cpu_s(os.getpid()) > before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--cases", "1,99"],
            "unknown case '99'; there are 1, 2, 3, 4, 5, 6, 7, 2n, 3n, 4n, log, workers, sites, path, scripts, load",
        ),
        (["--peers", "nginx,apache"], "unknown peer 'apache'"),
        (["--rounds", "0"], "want 1 to 1000"),
    ],
)
def test_wrong_usage_has_status_2_and_says_what_is_wrong(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
