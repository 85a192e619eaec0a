"""
A node as its operators know it: `edgescript serve` with a configuration, its processes, its log, its admin listener.

    with node(tmp_path, scripts={"a.es": "exit(200, 'yes')\\n"}, workers=4) as edge:
        assert edge.get("/") == (200, b"yes")
        os.kill(edge.workers()[0], signal.SIGKILL)
        edge.event("worker-ended")
"""

import contextlib
import http.client
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

WITHIN_S = 30


class Edge:
    def __init__(self, process, folder):
        self.process = process
        self.folder = folder
        self.port = 0
        self.admin_port = 0
        self._lines = queue.Queue()
        self.log = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self._lines.put(line)

    def line(self):
        return self._lines.get(timeout=WITHIN_S)

    def event(self, name):
        """The next event of that name in the node's log."""
        while True:
            line = self.line()
            self.log.append(line)
            if line.startswith("{") and json.loads(line)["event"] == name:
                return json.loads(line)

    def script(self, name, text):
        path = self.folder / f"{name}.new"
        path.write_text(text)
        path.rename(self.folder / name)

    def get(self, target, **fields):
        return ask(self.port, "GET", target, fields)[:2]

    def admin(self, method, target, body=None, **fields):
        """Status and body, from JSON where it is that."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        status, data, kind = ask(self.admin_port, method, target, headers, body)
        return status, json.loads(data) if "json" in kind else data.decode()

    def workers(self):
        """Process ids."""
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return sorted(int(pid) for pid in children.stdout.split())

    def metric(self, name):
        """The sum of a metric's samples, whatever their labels."""
        _, text = self.admin("GET", "/metrics")
        return sum(
            float(value)
            for value in re.findall(rf"^edgescript_{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
        )

    def memory_kb(self):
        """Of the supervisor and each worker, what is their own."""
        sizes = []
        for pid in [self.process.pid, *self.workers()]:
            with open(f"/proc/{pid}/smaps_rollup") as file:  # noqa: PTH123 - a file of the kernel's
                rollup = file.read()
            sizes.append(
                sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE))
            )
        return sizes

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """The exit status."""
        self.send(number)
        return self.process.wait(WITHIN_S)


def ask(port, method, target, fields=(), body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    with contextlib.closing(connection):
        connection.request(method, target, body, dict(fields))
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("content-type", "")


def toml(value):
    """`value` as a file of settings has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@contextlib.contextmanager
def node(folder, scripts=(), **settings):
    """A running `Edge`; `settings` are those of `edge.toml`."""
    for name, text in dict(scripts).items():
        (folder / name).write_text(text)
    wanted = {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "origin": "http://127.0.0.1:1"}
    wanted |= {"scripts": list(dict(scripts)), **settings}
    lines = [f"{key} = {toml(value)}\n" for key, value in wanted.items()]
    (folder / "edge.toml").write_text("".join(lines))
    process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--config", str(folder / "edge.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    edge = Edge(process, folder)
    try:
        line = edge.line()
        while line.startswith("{"):  # Redis may be connected before
            edge.log.append(line)
            line = edge.line()
        found = re.search(r"serving on https?://127\.0\.0\.1:(\d+)", line)
        assert found, line
        edge.port = int(found[1])
        if wanted["admin"].endswith(":0"):
            edge.admin_port = edge.event("admin-at")["port"]
        yield edge
    finally:
        left = edge.workers() if process.poll() is None else []
        process.kill()
        process.wait(WITHIN_S)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        edge._reader.join(WITHIN_S)
        process.stderr.close()


@contextlib.contextmanager
def load(edge, clients=4, target="/"):
    """
    Clients that ask one request after another, each on a kept connection; gives what they saw: lists of (status, body),
    None where a connection ended without an answer, after which the client opens another.
    """
    stop = threading.Event()

    def client():
        seen = []
        connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=WITHIN_S)
        while not stop.is_set():
            try:
                connection.request("GET", target)
                response = connection.getresponse()
                seen.append((response.status, response.read()))
            except (ConnectionError, http.client.HTTPException):
                seen.append(None)
                connection.close()
            time.sleep(0.001)  # the node and its reloads need the processors too
        connection.close()
        return seen

    seen = []
    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client) for _ in range(clients)]
        try:
            yield seen
        finally:
            stop.set()
            seen += [each.result(WITHIN_S) for each in running]
