"""Towards the origin: connections kept and shared, fetches shared, and what becomes of trouble."""

import asyncio
import contextlib
import socket

import pytest

from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import request
from tests.support.raworigin import CLOSE, OK, RESET, RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def only_pool(node):
    """The connections to the one server of the one upstream."""
    (group,) = node.worker.upstreams.values()
    (pool,) = group.pools
    return pool


HELD = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhello"


@scenario
async def test_connections_are_kept_and_shared():
    async with RawOrigin(lambda _: [0.02, OK]) as origin, serving(origin) as node:
        clients = [await node.connect() for _ in range(10)]
        for _ in range(3):
            answers = await asyncio.gather(*(client.get("/n") for client in clients))
            assert [answer.body for answer in answers] == [b"ok"] * 10
        assert len(origin.asked) == 30
        assert origin.connections == 10


@scenario
async def test_a_thousand_requests_in_turn_use_one_connection():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        for _ in range(1000):
            assert (await client.get("/n")).body == b"ok"
        assert origin.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        [response(b"ok", b"Connection: close")],
        [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE],
        [OK, CLOSE],
        [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"],
        [b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nwrong"],
    ],
    ids=[
        "said close",
        "HTTP/1.0",
        "until close",
        "closed",
        "bytes after a length",
        "bytes after no content",
        "bytes after chunks",
    ],
)
def test_connections_that_are_not_to_be_kept(answer):
    @scenario
    async def play():
        async with RawOrigin(lambda _: answer) as origin, serving(origin) as node, node.client() as client:
            for _ in range(3):
                assert (await client.get("/n")).body in {b"ok", b""}
            assert [asked.connection for asked in origin.asked] == [0, 1, 2]

    play()


@scenario
async def test_answers_that_are_headed_alike():
    """The head of the answer before is remembered, and means something else after another method."""
    head = OK.removesuffix(b"ok")

    def answer(asked):
        return [head if asked.method == b"HEAD" else OK]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        for method, body in [("GET", b"ok"), ("GET", b"ok"), ("HEAD", b""), ("HEAD", b""), ("POST", b"ok")]:
            got = await client.get("/n", method=method)
            assert (got.status, got.body, got["Content-Length"]) == (200, body, "2")
        assert origin.connections == 1


@scenario
async def test_bytes_nobody_asked_for_drop_an_idle_connection():
    late = response(b"wrong")
    async with RawOrigin(lambda _: [OK, 0.05, late]) as origin, serving(origin) as node:
        async with node.client() as client:
            assert (await client.get("/n")).body == b"ok"
            await eventually(lambda: not node.upstream_connections())
            assert (await client.get("/n")).body == b"ok"
        assert origin.connections == 2


@scenario
async def test_fifty_misses_at_once_are_one_request_to_the_origin():
    def answer(_asked):
        return [0.1, response(b"shared", b"Cache-Control: max-age=60")]

    async with RawOrigin(answer) as origin, serving(origin) as node:
        clients = [await node.connect() for _ in range(50)]
        answers = await asyncio.gather(*(client.get("/c") for client in clients))
        assert {answer.body for answer in answers} == {b"shared"}
        labels = sorted(answer["X-Cache"] for answer in answers)
        assert labels == ["HIT"] * 49 + ["MISS"]
        assert len(origin.asked) == 1


@scenario
async def test_fifty_misses_of_what_is_private_are_fifty_requests():
    def answer(asked):
        return [0.05, response(asked.values(b"cookie")[0], b"Cache-Control: private")]

    async with RawOrigin(answer) as origin, serving(origin) as node:
        clients = [await node.connect() for _ in range(50)]
        answers = await asyncio.gather(
            *(client.get("/p", f"Cookie: u={number}") for number, client in enumerate(clients))
        )
        assert [answer.body for answer in answers] == [b"u=%d" % number for number in range(50)]
        assert len(origin.asked) == 50


@scenario
async def test_waiting_clients_share_a_502_and_the_next_one_succeeds():
    async with (
        RawOrigin(lambda _: [0.05, RESET] if len(origin.asked) == 1 else [OK]) as origin,
        serving(origin) as node,
    ):
        clients = [await node.connect() for _ in range(5)]
        answers = await asyncio.gather(*(client.get("/c") for client in clients))
        assert [answer.status for answer in answers] == [502] * 5
        assert (await clients[0].get("/c")).status == 200


@scenario
async def test_a_leader_that_leaves_does_not_spoil_the_fetch():
    def answer(_asked):
        return [0.1, response(b"shared", b"Cache-Control: max-age=60")]

    async with RawOrigin(answer) as origin, serving(origin) as node:
        leader, follower = await node.connect(), await node.connect()
        await leader.send(request("/c"))
        await eventually(lambda: origin.asked)
        waiting = asyncio.create_task(follower.get("/c"))
        await eventually(lambda: node.waiters() == 1)
        leader.reset()
        await eventually(lambda: len(node.worker.clients) == 1)
        assert (await waiting).body == b"shared"
        assert len(origin.asked) == 1


@scenario
async def test_a_pooled_connection_that_was_closed_meanwhile_is_not_the_clients_trouble():
    """For a GET and a POST alike: the end of an idle connection is noticed before it is used."""
    async with RawOrigin(lambda _: [OK, CLOSE]) as origin, serving(origin) as node, node.client() as client:
        for method in ("GET", "POST", "GET", "POST"):
            assert (await client.get("/n", method=method)).body == b"ok"
            await eventually(lambda: not node.upstream_connections())
        assert origin.connections == 4


@scenario
async def test_the_end_of_an_idle_connection_is_seen_before_the_loop_has_looked():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        class Listening:
            host, port = listening.getsockname()

        async with serving(Listening) as node, node.client() as client:
            await client.send(request("/n"))
            loop = asyncio.get_running_loop()
            listening.setblocking(False)
            accepted, _ = await loop.sock_accept(listening)
            await loop.sock_recv(accepted, 1000)
            await loop.sock_sendall(accepted, OK)
            await client.answer()
            pool = only_pool(node)
            assert pool.idle == 1
            accepted.close()
            assert pool.take_idle() is None


@scenario
async def test_a_pooled_connection_that_dies_as_it_is_used_is_retried_for_a_get():
    def answer(asked):
        return [RESET] if asked.connection == 0 and len(origin.asked) > 1 else [OK]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/n")).body == b"ok"
        assert (await client.get("/n")).body == b"ok"
        assert [asked.connection for asked in origin.asked] == [0, 0, 1]


@scenario
async def test_a_pooled_connection_that_dies_as_it_is_used_is_not_retried_for_a_post():
    def answer(_asked):
        return [RESET] if len(origin.asked) == 2 else [OK]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/n")).body == b"ok"
        assert (await client.get("/n", method="POST")).status == 502
        assert len(origin.asked) == 2


@scenario
async def test_no_origin_is_a_502():
    async with serving() as node, node.client() as client:
        answer = await client.get("/n")
        assert (answer.status, answer["X-Cache"]) == (502, "BYPASS")
        assert (await client.get("/n")).status == 502


@contextlib.contextmanager
def deaf_origin():
    """An address that never completes a connection: its queue is full."""
    with contextlib.ExitStack() as exits:
        listening = exits.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filling = exits.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listening.getsockname())

        class Deaf:
            host, port = listening.getsockname()

        yield Deaf


@scenario
async def test_an_origin_that_cannot_be_reached_in_time_is_a_504():
    with deaf_origin() as origin:
        async with serving(origin, connect_timeout_s=0.1) as node, node.client() as client:
            assert (await client.get("/n")).status == 504


@scenario
async def test_a_client_that_leaves_while_its_origin_is_connected_to():
    def connecting():
        return [task for task in asyncio.all_tasks() if task.get_coro().__name__ == "connect"]

    with deaf_origin() as origin:
        async with serving(origin) as node, node.client() as client:
            await client.send(request("/n", method="POST"))
            await eventually(connecting)
            client.reset()
            await eventually(lambda: not connecting())
            await eventually(lambda: not node.worker.clients)


@scenario
async def test_a_connection_that_has_been_idle_for_long_is_closed(monkeypatch):
    monkeypatch.setattr("runtime.io.upstream.pool.IDLE_S", 0.1)
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.get("/n")
        pool = only_pool(node)
        assert len(pool.open) == 1
        await eventually(lambda: not pool.open)
        assert (await client.get("/n")).status == 200
        assert origin.connections == 2


@scenario
async def test_an_origin_that_accepts_and_says_nothing_is_a_504():
    stalled = asyncio.Event()
    async with (
        RawOrigin(lambda _: [stalled]) as origin,
        serving(origin, response_timeout_s=0.2) as node,
        node.client() as client,
    ):
        started = asyncio.get_running_loop().time()
        assert (await client.get("/n")).status == 504
        assert asyncio.get_running_loop().time() - started < 1.2


@scenario
async def test_an_origin_whose_head_trickles_is_a_504():
    """Each byte is no new beginning."""
    steps = [step for octet in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 60 for step in (bytes([octet]), 0.05)]
    async with (
        RawOrigin(lambda _: steps) as origin,
        serving(origin, upstream_idle_timeout_s=0.2) as node,
        node.client() as client,
    ):
        started = asyncio.get_running_loop().time()
        assert (await client.get("/n")).status == 504
        assert asyncio.get_running_loop().time() - started < 1.2


@scenario
async def test_an_origin_that_stalls_in_its_body_cuts_the_client():
    stalled = asyncio.Event()
    async with (
        RawOrigin(lambda _: [HELD, stalled]) as origin,
        serving(origin, upstream_idle_timeout_s=0.2) as node,
        node.client() as client,
    ):
        answer = await client.get("/n")
        assert (answer.status, answer.body, answer.complete) == (200, b"hello", False)
        assert len(node.worker.cache.store) == 0


CUTS = {
    "length, closed": ([HELD, CLOSE], "1.1"),
    "length, reset": ([HELD, 0.02, RESET], "1.1"),
    "chunked, between chunks": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0.02, CLOSE],
        "1.1",
    ),
    "chunked, in a chunk": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", 0.02, CLOSE],
        "1.1",
    ),
    "until close, reset": ([b"HTTP/1.1 200 OK\r\n\r\nhello", 0.02, RESET], "1.1"),
    "chunked, to HTTP/1.0": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0.02, CLOSE],
        "1.0",
    ),
    "until close, reset, to HTTP/1.0": ([b"HTTP/1.1 200 OK\r\n\r\nhello", 0.02, RESET], "1.0"),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_body_never_looks_whole(name):
    steps, version = CUTS[name]
    cacheable = [
        step.replace(b" OK\r\n", b" OK\r\nCache-Control: max-age=60\r\n") if isinstance(step, bytes) else step
        for step in steps
    ]

    @scenario
    async def play():
        async with RawOrigin(lambda _: cacheable) as origin, serving(origin) as node:
            for _ in range(2):
                async with node.client() as client:
                    answer = await client.get("/c", version=version)
                    assert (answer.status, answer.complete) == (200, False)
            assert len(node.worker.cache.store) == 0
            assert len(origin.asked) == 2

    play()


@scenario
async def test_an_orderly_close_ends_a_body_until_close():
    def answer(_asked):
        return [b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhel", 0.02, b"lo", CLOSE]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        for label in ("MISS", "HIT"):
            got = await client.get("/c")
            assert (got["X-Cache"], got.body, got.complete) == (label, b"hello", True)
        assert len(origin.asked) == 1


@scenario
async def test_a_connection_nobody_waits_for_any_more_is_closed():
    stalled = asyncio.Event()
    async with RawOrigin(lambda _: [stalled]) as origin, serving(origin) as node:
        client = await node.connect()
        await client.send(request("/n", "Content-Length: 1", method="POST"))
        await eventually(lambda: origin.asked or origin.connections)
        pool = only_pool(node)
        await eventually(lambda: pool.open)
        client.close()
        await eventually(lambda: not pool.open)


@scenario
async def test_chunked_uploads_are_streamed_while_they_come():
    first = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(8) == b"3\r\none\r\n"
        first.set()
        assert await reader.readuntil(b"\r\n\r\n") == b"3\r\ntwo\r\n0\r\nX-Trailer: kept\r\n\r\n"
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    class Listening:
        host, port = server.sockets[0].getsockname()

    async with server, serving(Listening) as node, node.client() as client:
        await client.send(request("/p", "Transfer-Encoding: chunked", method="POST") + b"3;x=y\r\none\r\n")
        await asyncio.wait_for(first.wait(), 5)
        await client.send(b"3\r\ntwo\r\n0\r\nX-Trailer: kept\r\n\r\n")
        assert (await client.answer()).body == b"ok"


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
FAILED = {
    "silent": ([5], "timeout", 504),
    "gone before the head": ([CLOSE], "cut", 502),
    "gone in the body": ([HALF, 0.05, CLOSE], "cut", 200),
    "no HTTP": ([b"SSH-2.0-x\r\n"], "malformed", 502),
    "a bad chunk": ([CHUNKED, 0.05, b"x\r\n"], "malformed", 200),
}


@pytest.mark.parametrize("case", FAILED)
def test_an_origin_that_fails_is_logged(case):
    steps, kind, status = FAILED[case]

    @scenario
    async def play():
        async with (
            RawOrigin(lambda _: steps) as origin,
            serving(origin, response_timeout_s=0.2) as node,
            node.client() as client,
        ):
            await client.send(request("/n?secret=1", method="POST"))
            answer = await client.answer()
            assert answer.status == status
            await eventually(lambda: node.log)
            (line,) = node.log
            assert (line["event"], line["origin"], line["kind"]) == (
                "origin-failed",
                f"127.0.0.1:{origin.port}",
                kind,
            )
            assert line["request_id"] == answer["X-Request-Id"]
            assert "secret" not in str(line)

    play()


@scenario
async def test_an_origin_that_is_not_there_is_logged_at_a_bounded_rate():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = Upstream.single(*listening.getsockname())
    async with serving(sites=Sites(Site("test", address))) as node, node.client() as client:
        for _ in range(30):
            assert (await client.get("/n")).status == 502
        assert len(node.log) == 20
        assert {line["kind"] for line in node.log} == {"refused"}
        node.now += 1
        await client.get("/n")
        assert node.log[-1]["left_out"] == 10


@scenario
async def test_a_failure_that_another_connection_makes_good_is_not_logged():
    """A kept connection that the origin closes as a request comes says nothing about the origin."""
    seen = []

    def answer(asked):
        seen.append(asked.connection)
        return [CLOSE] if len(seen) == 2 else [OK]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        assert [(await client.get("/n")).status for _ in range(2)] == [200, 200]
        assert seen == [0, 0, 1]
        assert node.log == []


@scenario
async def test_a_client_that_leaves_is_no_failure_of_the_origin():
    arrived = asyncio.Event()

    def answer(_):
        arrived.set()
        return [5]

    async with RawOrigin(answer) as origin, serving(origin) as node:
        client = await node.connect()
        await client.send(request("/n"))
        await arrived.wait()
        client.reset()
        await eventually(lambda: not node.worker.clients)
        assert node.log == []
