"""The image as it is run at the edge: no root, nothing to write but its state, limits on memory and processors."""

import contextlib
import http.client
import socket
import threading
import time

import pytest

from tests.image.containers import IMAGE, eventually, needed

pytestmark = [needed, pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]

SAYS = "exit(200, '{}')\n"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def get(port, target="/", *, with_headers=False, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", target, headers=fields)
    answer = connection.getresponse()
    with contextlib.closing(connection):
        body = answer.read()
        return (answer.status, body, answer.headers) if with_headers else (answer.status, body)


class Folder:
    """What is mounted at /etc/edgescript."""

    def __init__(self, path, port, probes, origin):
        self.path = path
        path.chmod(0o755)
        (path / "edge.toml").write_text(
            f'listen = "127.0.0.1:{port}"\norigin = "http://127.0.0.1:{origin}"\nscripts = ["/etc/edgescript/a.es"]\n'
            f'admin = ""\nprobes = "127.0.0.1:{probes}"\nstate_dir = "/var/lib/edgescript"\ndrain_s = 8.0\nworkers = 2\n'
        )

    def script(self, text):
        (self.path / "a.es").write_text(text)


@pytest.fixture
def slow_origin():
    """An origin that answers when the test says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.fixture
def folder(tmp_path, slow_origin):
    made = Folder(tmp_path, free_port(), free_port(), slow_origin.getsockname()[1])
    made.port, made.probes = (
        int(line.rpartition(":")[2].strip('"'))
        for line in (tmp_path / "edge.toml").read_text().splitlines()
        if line.startswith(("listen", "probes"))
    )
    return made


def options(folder):
    return (
        *("-v", f"{folder.path}:/etc/edgescript:ro"),
        *("-e", f"EDGESCRIPT_HEALTH=http://127.0.0.1:{folder.probes}/healthz"),
    )


def test_it_runs_as_nobody_in_particular_and_says_what_it_is(engine):
    image = engine.inspect(IMAGE)
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["edgescript"]
    assert image["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["org.opencontainers.image.title"] == "EdgeScript"
    assert "/var/lib/edgescript" in config["Volumes"]
    assert not [each for each in config["Env"] if "INDEX" in each or "TOKEN" in each]


def test_the_final_stage_has_no_compiler_and_no_leftovers_of_the_build(engine):
    found = engine(
        *("run", "--rm", "--network=host", "--entrypoint=sh", IMAGE, "-c"),
        "for each in cc gcc g++ make git; do command -v $each; done; "
        "ls -d /src /opt/build ~root/.cache /tmp/* 2>/dev/null; find /opt/edgescript -name '*.pyc' | head -1",
        check=False,
    )
    assert [line for line in found.splitlines() if not line.endswith(".pyc")] == []
    assert found.endswith(".pyc"), "modules are compiled, since nothing can be written later"


def test_the_command_line_is_there(engine):
    assert "Run an edge node" in engine("run", "--rm", "--network=host", IMAGE, "--help")


def test_it_serves_reloads_and_is_healthy(engine, folder):
    folder.script(SAYS.format("one"))
    with engine.running("serves", *options(folder)) as name:
        eventually(lambda: get(folder.probes, "/readyz")[0] == 200)
        assert get(folder.port) == (200, b"one")
        folder.script(SAYS.format("two"))
        engine("kill", "-s", "HUP", name)
        eventually(lambda: get(folder.port) == (200, b"two"))
        engine("healthcheck", "run", name)
        assert engine("exec", name, "id", "-u") == "65532"
        assert "Read-only file system" in engine("exec", name, "sh", "-c", "touch /etc/x 2>&1", check=False)


def test_it_drains_on_sigterm_within_its_bound(engine, folder, slow_origin):
    folder.script("return true\n")
    with engine.running("drains", *options(folder)) as name:
        eventually(lambda: get(folder.probes, "/readyz")[0] == 200)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(get(folder.port, "/slow")))
        asking.start()
        asked, _ = slow_origin.accept()
        with asked:
            asked.recv(1000)
            began_s = time.monotonic()
            stopping = threading.Thread(target=lambda: engine("stop", "-t", "15", name))
            stopping.start()
            eventually(lambda: get(folder.probes, "/readyz")[0] == 503)
            asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        asking.join(20)
        stopping.join(20)
        assert answers == [(200, b"done")]
        assert time.monotonic() - began_s < 8 + 8, "drain_s and what comes after it"
        assert engine.inspect(name)["State"]["ExitCode"] == 0


def test_the_processors_it_may_use_are_enough_to_start_within_seconds(engine, folder):
    folder.script(SAYS.format("up"))
    began_s = time.monotonic()
    with engine.running("starts", *options(folder)):
        eventually(lambda: get(folder.port)[0] == 200)
    assert time.monotonic() - began_s < 20
