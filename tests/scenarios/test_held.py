"""What a request holds (places of limit_conn) and what holds it (delays): given back once, however it ends."""

import asyncio
import contextlib

import pytest

from edgescript.services import Services
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import request
from tests.support.raworigin import RawOrigin, response
from tests.support.scripts import installed
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

ONE = "if not(limit_conn('all', 1)) {\n  exit(503)\n}\n"
CACHED = b"Cache-Control: max-age=60"


@contextlib.asynccontextmanager
async def limited(folder, text, answer=lambda _: [response(b"ok", CACHED)], **settings):
    """A node whose script is `text`, before an origin; and what is held now."""
    held = LocalLimits()
    site = held.site()
    services = Services(limiter=site.limiter, connections=site.connections)
    async with RawOrigin(answer, answers_early=settings.pop("answers_early", False)) as origin:
        address = Upstream.single(origin.host, origin.port)
        sites = Sites(Site("test", address, (installed(folder, text),), services))
        async with serving(sites=sites, **settings) as node:
            yield node, origin, held.in_progress


def test_a_place_is_taken_while_a_request_lasts(tmp_path):
    @scenario
    async def run():
        async with (
            limited(tmp_path, ONE, lambda _: [0.2, response(b"ok")]) as (node, origin, held),
            node.client() as first,
            node.client() as second,
        ):
            await first.send(request("/a"))
            await eventually(lambda: origin.asked)
            assert held() == 1
            assert (await second.get("/b")).status == 503
            assert (await first.answer()).status == 200
            await eventually(lambda: held() == 0)
            assert (await second.get("/b")).status == 200

    run()


def test_it_is_given_back_between_requests_of_a_connection(tmp_path):
    @scenario
    async def run():
        async with limited(tmp_path, ONE) as (node, _, held), node.client() as client:
            await client.send(b"".join(map(request, ("/a", "/a", "/b", "/a"))))
            assert [(await client.answer()).status for _ in range(4)] == [200] * 4
            assert [(await client.get("/a", method=method)).status for method in ("GET", "HEAD")] == [
                200,
                200,
            ]
            await eventually(lambda: held() == 0)

    run()


ENDINGS = {
    "reset while the origin is silent": ([5], {}, lambda client: client.reset()),
    "reset in the answer": ([response(b"x" * 5_000_000), 0.05], {}, lambda client: client.reset()),
    "origin cuts the answer": ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", "close"], {}, None),
    "origin is silent for too long": ([5], {"response_timeout_s": 0.1}, None),
    "too long in all": ([5], {"request_timeout_s": 0.1}, None),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_it_is_given_back_however_the_request_ends(tmp_path, name):
    steps, settings, act = ENDINGS[name]

    @scenario
    async def run():
        async with limited(tmp_path, ONE, lambda _: steps, **settings) as (node, origin, held):
            for count in (1, 2):
                async with node.client() as client:
                    await client.send(request(f"/{count}"))
                    await eventually(lambda count=count: len(origin.asked) == count)
                    if act is not None:
                        assert held() == 1
                        await asyncio.sleep(0.05)
                        act(client)
                    await eventually(lambda: held() == 0)

    run()


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        ("Content-Length: 5", b"hello", 200),
        ("Transfer-Encoding: chunked", b"zz\r\n", 400),
        ("Transfer-Encoding: chunked", b"40\r\n" + b"x" * 64 + b"\r\n", 413),
    ],
)
def test_it_is_given_back_when_a_body_is_refused(tmp_path, fields, body, status):
    @scenario
    async def run():
        async with limited(tmp_path, ONE, max_body_bytes=20) as (node, _, held), node.client() as client:
            await client.send(request("/", fields, method="POST") + body)
            assert (await client.answer()).status == status
            await eventually(lambda: held() == 0)

    run()


def test_a_slow_client_holds_it_until_it_has_its_answer(tmp_path):
    """From the origin and from memory."""
    body = b"x" * 6_000_000

    @scenario
    async def run():
        async with limited(tmp_path, ONE, lambda _: [response(body, CACHED)]) as (node, _, held):
            for _ in range(2):
                async with node.client(receive_buffer=8192) as slow:
                    await slow.send(request("/"))
                    await slow.reader.readuntil(b"\r\n\r\n")
                    await asyncio.sleep(0.1)
                    assert held() == 1
                    await slow.reader.readexactly(len(body))
                    await eventually(lambda: held() == 0)

    run()


def test_it_is_given_back_when_the_answer_is_paced(tmp_path):
    text = ONE + "limit_rate(4, 'k')\nsay('" + "x" * 2000 + "')\n"

    @scenario
    async def run():
        async with limited(tmp_path, text) as (node, _, held), node.client() as client:
            await client.send(request("/"))
            await client.reader.readuntil(b"\r\n\r\n")
            assert held() == 1
            await client.reader.readexactly(2001)
            await eventually(lambda: held() == 0)

    run()


DELAYED = "if not(limit_req('all', '5r/s', 10, 'delay')) {\n  exit(429)\n}\n"


def test_delayed_requests_are_answered_in_order_and_in_time(tmp_path):
    @scenario
    async def run():
        loop = asyncio.get_running_loop()
        async with limited(tmp_path, DELAYED) as (node, _, _held), node.client() as client:
            began = loop.time()
            await client.send(b"".join(map(request, ("/a", "/b", "/a"))))
            assert [(await client.answer()).status for _ in range(3)] == [200] * 3
            assert 0.35 < loop.time() - began < 2

    run()


def test_a_client_that_leaves_while_it_is_delayed_asks_the_origin_nothing(tmp_path):
    @scenario
    async def run():
        async with limited(tmp_path, ONE + DELAYED) as (node, origin, held), node.client() as first:
            assert (await first.get("/a")).status == 200
            async with node.client() as second:
                await second.send(request("/b"))
                await eventually(lambda: held() == 1)
                second.reset()
                await eventually(lambda: held() == 0)
            await asyncio.sleep(0.4)
            assert origin.targets() == [b"/a"]

    run()


def test_a_stopping_node_gives_all_back(tmp_path):
    @scenario
    async def run():
        async with (
            limited(tmp_path, ONE, lambda _: [5], drain_s=0.1) as (node, origin, held),
            node.client() as client,
        ):
            await client.send(request("/"))
            await eventually(lambda: origin.asked)
            await node.worker.stop()
            assert held() == 0

    run()
