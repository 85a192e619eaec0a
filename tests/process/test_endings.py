"""How a node of several processes ends, and what keeps one from beginning."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.support.edge import node
from tests.support.waiting import wait_until

YES = {"a.es": "if eq($uri, '/') {\n    exit(200, 'yes')\n}\n"}
GET = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def origin():
    """An origin whose answers the test sends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        yield listening


def begun(edge, origin):
    """A client whose request is under way, and its connection at the origin."""
    client = socket.create_connection(("127.0.0.1", edge.port), timeout=10)
    client.sendall(GET)
    asked, _ = origin.accept()
    assert asked.recv(1000).startswith(b"GET /slow")
    return client, asked


def test_answers_in_progress_are_finished_and_nothing_new_is_accepted(tmp_path, origin):
    url = f"http://127.0.0.1:{origin.getsockname()[1]}"
    with node(tmp_path, YES, workers=3, origin=url, drain_s=10) as edge:
        client, asked = begun(edge, origin)
        edge.send(signal.SIGTERM)
        wait_until(lambda: refused(edge.port))
        asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        assert client.recv(1000).endswith(b"done")
        client.close()
        asked.close()
        assert edge.process.wait(5) == 0


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_draining_is_bounded_and_cut_short_by_a_second_signal(tmp_path, origin):
    url = f"http://127.0.0.1:{origin.getsockname()[1]}"
    with node(tmp_path, YES, workers=2, origin=url, drain_s=60) as edge:
        client, asked = begun(edge, origin)
        edge.send(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            edge.process.wait(0.3)
        assert edge.admin("GET", "/readyz")[0] == 503
        assert edge.admin("GET", "/healthz")[0] == 200
        assert edge.end() == 0
        assert edge.event("drain-cut")["count"] == 1
        client.close()
        asked.close()


def test_the_service_manager_hears_of_the_node(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        heard = []
        with node(tmp_path, YES) as edge:
            reader = threading.Thread(
                target=lambda: heard.extend(iter(lambda: manager.recv(500), b"STOPPING=1"))
            )
            reader.start()
            wait_until(lambda: b"WATCHDOG=1" in heard)
            assert edge.admin("POST", "/reload")[0] == 200
            assert edge.end() == 0
            reader.join(10)
        states = [each.split(b"\n")[0] for each in heard if each != b"WATCHDOG=1"]
        assert states == [b"READY=1", b"RELOADING=1", b"READY=1"]


def test_a_state_directory_is_one_nodes_alone(tmp_path):
    with node(tmp_path, YES, workers=2, state_dir="state") as edge:
        assert edge.get("/") == (200, b"yes")
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        result = start_again(tmp_path)
        assert (result.returncode, "in use by another node" in result.stderr) == (1, True)
        edge.end()
    with node(tmp_path, YES, state_dir="state") as edge:
        assert edge.get("/") == (200, b"yes")


def start_again(folder):
    return subprocess.run(
        [sys.executable, "-m", "edgescript", "serve", "--config", str(folder / "edge.toml")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_an_admin_address_that_was_chosen_must_be_free(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = {"listen": "127.0.0.1:0", "admin": address, "origin": "http://127.0.0.1:1"}
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        (tmp_path / "edge.toml").write_text(text)
        result = start_again(tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"edgescript: cannot listen on {address}: address already in use\n"


def test_ten_requests_a_second_are_ten_with_four_workers(tmp_path):
    scripts = {"a.es": "if limit_req('all', 10, 4) {\n    exit(200, 'in')\n}\nexit(429, 'out')\n"}
    with node(tmp_path, scripts, workers=4) as edge:
        started = time.monotonic()
        statuses = []
        while time.monotonic() - started < 1.5:
            statuses.append(edge.get("/")[0])
        elapsed = time.monotonic() - started
        admitted = statuses.count(200)
        assert len(statuses) > 40
        assert 5 + 10 * elapsed - 2 <= admitted <= 5 + 10 * elapsed + 1


def test_a_lame_duck_serves_on_says_so_and_ends_each_connection(tmp_path):
    with node(tmp_path, YES, workers=2, lame_duck_s=1.5, drain_s=10) as edge:
        kept = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=10)
        assert {answered(kept) for _ in range(3)} == {(200, None)}
        began_s = time.monotonic()
        edge.send(signal.SIGTERM)
        wait_until(lambda: edge.admin("GET", "/readyz")[0] == 503)
        wait_until(lambda: answered(kept) == (200, "close"))  # once workers have been told
        assert answered(kept) == (200, "close"), "over another connection"
        assert edge.process.wait(10) == 0
        assert 1.5 <= time.monotonic() - began_s < 8
        assert refused(edge.port)


def answered(client):
    """The status of an answer, and what it says of its connection."""
    client.request("GET", "/")
    response = client.getresponse()
    response.read()
    return response.status, response.headers["Connection"]


def test_a_second_signal_ends_a_lame_duck(tmp_path):
    with node(tmp_path, YES, workers=2, lame_duck_s=60, drain_s=60) as edge:
        edge.send(signal.SIGTERM)
        wait_until(lambda: edge.admin("GET", "/readyz")[0] == 503)
        assert edge.end() == 0
