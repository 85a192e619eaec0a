"""
A worker on a free port in the test's own event loop.

    @scenario
    async def test_x():
        async with RawOrigin(...) as origin, serving(origin) as node, node.client() as client:
            answer = await client.get("/a")
"""

import asyncio
import contextlib
import functools
import json
import socket

import uvloop

from runtime.config import Config
from runtime.io.worker import Worker
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import RawClient

SCENARIO_S = 30
NOW = 1_000_000_000.0


def scenario(test):
    """Run an async test in a loop of its own, within `SCENARIO_S`. What the loop complains of fails the test."""

    @functools.wraps(test)
    def run(*arguments, **named):
        complaints = []

        async def bounded():
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(SCENARIO_S):
                await test(*arguments, **named)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(bounded())
        assert complaints == []

    return run


class Node:
    """A running worker; its clock is `now`."""

    def __init__(self):
        self.now = NOW
        self.worker = None
        self.address = ("", 0)
        self.connected = []
        self.log = []
        """What the worker logged, one object an event."""

    @contextlib.asynccontextmanager
    async def client(self, receive_buffer=0):
        """A connection to it. With `receive_buffer`, of so few bytes that the client soon seems slow."""
        client = await self.connect(receive_buffer)
        try:
            yield client
        finally:
            client.close()

    async def connect(self, receive_buffer=0):
        """A connection that is closed with the node, if not before."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, self.address)
        except OSError:
            sock.close()
            raise
        limit = receive_buffer or 1 << 20
        client = RawClient(*await asyncio.open_connection(sock=sock, limit=limit))
        self.connected.append(client)
        return client

    def waiters(self):
        """How many requests wait for the fetch of another."""
        return sum(len(flight.waiters) for flight in self.worker.cache.flights._flights.values())

    def upstream_connections(self):
        """How many are open, to whatever server."""
        return sum(len(pool.open) for group in self.worker.upstreams.values() for pool in group.pools)

    def buffered_bytes(self):
        """What the worker itself holds of bytes that are on their way, in either direction."""
        clients = [client.queued_bytes for client in self.worker.clients]
        upstreams = [
            connection._transport.get_write_buffer_size() + len(connection._buffer)
            for group in self.worker.upstreams.values()
            for pool in group.pools
            for connection in pool.open
        ]
        return sum(clients) + sum(upstreams)


@contextlib.asynccontextmanager
async def serving(origin=None, *, scripts=(), sites=None, **settings):
    """A running `Node` before `origin`; `settings` are those of Config."""
    if sites is None:
        address = (
            Upstream.single(origin.host, origin.port)
            if origin is not None
            else Upstream.single("127.0.0.1", 9)
        )
        sites = Sites(Site("test", address, tuple(scripts)))
    node = Node()
    settings.setdefault("drain_s", 0.2)
    config = Config(listen="127.0.0.1:0", origin="http://127.0.0.1", **settings)
    node.worker = Worker(
        config, sites, clock=lambda: node.now, write=lambda line: node.log.append(json.loads(line))
    )
    node.address = await node.worker.start()
    try:
        yield node
    finally:
        for client in node.connected:
            client.close()
        await node.worker.stop()
