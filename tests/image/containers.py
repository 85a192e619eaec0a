"""
Real containers: podman with storage of its own in a folder, and the image built once for all tests of a process.

What is missing here (podman, mmdebstrap, root) is the reason of a skip, so that a run says what it did not show.
"""

import contextlib
import functools
import http.client
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("podman", "runc", "conmon", "mmdebstrap")
CERTIFICATES = Path("/etc/ssl/certs")
BUILD = (
    *("--quiet", "--isolation=chroot", "--network=host"),
    *(("-v", f"{CERTIFICATES}:{CERTIFICATES}:ro") if CERTIFICATES.is_dir() else ()),
)
"""The network and the certificates of the machine, since steps of the build ask package registries."""
BASE = "localhost/base-python:bookworm"
IMAGE = "localhost/edgescript:test"
WITHIN_S = 30
STRICT = (
    *(
        "--network=host",
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
    ),
    *("--memory=256m", "--cpus=1", "--pids-limit=64"),
)
"""As the manifests have it."""


def missing():
    """Why no container can be run here; '' where one can."""
    absent = [each for each in PROGRAMS if shutil.which(each) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return "" if os.geteuid() == 0 else "containers are built and run as root here"


needed = pytest.mark.skipif(bool(missing()), reason=f"no containers: {missing()}")


class Engine:
    """Podman, told to keep everything in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver="overlay"\ngraphroot="{folder}/graph"\nrunroot="{folder}/run"\n'
        )
        (folder / "containers.conf").write_text(
            '[containers]\ndefault_ulimits=["nofile=16384:16384","nproc=32768:32768"]\n'
            '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n'
            '[network]\nnetwork_backend="netavark"\n'
        )
        self.environment = {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
        }

    def __call__(self, *arguments, within_s=WITHIN_S, check=True):
        """Its standard output; its errors are in what is raised."""
        ran = subprocess.run(
            ["podman", *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,  # where it leaves a file called `oom`
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        assert not check or ran.returncode == 0, f"podman {' '.join(map(str, arguments))}\n{ran.stderr}"
        return ran.stdout.strip()

    def build(self):
        """The image, its base made first if it is not there."""
        if BASE not in self("images", "--format", "{{.Repository}}:{{.Tag}}"):
            self.script("base.sh", BASE)
        self.build_image(BASE, IMAGE)

    def build_image(self, base, name, **settings):
        self.script("build.sh", BASE=base, TAG=name, BUILD_ARGS=" ".join(BUILD), **settings)

    def script(self, name, *arguments, **settings):
        """Run one of `deploy/image`."""
        ran = subprocess.run(
            [ROOT / "deploy" / "image" / name, *arguments],
            env={**self.environment, "BUILDER": "podman", **settings},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr

    def build_stage(self, stage, context, name):
        """One stage of the image, of the files below `context`."""
        self(
            *("build", *BUILD, "--target", stage, "--build-arg", f"BASE={BASE}", "--tag", name),
            *("--format", "docker", "--file", ROOT / "deploy" / "image" / "Containerfile", context),
            within_s=300,
        )

    def ended(self, *options, command=()):
        """Of a container that ends by itself: its status, and what it wrote to stderr."""
        ran = subprocess.run(
            ["podman", "run", "--rm", *STRICT, *options, IMAGE, *command],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        lines = [
            line for line in ran.stderr.splitlines(keepends=True) if "level=" not in line
        ]  # podman's own
        return ran.returncode, "".join(lines)

    def inspect(self, name):
        return json.loads(self("inspect", name))[0]

    def logs(self, name):
        ran = subprocess.run(
            ["podman", "logs", name],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        return ran.stdout + ran.stderr

    @contextlib.contextmanager
    def running(self, name, *options, command=()):
        """A strict container; what it logged is shown when the test fails."""
        self("run", "-d", "--name", name, *STRICT, *options, IMAGE, *command)
        try:
            yield name
        finally:
            sys.stdout.write(self.logs(name))
            self("rm", "-f", "-t", "0", name, check=False)


eventually = functools.partial(wait_until, within_s=WITHIN_S, despite=OSError)
"""The first true value; a server that is not there yet gives none."""


def get(port, target="/", *, with_headers=False, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", target, headers=fields)
    answer = connection.getresponse()
    with contextlib.closing(connection):
        body = answer.read()
        return (answer.status, body, answer.headers) if with_headers else (answer.status, body)
