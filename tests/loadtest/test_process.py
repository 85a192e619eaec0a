import os
import sys
import time

import pytest

from loadtest import bench
from loadtest.process import Launch, StartError, free_port, running, tree_cpu_s

CORE = min(os.sched_getaffinity(0))


def test_a_server_is_waited_for_pinned_and_ended(tmp_path):
    port = free_port()
    serve = "import socket, os; s = socket.create_server(('127.0.0.1', int(open('port').read()))); s.accept(); s.accept()"
    with running(Launch((sys.executable, "-c", serve), {"port": str(port)}), port, tmp_path, CORE) as server:
        assert os.sched_getaffinity(server.process.pid) == {CORE}
        assert server.process.poll() is None
        assert server.cpu_s() > 0
    assert server.process.poll() is not None


def test_a_server_that_ends_at_once_shows_what_it_printed(tmp_path):
    launch = Launch((sys.executable, "-c", "import sys; sys.exit('no such directive')"))
    with (
        pytest.raises(StartError, match=r"ended with status 1\nno such directive"),
        running(launch, 1, tmp_path, CORE),
    ):
        pytest.fail("it is not running")


def test_a_server_is_ended_when_the_block_fails(tmp_path):
    port = free_port()
    serve = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    with (
        pytest.raises(KeyboardInterrupt),
        running(Launch((sys.executable, "-c", serve)), port, tmp_path, CORE) as server,
    ):
        raise KeyboardInterrupt
    assert server.process.poll() is not None


def test_processor_time_grows_with_work():
    before = tree_cpu_s(os.getpid())
    deadline = time.monotonic() + 10
    while tree_cpu_s(os.getpid()) <= before and time.monotonic() < deadline:
        sum(range(200_000))
    assert tree_cpu_s(os.getpid()) > before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cases", "1,99"], "unknown case '99'; there are 1, 2, 3, 4, 5, 6"),
        (["--peers", "nginx,apache"], "unknown peer 'apache'"),
        (["--rounds", "0"], "want 1 to 1000"),
    ],
)
def test_wrong_usage_has_status_2_and_says_what_is_wrong(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
