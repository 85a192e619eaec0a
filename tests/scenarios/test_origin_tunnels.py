"""A connection to an origin that becomes a tunnel: it counts as in use until it ends, and is never kept."""

import asyncio

from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Server, Upstream
from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

ACCEPT = b"Sec-WebSocket-Accept: FtgH8qqfEKHvZKEZYEWkYDhlXNY=\r\n"  # of the key `a`
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + ACCEPT + b"\r\n"
)
ASKS = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: a")


@scenario
async def test_a_tunnel_takes_its_servers_room_until_it_ends():
    def answer(asked):
        return [SWITCH + b"hello", 5] if asked.values(b"upgrade") else [OK]

    async with RawOrigin(answer) as origin:
        upstream = Upstream("u", (Server(origin.host, origin.port, max_connections=1),))
        async with serving(sites=Sites(Site("test", upstream))) as node:
            client = await node.connect()
            await client.send(request("/ws", *ASKS))
            head = await client.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert await client.reader.readexactly(5) == b"hello"
            (group,) = node.worker.upstreams.values()
            assert (group.report()[0].in_use, group.report()[0].open) == (1, 0)
            other = await node.connect()
            waiting = asyncio.create_task(other.get("/n"))
            await eventually(lambda: group._waiting)
            client.reset()
            assert (await waiting).body == b"ok"
            assert [asked.target for asked in origin.asked] == [b"/ws", b"/n"]
            await eventually(lambda: group.report()[0].in_use == 0)
