"""The listener for orchestrators, and the question that a container's HEALTHCHECK asks."""

import signal
import socket
import subprocess
import sys

from tests.support.edge import ask, node

YES = {"a.es": "exit(200, 'yes')\n"}


def health(url, **environment):
    command = [sys.executable, "-m", "runtime.io.admin.health"]
    return subprocess.run(
        [*command, *([url] if url else [])], env=environment, timeout=20, check=False
    ).returncode


def test_a_node_answers_probes_at_an_address_of_their_own(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with node(tmp_path, YES, workers=1, probes=f"127.0.0.1:{port}") as edge:
        assert ask(port, "GET", "/readyz", {})[0] == 200
        assert b"edgescript_" in ask(port, "GET", "/metrics", {})[1]
        assert ask(port, "POST", "/reload", {})[0] == 404
        assert edge.admin("POST", "/reload")[0] == 200
        alive = f"http://127.0.0.1:{port}/healthz"
        assert health(alive) == 0
        assert health("", EDGESCRIPT_HEALTH=alive) == 0
        edge.send(signal.SIGTERM)
        edge.process.wait(20)
    assert health(alive) == 1


def test_what_is_no_url_is_not_alive():
    assert health("nonsense") == 1
