"""What goes wrong in a process of the node's own stays there: sources that hang, crash or cannot be joined."""

import contextlib
import json
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, time
from runtime.config import Config
from runtime.io.serve import serve
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

sites = Sites(Site("test", Upstream.single("127.0.0.1", 1)))

class Source:
    def read(self, before):
        {read}
        return b"bundle"
    def join(self, state):
        {join}
    async def live(self, note):
        pass
    def settings(self, bundle):
        return config
    def build(self, bundle, *, salvage=False):
        assert bundle == b"bundle"
        {build}
        return sites

config = Config(listen="127.0.0.1:0", admin="", reload_timeout_s=0.5)
sys.exit(serve(config, sites, on_listening=lambda host, port: print(port, flush=True), source=Source()))
"""


@contextlib.contextmanager
def started(*, read="pass", join="pass", build="pass"):
    command = [sys.executable, "-c", PROGRAM.format(read=read, join=join, build=build)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


TROUBLE = {
    "hangs": ({"read": "time.sleep(60)"}, "reading took longer than 0.5 s"),
    "crashes": ({"read": "os._exit(3)"}, "the process that read it ended early"),
    "is wrong": ({"read": "raise KeyError('a')"}, "internal error: KeyError"),
    "gives what cannot be built": ({"build": "raise ValueError('b')"}, "worker 0: ValueError: b"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_a_source_that_fails_costs_a_line_in_the_log(case):
    methods, reason = TROUBLE[case]
    with started(**methods) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        event = json.loads(process.stderr.readline())
        assert (event["event"], event["reason"]) == ("reload-failed", reason)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_a_node_whose_workers_cannot_begin_ends():
    with started(join="raise OSError('no room')") as process:
        shown, errors = process.communicate(timeout=10)
        assert (process.returncode, shown) == (1, "")
        lines = errors.splitlines()
        assert "edgescript: a process failed: OSError: no room" in lines
        assert json.loads(lines[-1])["event"] == "start-failed"
        assert "Traceback" not in errors
