"""The Helm chart says what the overlays say: it renders their manifests, with values in place of patches."""

import functools
import json
import subprocess
import tomllib

import pytest
import yaml

from runtime.config.settings import Config
from tests.kubernetes.manifests import ROOT, needs, objects, run

CHART = ROOT / "deploy" / "helm" / "edgescript"
RENDER = ROOT / "tests" / "kubernetes" / "render_chart.py"
PYTHON = ROOT / ".venv-deploy" / "bin" / "python"
pytestmark = [needs("kubectl", "cyclonedx-py"), pytest.mark.xdist_group("manifests")]

TOLERATES_EDGE = {"key": "node-role.kubernetes.io/edge", "operator": "Exists", "effect": "NoSchedule"}
REGISTRY = "registry.{}example.com/edge/edgescript"
OVERLAYS = {
    "demo": {},
    "ha": {
        "image": {"repository": REGISTRY.format("")},
        "console": {"database": "edgescript-database"},
        "edge": {
            "redis": "edgescript-redis",
            "nodeSelector": {"node-role.kubernetes.io/edge": ""},
            "tolerations": [TOLERATES_EDGE],
        },
    },
    "region-east": {
        "image": {"repository": REGISTRY.format("east.")},
        "console": {"enabled": False},
        "edge": {
            "console": "https://console.example.com",
            "stateOnNode": True,
            "nodeSelector": {"openyurt.io/is-edge-worker": "true", "apps.openyurt.io/nodepool": "east"},
            "annotations": {
                "apps.openyurt.io/update-strategy": "AdvancedRollingUpdate",
                "apps.openyurt.io/max-unavailable": "10%",
            },
            "updateStrategy": {"type": "OnDelete"},
        },
    },
}
"""Of some overlays, the values that say the same."""


def rendered(values):
    """The documents, and what is wrong."""
    ran = subprocess.run(
        [PYTHON, RENDER, CHART],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(ran.stdout)
    texts = (text for name, text in answer["rendered"].items() if name.endswith(".yaml"))
    return [each for text in texts for each in yaml.safe_load_all(text) if each], answer["wrong"]


@functools.cache
def charted(overlay):
    documents, wrong = rendered(OVERLAYS[overlay])
    assert wrong == []
    return documents


def in_one_form(objects):
    """By kind and name, without what says only who has rendered it, and with lists of named things in one order."""
    return {
        (each["kind"], _base_name(each)): _plain(each)
        for each in json.loads(json.dumps(objects))
        if each["kind"] != "Namespace"
    }


def _base_name(each):
    name = each["metadata"]["name"]
    # kustomize adds a hash of what is in it
    return name.rpartition("-")[0] if each["kind"] == "ConfigMap" and name.count("-") > 1 else name


def _plain(each):
    each["metadata"]["name"] = _base_name(each)
    each["metadata"].pop("namespace", None)
    if each["kind"] == "PersistentVolumeClaim":
        each["metadata"].pop("annotations", None)
    pod = each.get("spec", {}).get("template")
    if pod is not None:
        pod["metadata"]["annotations"].pop("checksum/settings", None)
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                volume["configMap"]["name"] = "edgescript-edge"
    return _sorted(each)


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=json.dumps) if value and isinstance(value[0], dict) else value
    return value


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_renders_what_the_overlay_renders(overlay):
    assert in_one_form(charted(overlay)) == in_one_form(objects(overlay))


@needs("kubernetes-validate")
@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("release", ["1.30.0", "1.37.0"])
def test_the_schemas_of_the_api_accept_it(overlay, release, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(charted(overlay)))
    status, said = run("kubernetes-validate", "--strict", "-k", release, path)
    assert status == 0, said
    assert said.count("passed") == len(charted(overlay)), said


@needs("checkov")
def test_the_policy_has_nothing_against_it(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(charted("ha")))
    status, said = run("checkov", "-f", path, "--config-file", ".checkov.yaml")
    assert status == 0, said


def test_settings_of_ones_own_are_those_of_the_pod_and_make_it_another():
    settings = 'listen = "0.0.0.0:8080"\norigin = "http://origin.example"\n'
    own, wrong = rendered({"edge": {"settings": settings}})
    assert wrong == []
    [text] = [each["data"]["edge.toml"] for each in own if each["kind"] == "ConfigMap"]
    assert tomllib.loads(text) == tomllib.loads(settings)
    assert Config(**tomllib.loads(text)).origin == "http://origin.example"
    assert _pod_annotations(own) != _pod_annotations(charted("demo"))


def _pod_annotations(documents):
    [pod] = [each["spec"]["template"] for each in documents if each["kind"] == "DaemonSet"]
    return pod["metadata"]["annotations"]


def _of_kind(documents, kind):
    return [each for each in documents if each["kind"] == kind]


def test_the_store_and_the_keys_outlive_the_release():
    [volume] = _of_kind(charted("demo"), "PersistentVolumeClaim")
    assert volume["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_cluster_has_one_priority_class_however_many_releases():
    second, wrong = rendered({"edge": {"priorityClass": False}})
    assert wrong == []
    assert _of_kind(charted("demo"), "PriorityClass")
    assert not _of_kind(second, "PriorityClass")
    [first], [other] = _of_kind(charted("demo"), "DaemonSet"), _of_kind(second, "DaemonSet")
    assert first == other


def test_resources_that_are_not_given_are_those_of_the_manifest():
    given, wrong = rendered(
        {
            "edge": {"resources": {"limits": {"memory": "4Gi"}}},
            "console": {"resources": {"requests": {"cpu": "1"}}},
        }
    )
    assert wrong == []
    for kind, changed in (
        ("DaemonSet", ("limits", "memory", "4Gi")),
        ("Deployment", ("requests", "cpu", "1")),
    ):
        [[was], [now]] = (
            [each["spec"]["template"]["spec"]["containers"][0]["resources"] for each in _of_kind(of, kind)]
            for of in (charted("demo"), given)
        )
        part, name, value = changed
        assert now == {**was, part: {**was[part], name: value}}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"edge": {"consol": "http://c"}}, "consol"),
        ({"edge": {"console": "c"}}, "console"),
        ({"console": {"replicas": 0}}, "replicas"),
        ({"edge": {"nodeSelector": {"openyurt.io/is-edge-worker": True}}}, "is-edge-worker"),
        ({"edge": {"annotations": {"apps.openyurt.io/max-unavailable": 1}}}, "max-unavailable"),
    ],
)
def test_wrong_values_are_refused_by_name(values, wanted):
    _, wrong = rendered(values)
    assert wrong
    assert wanted in " ".join(wrong)


def test_the_release_is_the_projects():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]
