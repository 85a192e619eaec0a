"""Connections that go on in another protocol: what passes, how fast, and every way to the end."""

import asyncio
import os
import struct

import pytest

from tests.support.rawclient import request
from tests.support.raworigin import RawOrigin, response
from tests.support.secure import SECURE, secure
from tests.support.waiting import eventually, settled
from tests.support.worker import scenario, serving

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""Of `KEY`, as RFC 6455 section 1.3 works it out."""
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


class Peer:
    """An origin that switches at once and then does what `talk(reader, writer)` says."""

    def __init__(self, talk, *, early=b"", fields=b""):
        self.talk = talk
        self.fields = fields
        self.early = early
        self.heads = []
        self.host = "127.0.0.1"
        self.tasks = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, self.host, 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(SWITCHED + self.fields + b"\r\n" + self.early)
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


async def echo(reader, writer):
    """Until the client half-closes; then a last word."""
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.write(b"bye")
    writer.close()
    await writer.wait_closed()


async def switch(client, *fields):
    await client.send(request("/chat", *UPGRADE, *fields))
    return await client.reader.readuntil(b"\r\n\r\n")


@scenario
async def test_what_either_says_the_other_gets():
    async with Peer(echo) as origin, serving(origin) as node, node.client() as client:
        head = await switch(client, "Cookie: a=b")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nUpgrade: websocket\r\n" in head
        asked = origin.heads[0].lower()
        for line in (b"upgrade: websocket", b"connection: upgrade", b"cookie: a=b"):
            assert b"\r\n" + line + b"\r\n" in asked
        assert node.worker.tunnels == 1
        for said in (b"hello", b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", os.urandom(300_000)):
            await client.send(said)
            assert await client.reader.readexactly(len(said)) == said
        client.half_close()
        assert await client.reader.read() == b"bye"
        await eventually(lambda: not node.worker.clients)
        assert node.worker.tunnels == 0


@scenario
async def test_frames_of_websocket():
    """RFC 6455: the handshake's answer and masked frames, by the few lines they take."""

    async def talk(reader, writer):
        first, size = await reader.readexactly(2)
        assert (first, size & 0x80) == (0x81, 0x80)
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(size & 0x7F)
        text = bytes(octet ^ mask[at % 4] for at, octet in enumerate(masked))
        writer.write(struct.pack("BB", 0x81, len(text)) + text.upper())
        await reader.read()

    fields = b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n"
    async with Peer(talk, fields=fields) as origin, serving(origin) as node, node.client() as client:
        head = await switch(client, f"Sec-WebSocket-Key: {KEY}")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert fields in head
        assert f"\r\nsec-websocket-key: {KEY}\r\n".lower().encode() in origin.heads[0].lower()
        mask = b"\x01\x02\x03\x04"
        masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(b"hello"))
        await client.send(b"\x81\x85" + mask + masked)
        assert await client.reader.readexactly(7) == b"\x81\x05HELLO"


@pytest.mark.parametrize("accept", [b"", b"Sec-WebSocket-Accept: AAAA\r\n"])
@scenario
async def test_a_switch_that_is_no_answer_to_the_handshake_is_a_failure(accept):
    async with Peer(echo, fields=accept) as origin, serving(origin) as node, node.client() as client:
        await client.send(request("/chat", *UPGRADE, f"Sec-WebSocket-Key: {KEY}"))
        assert (await client.answer()).status == 502
        await eventually(lambda: node.worker.tunnels == 0)


@scenario
async def test_what_was_sent_ahead_is_not_lost():
    """By the client behind its request, by the origin behind its 101."""
    async with Peer(echo, early=b"welcome ") as origin, serving(origin) as node, node.client() as client:
        await client.send(request("/chat", *UPGRADE) + b"early " + b"x" * 100_000)
        await client.reader.readuntil(b"\r\n\r\n")
        got = await client.reader.readexactly(8 + 6 + 100_000)
        assert got.startswith(b"welcome early xxx")


@scenario
async def test_an_origin_that_does_not_switch_answers_as_ever():
    async with (
        RawOrigin(lambda asked: [response(asked.target, b"Cache-Control: max-age=60")]) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        for _ in range(2):
            answer = await client.get("/chat", *UPGRADE)
            assert (answer.status, answer.body) == (200, b"/chat")
        assert len(origin.asked) == 2  # such a request is never answered from memory
        assert (await client.get("/n")).body == b"/n"
        assert node.worker.tunnels == 0


@pytest.mark.parametrize(
    "fields",
    [
        ("Connection: Upgrade", "Upgrade: h2c"),
        ("Connection: Upgrade", "Upgrade: TLS/1.0"),
        ("Upgrade: websocket",),
        ("Connection: close, keep-alive", "Upgrade: websocket"),
    ],
)
def test_other_upgrades_are_not_passed_on(fields):
    @scenario
    async def run():
        async with (
            RawOrigin(lambda _: [response()]) as origin,
            serving(origin) as node,
            node.client() as client,
        ):
            assert (await client.get("/", *fields)).status == 200
            assert origin.asked[0].values(b"upgrade") == []
            assert b"upgrade" not in b",".join(origin.asked[0].values(b"connection")).lower()

    run()


@scenario
async def test_a_101_that_nobody_asked_for_is_a_failure():
    async with Peer(echo) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/")).status == 502


@scenario
async def test_a_side_that_reads_slowly_slows_the_other():
    sent = 0

    async def talk(_, writer):
        nonlocal sent
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with Peer(talk) as origin, serving(origin) as node, node.client(receive_buffer=8192) as client:
        await switch(client)
        stopped = await settled(lambda: sent)
        assert node.buffered_bytes() < 1_000_000
        await client.reader.readexactly(stopped)
        assert sent > stopped


@scenario
async def test_an_origin_that_reads_slowly_slows_the_client():
    async def talk(reader, _):
        reader._transport.pause_reading()
        await asyncio.sleep(30)

    async with Peer(talk) as origin, serving(origin) as node, node.client() as client:
        await switch(client)
        sent = 0

        async def flood():
            nonlocal sent
            while True:
                await client.send(b"x" * 65536)
                sent += 65536

        flooding = asyncio.create_task(flood())
        await settled(lambda: sent)
        assert node.buffered_bytes() < 1_000_000
        flooding.cancel()


@pytest.mark.parametrize("who", ["client resets", "client closes", "origin resets", "origin closes"])
def test_the_end_of_one_is_the_end_of_both(who):
    ended = asyncio.Event()

    async def talk(reader, writer):
        if who == "origin closes":
            writer.close()
            return
        if who == "origin resets":
            return
        try:
            while await reader.read(100):
                pass
        finally:
            ended.set()

    @scenario
    async def run():
        async with Peer(talk) as origin, serving(origin) as node, node.client() as client:
            await switch(client)
            if who == "client resets":
                client.reset()
            elif who == "client closes":
                client.close()
            else:
                assert await client.ended() in {"closed", "reset"}
                client.close()
                ended.set()
            await ended.wait()
            await eventually(lambda: not node.worker.clients)
            assert node.worker.tunnels == 0

    run()


@scenario
async def test_silence_ends_it():
    async with (
        Peer(echo) as origin,
        serving(origin, tunnel_idle_timeout_s=0.6) as node,
        node.client() as client,
    ):
        await switch(client)
        began = asyncio.get_running_loop().time()
        for _ in range(4):
            await asyncio.sleep(0.25)
            await client.send(b"x")
            assert await client.reader.readexactly(1) == b"x"
        assert await client.ended() in {"closed", "reset"}
        assert asyncio.get_running_loop().time() - began > 1.5
        await eventually(lambda: not node.worker.clients)


@scenario
async def test_more_than_there_may_be_are_refused():
    async with Peer(echo) as origin, serving(origin, max_tunnels=1) as node, node.client() as first:
        await switch(first)
        async with node.client() as second:
            answer = await second.get("/chat", *UPGRADE)
            assert answer.status == 503
        first.close()
        await eventually(lambda: not node.worker.clients)
        async with node.client() as third:
            assert (await switch(third)).startswith(b"HTTP/1.1 101 ")


@scenario
async def test_a_stopping_node_waits_for_it_no_longer_than_for_anything():
    async with Peer(echo) as origin, serving(origin, drain_s=0.3) as node, node.client() as client:
        await switch(client)
        stopping = asyncio.create_task(node.worker.stop())
        await eventually(lambda: node.worker.draining)
        await client.send(b"still here")
        assert await client.reader.readexactly(10) == b"still here"
        assert await client.ended() in {"closed", "reset"}
        await stopping


def test_over_tls(authority):
    @scenario
    async def run():
        certificates = (authority.issue("a", "a.test"),)
        async with (
            Peer(echo) as origin,
            serving(origin, listeners=SECURE, certificates=certificates) as node,
        ):
            async with secure(node, authority) as client:
                assert (await switch(client)).startswith(b"HTTP/1.1 101 ")
                said = os.urandom(500_000)
                sending = asyncio.create_task(client.send(said))
                assert await client.reader.readexactly(len(said)) == said
                await sending
            await eventually(lambda: not node.worker.clients)
            assert node.worker.tunnels == 0

    run()
