"""A Redis of a test's own, on a socket in its folder."""

import contextlib
import os
import shutil
import subprocess

import pytest


@contextlib.contextmanager
def serving_redis(folder):
    """A server; `start` and `kill` it as often as needed. Without the program the test is skipped, in CI it fails."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("want redis-server: apt-get install -y redis-server")
        pytest.skip("redis-server is not installed")
    server = RedisServer(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class RedisServer:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.url = f"unix://{folder}/redis.sock"
        self.process = None

    def start(self):
        options = [
            "--port",
            "0",
            "--unixsocket",
            f"{self.folder}/redis.sock",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen(
            [self.program, *options, "--dir", str(self.folder)], stdout=subprocess.PIPE, text=True
        )
        for line in self.process.stdout:
            if "ready to accept connections" in line.lower():
                return
        pytest.fail("redis-server ended at once")

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=10)
