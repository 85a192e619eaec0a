"""
A console and nodes as their operators have them, in processes of their own, for what is done to them once in a while.

    with Place(tmp_path) as place:
        place.start()
        token = place.node_token()
        with place.node("edge-1", token) as edge:
            place.publish("one")
            place.served(edge, "one")
"""

import contextlib
import shutil
import signal
import subprocess
import sys
import time

import httpx

from runtime.console.client import Address, ConsoleClient, ConsoleError
from tests.support.command import run_command
from tests.support.ports import free_port
from tests.support.waiting import wait_until
from tests.sync.console import following

WITHIN_S = 30
ORIGIN = "http://127.0.0.1:1"


class Place:
    """The console's data directory, its address, which stays, and a domain `shop` in it."""

    def __init__(self, folder, origin=ORIGIN, database=None):
        self.folder = folder
        self.database = database
        self.data = folder / "console"
        self.origin = origin
        self.port = free_port()
        self.operator = ""
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self.end(signal.SIGKILL)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # --- the console ------------------------------------------------------------------------------------------------

    def start(self):
        """Start it, until it answers. The first time it has a domain made."""
        listen = f"127.0.0.1:{self.port}"
        command = ["console", *self._place(), "--listen", listen, "--quiet"]
        with (self.folder / "console.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "edgescript", *command], stderr=log)
        wait_until(self._ready, within_s=WITHIN_S)
        token = self.data / "operator.token"
        if token.exists():
            self.operator = token.read_text().strip()
            token.unlink()
            settings = {"hosts": ["shop.example"], "origin": self.origin}
            self.post("/domains", {"name": "shop", "settings": settings})

    def _place(self):
        database = [] if self.database is None else ["--database", self.database]
        return ["--data", str(self.data), *database]

    def _ready(self):
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        return False

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        self._process.send_signal(number)
        try:
            return self._process.wait(WITHIN_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose(self):
        """Kill it, and everything it had."""
        self.end(signal.SIGKILL)
        shutil.rmtree(self.data)

    def command(self, *arguments, status=0):
        """What `edgescript console ARGUMENTS` prints."""
        ran = run_command("console", *self._place(), *arguments)
        assert ran.status == status, ran
        return ran.stdout + ran.stderr

    # --- asked over HTTP ----------------------------------------------------------------------------------------------

    def _client(self):
        return ConsoleClient(Address(self.url, self.operator), time.sleep)

    def get(self, path):
        with self._client() as client:
            return client.get(path)

    def post(self, path, body):
        with self._client() as client:
            return client.post(path, body)

    def node_token(self):
        """A token for production nodes."""
        node = {"environment": "production", "pool": "east", "region": "eu"}
        return self.post("/tokens", {"label": "nodes", "node": node})["secret"]

    def publish(self, word, script=None):
        """Make a script say `word` and publish it to production; the number of its version."""
        versions = "/domains/shop/scripts/main/versions"
        source = script or f"exit(200, '{word}')\n"
        made = self.post(versions, {"message": word, "source": source, "rule": {}, "tests": None})
        asked = {"environment": "production", "percent": 100, "skip_staging": True, "settings": True}
        self.post("/domains/shop/publish", {**asked, "message": word})
        return made["number"]

    def purge(self, path):
        """Have what is stored under that path removed; the purge's number."""
        url = f"http://shop.example{path}"
        return self.post("/domains/shop/purge", {"url": url, "environment": "production"})["seq"]

    def refuses(self, operation, code):
        """Whether the console says no, and why."""
        try:
            operation()
        except ConsoleError as error:
            return error.code == code
        return False

    # --- nodes --------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def node(self, name, token, **settings):
        """A running node; what it keeps stays for the next of that name."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "own.token").write_text(token)
        own = {"node_token_file": "own.token", "node_name": name, **settings}
        with following(folder, None, url=self.url, wait=False, **own) as edge:
            yield edge

    def served(self, edge, word):
        """Wait until the node says `word`."""
        wait_until(lambda: edge.says() == (200, word.encode()), within_s=WITHIN_S)
