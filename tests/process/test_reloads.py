"""A reload changes what is served between two requests, in all workers, and fails without a trace."""

import contextlib
import datetime as dt
import os
import re
import signal
import socket

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.certificates import Authority
from tests.support.edge import load, node
from tests.support.waiting import wait_until

GROWTH_KB = 6_000
"""Of one process over all reloads: nothing is kept, but an allocator does not give back every page."""


def says(number):
    return f"exit(200, '{number}')\n"


def test_200_reloads_under_load_fail_no_request_and_grow_nothing(tmp_path):
    with node(tmp_path, {"a.es": says(0)}, workers=2) as edge:
        for number in range(1, 21):
            reload(edge, number)
        before = edge.memory_kb()
        with load(edge, clients=3) as seen:
            for number in range(21, 201):
                reload(edge, number)
            wait_until(lambda: edge.get("/") == (200, b"200"))
        after = edge.memory_kb()
        for client in seen:
            statuses, bodies = zip(*client, strict=True)
            assert set(statuses) == {200}
            numbers = [int(body) for body in bodies]
            assert numbers == sorted(numbers)
        assert [now - then for then, now in zip(before, after, strict=True) if now - then > GROWTH_KB] == []
        assert edge.metric("reloads_total") == 200
        assert edge.metric("generation") == 201


def reload(edge, number):
    edge.script("a.es", says(number))
    status, answer = edge.admin("POST", "/reload")
    assert (status, answer["generation"]) == (200, number + 1)
    assert edge.get("/") == (200, str(number).encode())


def test_a_reload_that_fails_is_a_problem_and_the_node_goes_on(tmp_path):
    with node(tmp_path, {"a.es": says("old")}, workers=2) as edge:
        edge.script("a.es", "lenght()\n")
        status, answer = edge.admin("POST", "/reload")
        assert (status, answer["status"]) == (422, 422)
        assert "errors in scripts" in answer["detail"]
        assert "errors in scripts" in edge.event("reload-failed")["reason"]
        assert edge.get("/") == (200, b"old")
        assert edge.admin("GET", "/readyz")[1]["generation"] == 1


def test_a_worker_begun_after_files_were_spoiled_serves_what_the_others_do(tmp_path):
    with node(tmp_path, {"a.es": says("first")}) as edge:
        edge.script("a.es", says("second"))
        assert edge.admin("POST", "/reload")[0] == 200
        edge.script("a.es", "lenght()\n")
        os.kill(edge.workers()[0], signal.SIGKILL)
        edge.event("worker-ended")
        assert edge.get("/") == (200, b"second")


def test_states_of_all_workers_are_summed(tmp_path):
    with node(tmp_path, {"a.es": says("x")}, workers=3) as edge:
        for _ in range(12):
            edge.get("/")
        edge.send(signal.SIGUSR1)
        assert sum(edge.event("script-states")["scripts"]["a.es"].values()) == 12
        edge.send(signal.SIGHUP)
        assert sum(edge.event("reloaded")["before"]["a.es"].values()) == 12
        assert edge.metric("script_runs_total") == 12


def test_the_access_log_is_opened_anew_by_a_signal(tmp_path):
    log = tmp_path / "access.log"
    with node(tmp_path, {"a.es": says("x")}, workers=2, access_log="access.log") as edge:
        edge.get("/before")
        wait_until(lambda: "/before" in log.read_text())
        log.rename(tmp_path / "access.log.1")
        edge.send(signal.SIGUSR2)
        wait_until(log.exists)
        for _ in range(8):
            edge.get("/after")
        edge.end()
        assert len(re.findall("/after", log.read_text())) == 8
        assert "/after" not in (tmp_path / "access.log.1").read_text()


def test_what_wants_a_restart_is_named_and_what_is_in_force_is_shown(tmp_path):
    with node(tmp_path, {"a.es": says(0)}, workers=1, forwarded="x", idle_timeout_s=60) as edge:
        file = tmp_path / "edge.toml"
        before = file.read_text()
        changed = before.replace("workers = 1", "workers = 2").replace('"x"', '"both"')
        file.write_text(changed.replace("idle_timeout_s = 60", "idle_timeout_s = 1"))
        answer = edge.admin("POST", "/reload")[1]
        assert answer["wants_restart"] == ["workers", "idle_timeout_s"]
        assert edge.event("reloaded")["wants_restart"] == answer["wants_restart"]
        assert edge.admin("GET", "/readyz")[1]["wants_restart"] == answer["wants_restart"]
        shown = edge.admin("GET", "/config")[1]
        assert (shown["workers"], shown["idle_timeout_s"], shown["forwarded"]) == (1, 60, "both")
        assert len(edge.workers()) == 1
        file.write_text(before)
        assert edge.admin("POST", "/reload")[1]["wants_restart"] == []
        assert "wants_restart" not in edge.event("reloaded")
        assert "wants_restart" not in edge.admin("GET", "/readyz")[1]


def test_who_may_announce_clients_comes_with_a_reload(tmp_path):
    def seen():
        with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as client:
            client.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nGET / HTTP/1.0\r\nHost: a\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                return b"".join(iter(lambda: client.recv(4096), b"")).partition(b"\r\n\r\n")[2]
        return b""

    settings = {
        "trusted_proxies": ["192.0.2.1"],
        "listeners": [{"address": "127.0.0.1:0", "proxy_protocol": True}],
    }
    with node(tmp_path, {"a.es": "exit(200, $remote_addr)\n"}, workers=1, **settings) as edge:
        assert seen() == b""
        file = tmp_path / "edge.toml"
        file.write_text(file.read_text().replace('["192.0.2.1"]', '["127.0.0.1"]'))
        assert edge.admin("POST", "/reload")[1]["wants_restart"] == []
        assert seen() == b"192.0.2.7"
        os.kill(edge.workers()[0], signal.SIGKILL)
        edge.event("worker-ended")
        wait_until(lambda: seen() == b"192.0.2.7")


def test_certificates_that_are_kept_are_trouble_until_they_are_renewed(tmp_path):
    def trouble():
        assert edge.admin("POST", "/reload")[0] == 200
        return edge.admin("GET", "/readyz")[1]["trouble"]

    authority = Authority(tmp_path)
    good = authority.issue("own", "a.example")
    settings = {
        "listeners": [{"address": "127.0.0.1:0", "tls": True}],
        "certificates": [{"certificate": good.certificate, "key": good.key}],
    }
    with node(tmp_path, {"a.es": says(0)}, **settings) as edge:
        assert trouble() == []
        authority.issue("own", "a.example", key=ec.generate_private_key(ec.SECP256R1()))
        (what,) = trouble()
        assert what.startswith("certificates: those before are kept: ")
        assert "own.key" in what
        assert edge.metric("trouble") == 1
        authority.issue("own", "a.example", expires=dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
        assert trouble() == ["certificates: expired: a.example"]
        authority.issue("own", "a.example")
        assert trouble() == []


def test_the_settings_shown_are_those_read_last(tmp_path):
    with node(tmp_path, {"a.es": says(0)}, origin="http://127.0.0.1:1") as edge:
        file = tmp_path / "edge.toml"
        file.write_text(file.read_text().replace("127.0.0.1:1", "127.0.0.1:2"))
        assert edge.admin("GET", "/config")[1]["origin"] == "http://127.0.0.1:1"
        assert edge.admin("POST", "/reload")[0] == 200
        assert edge.admin("GET", "/config")[1]["origin"] == "http://127.0.0.1:2"
