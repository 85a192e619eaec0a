"""
What docs/kubernetes/README.md has done by `kubectl` to a console, done: the console is a container with the manifest's volume,
and kubectl does what a cluster would have done there.
"""

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.image.containers import ROOT, eventually, get, needed
from tests.kubernetes.handbook import overlay_of_the_handbook
from tests.kubernetes.manifests import arguments, needs, program
from tests.support.ports import free_port

pytestmark = [needed, needs("kubectl"), pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]

KUBECTL = """#!/bin/sh
[ "$1 $2" = "-n edgescript-demo" ] || exit 64
shift 2
case "$1 $2" in
    "exec deployment/edgescript-console") shift 3; exec podman exec {container} "$@" ;;
    "exec -i") shift 4; exec podman exec -i {container} "$@" ;;
    "create secret") exec {kubectl} "$@" --dry-run=client -o yaml >secret.yaml ;;
    "wait --for=condition=Available" | "rollout status" | "port-forward service/edgescript-console") ;;
    *) exit 64 ;;
esac
"""
"""Whatever else is asked of it is an error."""


def commands(pattern):
    """The block of the page that matches."""
    page = (ROOT / "docs" / "kubernetes" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^((?:<!-- \S+ -->\n)?)```\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    [found] = [text for mark, text in blocks if re.search(pattern, mark + text)]
    return found


class Person:
    """Somebody at a terminal, in a folder."""

    def __init__(self, engine, folder, container):
        self.folder = folder
        kubectl = folder / "kubectl"
        kubectl.write_text(KUBECTL.format(container=container, kubectl=program("kubectl")))
        kubectl.chmod(0o755)
        self._environment = {
            **engine.environment,
            "PATH": f"{folder}:{Path(sys.executable).parent}:{engine.environment['PATH']}",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def types(self, text):
        """What is printed; the first command that fails is an error."""
        ran = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def port():
    return free_port()


def rotation():
    """The command that the page on keys has for a console with a volume."""
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    [command] = re.findall(r"`(kubectl exec deployment/edgescript-console -- [^`]* rotate)`", page)
    return command.replace("kubectl", "kubectl -n edgescript-demo", 1).replace("\n", " ")


def serving(port):
    eventually(lambda: get(port, "/readyz")[0] == 200)


def test_the_first_token_signs_in_and_is_gone_and_nodes_have_theirs(engine, volumes, tmp_path, port):
    data = volumes.empty("data")
    mounted = ("-v", f"{data}:/var/lib/edgescript")
    with engine.running("first", *mounted, command=arguments("demo", port)) as name:
        serving(port)
        person = Person(engine, tmp_path, name)
        block = commands("edgescript login")
        assert block.count("127.0.0.1:8090") == 2
        assert "signed in" in person.types(block.replace("127.0.0.1:8090", f"127.0.0.1:{port}"))
        secret = yaml.safe_load((tmp_path / "secret.yaml").read_text())
        assert secret["metadata"]["name"] == "edgescript-node"
        token = base64.b64decode(secret["data"]["token"]).decode().strip()
        asked = "/api/v1/nodes/box/manifest?generation=0&wait=0"
        assert get(port, asked, Authorization=f"Bearer {token}")[0] not in (401, 403)
        assert get(port, asked, Authorization="Bearer est_wrong")[0] == 401
        assert "demo nodes" in person.types("edgescript tokens")
        assert "signs from now on" in person.types(rotation())
        engine("restart", "-t", "10", name)
        serving(port)
        assert not (data / "operator.token").exists(), "there is an operator, so none is made again"
        assert [path.name for path in tmp_path.glob("*.token")] == []


def stopped(folder):
    """What the console's container runs with the component that stops it."""
    changed = overlay_of_the_handbook("a console that is stopped", folder)
    [pod] = [each["spec"]["template"]["spec"] for each in changed if each["kind"] == "Deployment"]
    [container] = pod["containers"]
    assert not [key for key in container if key == "args" or key.endswith("Probe")]
    return container["command"]


def test_a_copy_is_restored_into_a_new_volume(engine, volumes, tmp_path, port):
    lost, new = volumes.empty("lost"), volumes.empty("new")
    with engine.running(
        "copied", "-v", f"{lost}:/var/lib/edgescript", command=arguments("demo", port)
    ) as name:
        serving(port)
        person = Person(engine, tmp_path, name)
        person.types(
            f"kubectl -n edgescript-demo exec deployment/edgescript-console -- cat /var/lib/edgescript/operator.token"
            f" | edgescript login http://127.0.0.1:{port} --token-file -"
        )
        person.types("edgescript domains create shop --host shop.example --origin http://origin.example")
        person.types(commands("<!-- copy -->"))
        assert not (lost / "copy.db").exists()
    mounted = ("-v", f"{new}:/var/lib/edgescript")
    entry, *rest = stopped(tmp_path)
    with engine.running("restored", *mounted, f"--entrypoint={entry}", command=rest) as name:
        assert "intact" in Person(engine, tmp_path, name).types(commands("<!-- restore -->"))
        engine("stop", "-t", "5", name)
        assert engine.inspect(name)["State"]["ExitCode"] == 0, "it ends when it is told to"
    with engine.running("again", *mounted, command=arguments("demo", port)):
        serving(port)
        assert "shop.example" in person.types("edgescript domains")
        assert not (new / "operator.token").exists()
