"""The sidecar's pod, as `deploy/kubernetes/overlays/sidecar` has it, played by podman: real volumes, limits, permissions."""

import contextlib
import copy
import sys
from pathlib import Path

import pytest
import yaml

from tests.image.containers import IMAGE, eventually, needed
from tests.image.test_image import free_port, get
from tests.kubernetes.manifests import needs, objects

pytestmark = [
    needed,
    needs("kubectl"),
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("containers"),
]


@contextlib.contextmanager
def played(engine, folder, port, probes):
    """The Deployment's pod and its ConfigMap; ports of the machine lead to it. Gives the path of the ConfigMap's volume."""
    deployment, settings = (
        copy.deepcopy(next(each for each in objects("sidecar") if each["kind"] == kind))
        for kind in ("Deployment", "ConfigMap")
    )
    template = deployment["spec"]["template"]
    for container in template["spec"]["containers"]:
        container |= {"image": IMAGE, "imagePullPolicy": "Never"}
        container.pop("startupProbe", None)  # podman knows none
        for listening in container.get("ports", ()):
            listening |= {
                "hostIP": "127.0.0.1",
                "hostPort": {"http": port, "probes": probes}[listening["name"]],
            }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sidecar", **template["metadata"]}}
    path = folder / "pod.yaml"
    path.write_text(yaml.safe_dump_all([settings, {**pod, "spec": template["spec"]}]))
    engine("kube", "play", "--network", "podman", path, within_s=120)
    try:
        yield Path(engine("volume", "inspect", settings["metadata"]["name"], "--format", "{{.Mountpoint}}"))
    finally:
        for name in ("sidecar-app", "sidecar-edge"):
            sys.stdout.write(engine.logs(name))
        engine("kube", "down", path, check=False)


def test_the_node_stands_before_the_server_and_takes_its_scripts_from_the_volume(engine, tmp_path):
    port, probes = free_port(), free_port()
    with played(engine, tmp_path, port, probes) as volume:
        eventually(lambda: get(probes, "/readyz")[0] == 200)
        assert get(port, "/hello") == (200, b"hello from the sidecar")
        status, page, headers = get(port, "/", with_headers=True)
        assert (status, headers["X-Served-By"]) == (200, "edgescript")
        assert b"Directory listing" in page, "of the server behind it"
        (volume / "hello.es").write_text("exit(200, 'changed')\n")
        eventually(lambda: get(port, "/hello") == (200, b"changed"), within_s=10)
