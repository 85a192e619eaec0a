"""A node in a container, and its console gone: what it served last it serves on, also after a restart."""

import pytest

from runtime.demo.customer import HOST, settle
from runtime.demo.origin import Origin
from tests.image.containers import eventually, get, needed
from tests.support.console import ConsoleProcess
from tests.support.ports import free_port

pytestmark = [needed, pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]


@pytest.fixture
def origin():
    with Origin(0) as made:
        yield made


def greeting(port):
    """What the demo's script adds to an answer; '' for none."""
    _, _, headers = get(port, "/", with_headers=True, Host=HOST)
    return headers.get("X-Greeting", "")


def test_a_node_starts_offline_with_its_state_and_serves_the_last_good_scripts(engine, tmp_path, origin):
    port, probes = free_port(), free_port()
    tmp_path.chmod(0o755)
    (tmp_path / "edge.toml").write_text(
        f'listen = "127.0.0.1:{port}"\nadmin = ""\nprobes = "127.0.0.1:{probes}"\n'
        'state_dir = "/var/lib/edgescript"\nnode_name = "box"\ndomain_origins_refused = []\n'
    )
    console = ConsoleProcess(tmp_path / "console", "--quiet")
    try:
        customer = settle(console.url, console.operator, f"http://127.0.0.1:{origin.port}")
        options = (
            *(
                "-v",
                f"{tmp_path / 'edge.toml'}:/etc/edgescript/edge.toml:ro",
                "-v",
                "es-state:/var/lib/edgescript",
            ),
            *(
                "-e",
                f"EDGESCRIPT_CONSOLE={console.url}",
                "-e",
                f"EDGESCRIPT_NODE_TOKEN={customer.production}",
            ),
        )
        with engine.running("follows", *options) as name:
            eventually(lambda: get(probes, "/readyz")[0] == 200)
            assert greeting(port) == "hello"
            assert console.end() == 0
            assert greeting(port) == "hello", "the console is away"
            engine("stop", "-t", "20", name)
            engine("start", name)
            eventually(lambda: get(probes, "/readyz")[0] == 200)
            assert greeting(port) == "hello", "restarted with the console away"
        with engine.running("follows-too", *options):
            eventually(lambda: get(probes, "/readyz")[0] == 200)
            assert greeting(port) == "hello", "another container with the same state"
    finally:
        console.kill()
        engine("volume", "rm", "-f", "es-state", check=False)
