"""Plain misses take a way of their own over a kept connection: whatever happens on it, the client hears the same as without."""

import asyncio
import re

import pytest

from edgescript.effects import Effects
from runtime.io.outbox import Outbox
from runtime.io.passage import Passage
from runtime.proxy.straight import goes_straight
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Server, Upstream
from tests.support.rawclient import request
from tests.support.raworigin import CLOSE, OK, RESET, RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

LONG = b"x" * 40_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STEPS = {
    "whole": [OK],
    "undated, with a field": [response(b"ok", b"X-A: 1")],
    "dated": [response(b"ok", b"Date: Thu, 01 Jan 2026 00:00:00 GMT")],
    "an error": [response(b"no", status=b"500 Internal Server Error")],
    "no content": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "a 304 that nobody asked for": [b"HTTP/1.1 304 Not Modified\r\n\r\n"],
    "not to be kept": [response(b"ok", b"Connection: close")],
    "long": [response(LONG)],
    "stored": [response(b"ok", b"Cache-Control: max-age=60")],
    "not to be stored": [response(b"ok", b"Cache-Control: no-store")],
    "in pieces": [HEAD, 0.01, b"hello", 0.01, b"hello"],
    "half a head first": [HEAD[:20], 0.01, HEAD[20:] + b"hellohello"],
    "chunks": [CHUNKED + b"2\r\nok\r\n0\r\n\r\n"],
    "an interim head": [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK],
    "until the end": [b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE],
    "cut": [HEAD + b"hello", 0.01, CLOSE],
    "reset in the head": [HEAD[:20], 0.01, RESET],
    "malformed": [b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"],
    "more than its length": [OK + b"more"],
}
SOME = re.compile(rb"[0-9a-f]{32}")
"""Request ids."""


def kept(origin, **settings):
    """An upstream that keeps connections, or with `keepalive=0` none: then nothing goes straight."""
    return Upstream("u", (Server(origin.host, origin.port),), **settings)


def before(upstream, **settings):
    return serving(sites=Sites(Site("test", upstream)), **settings)


async def heard(steps, keepalive):
    """What a client is sent after an answer that left its connection kept, and what was counted."""
    answers = iter([[OK], steps])
    async with (
        RawOrigin(lambda _: next(answers)) as origin,
        before(kept(origin, keepalive=keepalive, retries=0)) as node,
        node.client() as client,
    ):
        await client.get("/first")
        await client.send(request("/n", "Connection: close"))
        sent = await asyncio.wait_for(_rest(client), 10)
        client.close()  # or the node would wait for what else it might send
        counters = node.worker.counters
        await eventually(lambda: not node.worker.clients)
        return SOME.sub(b"id", sent), counters.answers, counters.aborted, len(node.worker.cache.store)


async def _rest(client):
    data = bytearray()
    try:
        while piece := await client.reader.read(65_536):
            data += piece
    except ConnectionResetError:
        data += b"<reset>"
    return bytes(data)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_the_client_hears_the_same(steps):
    @scenario
    async def play():
        assert await heard(steps, keepalive=8) == await heard(steps, keepalive=0)

    play()


class Watched:
    """How many requests went straight."""

    def __init__(self, monkeypatch):
        self.count = 0
        begin = Passage.__init__

        def watched(passage, *arguments):
            self.count += 1
            begin(passage, *arguments)

        monkeypatch.setattr(Passage, "__init__", watched)


@scenario
async def _asked(*fields, method="GET", warm=True):
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        if warm:
            await client.get("/first", method="POST")
        assert (await client.get("/n", *fields, method=method)).status == 200


def test_which_requests_go_straight(monkeypatch):
    watched = Watched(monkeypatch)
    for straight, fields, settings in (
        (True, (), {}),
        (True, ("Accept: a/b", "Cookie: a=b"), {}),
        (False, (), {"warm": False}),
        (False, (), {"method": "POST"}),
        (False, ("Range: bytes=0-1",), {}),
        (False, ("Cache-Control: no-cache",), {}),
        (False, ("Authorization: x",), {}),
    ):
        watched.count = 0
        _asked(*fields, **settings)
        assert bool(watched.count) == straight, (fields, settings)


@scenario
async def test_one_fetch_serves_all_who_come_while_it_goes():
    go = asyncio.Event()

    def answer(asked):
        return [go, response(b"all", b"Cache-Control: max-age=60")] if asked.target == b"/n" else [OK]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as first:
        await first.get("/first")
        clients = [first, *[await node.connect() for _ in range(5)]]
        for client in clients:
            await client.send(request("/n"))
        await eventually(lambda: origin.targets().count(b"/n") == 1)
        await eventually(lambda: node.waiters() == 5)
        go.set()
        assert [(await client.answer()).body for client in clients] == [b"all"] * 6
        assert origin.targets().count(b"/n") == 1


@scenario
async def test_a_client_that_goes_leaves_its_fetch_to_the_store():
    stays = asyncio.Event()
    answers = iter([[OK], [stays, OK]])
    async with RawOrigin(lambda _: next(answers)) as origin, serving(origin) as node:
        client = await node.connect()
        await client.get("/first")
        await client.send(request("/n"))
        await eventually(lambda: len(origin.asked) == 2)
        (group,) = node.worker.upstreams.values()
        assert group.report()[0].in_use == 1
        client.reset()
        # Who may store the answer still waits for it: others may come for it.
        await eventually(lambda: node.worker.counters.aborted == 1)
        stays.set()
        await eventually(lambda: not group.is_used)


def test_what_comes_unasked_before_the_request_is_written_is_no_answer_to_it(monkeypatch):
    """Both in one turn of the loop: the connection is chosen, and then heard of."""
    add = Outbox.add_request

    def heard_first(outbox, connection):
        asyncio.get_running_loop().call_soon(connection.data_received, response(b"wrong"))
        add(outbox, connection)
        monkeypatch.setattr(Outbox, "add_request", add)

    @scenario
    async def play():
        async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
            await client.get("/first")
            monkeypatch.setattr(Outbox, "add_request", heard_first)
            assert (await client.get("/n")).body == b"ok"
            assert origin.connections == 2
            assert origin.targets() == [b"/first", b"/n"]

    play()


@scenario
async def test_a_silent_server_is_given_up():
    answers = iter([[OK], [10.0]])
    async with (
        RawOrigin(lambda _: next(answers)) as origin,
        serving(origin, response_timeout_s=0.2) as node,
        node.client() as client,
    ):
        await client.get("/first")
        assert (await client.get("/n")).status == 504
        assert [event["kind"] for event in node.log if event["event"] == "origin-failed"] == ["timeout"]


@scenario
async def test_a_kept_connection_that_proves_dead_costs_nobody_an_answer():
    """The origin ends it when the request comes; the request goes once more."""
    answers = iter([[OK], [CLOSE], [OK]])
    async with (
        RawOrigin(lambda _: next(answers)) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        await client.get("/first")
        assert (await client.get("/n")).body == b"ok"
        assert origin.connections == 2


@scenario
async def test_servers_keep_their_turns():
    async with RawOrigin(lambda _: [response(b"a")]) as a, RawOrigin(lambda _: [response(b"b")]) as b:
        servers = tuple(Server(origin.host, origin.port) for origin in (a, b))
        async with before(Upstream("u", servers)) as node, node.client() as client:
            assert b"".join([(await client.get(f"/{n}")).body for n in range(6)]) == b"ababab"


@scenario
async def test_requests_sent_ahead_are_answered_in_order():
    async with (
        RawOrigin(lambda asked: [response(asked.target)]) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        await client.get("/first")
        await client.send(b"".join(request(f"/{n}") for n in range(20)))
        assert [(await client.answer()).body for _ in range(20)] == [b"/%d" % n for n in range(20)]


def test_a_plan_says_whether_it_may(monkeypatch):
    """Read from the plan alone: what waits for a head, is slowed down or may be stood in for takes the long way."""
    plans = []
    monkeypatch.setattr(
        "runtime.io.client.connection.goes_straight", lambda plan: plans.append(plan) or False
    )
    _asked()
    plan = plans[-1]
    assert goes_straight(plan)
    slow = Effects()
    slow.rate_bytes_per_s = 4096
    for change in (
        {"plain": False},
        {"coalesce": False},
        {"continuation": object()},
        {"fallback": object()},
        {"effects": slow},
    ):
        assert not goes_straight(plan._replace(**change))
