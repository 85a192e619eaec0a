"""Runs the mix for two seconds against something simpler than a node, in a process of its own because locust patches the standard library."""

import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from loadtest.bodies import body_of
from loadtest.cases import signed

ROOT = Path(__file__).resolve().parents[2]


class Edge(BaseHTTPRequestHandler):
    """What a node with auth.es and visit.es answers, in a few lines of Python."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, headers = self.answer()
        body = b"" if status == 302 else self.body()
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return body_of(self.headers["Host"], self.path)

    def answer(self):
        url = urlsplit(self.path)
        if url.path == "/":
            return 302, [("Location", "/home")]
        if url.path == "/home":
            known = re.search(r"group=([ab])", self.headers.get("Cookie", ""))
            return 200, [("X-Group", "a"), *([] if known else [("Set-Cookie", "group=a; Path=/")])]
        if self.headers["Host"] == "shop.example":
            return 200, [("X-Price", "high")]
        if url.path.endswith(".ts") and (message := self.objection(url)):
            return 403, [("X-AUTH-MSG", message)]
        return 200, []

    def objection(self, url):
        query = parse_qs(url.query)
        if not {"t", "key"} <= query.keys():
            return "missing argument"
        if not query["t"][0].isdigit():
            return "invalid time"
        if int(query["t"][0]) < 2_000_000_000:
            return "expired"
        if query["key"][0] != "2024":
            return "unknown key"
        first, rest = re.match(r"/([^/]+)/[^/]+/(.+)", url.path).groups()
        return None if signed(first, rest).startswith(url.path) else "invalid digest"

    def log_message(self, *_):
        pass


class ConfusedEdge(Edge):
    """One that mixes up the bodies of two hosts."""

    def body(self):
        return body_of("shop.example", self.path)


class OpenEdge(Edge):
    """One that lets everything pass."""

    def objection(self, _url):
        return None


@pytest.fixture
def edge(request):
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def swarm(host):
    flags = (
        "--headless",
        "--users=8",
        "--spawn-rate=8",
        "--run-time=2s",
        "--stop-timeout=2",
        "--only-summary",
    )
    argv = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", *flags, "--host", host]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("edge", [Edge], indirect=True)
def test_the_mix_runs_and_finds_nothing_wrong_with_a_right_edge(edge):
    done = swarm(edge)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "/video/[digest]/[segment]" in said


@pytest.mark.parametrize("edge", [OpenEdge], indirect=True)
def test_the_mix_finds_that_forged_links_are_let_pass(edge):
    done = swarm(edge)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "status 200, want 403" in said


@pytest.mark.parametrize("edge", [ConfusedEdge], indirect=True)
def test_the_mix_finds_that_bodies_are_those_of_another_host(edge):
    done = swarm(edge)
    assert done.returncode == 1
    assert "a wrong body of 1024 bytes" in done.stdout + done.stderr
