"""What the image is made of, as CycloneDX: of the locks, and of a look into the image."""

import json
import os
import re
import subprocess

import pytest

from tests.image.containers import IMAGE, ROOT, needed
from tests.kubernetes.manifests import needs, program

pytestmark = [needs("cyclonedx-py"), pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]

PYTHON = ROOT / ".venv-deploy" / "bin" / "python"
LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "runtime" / "console" / "page" / "package-lock.json"
VALIDATES = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()) is not None)
"""


def locked():
    return {
        (name.partition("[")[0], version)
        for name, version in re.findall(r"^([\w.\[\]-]+)==(\S+)", LOCK.read_text(), re.MULTILINE)
    }


def of_kind(materials, kind):
    """Names and versions of what has a package URL of this kind."""
    return {
        (each["name"], each["version"])
        for each in materials["components"]
        if each["purl"].startswith(f"pkg:{kind}/")
    }


def accepted(path):
    """What was written, once the schema has been asked again."""
    text = path.read_text()
    subprocess.run([PYTHON, "-c", VALIDATES], input=text, text=True, check=True, timeout=60)
    return json.loads(text)


def test_of_the_locks_it_has_all(tmp_path):
    out = tmp_path / "sbom.json"
    environment = {**os.environ, "OUT": str(out)}
    subprocess.run(
        [ROOT / "deploy/image/sbom.sh"], env=environment, check=True, capture_output=True, timeout=60
    )
    materials = accepted(out)
    assert of_kind(materials, "pypi") == locked()
    assert materials["metadata"]["component"]["name"] == "edgescript"
    bundled = of_kind(materials, "npm")
    direct = json.loads(PAGE.with_name("package.json").read_text())
    assert direct["dependencies"].items() <= dict(bundled).items()
    assert not direct["devDependencies"].keys() & dict(bundled).keys()


@needed
def test_of_an_image_it_has_the_packages_of_the_system_and_what_is_installed(engine, tmp_path):
    out = tmp_path / "sbom.json"
    engine.script("sbom.sh", IMAGE, OUT=str(out))
    materials = accepted(out)
    assert materials["metadata"]["component"] == {"type": "container", "name": IMAGE, "bom-ref": IMAGE}
    dpkg = engine(
        *("run", "--rm", "--network=host", "--entrypoint=dpkg-query", IMAGE),
        *("-W", "-f", "${Package} ${Version}\n"),
    )
    installed = {tuple(line.split(" ")) for line in dpkg.splitlines()}
    assert len(installed) > 50
    assert of_kind(materials, "deb/debian") == installed
    python = of_kind(materials, "pypi")
    assert "edgescript" in dict(python)
    assert python - locked() == {each for each in python if each[0] == "edgescript"}
    assert "uvloop" in dict(python)


@pytest.mark.parametrize(
    "strange", [("stray", "1.0"), ("uvloop", "0.0.1")], ids=["unknown", "another version"]
)
def test_an_image_that_is_not_of_the_lock_is_refused(strange, tmp_path):
    lock, contents = tmp_path / "lock.json", tmp_path / "contents.json"
    lister = program("cyclonedx-py")
    subprocess.run(
        [lister, "requirements", "--output-reproducible", "--sv", "1.6", "--of", "JSON", "-o", lock, LOCK],
        check=True,
        capture_output=True,
        timeout=60,
    )
    contents.write_text(
        json.dumps(
            {
                "system": {"ID": "debian", "VERSION_ID": "12"},
                "packages": [],
                "python": "3.11.13",
                "distributions": [["edgescript", "0.1.0"], strange],
            }
        )
    )
    ran = subprocess.run(
        [PYTHON, ROOT / "deploy/image/sbom.py", "--lock", lock, "--page", PAGE, "--contents", contents],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        1,
        "",
        f"not as the lock has it: {' '.join(strange)}\n",
    )
