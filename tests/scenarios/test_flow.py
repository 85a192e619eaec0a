"""Bytes in bulk: neither side can make the node hold more than a bounded part of what is on its way."""

import asyncio
import hashlib
import sys

import pytest

from edgescript.pipeline import InstalledScript
from runtime.io.client.connection import READ_AHEAD_BYTES
from tests.scenarios.conftest import SWEEP_S
from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin, response
from tests.support.waiting import eventually, settled
from tests.support.worker import scenario, serving

MIB = 1 << 20
BULK = 50 * MIB
SMALL_WINDOW = 1 << 16
BOUND = 2 * MIB
"""Asyncio's high-water mark, the read-ahead and one read each way are far below."""


def pattern(size):
    """Bytes of which every part is different, so that a lost, doubled or swapped part shows."""
    block = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(2048))
    return (block * (size // len(block) + 1))[:size]


@scenario
async def test_an_upload_to_a_stalled_origin_stops_the_client():
    stalled = asyncio.Event()
    async with (
        RawOrigin(lambda _: [stalled], answers_early=True, receive_buffer=SMALL_WINDOW) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        sent = 0

        async def upload():
            nonlocal sent
            await client.send(request("/p", "Transfer-Encoding: chunked", method="POST"))
            while sent < BULK:
                client.writer.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
                await client.writer.drain()
                sent += 1 << 16

        task = asyncio.create_task(upload())
        await eventually(lambda: sent > 0)
        await settled(lambda: sent)
        assert sent < BULK / 2, "the client was let send although nobody takes it"
        assert node.buffered_bytes() < BOUND
        task.cancel()


@scenario
async def test_an_upload_to_a_slow_origin_arrives_whole():
    content = pattern(8 * MIB)
    got = []

    def answer(asked):
        got.append(asked.body == content)
        return [response(b"thanks")]

    async with (
        RawOrigin(answer, receive_buffer=SMALL_WINDOW) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        await client.send(request("/p", f"Content-Length: {len(content)}", method="POST"))
        peak = 0
        for start in range(0, len(content), 1 << 18):
            await client.send(content[start : start + (1 << 18)])
            peak = max(peak, node.buffered_bytes())
        assert (await client.answer()).body == b"thanks"
        assert got == [True]
        assert peak < BOUND


class Pouring:
    """An answer of `size` bytes as fast as they are taken; `sent` of them so far."""

    def __init__(self, size):
        self.size = size
        self.sent = 0

    def __call__(self, _asked):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size
        piece = bytes(1 << 16)
        while self.sent < self.size:
            yield piece
            self.sent += len(piece)


@scenario
async def test_a_slow_client_stops_a_fast_origin():
    pouring = Pouring(BULK)
    async with (
        RawOrigin(pouring) as origin,
        serving(origin) as node,
        node.client(receive_buffer=SMALL_WINDOW) as client,
    ):
        await client.send(request("/big"))
        await eventually(lambda: pouring.sent > 0)
        await settled(lambda: pouring.sent)
        assert pouring.sent < BULK / 2, "the origin was let send although nobody takes it"
        assert node.buffered_bytes() < BOUND
        answer = await client.answer()
        assert (answer.complete, len(answer.body)) == (True, BULK)


@pytest.mark.parametrize(
    ("fields", "size"),
    [([b"Cache-Control: max-age=60"], MIB // 4), ([], MIB // 4), ([], 60_000)],
    ids=["hits", "misses", "misses that come in one piece"],
)
@scenario
async def test_a_client_that_reads_nothing_gets_no_further_answers_made(fields, size):
    """Requests sent ahead would else be answered into memory, all of them."""
    body = pattern(size)
    async with RawOrigin(lambda _: [response(body, *fields)]) as origin, serving(origin) as node:
        async with node.client() as client:
            await client.get("/big")
        async with node.client(receive_buffer=SMALL_WINDOW) as client:
            await client.send(request("/big") * 500)
            await settled(node.buffered_bytes)
            assert node.buffered_bytes() < BOUND
            for _ in range(40):
                assert (await client.answer()).body == body


@scenario
async def test_a_large_hit_to_a_client_that_said_close_arrives_whole(monkeypatch):
    """However long it takes: the node lingers only after the answer was taken."""
    monkeypatch.setattr("runtime.io.client.stream.LINGER_S", 0.05)
    body = pattern(4 * MIB)
    async with (
        RawOrigin(lambda _: [response(body, b"Cache-Control: max-age=60")]) as origin,
        serving(origin) as node,
    ):
        async with node.client() as client:
            assert (await client.get("/big")).body == body
        for version in ("1.1", "1.0"):
            async with node.client(receive_buffer=SMALL_WINDOW) as client:
                await client.send(request("/big", "Connection: close", version=version))
                await asyncio.sleep(0.05 + 4 * SWEEP_S)
                answer = await client.answer()
                assert (answer.body == body, answer.complete) == (True, True)
                assert await client.ended() == "closed"


@scenario
async def test_a_client_that_takes_nothing_is_cut_after_a_while():
    body = pattern(8 * MIB)
    for fields in ([b"Cache-Control: max-age=60"], []):
        async with (
            RawOrigin(lambda _, fields=fields: [response(body, *fields)]) as origin,
            serving(origin, write_timeout_s=0.3) as node,
        ):
            async with node.client() as client:
                assert (await client.get("/big")).complete
            async with node.client(receive_buffer=SMALL_WINDOW) as client:
                await client.send(request("/big"))
                await eventually(lambda: len(node.worker.clients) == 1)
                await eventually(lambda: not node.worker.clients, within_s=2)
                answer = await client.answer()
                assert not answer.complete


@pytest.mark.parametrize("fields", [[b"Cache-Control: max-age=60"], []], ids=["hit", "miss"])
@scenario
async def test_a_client_that_takes_little_at_a_time_is_served_to_the_end(fields):
    body = pattern(8 * MIB)
    async with (
        RawOrigin(lambda _: [response(body, *fields)]) as origin,
        serving(origin, write_timeout_s=0.4, idle_timeout_s=0.4) as node,
        node.client(receive_buffer=SMALL_WINDOW) as client,
    ):
        async with node.client() as first:
            assert (await first.get("/big")).complete
        await client.send(request("/big"))
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        got = 0
        while got < len(body):
            piece = await client.reader.readexactly(min(MIB // 2, len(body) - got))
            assert piece == body[got : got + len(piece)]
            got += len(piece)
            await asyncio.sleep(0.12)


@scenario
async def test_a_connection_that_was_paused_for_a_slow_client_serves_the_next():
    body = pattern(2 * MIB)
    async with RawOrigin(lambda _: [response(body)]) as origin, serving(origin) as node:
        for _ in range(3):
            async with node.client(receive_buffer=SMALL_WINDOW) as client:
                await client.send(request("/big"))
                await asyncio.sleep(0.05)
                assert (await client.answer()).body == body
            async with node.client() as client:
                assert (await client.get("/big")).body == body
        assert origin.connections == 1


@scenario
async def test_requests_sent_ahead_of_a_slow_one_are_not_read_without_bound():
    wait = asyncio.Event()
    async with (
        RawOrigin(lambda _: [wait, response(b"ok")]) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        await client.send(request("/slow"))
        sent = 0

        async def pour():
            nonlocal sent
            while sent < BULK:
                client.writer.write(request("/slow") * 100)
                await client.writer.drain()
                sent += len(request("/slow")) * 100

        task = asyncio.create_task(pour())
        await eventually(lambda: sent > 0)
        await settled(lambda: sent)
        assert sent < BULK / 2
        assert node.buffered_bytes() < BOUND
        task.cancel()
        wait.set()
        assert (await client.answer()).body == b"ok"
        assert (await client.answer()).body == b"ok"


@pytest.mark.parametrize("begun", [0, 30])
def test_requests_sent_far_ahead_are_all_answered_wherever_a_read_ends(begun):
    """So many that reading stops; what has come by then ends with `begun` bytes of a head."""
    ahead = READ_AHEAD_BYTES // len(request("/n")) + 100

    @scenario
    async def play():
        go = asyncio.Event()
        answers = iter([[go, OK]])
        stored = response(b"ok", b"Cache-Control: max-age=60")
        async with (
            RawOrigin(lambda _: next(answers, [stored])) as origin,
            serving(origin, header_timeout_s=5) as node,
            node.client() as client,
        ):
            last = request("/last")
            await client.send(request("/first"))
            await eventually(origin.targets)
            await client.send(request("/n") * ahead + last[:begun])
            (connection,) = node.worker.clients
            await eventually(lambda: connection.queued_bytes > READ_AHEAD_BYTES)
            await client.send(last[begun:])
            go.set()
            assert [(await client.answer()).status for _ in range(ahead + 2)] == [200] * (ahead + 2)

    play()


def limit(rate, after=0):
    """A script that sets limit_rate."""
    from edgescript.pipeline import InstalledScript

    def run(context):
        context.effects.rate_bytes_per_s = rate
        context.effects.rate_after_bytes = after
        return True

    return InstalledScript(name="limit", position="head", run=run, on_error="deny")


@scenario
async def test_limit_rate_paces_misses_and_hits_and_loses_nothing():
    body = pattern(200_000)
    async with (
        RawOrigin(lambda _: [response(body, b"Cache-Control: max-age=60")]) as origin,
        serving(origin, scripts=[limit(400_000, after=40_000)]) as node,
        node.client() as client,
    ):
        loop = asyncio.get_running_loop()
        for label in ("MISS", "HIT"):
            started = loop.time()
            answer = await client.get("/big")
            took = loop.time() - started
            assert answer["X-Cache"] == label
            assert answer.body == body
            # 160,000 bytes at 400,000 a second, of which one quantum of 0.1 s may come at once.
            assert 0.25 < took < 0.9, f"{label} took {took:.2f} s"


@pytest.mark.parametrize("fields", [[b"Cache-Control: max-age=60"], []], ids=["hit", "miss"])
@scenario
async def test_a_client_slower_than_its_pace_gets_everything(fields):
    body = pattern(8 * MIB)
    async with (
        RawOrigin(lambda _: [response(body, *fields)]) as origin,
        serving(origin, scripts=[limit(MIB, after=64 * MIB)]) as node,
    ):
        for _ in range(2):
            async with node.client(receive_buffer=SMALL_WINDOW) as client:
                await client.send(request("/big") + request("/big"))
                await asyncio.sleep(0.2)
                for _ in range(2):
                    assert (await client.answer()).body == body


@scenario
async def test_requests_behind_a_paced_answer_wait_for_it():
    body = pattern(60_000)
    async with (
        RawOrigin(lambda _: [response(body, b"Cache-Control: max-age=60")]) as origin,
        serving(origin, scripts=[limit(300_000)]) as node,
        node.client() as client,
    ):
        await client.send(request("/a") + request("/a") + request("/b", "Connection: close"))
        client.half_close()
        for _ in range(3):
            assert (await client.answer()).body == body
        assert await client.ended() == "closed"


@scenario
async def test_an_answer_that_is_paced_stops_the_origin():
    pouring = Pouring(BULK)
    async with (
        RawOrigin(pouring) as origin,
        serving(origin, scripts=[limit(100_000)]) as node,
        node.client() as client,
    ):
        await client.send(request("/big"))
        await eventually(lambda: pouring.sent > 0)
        await asyncio.sleep(0.5)
        assert pouring.sent < BULK / 2
        assert node.buffered_bytes() < BOUND


OBJECT = 4 * MIB
KEPT = response(b"x" * OBJECT, b"Cache-Control: max-age=60")


@pytest.mark.parametrize("leaves", [False, True], ids=["that stays", "that leaves"])
@scenario
async def test_a_stalled_client_holds_up_nobody_who_wants_the_same(leaves):
    async with (
        RawOrigin(lambda _: [KEPT]) as origin,
        serving(origin) as node,
        node.client(receive_buffer=4096) as stalled,
        node.client() as other,
    ):
        await stalled.send(request("/same"))
        await eventually(lambda: origin.asked)
        if leaves:
            stalled.close()
        answer = await other.get("/same")
        assert (answer.complete, len(answer.body)) == (True, OBJECT)
        assert len(origin.asked) == 1


@scenario
async def test_a_client_under_limit_rate_holds_up_nobody_who_wants_the_same():
    def slow_for_some(context):
        if context.request.headers.get("x-slow"):
            context.effects.rate_bytes_per_s = 4096
        return True

    async with (
        RawOrigin(lambda _: [KEPT]) as origin,
        serving(origin, scripts=[InstalledScript("slow", "head", slow_for_some, "deny")]) as node,
        node.client() as slow,
        node.client() as other,
    ):
        await slow.send(request("/same", "X-Slow: 1"))
        await eventually(lambda: origin.asked)
        answer = await other.get("/same")
        assert (answer.complete, len(answer.body)) == (True, OBJECT)


@scenario
async def test_clients_that_read_nothing_share_the_bytes_of_what_is_stored():
    async with RawOrigin(lambda _: [KEPT]) as origin, serving(origin) as node, node.client() as first:
        await first.get("/same")
        stored = node.worker.cache.store.get("http://site.test/same", [])
        before = sys.getrefcount(stored.body)
        for _ in range(5):
            client = await node.connect(4096)
            await client.send(request("/same"))
        # Each connection that still has some to send holds the stored bytes themselves, not a copy.
        await eventually(lambda: sys.getrefcount(stored.body) >= before + 5)


@scenario
async def test_clients_that_leave_before_their_answer_is_whole_are_counted():
    begun = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 6\r\n\r\nbeg"
    async with RawOrigin(lambda _: [begun, asyncio.Event()]) as origin, serving(origin) as node:
        client = await node.connect()
        await client.send(request("/"))
        await client.reader.readuntil(b"beg")
        client.reset()
        await eventually(lambda: node.worker.counters.aborted == 1)
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.get("/", method="POST")
        client.close()
        await eventually(lambda: not node.worker.clients)
        assert node.worker.counters.aborted == 0
