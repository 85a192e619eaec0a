"""The Helm chart says what the overlays say: it renders their manifests, with values in place of patches."""

import json
import tomllib

import pytest
import yaml

from runtime.config.settings import Config
from tests.kubernetes.charted import CHART, OVERLAYS, charted, rendered
from tests.kubernetes.handbook import overlay_of_the_handbook
from tests.kubernetes.manifests import ROOT, needs, objects, run

pytestmark = [needs("kubectl", "cyclonedx-py"), pytest.mark.xdist_group("manifests")]


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
        ({"edge": {"console": "None"}}, "console"),
        ({"edge": {"files": {"edge.toml": ""}}}, "edge.toml"),
        ({"console": {"replicas": 0}}, "replicas"),
        ({"console": {"databasePort": 0}}, "databasePort"),
        ({"image": {"pullSecrets": [{"name": "registry"}]}}, "pullSecrets"),
        ({"edge": {"nodeSelector": {"openyurt.io/is-edge-worker": True}}}, "is-edge-worker"),
        ({"edge": {"annotations": {"apps.openyurt.io/max-unavailable": 1}}}, "max-unavailable"),
    ],
)
def test_wrong_values_are_refused_by_name(values, wanted):
    _, wrong = rendered(values)
    assert wrong
    assert wanted in " ".join(wrong)


@pytest.mark.parametrize(
    ("edge", "wanted"),
    [
        ({}, "edge.console: want the URL of a console, since console.enabled is false"),
        ({"console": "none"}, "edge.settings: want edge.toml with the sites that nodes serve"),
    ],
)
def test_nodes_are_not_left_without_what_they_serve(edge, wanted):
    _, wrong = rendered({"console": {"enabled": False}, "edge": edge})
    assert wanted in " ".join(wrong)


def test_the_console_from_outside_is_the_component_s(tmp_path):
    documents, wrong = rendered({"console": {"host": "edge.example.net", "behind": ["10.244.0.0/16"]}})
    assert wrong == []
    shown = in_one_form(overlay_of_the_handbook("from outside", tmp_path))
    charted = in_one_form(documents)
    for kind in ("Ingress", "Deployment"):
        [own], [other] = ([each for where, each in of.items() if where[0] == kind] for of in (charted, shown))
        for each in (own, other):
            each["metadata"].pop("labels", None)
            each["spec"].get("template", {"spec": {"containers": [{}]}})["spec"]["containers"][0].pop(
                "image", ""
            )
        assert own == other
    classed, wrong = rendered(
        {
            "console": {
                "host": "e.example",
                "ingressClass": "nginx",
                "ingressAnnotations": {"a.example/b": "c"},
            }
        }
    )
    assert wrong == []
    [ingress] = _of_kind(classed, "Ingress")
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["metadata"]["annotations"]["a.example/b"] == "c"
    assert len(ingress["metadata"]["annotations"]) > 1


def test_every_pod_is_given_what_the_registry_wants():
    documents, wrong = rendered({"image": {"pullSecrets": ["one", "two"]}})
    assert wrong == []
    pods = [each["spec"]["template"]["spec"] for each in documents if "template" in each.get("spec", {})]
    assert [pod["imagePullSecrets"] for pod in pods] == [[{"name": "one"}, {"name": "two"}]] * 2


def test_the_database_may_have_another_port():
    documents, wrong = rendered({"console": {"database": "edgescript-database", "databasePort": 6432}})
    assert wrong == []
    [policy] = [
        each
        for each in _of_kind(documents, "NetworkPolicy")
        if each["metadata"]["name"] == "edgescript-console"
    ]
    assert policy["spec"]["egress"][-1] == {"ports": [{"port": 6432, "protocol": "TCP"}]}


def test_the_release_is_the_projects():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]
