import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.image.containers import Engine
from tests.image.volumes import Volumes
from tests.kubernetes.manifests import workloads


@pytest.fixture(scope="session")
def engine():
    """With the image built. `EDGESCRIPT_TEST_CONTAINERS` names a folder whose base image is used again; else all is made anew."""
    kept = os.environ.get("EDGESCRIPT_TEST_CONTAINERS")
    if kept:
        made = Engine(Path(kept))
        made.build()
        yield made
        return
    folder = Path(tempfile.mkdtemp(prefix="es-"))  # short, for the names of sockets in it
    made = Engine(folder)
    try:
        made.build()
        yield made
    finally:
        made("rm", "-f", "-a", "-t", "0", check=False)
        made("system", "reset", "-f", within_s=120, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def volumes():
    """Of a console's pod."""
    folder = Path(tempfile.mkdtemp(prefix="es-console-"))  # pytest's own folders are closed to the pod's user
    folder.chmod(0o755)
    [(_, template)] = [pair for pair in workloads("ha") if pair[0] == "edgescript-console"]
    try:
        yield Volumes(folder, template["spec"]["securityContext"]["fsGroup"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
