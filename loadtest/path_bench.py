"""
Microseconds the node's own code takes for a request that memory can answer, without sockets.

    .venv/bin/python -m loadtest.path_bench

A head goes into `data_received` of a connection whose transport only counts; what comes out is checked once. A figure
is the least of many short batches. What the system adds (reading, writing, polling) is not in it.
"""

import time
from collections.abc import Sequence
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import uvloop

from edgescript.cli import loading
from edgescript.pipeline import InstalledScript
from runtime.cache.store import StoredResponse
from runtime.config import Config
from runtime.io.client import ClientConnection
from runtime.io.worker import Worker
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

AUTH: Final = str(Path(__file__).parents[1] / "examples/auth/auth.es")
HOST: Final = "a.example"
SIGNED: Final = "/live/{}/seg1.ts?key=2024&t=4102444800"
RIGHT: Final = SIGNED.format(md5(b"first-secretliveseg1.ts").hexdigest())
BATCHES: Final = 400
BATCH: Final = 500
STORED_S: Final = 3600.0


class Sink:
    """A transport that keeps the last answer."""

    def __init__(self) -> None:
        self.last = b""

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return "127.0.0.1", 40000

    def write(self, data: bytes) -> None:
        self.last = data

    def __getattr__(self, _name: str) -> Any:
        return lambda *_arguments: None


async def measure(scripts: Sequence[InstalledScript], target: str, wanted: bytes) -> float:
    """Microseconds per request for `target`, stored before; its answer must begin with `wanted`."""
    site = Site("bench", Upstream.single("127.0.0.1", 1), tuple(scripts))
    worker = Worker(Config(listen="127.0.0.1:0"), Sites(site))
    await worker.start()
    sink = Sink()
    connection = ClientConnection(worker)
    connection.connection_made(sink)
    now = worker.clock()
    fields = ((b"Content-Type", b"text/plain"), (b"Cache-Control", b"max-age=3600"), (b"Date", b"x" * 29))
    stored = StoredResponse(
        200, fields, b"x" * 1024, request_time=now, response_time=now, lifetime_s=STORED_S
    )
    worker.cache.store.put(f"http://{HOST}{target}", stored)
    head = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    connection.data_received(head)
    if not sink.last.startswith(wanted):
        raise SystemExit(f"{target}: got {sink.last[:40]!r}, want {wanted!r}")
    best = float("inf")
    for _ in range(BATCHES):
        started = time.perf_counter()
        for _ in range(BATCH):
            connection.data_received(head)
        best = min(best, time.perf_counter() - started)
    await worker.stop()
    return best / BATCH * 1e6


async def main() -> None:
    auth = loading.load([AUTH]).scripts
    idle = [InstalledScript("idle", "head", lambda _context: True, "deny")]
    rows = (
        ("hit, no script", (), RIGHT, b"HTTP/1.1 200"),
        ("hit behind a script that does nothing", idle, RIGHT, b"HTTP/1.1 200"),
        ("hit behind the signed-URL script", auth, RIGHT, b"HTTP/1.1 200"),
        ("refused by the signed-URL script", auth, SIGNED.format("0" * 32), b"HTTP/1.1 403"),
    )
    for name, scripts, target, wanted in rows:
        print(f"{name:40} {await measure(scripts, target, wanted):6.2f} us")


if __name__ == "__main__":
    uvloop.run(main())
