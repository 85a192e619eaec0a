"""Workers that die or hang are replaced; the others serve on."""

import contextlib
import http.client
import os
import signal
import socket
from pathlib import Path

from tests.support.certificates import Authority
from tests.support.edge import load, node
from tests.support.waiting import wait_until

YES = {"a.es": "exit(200, 'yes')\n"}


def test_a_killed_worker_is_replaced_and_costs_only_its_own_connections(tmp_path):
    with node(tmp_path, YES, workers=4) as edge:
        before = edge.workers()
        with load(edge, clients=6) as seen:
            wait_until(lambda: edge.metric("requests_total") > 50)
            os.kill(before[0], signal.SIGKILL)
            event = edge.event("worker-ended")
            wait_until(lambda: edge.admin("GET", "/readyz")[1]["workers"] == 4)
            asked = edge.metric("requests_total")
            wait_until(lambda: edge.metric("requests_total") > asked + 50)
        assert event["cause"] == "SIGKILL"
        assert len(set(edge.workers()) & set(before)) == 3
        answers = [each for client in seen for each in client]
        assert set(answers) <= {(200, b"yes"), None}
        assert all(client.count(None) <= 1 for client in seen)
        assert edge.metric("worker_restarts_total") == 1


def test_what_a_killed_worker_counted_stays_counted(tmp_path):
    with node(tmp_path, YES) as edge:
        for _ in range(5):
            edge.get("/")
        assert edge.metric("requests_total") == 5
        os.kill(edge.workers()[0], signal.SIGKILL)
        edge.event("worker-ended")
        assert edge.get("/") == (200, b"yes")
        assert edge.metric("requests_total") == 6


def test_connections_that_waited_for_a_dead_worker_are_taken_up_by_its_successor(tmp_path):
    with node(tmp_path, YES) as edge:
        (only,) = edge.workers()
        os.kill(only, signal.SIGSTOP)
        with socket.create_connection(("127.0.0.1", edge.port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            os.kill(only, signal.SIGKILL)
            assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_a_worker_that_hangs_is_killed_and_replaced(tmp_path):
    with node(tmp_path, YES, workers=2, hang_s=2.5) as edge:
        stopped = edge.workers()[0]
        os.kill(stopped, signal.SIGSTOP)
        assert edge.event("worker-hung")["pid"] == stopped
        assert edge.event("worker-ended")["cause"] == "hung"
        wait_until(lambda: edge.admin("GET", "/readyz")[1]["workers"] == 2)
        assert stopped not in edge.workers()


def test_workers_end_with_their_supervisor(tmp_path):
    with node(tmp_path, YES, workers=2) as edge:
        workers = edge.workers()
        edge.process.kill()
        edge.process.wait(5)
        wait_until(lambda: not any(alive(pid) for pid in workers))


def alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_worker_begins_whatever_has_become_of_the_files(tmp_path):
    authority = Authority(tmp_path)
    certificate = authority.issue("a", "a.test", "127.0.0.1")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.pem)
    settings = {
        "listeners": [{"address": "127.0.0.1:0", "tls": True}],
        "certificates": [{"certificate": certificate.certificate, "key": certificate.key}],
        "upstreams": [{"name": "u", "servers": ["https://127.0.0.1:1"], "tls": {"ca_file": str(ca_file)}}],
        "sites": [{"hosts": ["b.test"], "origin": "u"}],
    }
    with node(tmp_path, YES, **settings) as edge:

        def answers():
            connection = http.client.HTTPSConnection("127.0.0.1", edge.port, context=authority.trusting())
            with contextlib.closing(connection):
                connection.request("GET", "/", headers={"Connection": "close"})
                answer = connection.getresponse()
                return answer.status, answer.read()

        assert answers() == (200, b"yes")
        for path in (Path(certificate.certificate), ca_file, tmp_path / "a.es"):
            path.write_text("no more")
        os.kill(edge.workers()[0], signal.SIGKILL)
        edge.event("worker-ended")
        assert answers() == (200, b"yes")
