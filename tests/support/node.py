"""
A real node on a free port in a thread of this process, with the world in the test's hand: clock, geography, client.

    world = World(now=1_700_000_000.0, client_addr="192.0.2.7")
    with serve_in_thread(scripts, origin.url, world) as node:
        answer = node.ask("GET", "/a", [("Host", "shop.example")])
        world.now += 60
"""

import asyncio
import contextlib
import http.client
import random
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

import uvloop

from edgescript.services import GeoRecord, Services
from runtime.config import Config, parse_origin
from runtime.io.worker import Worker
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Site, Sites

TIMEOUT_S = 10


@dataclass
class World:
    """What a node knows of the world; may be changed between requests. `geo` is that of the client."""

    now: float = 1_700_000_000.0
    client_addr: str = "127.0.0.1"
    geo: GeoRecord | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    dictionaries: dict = field(default_factory=dict)

    def lookup(self, address, /):
        return self.geo if address == self.client_addr else None


class Answer(NamedTuple):
    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def values(self, name):
        """Every value under `name`, in order."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


class Node:
    """Where the node listens, and a client for it."""

    def __init__(self, host, port, worker):
        self.host = host
        self.port = port
        self.worker = worker

    def ask(self, method, target, fields, body=b""):
        """One request on a connection of its own; `fields` as given, Host among them."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in fields:
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(body or None)
            response = connection.getresponse()
            return Answer(response.status, list(response.headers.items()), response.read())
        finally:
            connection.close()


@contextlib.contextmanager
def serve_in_thread(scripts, origin_url, world, **settings):
    """A running `Node` with `scripts` (InstalledScript) before the origin; `settings` are those of Config."""
    config = Config(listen="127.0.0.1:0", origin=origin_url, drain_s=0.5, **settings)
    services = Services(
        random=world.chance,
        geo=world,
        limiter=LocalLimits().site().limiter,
        dictionaries=world.dictionaries,
    )
    sites = Sites(Site("test", parse_origin(origin_url), tuple(scripts), services, config.script_limits))
    started: Future[Node] = Future()
    stop: Future[None] = Future()

    async def live():
        worker = Worker(
            config,
            sites,
            clock=lambda: world.now,
            client_address=lambda _transport: (world.client_addr, 40_000),
        )
        started.set_result(Node(*await worker.start(), worker))
        await asyncio.wrap_future(stop)
        await worker.stop()

    def run():
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(live())
        except BaseException as error:  # a failed start must reach the test, not die with the thread
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield started.result(TIMEOUT_S)
    finally:
        stop.set_result(None)
        thread.join(TIMEOUT_S)
        assert not thread.is_alive(), "the node did not stop"
