"""A node that follows a console and serves nobody."""

import threading
import time

import httpx
import msgspec

from runtime.bundles import manifest, report, signing
from tests.support.waiting import wait_until

TIMEOUT_S = 30


class Follower:
    """A node that takes every manifest it is offered and says so at once; a console that is away is waited for."""

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
        generation = None
        while not self._stopped.is_set():
            try:
                if generation is None:
                    self.tell(0)
                    self._told.set()
                generation = self._ask(generation or 0)
            except httpx.HTTPError:  # the console is away
                time.sleep(0.1)

    def _ask(self, generation):
        """Take and tell what is newer than `generation`; what is served now."""
        answer = self._http.get(f"/nodes/{self.name}/manifest", params={"generation": generation, "wait": 1})
        if answer.status_code == 200:
            payload = signing.open_envelope(answer.content).payload
            generation = manifest.decode_manifest(payload).generation
            self.tell(generation)
        elif answer.status_code != 204:
            time.sleep(0.1)
        return generation

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

    def until_read(self, domain):
        """Report until somebody reads the log of `domain`."""
        wait_until(lambda: domain in self.tell(0), why="the console never asked for the domain's log")

    def leave(self):
        """Ask for nothing more."""
        self._stopped.set()

    def stop(self):
        self.leave()
        self._thread.join(TIMEOUT_S)
        self._http.close()
