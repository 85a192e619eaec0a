"""
`edgescript console` in a process of its own, with its data in a folder.

    console = ConsoleProcess(tmp_path / "data")
    assert console.ask("GET", "domains")[0] == 200
    console.kill()
    console = ConsoleProcess(tmp_path / "data", port=console.port)
    assert console.end() == 0, console.said()
"""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WITHIN_S = 60


class ConsoleProcess:
    """A running console; `port` 0 is one of the system's choice. What it says goes to a file beside its folder."""

    def __init__(self, folder, *arguments, port=0):
        self._stderr = (folder.parent / f"{folder.name}.stderr").open("a+")
        self._began = self._stderr.tell()
        command = ["console", "--listen", f"127.0.0.1:{port}", "--data", str(folder), *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgescript", *command],
            stderr=self._stderr,
            stdout=subprocess.DEVNULL,
        )
        self.folder = folder
        self.port = self._port()
        self.url = f"http://127.0.0.1:{self.port}"

    def _port(self):
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"the console is on http://127\.0\.0\.1:(\d+)/", self.said())
            if found:
                return int(found[1])
            time.sleep(0.02)
        self.kill()
        pytest.fail(f"did not start: {self.said()}")

    def said(self):
        """What it wrote on standard error since it was started."""
        return Path(self._stderr.name).read_text()[self._began :]

    @property
    def operator(self):
        """The operator's token that the first start made."""
        return (self.folder / "operator.token").read_text().strip()

    def ask(self, method, path, body=None):
        """Status and JSON value of the API's answer to the operator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self.operator}", "Content-Type": "application/json"}
            connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def kill(self):
        """End it as a power failure would; nothing to one that has ended."""
        self.process.kill()
        self.process.wait()
        self._stderr.close()

    def end(self, how=signal.SIGTERM):
        """The exit status."""
        self.process.send_signal(how)
        try:
            return self.process.wait(WITHIN_S)
        finally:
            self.kill()
