"""
A console of a few lines over real sockets, made of `runtime.bundles`, and a node that follows it.

    with Console() as console, following(tmp_path, console) as edge:
        console.publish(shop="exit(200, 'one')\\n")
        wait_until(lambda: edge.get("/", Host="shop.example") == (200, b"one"))
"""

import contextlib
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.source import Source
from runtime.bundles.node_token import NodePlace, NodeToken
from runtime.bundles.report import ReportAnswer, decode_report, encode_answer
from runtime.io.sync.agent import COMMAND
from tests.bundles.made import KEY, Shelf, envelope, purge
from tests.support.edge import Edge, toml
from tests.support.waiting import wait_until

NODE = "edge-1"
TOKEN = NodeToken("n1", "s" * 32, NodePlace(KEY.public_key, "production", "pool-a", "eu"))
WAIT_S = 2.0
"""At most as long is an answer held back here: a test's end need not wait for a node's question."""


def compiled(text, name="a.es"):
    """The code of a script."""
    result = compile_source(Source.from_bytes(name, text.encode()), stdlib.registry())
    assert result.code is not None, result.diagnostics
    return encode(result.code)


def says(text):
    return f"exit(200, '{text}')\n"


class Console:
    """What it says may be changed at any time; what it was asked is kept."""

    def __init__(self, port=0):
        self.shelf = Shelf()
        self.envelope = None
        self.generation = 0
        self.asked = []
        """(method, path) of each request."""
        self.reports = []
        self.answer = ReportAnswer(0.3)
        self.status = 0
        """What is answered to everything; 0 for what is right."""
        self.taken = True
        """Whether the token is taken."""
        self.held = {}
        """Blobs that are given out otherwise: bytes, or a function that writes to the handler."""
        self.changed = threading.Condition()
        self.purges = []
        self.first_purge_seq = 1
        self.signers = (KEY,)
        self.keys = (KEY.public_key,)
        self.server = _Server(("127.0.0.1", port), _Handler)
        self.server.console = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # --- saying -------------------------------------------------------------------------------------------------

    def publish(self, generation=None, domains=None, **scripts):
        """Say that these domains are served, each by the script given; its generation."""
        if domains is None:
            domains = [self.domain(name, text) for name, text in scripts.items()]
        return self.say(self.sealed(generation, domains))

    def domain(self, name, text):
        """A domain with one script, which has an origin that nobody answers at."""
        return self.shelf.domain(name, [("main", compiled(text))], origin="http://127.0.0.1:1")

    def sealed(self, generation=None, domains=()):
        self.domains = list(domains)
        self.generation = self.generation + 1 if generation is None else generation
        return envelope(
            self.generation,
            domains,
            self.purges,
            by=self.signers,
            keys=self.keys,
            first_purge_seq=self.first_purge_seq,
        )

    def purge(self, *arguments, **parts):
        """Add a purge; all else stays."""
        self.purges.append(purge(self.first_purge_seq + len(self.purges), *arguments, **parts))
        return self.say(self.sealed(None, self.domains))

    def say(self, data, generation=None):
        """Answer with any bytes, as though they were of the latest generation."""
        with self.changed:
            self.envelope = data
            self.generation = self.generation if generation is None else generation
            self.changed.notify_all()
        return self.generation

    # --- having been asked --------------------------------------------------------------------------------------

    def requests(self, part):
        return [path for _, path in self.asked if part in path]

    def report(self, holds, within_s=20):
        """The first report from now on of which `holds` is true; it sees each once."""
        self._seen = len(self.reports)
        with self.changed:
            found = self.changed.wait_for(lambda: next(filter(holds, self._unseen()), None), within_s)
        assert found is not None, [msgspec.to_builtins(each) for each in self.reports[-2:]]
        return found

    def _unseen(self):
        while self._seen < len(self.reports):
            self._seen += 1
            yield self.reports[self._seen - 1]

    def acked(self, generation, within_s=20):
        """Wait until a node has said that it serves a generation."""
        with self.changed:
            done = self.changed.wait_for(
                lambda: any(each.generation == generation for each in self.reports), within_s
            )
        assert done, [msgspec.to_builtins(each) for each in self.reports[-2:]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A client that has gone is none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def console(self):
        return self.server.console

    def answer(self, status, body=b"", fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        console, split = self.console, urlsplit(self.path)
        console.asked.append(("GET", self.path))
        if console.status:
            self.answer(console.status)
        elif "/blobs/" in split.path:
            self.blob(split.path.rpartition("/")[2])
        elif self.authorized():
            self.manifest(parse_qs(split.query))

    def authorized(self):
        taken = self.console.taken and self.headers["Authorization"] == f"Bearer {TOKEN.text}"
        if not taken:
            self.answer(401)
        return taken

    def manifest(self, query):
        console = self.console
        after = int(query["generation"][0])
        with console.changed:
            wait_s = min(float(query["wait"][0]), WAIT_S)
            console.changed.wait_for(
                lambda: console.envelope is not None and console.generation > after, wait_s
            )
            data = console.envelope if console.generation > after else None
        if data is None:
            self.answer(204)
        else:
            self.answer(200, data, [("Content-Type", "application/msgpack"), ("Cache-Control", "no-store")])

    def blob(self, name):
        assert "Authorization" not in self.headers
        held = self.console.held.get(name, self.console.shelf.blobs.get(name))
        if callable(held):
            held(self)
        elif held is None:
            self.answer(404)
        else:
            self.answer(200, held, [("Cache-Control", "public, max-age=31536000, immutable")])

    def do_POST(self):
        console = self.console
        body = self.rfile.read(int(self.headers["Content-Length"]))
        console.asked.append(("POST", self.path))
        if console.status:
            self.answer(console.status)
        elif self.authorized():
            report = decode_report(body)
            assert self.path == f"/api/v1/nodes/{report.node}/report"
            with console.changed:
                console.reports.append(report)
                console.changed.notify_all()
            self.answer(200, encode_answer(console.answer))


@contextlib.contextmanager
def following(folder, console, *, url=None, wait=True, **settings):
    """A running node that follows `console`, or what is at `url`; its state is in `folder`, and stays."""
    (folder / "token").write_text(f"{TOKEN.text}\n")
    wanted = {
        "listen": "127.0.0.1:0",
        "admin": "127.0.0.1:0",
        "console": url or console.url,
        "node_token_file": "token",
        "node_name": NODE,
        "state_dir": "state",
        "disk_cache_bytes": 0,
        "domain_origins_refused": [],
        **settings,
    }
    (folder / "edge.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in wanted.items()))
    process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--config", str(folder / "edge.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    edge = Following(process, folder)
    try:
        line = edge.line()
        while "serving on" not in line:  # what was passed over is said before
            assert line.startswith("{"), line
            edge.log.append(line)
            line = edge.line()
        edge.port = int(re.search(r"serving on http://127\.0\.0\.1:(\d+)", line)[1])
        edge.admin_port = edge.event("admin-at")["port"]
        if wait:
            wait_until(edge.ready)
        yield edge
    finally:
        process.kill()
        process.wait(30)
        edge._reader.join(30)
        process.stderr.close()


class Following(Edge):
    def says(self, host="shop.example", target="/"):
        """Status and body of a domain's answer."""
        return self.get(target, Host=host)

    def ready(self):
        return self.admin("GET", "/readyz")[1]["ready"]

    def standing(self):
        """What /readyz says of the console."""
        return self.admin("GET", "/readyz")[1]["console"]

    def trouble(self):
        return self.admin("GET", "/readyz")[1]["trouble"]

    def noted(self, event):
        """Events of that name among all there were until now."""
        while not self._lines.empty():
            self.log.append(self._lines.get())
        lines = [json.loads(line) for line in self.log if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def follower(self):
        """The process id of the one that follows the console."""
        names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in self.workers()}
        return next((pid for pid, name in names.items() if name == COMMAND), None)
