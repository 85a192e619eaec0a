"""
A node and an origin as processes of their own: `edgescript serve` with a configuration, its log, its admin listener, its memory.

    with origin() as upstream, edge(folder, settings, sites) as node:
        node.admin("POST", "/purge", {"tag": "news"})
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtest.crowd import until
from loadtest.process import free_port

ROOT: Final = Path(__file__).resolve().parents[1]
START_S: Final = 30.0
END_S: Final = 30.0
_SERVE: Final = (sys.executable, "-m", "edgescript")


class EdgeError(Exception):
    """The node did not do what it is there for; the text says what."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process: `anonymous_kb` is what is no file's, `rss_kb` all that is in memory, shared files among it."""

    pid: int
    rss_kb: int
    anonymous_kb: int


def memory_of(pids: Sequence[int]) -> list[Memory]:
    """Of those that there are."""
    found: list[Memory] = []
    for pid in pids:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.MULTILINE))
            found.append(Memory(pid, int(sizes["Rss"]), int(sizes["Anonymous"])))
    return found


def children_of(pid: int) -> list[int]:
    """In the order they were begun; none if there is no such process."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody asked for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False


class Edge:
    """A node that serves. `log` has the lines of its log until now."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.port = 0
        self.admin_port = 0
        self.log: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def wait_until_serving(self, *, with_admin: bool) -> None:
        """Raises EdgeError."""
        serving = re.compile(r"serving on http://127\.0\.0\.1:(\d+)")
        while not self.port or (with_admin and not self.admin_port):
            try:
                line = self._lines.get(timeout=START_S)
            except queue.Empty:
                line = None
            if line is None:
                raise EdgeError("the node does not serve:\n" + "".join(self.log[-8:]))
            if found := serving.search(line):
                self.port = int(found[1])
            elif '"admin-at"' in line:
                self.admin_port = json.loads(line)["port"]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Those of that name in the log until now."""
        return [json.loads(line) for line in [*self.log] if line.startswith(f'{{"event": "{name}"')]

    def workers(self) -> list[int]:
        """Process ids."""
        return children_of(self.process.pid)

    def memory(self) -> list[Memory]:
        """Of the supervisor and its children: the workers, and while it reads a configuration the process that does."""
        return memory_of([self.process.pid, *self.workers()])

    def admin(self, method: str, path: str, wish: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status, and what the body says if it is JSON, else its text. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=60)
        with contextlib.closing(connection):
            body = json.dumps(wish) if wish is not None else None
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            data = response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, json.loads(data) if is_json else data.decode()

    def readiness(self) -> dict[str, Any]:
        """What /readyz says, its status as `status`."""
        status, said = self.admin("GET", "/readyz")
        return {**said, "status": status}

    def metric(self, name: str, label: str = "") -> float:
        """The sum of a metric's samples, of those with `label` in their labels if it is given."""
        _, text = self.admin("GET", "/metrics")
        found = re.findall(rf"^edgescript_{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for labels, value in found if label in labels)

    def end(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(END_S)

    def kill(self) -> None:
        """The node and its workers, at once."""
        everyone = [self.process.pid, *self.workers()] if self.process.poll() is None else []
        for pid in everyone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(END_S)
        until(lambda: not any(_is_alive(pid) for pid in everyone), END_S)
        self._reader.join(END_S)


def toml(settings: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """A configuration: keys, then lists of tables."""
    lines = [f"{key} = {_value(value)}" for key, value in settings.items()]
    for name, entries in tables.items():
        for entry in entries:
            lines += ["", f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in entry.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


@contextlib.contextmanager
def edge(folder: Path, configuration: str, *, command: Sequence[str] = _SERVE) -> Iterator[Edge]:
    """The node while the block runs, with `configuration` as its edge.toml. Raises EdgeError."""
    (folder / "edge.toml").write_text(configuration, encoding="utf-8")
    process = subprocess.Popen(
        [*command, "serve", "--config", str(folder / "edge.toml")],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # the terminal's Ctrl-C is ours
    )
    node = Edge(process, folder)
    try:
        node.wait_until_serving(with_admin=True)
        yield node
    finally:
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.end()
        node.kill()
        assert process.stderr is not None
        process.stderr.close()


class Origin:
    """`odd_origin` as a process that can be killed, stopped and begun anew at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._listens = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin at the port of before; the first time at one that is free."""
        self.port = self.port or free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loadtest.odd_origin", "--port", str(self.port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until_listening(self) -> None:
        """Raises EdgeError."""
        if self._listens:
            return
        assert self._process is not None
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith("listening on "):
            raise EdgeError("the origin does not listen")
        self._listens = True

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(END_S)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
            self._listens = False


@contextlib.contextmanager
def origin() -> Iterator[Origin]:
    """The origin while the block runs. It may not listen yet."""
    made = Origin()
    try:
        made.start()
        yield made
    finally:
        made.kill()
