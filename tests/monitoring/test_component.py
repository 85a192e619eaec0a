"""The component for Prometheus' operator: rendered beside nodes and console, it selects their pods and ports."""

import os

import pytest
import yaml

from tests.kubernetes.manifests import FOLDER, needs, run

pytestmark = [needs("kubectl"), pytest.mark.xdist_group("manifests")]


@pytest.fixture
def rendered(tmp_path):
    def to(part):
        return os.path.relpath(FOLDER / part, tmp_path)

    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "edgescript",
        "resources": [to("console"), to("edge")],
        "components": [to("components/monitoring")],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    status, text = run("kubectl", "kustomize", tmp_path)
    assert status == 0, text
    return [each for each in yaml.safe_load_all(text) if each]


def test_monitors_select_the_pods_and_a_port_that_they_have(rendered):
    templates = [each["spec"]["template"] for each in rendered if "template" in each.get("spec", {})]
    monitors = [each for each in rendered if each["kind"] == "PodMonitor"]
    assert len(monitors) == len(templates) == 2
    for monitor in monitors:
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        [pod] = [each for each in templates if wanted <= each["metadata"]["labels"].items()]
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        annotations = pod["metadata"]["annotations"]
        ports = {
            port["name"]: str(port["containerPort"])
            for container in pod["spec"]["containers"]
            for port in container["ports"]
        }
        assert ports[endpoint["port"]] == annotations["prometheus.io/port"]
        assert endpoint["path"] == annotations["prometheus.io/path"]


def test_the_rules_go_by_the_jobs_that_monitors_give(rendered):
    [rules] = [each for each in rendered if each["kind"] == "PrometheusRule"]
    jobs = {
        next(iter(each["spec"]["selector"]["matchLabels"].values()))
        for each in rendered
        if each["kind"] == "PodMonitor"
    }
    text = yaml.safe_dump(rules)
    assert jobs == {"edgescript-edge", "edgescript-console"}
    assert all(f'job="{job}"' in text for job in jobs)
