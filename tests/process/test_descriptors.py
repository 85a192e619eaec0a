"""A node raises its limit of open files to what its clients want, and says where it may not."""

import resource
import subprocess
import sys
from functools import partial

import pytest

from tests.support.edge import Edge

SCRIPT = (
    "import resource\n"
    "from runtime.io.descriptors import allow_descriptors\n"
    "print(*allow_descriptors(100), resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
)


@pytest.mark.parametrize(
    ("soft", "hard", "limit"),
    [(64, 2000, 700), (64, 650, 650), (64, 300, 300), (1000, 2000, 1000)],
    ids=["raised", "to what is allowed", "too low for its clients", "high enough"],
)
def test_the_limit(soft, hard, limit):
    """A hundred clients want 700: 100 connections, as many to origins, 500 for all else."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(limit), "600", str(limit)]


def test_a_node_that_may_not_have_enough_says_so(tmp_path):
    command = [sys.executable, "-m", "edgescript", "serve", "--listen", "127.0.0.1:0", "--admin", ""]
    process = subprocess.Popen(
        [*command, "--origin", "http://127.0.0.1:1"],
        cwd=tmp_path,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (300, 300)),  # noqa: PLW1509 - no threads here
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        edge = Edge(process, tmp_path)
        try:
            told = edge.event("descriptors-few")
            assert (told["limit"], told["wanted"]) == (300, 10_500)
            assert edge.end() == 0
        finally:
            process.kill()
