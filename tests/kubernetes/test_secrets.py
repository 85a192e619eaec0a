"""What the handbook has put into secrets is under the names that pods look for."""

import base64

import pytest
import yaml

from tests.kubernetes.manifests import needs, run, workloads
from tests.support.command import run_command

pytestmark = [needs("kubectl"), pytest.mark.xdist_group("manifests")]


def secret(name, source):
    """As `kubectl create secret generic` makes it, with no cluster."""
    status, said = run(
        "kubectl", "create", "secret", "generic", name, source, "--dry-run=client", "-o", "yaml"
    )
    assert status == 0, said
    return {key: base64.b64decode(value) for key, value in yaml.safe_load(said)["data"].items()}


def volume(workload, name):
    """The secret behind a volume of a workload of the overlay `ha`."""
    [(_, template)] = [pair for pair in workloads("ha") if pair[0] == workload]
    [found] = [each["secret"] for each in template["spec"]["volumes"] if each["name"] == name]
    return found["secretName"]


def test_the_keys_of_a_console_become_the_files_that_replicas_read(tmp_path):
    assert run_command("console", "--data", tmp_path / "first", "--check").status == 0
    keys = secret(volume("edgescript-console", "keys"), f"--from-file={tmp_path / 'first' / 'keys'}")
    assert set(keys) == {"store.key", "signing-1.key"}
    assert {len(key) for key in keys.values()} == {32}


def test_the_node_s_token_is_under_its_name(tmp_path):
    (tmp_path / "node.token").write_text("a token\n")
    data = secret(volume("edgescript-edge", "token"), f"--from-file=token={tmp_path / 'node.token'}")
    assert data == {"token": b"a token\n"}
