"""How connections end: deadlines, limits, and the node's own end."""

import asyncio
import json
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

SOON_S = 1.0


async def answer_and_end(client):
    """The status the node says before it ends the connection, or None when it ends it in silence."""
    try:
        status = (await client.answer()).status
    except EOFError:
        return None
    except ConnectionError:
        return None
    assert await client.ended() in {"closed", "reset"}
    return status


@scenario
async def test_a_connection_that_asks_nothing_is_closed_in_silence():
    async with serving(header_timeout_s=0.1) as node, node.client() as client:
        assert await answer_and_end(client) is None


@scenario
async def test_a_head_that_does_not_end_is_a_408():
    async with serving(header_timeout_s=0.1) as node, node.client() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert await answer_and_end(client) == 408


@scenario
async def test_a_head_that_trickles_is_a_408():
    """Each byte is no new beginning."""
    async with serving(header_timeout_s=0.3, idle_timeout_s=60) as node, node.client() as client:
        sending = asyncio.create_task(trickle(client))
        started = asyncio.get_running_loop().time()
        assert await answer_and_end(client) == 408
        assert asyncio.get_running_loop().time() - started < 0.3 + SOON_S
        sending.cancel()


async def trickle(client):
    for octet in request("/n", "X: " + "y" * 1000):
        await client.send(bytes([octet]))
        await asyncio.sleep(0.02)


@scenario
async def test_a_second_head_has_the_same_time_as_the_first():
    """Not what is left of the idle time, and not all of it."""
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, header_timeout_s=0.3, idle_timeout_s=60) as node,
        node.client() as client,
    ):
        await client.get("/n")
        await asyncio.sleep(0.4)
        assert (await client.get("/n")).status == 200
        started = asyncio.get_running_loop().time()
        await client.send(b"GET / HTTP/1.1\r\n")
        assert await answer_and_end(client) == 408
        assert asyncio.get_running_loop().time() - started < 0.3 + SOON_S


@scenario
async def test_an_idle_connection_is_closed_in_silence():
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, idle_timeout_s=0.1) as node,
        node.client() as client,
    ):
        await client.get("/n")
        assert await answer_and_end(client) is None


@scenario
async def test_a_body_that_stops_coming_is_a_408_and_no_request_to_the_origin():
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, body_timeout_s=0.1) as node,
        node.client() as client,
    ):
        await client.send(request("/p", "Content-Length: 10", method="POST") + b"abc")
        assert await answer_and_end(client) == 408
        ((pool,),) = [group.pools for group in node.worker.upstreams.values()]
        assert not pool.open
        assert [asked.complete for asked in origin.asked] == [False]


@scenario
async def test_a_body_that_comes_slowly_is_waited_for():
    async with (
        RawOrigin(lambda asked: [response(asked.body)]) as origin,
        serving(origin, body_timeout_s=0.4, body_bytes_per_s=1) as node,
        node.client() as client,
    ):
        await client.send(request("/p", "Content-Length: 5", method="POST"))
        for octet in b"hello":
            await asyncio.sleep(0.15)
            await client.send(bytes([octet]))
        assert (await client.answer()).body == b"hello"


@scenario
async def test_a_slow_origin_is_no_idle_client():
    async with (
        RawOrigin(lambda _: [0.4, OK]) as origin,
        serving(origin, idle_timeout_s=0.1, header_timeout_s=0.1, body_timeout_s=0.1) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).status == 200


@scenario
async def test_one_client_too_many_is_refused_and_the_others_are_not_disturbed():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin, max_connections=2) as node:
        first, second = await node.connect(), await node.connect()
        assert (await first.get("/n")).status == 200
        assert (await second.get("/n")).status == 200
        third = await node.connect()
        assert await third.ended() in {"closed", "reset"}
        assert node.worker.counters.connections_refused == 1
        assert [(line["event"], line["count"]) for line in node.log] == [("connections-full", 2)]
        assert (await first.get("/n")).status == 200
        second.close()
        await eventually(lambda: len(node.worker.clients) == 1)
        fourth = await node.connect()
        assert (await fourth.get("/n")).status == 200


@scenario
async def test_a_length_over_the_limit_is_a_413_before_the_origin_hears_of_it():
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, max_body_bytes=10) as node,
        node.client() as client,
    ):
        await client.send(request("/p", "Content-Length: 11", "Expect: 100-continue", method="POST"))
        assert await answer_and_end(client) == 413
        assert origin.connections == 0


@scenario
async def test_chunks_over_the_limit_are_a_413_and_no_request_to_the_origin():
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, max_body_bytes=10) as node,
        node.client() as client,
    ):
        await client.send(request("/p", "Transfer-Encoding: chunked", method="POST") + b"6\r\nhello \r\n")
        await eventually(node.upstream_connections)
        await client.send(b"5\r\nworld\r\n")
        assert await answer_and_end(client) == 413
        assert [asked.complete for asked in origin.asked] == [False]


@scenario
async def test_a_chunk_that_will_be_over_the_limit_is_a_413_before_it_comes():
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, max_body_bytes=10) as node,
        node.client() as client,
    ):
        await client.send(
            request("/p", "Transfer-Encoding: chunked", method="POST") + b"6\r\nhello \r\n5\r\n"
        )
        assert await answer_and_end(client) == 413
        assert [asked.complete for asked in origin.asked] in ([], [False])


@scenario
async def test_a_client_that_goes_on_after_a_refusal_can_still_read_it():
    async with serving() as node, node.client() as client:
        await client.send(b"POST / HTTP/1.1\r\n\r\n")
        for _ in range(50):
            await client.send(bytes(10_000))
        assert await answer_and_end(client) == 400


@scenario
async def test_a_client_that_goes_on_for_ever_after_a_refusal_is_cut():
    async with serving() as node, node.client() as client:
        await client.send(b"POST / HTTP/1.1\r\n\r\n")
        assert (await client.answer()).status == 400
        sent = 0
        while not client.writer.is_closing() and sent < 50 << 20:
            client.writer.write(bytes(10_000))
            sent += 10_000
            await asyncio.sleep(0)
        assert node.worker.clients == set()
        assert sent < 25 << 20


@scenario
async def test_stopping_lets_answers_in_progress_finish():
    async with RawOrigin(lambda _: [0.2, response(b"done")]) as origin, serving(origin, drain_s=5) as node:
        busy, idle = await node.connect(), await node.connect()
        await idle.get("/n")
        await busy.send(request("/n"))
        await eventually(lambda: len(origin.asked) == 2)
        loop = asyncio.get_running_loop()
        started = loop.time()
        stopping = asyncio.create_task(node.worker.stop())
        assert await idle.ended(within_s=0.15) == "closed"
        with pytest.raises(OSError):
            await node.connect()
        answer = await busy.answer()
        assert (answer.body, answer.complete) == (b"done", True)
        assert await busy.ended() == "closed"
        busy.close()
        await stopping
        assert loop.time() - started < 1
        assert node.worker.clients == set()


@scenario
async def test_stopping_does_not_wait_for_ever():
    stalled = asyncio.Event()
    async with RawOrigin(lambda _: [stalled]) as origin, serving(origin, drain_s=0.2) as node:
        client = await node.connect()
        await client.send(request("/n"))
        await eventually(lambda: origin.asked)
        started = asyncio.get_running_loop().time()
        await node.worker.stop()
        assert 0.1 < asyncio.get_running_loop().time() - started < 1
        assert await client.ended() in {"closed", "reset"}


@scenario
async def test_an_answer_given_up_when_stopping_does_not_look_whole():
    stalled = asyncio.Event()
    head = b"HTTP/1.1 200 OK\r\n\r\nhello"
    async with RawOrigin(lambda _: [head, stalled]) as origin, serving(origin, drain_s=0.1) as node:
        client = await node.connect()
        await client.send(request("/n", version="1.0"))
        assert (await client.reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        await node.worker.stop()
        assert await client.ended() == "reset"
        assert [(line["event"], line["count"]) for line in node.log] == [("drain-cut", 1)]


PROGRAM = """
import sys
from runtime.config import Config
from runtime.io.serve import serve
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
config = Config(listen="127.0.0.1:0", admin="", drain_s=30)
sites = Sites(Site("test", Upstream.single("127.0.0.1", int(sys.argv[1]))))
sys.exit(serve(config, sites, on_listening=lambda host, port: print(port, flush=True)))
"""


@pytest.fixture
def silent_origin():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGHUP]], ids=str)
def test_an_idle_process_ends_at_a_signal(silent_origin, signals):
    process, port = start(silent_origin)
    with socket.create_connection(("127.0.0.1", port)):
        assert end(process, signals) == (0, "")


def test_a_second_signal_ends_a_draining_process_at_once(silent_origin):
    process, port = start(silent_origin)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request("/n"))
        connection, _ = silent_origin.accept()
        assert connection.recv(100)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        status, errors = end(process, [signal.SIGTERM])
        assert status == 0
        assert [json.loads(line)["event"] for line in errors.splitlines()] == ["drain-cut"]
        connection.close()


def start(origin):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(origin.getsockname()[1])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, int(process.stdout.readline())


def end(process, signals):
    """Exit status and what stands on stderr."""
    for number in signals:
        process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=5)
    finally:
        process.kill()
    return process.returncode, errors
