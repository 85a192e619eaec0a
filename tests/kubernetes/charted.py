"""The chart rendered with values that say what an overlay says."""

import functools
import json
import subprocess

import yaml

from tests.kubernetes.manifests import FOLDER, ROOT

CHART = ROOT / "deploy" / "helm" / "edgescript"
GITOPS = FOLDER / "overlays" / "gitops"
RENDER = ROOT / "tests" / "kubernetes" / "render_chart.py"
PYTHON = ROOT / ".venv-deploy" / "bin" / "python"

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
    "gitops": {
        "image": {"repository": REGISTRY.format("")},
        "console": {"enabled": False},
        "edge": {
            "console": "none",
            "stateOnNode": True,
            "settings": (GITOPS / "edge.toml").read_text(),
            "files": {"hello.es": (GITOPS / "hello.es").read_text()},
        },
    },
    "region-east": {
        "image": {"repository": REGISTRY.format("east."), "pullSecrets": ["edgescript-registry"]},
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
