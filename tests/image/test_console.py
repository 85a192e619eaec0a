"""The console from the same image, with volumes as the kubelet makes them: alone, and as replicas with a secret's keys."""

import pytest

from tests.image.containers import eventually, get, needed
from tests.kubernetes.manifests import arguments, needs
from tests.support.ports import free_port
from tests.support.postgresql import Server, programs

pytestmark = [needed, needs("kubectl"), pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]


def test_it_keeps_its_store_in_a_volume(engine, volumes):
    port = free_port()
    data = volumes.empty("data")
    options = (
        *("-v", f"{data}:/var/lib/edgescript"),
        *("-e", f"EDGESCRIPT_HEALTH=http://127.0.0.1:{port}/healthz"),
    )
    with engine.running("console", *options, command=arguments("demo", port)) as name:
        eventually(lambda: get(port, "/readyz")[0] == 200)
        engine("healthcheck", "run", name)
        assert get(port, "/")[0] == 200, "the page is in the image"
        assert engine("exec", name, "cat", "/var/lib/edgescript/operator.token").startswith("est_")
    closed = {path.name for path in data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077 == 0}
    assert {"console.db", "operator.token", "store.key", "signing-1.key"} <= closed


@pytest.mark.skipif(programs() is None, reason="not installed: PostgreSQL")
def test_replicas_take_their_keys_from_a_secret(engine, volumes):
    made = volumes.empty("made")
    engine.ended("-v", f"{made}:/data", command=("console", "--data", "/data/first", "--check"))
    keys = {path.name: path.read_bytes() for path in (made / "first" / "keys").iterdir()}
    assert set(keys) == {"store.key", "signing-1.key"}
    secret = volumes.files("keys", keys, mode=0o440)
    server = Server(programs())
    try:
        server.open_to_all()
        database = server.url(server.new_database())
        for number in range(2):
            port = free_port()
            options = (
                *("-v", f"{volumes.empty(f'data{number}')}:/var/lib/edgescript"),
                *("-v", f"{secret}:/var/lib/edgescript/keys:ro"),
                *("-v", f"{server.folder}:{server.folder}", "-e", f"EDGESCRIPT_DATABASE={database}"),
            )
            with engine.running(f"replica-{number}", *options, command=arguments("ha", port)) as name:
                eventually(lambda port=port: get(port, "/readyz")[0] == 200)
                command = (
                    "edgescript",
                    "console",
                    "--data",
                    "/var/lib/edgescript",
                    "token",
                    "first operator",
                )
                assert engine("exec", name, *command).startswith("est_")
                rotate = ("edgescript", "console", "--data", "/var/lib/edgescript", "rotate")
                assert engine("exec", name, *rotate, check=False) == "", "the secret is not to be written"
    finally:
        server.stop()
