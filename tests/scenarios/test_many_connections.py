"""Connections that cost a client nothing must cost the node little: slow heads, slow bodies, idle ones."""

import asyncio
import contextlib

from loadtest.idle_connections import measure, raise_descriptors
from tests.support.rawclient import request
from tests.support.raworigin import RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

SLOW = 1000
IDLE = 400
MOST_BYTES_EACH = 10 * 1024


@scenario
async def test_a_thousand_slow_heads_leave_room_for_others_and_end_in_time():
    raise_descriptors()
    loop = asyncio.get_running_loop()
    async with RawOrigin(lambda _: [response()]) as origin, serving(origin, header_timeout_s=2.0) as node:
        slow = [await node.connect() for _ in range(SLOW)]
        await eventually(lambda: len(node.worker.clients) == SLOW)
        began = loop.time()
        head = request("/slow", "X: " + "a" * 50)
        for octet in head[:20]:
            for client in slow:
                client.writer.write(bytes([octet]))
            await asyncio.sleep(0.02)
        async with node.client() as other:
            asked = loop.time()
            assert (await other.get("/n")).status == 200
            assert loop.time() - asked < 1
        statuses = [(await client.answer()).status for client in slow]
        assert set(statuses) == {408}
        assert loop.time() - began < 10
        assert origin.targets() == [b"/n"]
        for client in slow:
            client.close()
        await eventually(lambda: not node.worker.clients)


@scenario
async def test_a_body_of_one_byte_now_and_then_ends_in_time():
    """Each read comes soon enough, and all of them together do not."""
    async with (
        RawOrigin(lambda _: [response()]) as origin,
        serving(origin, body_timeout_s=0.5, body_bytes_per_s=1000) as node,
        node.client() as client,
    ):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await client.send(request("/p", "Content-Length: 1000000", method="POST"))

        async def drip():
            with contextlib.suppress(ConnectionError):
                while True:
                    await client.send(b"x")
                    await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        assert (await client.answer()).status == 408
        dripping.cancel()
        assert loop.time() - began < 5
        assert [asked.complete for asked in origin.asked] == [False]


@scenario
async def test_a_body_the_origin_takes_slowly_is_not_the_clients_fault():
    async with RawOrigin(lambda asked: [response(b"%d" % len(asked.body))], receive_buffer=8192) as origin:
        origin_pause = asyncio.Event()
        read_body = origin._serve

        async def late(reader, writer):
            await origin_pause.wait()
            await read_body(reader, writer)

        origin._serve = late
        origin._server.close()
        origin._server = await asyncio.start_server(late, origin.host, 0)
        origin.port = origin._server.sockets[0].getsockname()[1]
        settings = {"body_timeout_s": 0.5, "body_bytes_per_s": 1_000_000_000}
        async with serving(origin, **settings) as node, node.client() as client:
            sending = asyncio.create_task(
                client.send(request("/p", "Content-Length: 8000000", method="POST") + b"x" * 8_000_000)
            )
            await asyncio.sleep(1.5)
            origin_pause.set()
            answer = await client.answer()
            assert (answer.status, answer.body) == (200, b"8000000")
            await sending


def test_an_idle_connection_takes_little_memory():
    measured = measure(IDLE)
    assert measured.bytes_each < MOST_BYTES_EACH
    assert measured.served_s < 1
