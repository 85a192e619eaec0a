"""
Microseconds the node's own code takes for a request, without sockets.

    .venv/bin/python -m loadtest.path_bench [--json]

A head goes into `data_received` of a connection whose transport only counts; what comes out is checked once. The origin
of a miss is such a transport, too. Sites are built as a node builds them, and every answer is counted. A figure is the least of many short batches. What the system adds (reading, writing, polling) is
not in it.
"""

import argparse
import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from random import SystemRandom
from typing import Any, Final, cast

import msgspec
import uvloop

from edgescript.cli.node.building import Builder, SiteServices
from edgescript.cli.node.bundle import own_bundle
from loadtest.servers import script_path
from loadtest.tables import Table
from runtime.cache.store import StoredResponse
from runtime.config import Config
from runtime.io.client.connection import ClientConnection
from runtime.io.worker import Worker
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Sites
from runtime.state.limits.shared import SharedLimits, layout

HOST: Final = "a.example"
SIGNED: Final = "/live/{}/seg1.ts?key=2024&t=4102444800"
RIGHT: Final = SIGNED.format(md5(b"first-secretliveseg1.ts").hexdigest())
WRONG: Final = SIGNED.format("0" * 32)
ORIGIN: Final = "http://127.0.0.1:1"
MISSED: Final = (
    b"HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 1024\r\nConnection: keep-alive\r\nCache-Control: no-store\r\n\r\n" + b"x" * 1024
)
"""What the origin answers: nothing of it may be stored."""
HIT: Final = b"HTTP/1.1 200"
BATCHES: Final = 120
BATCH: Final = 500
STORED_S: Final = 3600.0
VISITOR: Final = "User-Agent: Mozilla/5.0 (Linux; Android 14) Mobile\r\nCookie: session=1f0c; view=mobile\r\n"
NOTHING: Final = "# position: head\nreturn true\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A request, the script before it ('' for none), how its answer begins, and whether memory has it."""

    name: str
    wanted: bytes = HIT
    target: str = RIGHT
    logic: str = ""
    stored: bool = True
    fields: str = ""
    workers: int = 1
    """With more, limits are in the file that they share."""
    new: bool = False
    """Every URL is one that has not been asked for."""

    def target_of(self, number: int) -> str:
        """What the request of that number asks for."""
        return f"{self.target}&n={number}" if self.new else self.target

    def head_of(self, number: int) -> bytes:
        """Its head."""
        return f"GET {self.target_of(number)} HTTP/1.1\r\nHost: {HOST}\r\n{self.fields}\r\n".encode()

    @property
    def head(self) -> bytes:
        """That of the first."""
        return self.head_of(0)


ROWS: Final = (
    Row("hit, no script"),
    Row("hit behind a script that does nothing", logic="nothing"),
    Row("hit behind the signed-URL script", logic="auth"),
    Row("the same, every URL new", logic="auth", new=True),
    Row("hit behind a limit by client address", logic="limit"),
    Row("the same, counted for several workers", logic="limit", workers=2),
    Row("refused by the signed-URL script", b"HTTP/1.1 403", WRONG, "auth"),
    Row("the same, every URL new", b"HTTP/1.1 403", WRONG, "auth", new=True),
    Row("redirected by a script", b"HTTP/1.1 302", logic="redirect", fields=VISITOR),
    Row("the same, every URL new", b"HTTP/1.1 302", logic="redirect", fields=VISITOR, new=True),
    Row("miss passed to the origin", stored=False),
)


class Sink:
    """A transport that keeps what was written last. `socket` never has anything to read."""

    def __init__(self, idle: socket.socket) -> None:
        self.last = b""
        self._known = {"peername": ("127.0.0.1", 40_000), "sockname": ("127.0.0.1", 80), "socket": idle}

    def get_extra_info(self, name: str) -> Any:
        return self._known.get(name)

    def write(self, data: bytes) -> None:
        self.last = data

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def __getattr__(self, _name: str) -> Any:
        return lambda *_arguments, **_named: None


class Loop:
    """The running loop, but its connections lead nowhere: `opened` is the last one's protocol, `sink` its transport."""

    def __init__(self, idle: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self.sink = Sink(idle)
        self.opened: asyncio.Protocol | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, make: Callable[[], asyncio.Protocol], *_arguments: Any, **_named: Any
    ) -> tuple[Sink, asyncio.Protocol]:
        self.opened = make()
        self.opened.connection_made(cast("asyncio.BaseTransport", self.sink))
        return self.sink, self.opened


@contextmanager
def built(logic: str, workers: int = 1) -> Iterator[Sites]:
    """The sites of a node with one script, or none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nothing.es").write_text(NOTHING, encoding="utf-8")
        path = folder / "nothing.es" if logic == "nothing" else script_path(logic)
        config = Config(origin=ORIGIN, scripts=(str(path),) if logic else ())
        bundle, _ = own_bundle(config)
        if bundle is None:
            raise SystemExit(f"{path.name} does not compile")
        limits: LocalLimits | SharedLimits = LocalLimits(config.limiter_keys)
        if workers > 1:
            limits = SharedLimits(folder / "limits", layout(config.limiter_keys), config.limiter_full)
        yield Builder(SiteServices(SystemRandom(), limits)).build(msgspec.msgpack.encode(bundle))


async def measure(row: Row, sites: Sites, *, access_log: bool) -> tuple[float, float]:
    """Microseconds a request, and those of the thread that writes its line of the access log."""
    worker = Worker(Config(listen="127.0.0.1:0", access_log="/dev/null" if access_log else ""), sites)
    await worker.start()
    quiet, other = socket.socketpair()
    client = Sink(quiet)
    connection = ClientConnection(worker)
    connection.connection_made(cast("asyncio.BaseTransport", client))
    try:
        origin = None
        if row.stored:
            _store(worker, row.target_of(0))
        else:
            origin = await _origin(worker, connection, row.head, quiet)
        _check(row, worker, connection, client, origin)
        return _least(row, worker, connection, origin)
    finally:
        connection.connection_lost(None)
        await worker.stop()
        quiet.close()
        other.close()


async def _origin(
    worker: Worker, connection: ClientConnection, head: bytes, quiet: socket.socket
) -> asyncio.Protocol:
    """The origin's side of a connection that one request has opened and that is kept."""
    loop = Loop(quiet)
    for group in worker.upstreams.values():
        group.close()
    worker.upstreams.clear()
    worker.loop = cast("asyncio.AbstractEventLoop", loop)
    connection.data_received(head)
    for _ in range(10):  # connecting takes some turns of the loop
        await asyncio.sleep(0)
    assert loop.opened is not None
    assert loop.sink.last
    loop.opened.data_received(MISSED)
    return loop.opened


def _check(
    row: Row, worker: Worker, connection: ClientConnection, client: Sink, origin: asyncio.Protocol | None
) -> None:
    """Ends the program if the answer is not the row's. Thrice: what is remembered of the first ones is the usual case."""
    for _ in range(3):
        client.last = b""
        _batch(worker, connection, [row.head], origin)
        if not client.last.startswith(row.wanted):
            raise SystemExit(f"{row.name}: got {client.last[:40]!r}, want {row.wanted!r}")


def _least(
    row: Row, worker: Worker, connection: ClientConnection, origin: asyncio.Protocol | None
) -> tuple[float, float]:
    best = line = float("inf")
    for batch in range(BATCHES):
        numbers = range(batch * BATCH + 1, (batch + 1) * BATCH + 1)
        if row.new and row.wanted == HIT:
            for number in numbers:
                _store(worker, row.target_of(number))
        heads = [row.head_of(number) for number in numbers]
        best = min(best, _batch(worker, connection, heads, origin))
        if worker.access is not None:
            line = min(line, _lines(worker))
    return best / BATCH * 1e6, line / BATCH * 1e6


def _store(worker: Worker, target: str) -> None:
    now = worker.clock()
    fields = ((b"Content-Type", b"text/plain"), (b"Cache-Control", b"max-age=3600"), (b"Date", b"x" * 29))
    stored = StoredResponse(
        200, fields, b"x" * 1024, request_time=now, response_time=now, lifetime_s=STORED_S
    )
    worker.cache.store.put(f"http://{HOST}{target}", stored)


def _batch(
    worker: Worker, connection: ClientConnection, heads: list[bytes], origin: asyncio.Protocol | None
) -> float:
    outbox = worker.outbox
    started = time.perf_counter()
    if origin is None:
        for head in heads:
            connection.data_received(head)
    else:
        for head in heads:
            connection.data_received(head)
            outbox.flush()
            origin.data_received(MISSED)
            outbox.flush()
    return time.perf_counter() - started


def _lines(worker: Worker) -> float:
    """What is done for the lines of one batch, writing them apart."""
    assert worker.access is not None
    lines = worker.access.take()
    started = time.perf_counter()
    b"".join(lines)
    return time.perf_counter() - started


async def table() -> Table:
    """All rows, without and with an access log."""
    rows = []
    first = 0.0
    for row in ROWS:
        with built(row.logic, row.workers) as sites:
            plain, _ = await measure(row, sites, access_log=False)
        with built(row.logic, row.workers) as sites:
            logged, line = await measure(row, sites, access_log=True)
        first = first or plain
        rows.append((row.name, *(f"{us:.2f}" for us in (plain, plain - first, logged, line))))
    return Table(
        "Our own code, without the system",
        ("request", "µs", "more than a hit, µs", "with access log, µs", "its line, in a thread, µs"),
        tuple(rows),
        ("The least of many batches on transports that only count: what reading, writing and polling cost is not in it.",),
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="What the node's own code takes for a request.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = uvloop.run(table())
    print(found.to_json() if options.json else found.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
