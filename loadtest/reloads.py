"""
Reloads under load: no request may fail, nothing may grow.

    .venv/bin/python -m loadtest.reloads                       # 10,000 reloads, 4 workers
    .venv/bin/python -m loadtest.reloads --count 200 --workers 2

A node serves a script that answers with a number. Each reload changes the number, waits until the node says that it is
served, and asks for it once on a new connection. Meanwhile clients ask on kept connections, and each must see numbers
that never go back. Memory is each process's own (not shared with its parent), after a tenth of the reloads and at the
end. The exit status is 1 when a request failed or a process grew by more than `GROWTH_KB`.
"""

import argparse
import contextlib
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from loadtest.process import free_port

GROWTH_KB = 8_000
CLIENT_PAUSE_S = 0.002
"""Between two requests of a client: the processors are shared with the node and its reloads."""


def main() -> int:
    """Run it; the exit status."""
    arguments = argparse.ArgumentParser(description="Reload a node under load.")
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--workers", type=int, default=4)
    arguments.add_argument("--clients", type=int, default=4)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, node(Path(name), asked.workers) as (process, port, admin):
        clients = [Client(port) for _ in range(asked.clients)]
        took: list[float] = []
        before: list[int] = []
        for number in range(1, asked.count + 1):
            (Path(name) / "a.es").write_text(f"exit(200, '{number}')\n")
            started = time.perf_counter()
            reload(admin, number)
            took.append(time.perf_counter() - started)
            if ask(port) != number:
                raise SystemExit(f"reload {number}: another is served")
            if number == max(asked.count // 10, 1):
                before = memory_kb(process.pid)
        after = memory_kb(process.pid)
        for client in clients:
            client.end()
    grown = [now - then for then, now in zip(before, after, strict=True)]
    failed = sum(client.failed for client in clients)
    print(
        f"{asked.count} reloads, {asked.workers} workers: {statistics.median(took) * 1e3:.1f} ms each (median)"
    )
    print(f"{sum(client.answered for client in clients)} requests meanwhile, {failed} failed")
    print(f"own memory of supervisor and workers: {before} kB, at the end {after} kB")
    return 1 if failed or max(grown) > GROWTH_KB else 0


@contextlib.contextmanager
def node(folder: Path, workers: int) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A node in `folder`: its process, its port, its admin port."""
    port, admin = free_port(), free_port()
    (folder / "a.es").write_text("exit(200, '0')\n")
    (folder / "edge.toml").write_text(
        f'listen = "127.0.0.1:{port}"\nadmin = "127.0.0.1:{admin}"\norigin = "http://127.0.0.1:1"\n'
        f'scripts = ["a.es"]\nworkers = {workers}\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--config", str(folder / "edge.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.readline()  # it serves now
    # What it logs of each reload is read, so that it never waits for us.
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    reader.start()
    try:
        yield process, port, admin
    finally:
        process.terminate()
        process.wait(20)
        reader.join(5)


class Client:
    """Asks one request after another on a kept connection."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self.failed = 0
        self._port = port
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        latest = 0
        while not self._ended.is_set():
            try:
                number = _number(connection)
            except (OSError, http.client.HTTPException, ValueError):
                number = -1
                connection.close()
            if number < latest:
                self.failed += 1
            else:
                latest = number
                self.answered += 1
            time.sleep(CLIENT_PAUSE_S)
        connection.close()


def _number(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/")
    response = connection.getresponse()
    body = response.read()
    return int(body) if response.status == 200 else -1


def ask(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        return _number(connection)


def reload(admin: int, number: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", "/reload")
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200 or answer["generation"] != number + 1:
            raise SystemExit(f"reload {number}: {response.status} {answer}")


def memory_kb(supervisor: int) -> list[int]:
    """Own memory of the supervisor and each of its workers, in the order they were begun."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    sizes = []
    for pid in [supervisor, *map(int, children)]:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes.append(sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE)))
    return sizes


if __name__ == "__main__":
    sys.exit(main())
