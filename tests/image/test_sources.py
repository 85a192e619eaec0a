"""What the image is made from: no container is needed to look at it."""

import json
import re
import shutil
import subprocess

import pytest

from tests.image.containers import ROOT
from tests.kubernetes.manifests import needs, program, run

CONTAINERFILE = ROOT / "deploy" / "image" / "Containerfile"
LOCK = ROOT / "requirements.lock"


@needs("hadolint")
def test_the_linter_has_nothing_against_it():
    status, said = run("hadolint", CONTAINERFILE)
    assert (status, said) == (0, "")


def test_its_base_is_one_release_and_its_packages_are_those_of_the_locks():
    text = CONTAINERFILE.read_text(encoding="utf-8")
    [base] = re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    assert re.search(r":\d+\.\d+\.\d+-", base)
    installs = [line for line in text.splitlines() if " -r " in line]
    assert installs
    assert all("--require-hashes --only-binary :all:" in line for line in installs)


@needs("cyclonedx-py")
def test_the_list_of_materials_is_the_lock(tmp_path):
    path = tmp_path / "sbom.json"
    subprocess.run(
        [program("cyclonedx-py"), "requirements", "--output-reproducible", "--of", "JSON", "-o", path, LOCK],
        check=True,
        capture_output=True,
        timeout=60,
    )
    listed = json.loads(path.read_text())
    locked = re.findall(r"^([\w.\[\]-]+)==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert listed["bomFormat"] == "CycloneDX"
    assert {(each["name"], each["version"]) for each in listed["components"]} == {
        (name.partition("[")[0], version) for name, version in locked
    }


@pytest.mark.parametrize(
    ("name", "wanted"), [("base.sh", "mmdebstrap"), ("build.sh", "docker, podman or buildah")]
)
def test_scripts_say_what_is_missing(name, wanted, tmp_path):
    for program_name in ("dirname", "sed"):
        (tmp_path / program_name).symlink_to(shutil.which(program_name))
    ran = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "image" / name],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 2
    assert f"want {wanted}" in ran.stderr.splitlines()[-1]
