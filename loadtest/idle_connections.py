"""
What connections cost that do nothing: kept alive after a request, or sending a head one byte at a time.

    .venv/bin/python -m loadtest.idle_connections [--connections 9000]

A node in a process of its own is asked once on each connection with a browser's head; its resident memory before and
after gives bytes a connection. Sockets' own buffers are the kernel's and not in it. Descriptors are needed on both sides:
the soft limit is raised to the hard one.
"""

import argparse
import multiprocessing
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop

from runtime.cache.store import StoredResponse
from runtime.config import Config
from runtime.io.worker import Worker
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

HOST: Final = "a.example"
HEAD: Final = (
    f"GET /hit HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, br\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nCookie: session={}\r\nReferer: http://a.example/\r\n\r\n"
)
WARM: Final = 200
"""Connections before the first measurement: what is made once is not theirs."""
DEADLINE_S: Final = 120.0


class Measured(NamedTuple):
    """Of one run."""

    connections: int
    bytes_each: float
    served_s: float
    """A request on another connection, while all of them are open."""


def raise_descriptors() -> int:
    """As many descriptors as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def measure(connections: int, *, slow: bool = False) -> Measured:
    """Open `connections`, each with one answered request, or with `slow` in the middle of its head."""
    raise_descriptors()
    context = multiprocessing.get_context("spawn")
    told, told_there = context.Pipe(duplex=False)
    node = context.Process(target=_node, args=(told_there, connections + WARM + 10), daemon=True)
    node.start()
    try:
        with ExitStack() as opened:
            if not told.poll(DEADLINE_S):
                raise TimeoutError("the node did not start")
            address = told.recv()
            pid = node.pid or 0
            for number in range(WARM):
                _open(opened, address, number, slow=slow)
            before = _resident(pid)
            for number in range(connections):
                _open(opened, address, WARM + number, slow=slow)
            time.sleep(0.5)
            after = _resident(pid)
            began = time.perf_counter()
            _open(opened, address, 0, slow=False)
            return Measured(connections, (after - before) / connections, time.perf_counter() - began)
    finally:
        node.terminate()
        node.join(10)


def _open(opened: ExitStack, address: tuple[str, int], number: int, *, slow: bool) -> None:
    client = opened.enter_context(socket.create_connection(address, timeout=30))
    head = HEAD.format(number).encode()
    if slow:
        client.sendall(head[: len(head) // 2])
        return
    client.sendall(head)
    got = client.recv(65536)
    if not got.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"got {got[:40]!r}, want a hit")


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _node(told: Any, connections: int) -> None:
    raise_descriptors()
    uvloop.run(_serve(told, connections))


async def _serve(told: Any, connections: int) -> None:
    import asyncio  # noqa: PLC0415 - of the child alone

    config = Config(listen="127.0.0.1:0", admin="", max_connections=connections, header_timeout_s=DEADLINE_S)
    worker = Worker(config, Sites(Site("bench", Upstream.single("127.0.0.1", 1), ())))
    address = await worker.start()
    now = worker.clock()
    stored = StoredResponse(
        200,
        ((b"Cache-Control", b"max-age=3600"),),
        b"x" * 1024,
        request_time=now,
        response_time=now,
        lifetime_s=3600,
    )
    worker.cache.store.put(f"http://{HOST}/hit", stored)
    told.send(address)
    await asyncio.sleep(DEADLINE_S)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=9_000)
    connections = parser.parse_args().connections
    for name, slow in (("idle after a request", False), ("in the middle of a head", True)):
        measured = measure(connections, slow=slow)
        print(
            f"{measured.connections} connections, {name}: {measured.bytes_each / 1024:.1f} KiB each,"
            f" one more served in {measured.served_s * 1000:.1f} ms"
        )


if __name__ == "__main__":
    main()
