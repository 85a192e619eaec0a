"""A real console in a process of its own, and nodes that follow it without serving anybody."""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time

import httpx
import msgspec

from runtime.bundles import manifest, report, signing

TIMEOUT_S = 30


class RunningConsole:
    """`edgescript console` on a free port, with data in `folder`."""

    def __init__(self, folder):
        command = [
            sys.executable,
            "-m",
            "edgescript",
            "console",
            "--listen",
            "127.0.0.1:0",
            "--data",
            str(folder),
        ]
        self._process = subprocess.Popen([*command, "--quiet"], stderr=subprocess.PIPE, text=True)
        self._said = []
        self.url = self._wait_for_url()
        threading.Thread(target=self._read_on, daemon=True).start()
        self.operator = (folder / "operator.token").read_text().strip()

    def _wait_for_url(self):
        for line in self._process.stderr:
            self._said.append(line)
            found = re.search(r"the console is on (\S+?)/?$", line.strip())
            if found:
                return found[1]
        self.stop()
        raise AssertionError(f"the console did not start: {''.join(self._said)}")

    def _read_on(self):
        for line in self._process.stderr:
            self._said.append(line)

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(TIMEOUT_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stderr.close()

    @property
    def running(self):
        return self._process.poll() is None

    def said(self):
        """What it wrote on standard error so far."""
        return "".join(self._said)


class Follower:
    """A node that takes every manifest it is offered and says so at once; it serves nobody."""

    def __init__(self, url, token, name, environment, pool="default", region="default", refuses=""):
        self.name = name
        self._about = {"environment": environment, "pool": pool, "region": region}
        self._refuses = refuses
        self._stopped = threading.Event()
        self._told = threading.Event()
        self._http = httpx.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
            trust_env=False,
        )
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        assert self._told.wait(TIMEOUT_S), "the console never took a report"

    def _follow(self):
        generation = 0
        with contextlib.suppress(httpx.HTTPError):
            self.tell(generation)
            self._told.set()
            while not self._stopped.is_set():
                answer = self._http.get(
                    f"/nodes/{self.name}/manifest", params={"generation": generation, "wait": 1}
                )
                if answer.status_code == 200:
                    payload = signing.open_envelope(answer.content).payload
                    generation = manifest.decode_manifest(payload).generation
                    self.tell(generation)
                elif answer.status_code != 204:
                    time.sleep(0.1)

    def tell(self, generation, logs=()):
        """Report; the domains somebody reads the log of."""
        served = 0 if self._refuses else generation
        refused = generation if self._refuses else 0
        said = report.Report(
            self.name,
            "0.1",
            1.7e9,
            **self._about,
            generation=served,
            refused=refused,
            error=self._refuses,
            logs=tuple(logs),
        )
        answer = self._http.post(
            f"/nodes/{self.name}/report",
            content=report.encode_report(said),
            headers={"Content-Type": "application/msgpack"},
        )
        assert answer.status_code == 200, answer.text
        return msgspec.msgpack.decode(answer.content, type=report.ReportAnswer).tail

    def leave(self):
        """Ask for nothing more."""
        self._stopped.set()

    def stop(self):
        self.leave()
        self._thread.join(TIMEOUT_S)
        self._http.close()
