"""New sites with other origins: requests under way end as they began, and nothing of the old origins is kept."""

import asyncio
import contextlib

from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import HealthCheck, Server, Upstream
from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def before(origin, **settings):
    """Sites that send everything to `origin`."""
    return Sites(Site("test", Upstream("old", (Server(origin.host, origin.port),), **settings)))


@contextlib.asynccontextmanager
async def two_origins(steps, **settings):
    """A node before an origin that takes `steps` to answer, and another to put in its place."""
    async with (
        RawOrigin(lambda _: steps) as old,
        RawOrigin(lambda _: [OK]) as new,
        serving(sites=before(old, **settings)) as node,
    ):
        yield old, before(new), node


@scenario
async def test_an_answer_under_way_ends_as_it_began():
    go = asyncio.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=60\r\n\r\nbe"
    async with two_origins([head, go, b"gu"]) as (old, sites, node), node.client() as client:
        await client.send(request("/a"))
        await eventually(lambda: old.asked)
        node.worker.install(sites)
        async with node.client() as other:
            assert (await other.get("/b")).body == b"ok"
        go.set()
        assert (await client.answer()).body == b"begu"
        assert len(old.asked) == 1


@scenario
async def test_those_who_wait_for_one_fetch_all_get_it():
    go = asyncio.Event()
    shared = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: max-age=60\r\n\r\nok"
    async with two_origins([go, shared]) as (old, sites, node):
        clients = [await node.connect() for _ in range(3)]
        for client in clients:
            await client.send(request("/a"))
        await eventually(lambda: old.asked)
        node.worker.install(sites)
        late = await node.connect()
        await late.send(request("/a"))
        go.set()
        assert [(await client.answer()).body for client in [*clients, late]] == [b"ok"] * 4


@scenario
async def test_who_waits_for_room_gets_it():
    go = asyncio.Event()
    async with RawOrigin(lambda asked: [go, OK] if asked.target == b"/first" else [OK]) as old:
        bounded = Upstream("old", (Server(old.host, old.port, max_connections=1),))
        async with RawOrigin(lambda _: [OK]) as new, serving(sites=Sites(Site("test", bounded))) as node:
            first, second = await node.connect(), await node.connect()
            await first.send(request("/first"))
            await eventually(lambda: old.asked)
            await second.send(request("/second"))
            await asyncio.sleep(0.05)
            node.worker.install(before(new))
            go.set()
            assert [(await client.answer()).body for client in (first, second)] == [b"ok"] * 2
            assert old.targets() == [b"/first", b"/second"]


@scenario
async def test_deadlines_hold_for_an_origin_that_is_served_no_more():
    async with (
        RawOrigin(lambda _: [5]) as old,
        RawOrigin(lambda _: [OK]) as new,
        serving(sites=before(old), response_timeout_s=0.1) as node,
        node.client() as client,
    ):
        await client.send(request("/a"))
        await eventually(lambda: old.asked)
        node.worker.install(before(new))
        assert (await client.answer()).status == 504


@scenario
async def test_nothing_of_an_origin_is_kept_that_is_served_no_more():
    health = HealthCheck(interval_s=0.05)
    async with two_origins([OK], health=health) as (old, sites, node), node.client() as client:
        await client.get("/a")
        (group,) = node.worker.upstreams.values()
        (pool,) = group.pools
        assert pool.idle
        node.worker.install(sites)
        assert (pool.idle, pool.open) == (0, frozenset())
        await asyncio.sleep(0.15)
        checked = len(old.asked)
        await asyncio.sleep(0.2)
        assert len(old.asked) == checked
