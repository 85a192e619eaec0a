"""Overlays that docs/kubernetes/README.md shows, each after a comment with its name, rendered."""

import os
import re

import yaml

from tests.kubernetes.manifests import FOLDER, ROOT, run

BLOCK = r"<!-- overlay: {} -->\n```\n(.*?)```"
PAGE = ROOT / "docs" / "kubernetes" / "README.md"


def overlay_of_the_handbook(name, folder):
    """Its objects, as if it were beside those of the project; `folder` is where it is written."""
    [shown] = re.findall(BLOCK.format(re.escape(name)), PAGE.read_text(encoding="utf-8"), re.DOTALL)
    above = os.path.relpath(FOLDER, folder.resolve())
    (folder / "kustomization.yaml").write_text(shown.replace("../../", f"{above}/"))
    status, rendered = run("kubectl", "kustomize", folder)
    assert status == 0, rendered
    return [each for each in yaml.safe_load_all(rendered) if each]
