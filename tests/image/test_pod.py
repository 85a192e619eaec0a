"""
Pods that take their scripts from a ConfigMap, as `deploy/kubernetes/overlays/{sidecar,gitops}` have them, played by podman:
real limits, permissions, probes.

Its volumes are folders that look as the kubelet's do (`volumes`).
"""

import contextlib
import copy
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from tests.image.containers import IMAGE, eventually, get, needed
from tests.image.volumes import Volumes
from tests.kubernetes.manifests import needs, objects
from tests.support.ports import free_port

pytestmark = [
    needed,
    needs("kubectl"),
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("containers"),
]


LEFT_TO_KUBERNETES = ("initContainers", "priorityClassName", "tolerations", "serviceAccountName")
"""Of a pod: podman gives folders to the user of the image, and has one machine."""


class Pod:
    def __init__(self, engine, folder, overlay="sidecar", kind="Deployment"):
        self.port, self.probes = free_port(), free_port()
        self._engine = engine
        self._file = folder / "pod.yaml"
        [template] = [each["spec"]["template"] for each in objects(overlay) if each["kind"] == kind]
        [texts] = [each["data"] for each in objects(overlay) if each["kind"] == "ConfigMap"]
        self._settings = {name: text.encode() for name, text in texts.items()}
        spec = {
            key: copy.deepcopy(value)
            for key, value in template["spec"].items()
            if key not in LEFT_TO_KUBERNETES
        }
        self._volumes = Volumes(folder, spec["securityContext"]["fsGroup"])
        self.config = self._volumes.files("config", self._settings)
        for volume in spec["volumes"]:
            name = volume.pop("name")
            path = self.config if volume.pop("configMap", None) else self._volumes.empty(name)
            volume.clear()
            volume |= {"name": name, "hostPath": {"path": str(path), "type": "Directory"}}
        for container in spec["containers"]:
            container |= {"image": IMAGE, "imagePullPolicy": "Never"}
            for key in ("startupProbe", "env"):  # podman knows neither such a probe nor the name of a machine
                container.pop(key, None)
            for listening in container.get("ports", ()):
                at = {"http": self.port, "probes": self.probes}[listening["name"]]
                listening |= {"hostIP": "127.0.0.1", "hostPort": at}
        self._containers = [f"{overlay}-{each['name']}" for each in spec["containers"]]
        metadata = {"name": overlay, **template["metadata"]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        self._file.write_text(yaml.safe_dump(pod))

    @contextlib.contextmanager
    def played(self):
        self._engine("kube", "play", "--network", "podman", self._file, within_s=120)
        try:
            eventually(lambda: get(self.probes, "/readyz")[0] == 200)
            yield self
        finally:
            for name in self._containers:
                sys.stdout.write(self._engine.logs(name))
            self._engine("kube", "down", self._file, check=False)

    def script(self, text):
        """A new ConfigMap comes to the pod."""
        self._volumes.replace(self.config, {**self._settings, "hello.es": text.encode()})

    def says(self, body, within_s, **fields):
        began_s = time.monotonic()
        eventually(lambda: get(self.port, "/hello", **fields) == (200, body), within_s=within_s)
        return time.monotonic() - began_s

    def trouble(self):
        return yaml.safe_load(get(self.probes, "/readyz")[1])["trouble"]


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="es-pod-"))  # pytest's own folders are closed to the pod's user
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def pod(engine, folder):
    return Pod(engine, folder)


def test_the_node_stands_before_the_server_and_takes_its_scripts_from_the_volume(pod):
    with pod.played():
        assert get(pod.port, "/hello") == (200, b"hello from the sidecar")
        status, page, headers = get(pod.port, "/", with_headers=True)
        assert (status, headers["X-Served-By"]) == (200, "edgescript")
        assert b"Directory listing" in page, "of the server behind it"
        assert pod.trouble() == [], "state is kept"
        pod.script("exit(200, 'changed')\n")
        assert pod.says(b"changed", within_s=10) < 2, "a second, and what a busy machine adds"


def test_a_broken_script_in_the_volume_leaves_what_is_served_and_is_told(pod):
    with pod.played():
        pod.script("exit(200, \n")
        eventually(lambda: pod.trouble() == ["reload: errors in scripts"])
        assert get(pod.port, "/hello") == (200, b"hello from the sidecar")
        assert get(pod.probes, "/readyz")[0] == 200
        assert b'edgescript_reloads_total{outcome="failed"} 1' in get(pod.probes, "/metrics")[1]
        pod.script("exit(200, 'mended')\n")
        pod.says(b"mended", within_s=10)
        assert pod.trouble() == []


def test_a_node_without_a_console_serves_the_sites_of_its_configmap_and_what_is_committed_next(
    engine, folder
):
    pod = Pod(engine, folder, overlay="gitops", kind="DaemonSet")
    with pod.played():
        pod.says(b"hello from the edge", within_s=10, Host="shop.example")
        assert get(pod.port, "/hello", Host="other.example")[0] != 200
        pod.script("exit(200, 'changed')\n")
        assert pod.says(b"changed", within_s=10, Host="shop.example") < 2, (
            "a second, and what a busy machine adds"
        )
        assert pod.trouble() == [], "state is kept"
