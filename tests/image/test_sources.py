"""What the image is made from: no container is needed to look at it."""

import re
import shutil
import subprocess

import pytest

from tests.image.containers import ROOT
from tests.kubernetes.manifests import needs, run

CONTAINERFILE = ROOT / "deploy" / "image" / "Containerfile"


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


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["base.sh"], "mmdebstrap"),
        (["build.sh"], "docker, podman or buildah"),
        (["sbom.sh", "localhost/some:1"], "docker or podman"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_scripts_say_what_is_missing(command, wanted, tmp_path):
    name, *arguments = command
    for program_name in ("dirname", "sed", "mktemp", "rm"):
        (tmp_path / program_name).symlink_to(shutil.which(program_name))
    ran = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "image" / name, *arguments],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 2
    assert f"want {wanted}" in ran.stderr.splitlines()[-1]
