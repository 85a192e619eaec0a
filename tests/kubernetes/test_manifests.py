"""What is promised of the manifests, asked of every overlay."""

import importlib
import re
from pathlib import Path

import msgspec
import pytest
import yaml

from edgescript.cli import COMMANDS
from runtime.config import Config
from runtime.console.api.files import PREFIX
from tests.kubernetes.handbook import overlay_of_the_handbook
from tests.kubernetes.manifests import (
    OVERLAYS,
    needs,
    objects,
    of_kind,
    pause_s,
    run,
    settings,
    text,
    workloads,
)

pytestmark = [needs("kubectl"), pytest.mark.xdist_group("manifests")]

overlays = pytest.mark.parametrize("overlay", OVERLAYS)
RELEASES = ("1.30.0", "1.34.0", "1.37.0")
WRITING_S = 10
"""A worker's time to write what is to be kept, beyond `drain_s`."""
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
}
"""Of the restricted profile of pod security, and a root that cannot be written."""
ROOT_FOR_A_MOMENT = {"own-state"}
"""Containers that run before the node's and are root, with CHOWN and no other capability."""


def containers(template):
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


@overlays
@needs("kubernetes-validate")
@pytest.mark.parametrize("release", RELEASES)
def test_the_schemas_of_the_api_accept_it(overlay, release, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(text(overlay))
    status, said = run("kubernetes-validate", "--strict", "-k", release, path)
    assert status == 0, said
    assert said.count("passed") == len(objects(overlay)), said


@overlays
@needs("checkov")
def test_the_policy_has_nothing_against_it(overlay, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(text(overlay))
    status, said = run("checkov", "-f", path, "--config-file", ".checkov.yaml")
    assert status == 0, said


@overlays
def test_pods_are_restricted(overlay):
    for _, template in workloads(overlay):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec.get("hostNetwork")
        assert not spec.get("hostPID")
        for container in containers(template):
            context = container["securityContext"]
            assert CONTAINER.items() <= context.items(), container["name"]
            assert context["capabilities"]["drop"] == ["ALL"]
            if container["name"] in ROOT_FOR_A_MOMENT:
                assert context["capabilities"]["add"] == ["CHOWN"]
            else:
                assert not context.keys() & {"runAsUser", "privileged"}
                assert "add" not in context["capabilities"]


@overlays
def test_containers_are_bounded_and_pinned_to_what_is_there(overlay):
    for _, template in workloads(overlay):
        for container in containers(template):
            assert set(container["resources"]["limits"]) == {"cpu", "memory"}
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert container["imagePullPolicy"] == "IfNotPresent"
            assert re.search(r":\d+\.\d+\.\d+$", container["image"]), container["image"]
        for volume in template["spec"]["volumes"]:
            empty = volume.get("emptyDir")
            assert empty is None or empty.get("sizeLimit") or volume["name"] == "site"


@overlays
def test_nodes_and_consoles_are_probed_three_ways(overlay):
    for _, template in workloads(overlay):
        for container in template["spec"]["containers"]:
            probes = {each for each in container if each.endswith("Probe")}
            assert probes >= {"readinessProbe", "livenessProbe"}
            assert "startupProbe" in probes or container["name"] == "app"


@overlays
def test_settings_are_those_of_a_node(overlay):
    for _, table in settings(overlay):
        msgspec.convert(table, Config).check()


def variables_of(arguments):
    """Names in the environment that `edgescript ARGUMENTS` reads."""
    command = importlib.import_module(COMMANDS[arguments[0]]).command
    return {parameter.envvar for parameter in command.params}


@overlays
def test_what_is_put_in_the_environment_is_read(overlay):
    for _, template in workloads(overlay):
        for container in containers(template):
            named = {each["name"] for each in container.get("env", [])}
            assert not named or named <= variables_of(container["args"])


def test_limits_across_nodes_are_counted_where_the_secret_says():
    [(_, template)] = [pair for pair in workloads("ha") if pair[0] == "edgescript-edge"]
    [edge] = template["spec"]["containers"]
    [redis] = [each for each in edge["env"] if each["name"] == "EDGESCRIPT_REDIS"]
    assert redis["valueFrom"]["secretKeyRef"] == {"name": "edgescript-redis", "key": "url"}


def test_replicas_of_the_console_find_their_keys_and_their_database():
    [(_, template)] = [pair for pair in workloads("ha") if pair[0] == "edgescript-console"]
    [console] = template["spec"]["containers"]
    data = console["args"][console["args"].index("--data") + 1]
    mounts = {each["name"]: each["mountPath"] for each in console["volumeMounts"]}
    assert mounts["keys"] == f"{data}/keys"
    assert "EDGESCRIPT_DATABASE" in {each["name"] for each in console["env"]}


@overlays
def test_a_pod_is_given_the_time_that_its_answers_take(overlay):
    for name, table in settings(overlay):
        [template] = [template for workload, template in workloads(overlay) if name.startswith(workload)]
        [edge] = [each for each in template["spec"]["containers"] if each["name"] == "edge"]
        ends_s = pause_s(edge) + table["lame_duck_s"] + table["drain_s"]
        assert template["spec"]["terminationGracePeriodSeconds"] >= ends_s + WRITING_S
        for other in template["spec"]["containers"]:
            assert other is edge or pause_s(other) > ends_s, "the edge's last answers need it"


@overlays
def test_ports_that_are_probed_are_those_that_are_listened_on(overlay):
    for name, table in settings(overlay):
        [template] = [template for workload, template in workloads(overlay) if name.startswith(workload)]
        [edge] = [each for each in template["spec"]["containers"] if each["name"] == "edge"]
        ports = {each["name"]: each["containerPort"] for each in edge["ports"]}
        assert table["listen"] == f"0.0.0.0:{ports['http']}"
        assert table["probes"] == f"0.0.0.0:{ports['probes']}"
        assert table["admin"].startswith("127.0.0.1:"), "who can purge is in the pod"


@overlays
def test_state_is_in_a_folder_of_its_own_within_a_volume(overlay):
    """Which the kubelet makes as root, writable for the pod's group; a node wants a folder that is its user's alone."""
    for name, table in settings(overlay):
        [template] = [template for workload, template in workloads(overlay) if name.startswith(workload)]
        [edge] = [each for each in template["spec"]["containers"] if each["name"] == "edge"]
        [mount] = [each["mountPath"] for each in edge["volumeMounts"] if each["name"] == "state"]
        assert Path(mount) in Path(table["state_dir"]).parents


@overlays
def test_a_full_disk_cache_leaves_room_in_its_volume(overlay):
    """The kubelet evicts a pod whose `emptyDir` is over its limit; bodies being written come on top of `disk_cache_bytes`."""
    for name, table in settings(overlay):
        [template] = [template for workload, template in workloads(overlay) if name.startswith(workload)]
        [state] = [each for each in template["spec"]["volumes"] if each["name"] == "state"]
        config = msgspec.convert(table, Config)
        being_written = config.workers * config.disk_cache_bytes // 4
        if "emptyDir" in state:
            room = mebibytes(state["emptyDir"]["sizeLimit"]) << 20
            assert config.disk_cache_bytes + being_written < room, name


def mebibytes(quantity):
    number, unit = int(quantity[:-2]), quantity[-2:]
    return number * {"Mi": 1, "Gi": 1024}[unit]


@overlays
def test_every_workload_is_behind_a_network_policy(overlay):
    chosen = [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(overlay, "NetworkPolicy")]
    for name, template in workloads(overlay):
        labels = template["metadata"]["labels"]
        assert any(match.items() <= labels.items() for match in chosen), name


@overlays
def test_what_can_be_moved_has_a_disruption_budget(overlay):
    budgets = [each["spec"]["selector"]["matchLabels"] for each in of_kind(overlay, "PodDisruptionBudget")]
    for each in of_kind(overlay, "Deployment"):
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert any(match.items() <= labels.items() for match in budgets), each["metadata"]["name"]


@overlays
def test_replicas_are_kept_on_different_machines(overlay):
    for each in of_kind(overlay, "Deployment"):
        template = each["spec"]["template"]
        constraints = template["spec"].get("topologySpreadConstraints", [])
        assert each["spec"]["replicas"] == 1 or constraints, each["metadata"]["name"]
        for constraint in constraints:
            assert constraint["topologyKey"] == "kubernetes.io/hostname"
            assert (
                constraint["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
            )


@overlays
def test_a_node_that_is_cut_off_keeps_its_pod(overlay):
    for each in of_kind(overlay, "DaemonSet"):
        tolerated = {
            (each["key"], each.get("effect"))
            for each in each["spec"]["template"]["spec"]["tolerations"]
            if "tolerationSeconds" not in each
        }
        wanted = {
            ("node.kubernetes.io/unreachable", "NoExecute"),
            ("node.kubernetes.io/not-ready", "NoExecute"),
        }
        assert wanted <= tolerated


def test_pools_of_one_cluster_have_namespaces_of_their_own():
    [edge] = of_kind("ack-edge", "DaemonSet")
    pool = edge["spec"]["template"]["spec"]["nodeSelector"]["alibabacloud.com/nodepool-id"]
    [namespace] = of_kind("ack-edge", "Namespace")
    assert namespace["metadata"]["name"] == edge["metadata"]["namespace"] == f"edgescript-{pool}"


def test_regions_differ_in_their_name_alone():
    east, west = text("region-east"), text("region-west")
    assert east != west
    assert east.replace("east", "west") == west


def test_a_region_keeps_its_state_on_the_node_and_its_images_in_its_mirror():
    [edge] = of_kind("region-east", "DaemonSet")
    spec = edge["spec"]["template"]["spec"]
    [state] = [each for each in spec["volumes"] if each["name"] == "state"]
    assert state["hostPath"]["path"] == "/var/lib/edgescript"
    assert all(each["image"].startswith("registry.east.") for each in containers(edge["spec"]["template"]))
    assert spec["imagePullSecrets"] == [{"name": "edgescript-registry"}]


def test_nodes_without_a_console_wait_for_no_token_and_their_scripts_are_beside_their_settings():
    [(_, template)] = workloads("gitops")
    [edge] = template["spec"]["containers"]
    assert "EDGESCRIPT_CONSOLE" not in {each["name"] for each in edge["env"]}
    assert not [each for each in template["spec"]["volumes"] if "secret" in each]
    assert {each["name"] for each in edge["volumeMounts"]} == {
        each["name"] for each in template["spec"]["volumes"]
    }
    [texts] = [each["data"] for each in of_kind("gitops", "ConfigMap")]
    [(name, table)] = settings("gitops")
    assert name == "edgescript-edge", "without a hash, a change comes to the pods that run"
    assert table["watch"] is True
    assert {script for site in table["sites"] for script in site["scripts"]} == texts.keys() - {"edge.toml"}


def test_a_sidecar_is_allowed_in_a_namespace_that_enforces_the_restricted_profile():
    [namespace] = of_kind("sidecar", "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    [(_, template)] = workloads("sidecar")
    assert not [port for each in containers(template) for port in each.get("ports", []) if "hostPort" in port]
    assert not [each for each in template["spec"]["volumes"] if "hostPath" in each]


def test_the_database_may_have_another_port(tmp_path):
    changed = overlay_of_the_handbook("another port", tmp_path)
    [policy] = [
        each
        for each in changed
        if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "edgescript-console")
    ]
    ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert ports == [53, 53, 6432]


@needs("kubernetes-validate")
@pytest.mark.parametrize("release", RELEASES)
def test_the_console_from_outside_is_its_page_and_its_api(release, tmp_path):
    changed = overlay_of_the_handbook("from outside", tmp_path)
    [ingress] = [each for each in changed if each["kind"] == "Ingress"]
    path = tmp_path / "ingress.yaml"
    path.write_text(yaml.safe_dump(ingress))
    status, said = run("kubernetes-validate", "--strict", "-k", release, path)
    assert status == 0, said
    [rule] = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]] == ["edge.example.net"]
    paths = {(each["path"], each["pathType"]) for each in rule["http"]["paths"]}
    assert paths == {("/", "Exact"), (PREFIX, "Prefix"), ("/api/", "Prefix")}
    [service] = [each for each in changed if each["kind"] == "Service"]
    [port] = service["spec"]["ports"]
    for each in rule["http"]["paths"]:
        assert each["backend"]["service"] == {
            "name": service["metadata"]["name"],
            "port": {"name": port["name"]},
        }
    [pod] = [each["spec"]["template"]["spec"] for each in changed if each["kind"] == "Deployment"]
    assert pod["containers"][0]["args"][-2:] == ["--behind", "10.244.0.0/16"]


def test_pods_are_given_what_a_registry_wants_by_a_component(tmp_path):
    changed = overlay_of_the_handbook("a registry with a password", tmp_path)
    pods = [each["spec"]["template"]["spec"] for each in changed if "template" in each.get("spec", {})]
    assert [pod["imagePullSecrets"] for pod in pods] == [[{"name": "edgescript-registry"}]] * 2
    images = {each["image"] for pod in pods for each in pod["containers"]}
    assert images == {"registry.example.com/edge/edgescript:0.1.0"}


def test_the_console_past_one_machine_has_no_volume_of_its_own():
    assert of_kind("ha", "PersistentVolumeClaim") == []
    [console] = of_kind("ha", "Deployment")
    assert console["spec"]["replicas"] == 2
