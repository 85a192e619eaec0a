"""An upstream of several servers: who is asked, who makes good for whom, and who waits."""

import asyncio
import contextlib
import socket
from ipaddress import ip_network

import pytest

from runtime.io.figures import figures
from runtime.io.upstream.group import ServerReport, UpstreamGroup
from runtime.io.upstream.past import PastServers
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import HealthCheck, Server, Upstream
from tests.support.rawclient import request
from tests.support.raworigin import CLOSE, OK, RESET, RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def upstream(*origins, **settings):
    servers = tuple(
        origin if isinstance(origin, Server) else Server(origin.host, origin.port) for origin in origins
    )
    return Upstream("servers", servers, **settings)


def before(upstream, **settings):
    """A node before `upstream`."""
    return serving(sites=Sites(Site("test", upstream)), **settings)


@contextlib.contextmanager
def nobody():
    """A server that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
    yield Server(host, port)


def told(text):
    """An origin that answers with `text`."""
    return RawOrigin(lambda _: [response(text.encode())])


def reports(node):
    (group,) = node.worker.upstreams.values()
    return group.report()


@scenario
async def test_servers_are_asked_in_turn():
    async with told("a") as a, told("b") as b, before(upstream(a, b)) as node, node.client() as client:
        assert [(await client.get("/n")).body for _ in range(4)] == [b"a", b"b", b"a", b"b"]
        assert [report.requests for report in reports(node)] == [2, 2]
        assert a.connections == b.connections == 1


@scenario
async def test_a_key_stays_with_its_server():
    async with (
        told("a") as a,
        told("b") as b,
        before(upstream(a, b, balance="hash")) as node,
        node.client() as client,
    ):
        for number in range(24):
            assert len({(await client.get(f"/n{number}")).body for _ in range(3)}) == 1
        assert a.asked
        assert b.asked


@scenario
async def test_requests_go_where_the_fewest_are_in_progress():
    go = asyncio.Event()
    async with (
        RawOrigin(lambda _: [go, OK]) as a,
        told("b") as b,
        before(upstream(a, b, balance="least_conn")) as node,
    ):
        slow = await node.connect()
        await slow.send(request("/slow"))
        await eventually(lambda: a.asked)
        async with node.client() as client:
            assert [(await client.get("/n")).body for _ in range(3)] == [b"b"] * 3
        go.set()
        assert (await slow.answer()).body == b"ok"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_is_not_there_is_nobodys_trouble(method):
    @scenario
    async def play():
        with nobody() as gone:
            async with told("b") as b, before(upstream(gone, b)) as node, node.client() as client:
                for _ in range(4):
                    assert (await client.get("/n", method=method)).body == b"b"
                assert node.log == []

    play()


@scenario
async def test_a_body_goes_to_the_server_that_is_there():
    with nobody() as gone:
        async with told("b") as b, before(upstream(gone, b)) as node, node.client() as client:
            await client.send(request("/n", "Content-Length: 5", method="POST") + b"hello")
            assert (await client.answer()).body == b"b"
            assert b.asked[0].body == b"hello"


@scenario
async def test_as_many_servers_are_tried_as_retries_allows():
    with nobody() as one, nobody() as two:
        async with told("c") as c:
            async with before(upstream(one, two, c, retries=1)) as node, node.client() as client:
                assert (await client.get("/n")).status == 502
                assert node.log[-1]["kind"] == "refused"
            async with before(upstream(one, two, c, retries=2)) as node, node.client() as client:
                assert (await client.get("/n")).body == b"c"
            async with before(upstream(one, c, retries=0)) as node, node.client() as client:
                assert (await client.get("/n")).status == 502


@scenario
async def test_a_server_that_failed_is_left_alone():
    with nobody() as gone:
        async with told("b") as b, before(upstream(gone, b, max_fails=2)) as node, node.client() as client:
            for _ in range(10):
                await client.get("/n")
            gone_report, _ = reports(node)
            assert (gone_report.failures, gone_report.up) == ({"refused": 2}, False)
            assert [(line["event"], line["server"]) for line in node.log] == [
                ("server-down", f"{gone.host}:{gone.port}")
            ]


@scenario
async def test_no_server_left_is_a_502_at_once():
    with nobody() as one, nobody() as two:
        async with before(upstream(one, two, max_fails=1)) as node, node.client() as client:
            assert [(await client.get("/n")).status for _ in range(3)] == [502] * 3
            assert node.log[-1]["kind"] == "down"


GIVES_UP = {
    "cut": [CLOSE],
    "reset": [RESET],
    "half a head": [b"HTTP/1.1 200 OK\r\nX: ", CLOSE],
    "silent": [5],
}


@pytest.mark.parametrize("steps", GIVES_UP.values(), ids=GIVES_UP)
def test_what_is_safe_to_repeat_is_asked_of_another(steps):
    @scenario
    async def play():
        async with (
            RawOrigin(lambda _: steps) as a,
            told("b") as b,
            before(upstream(a, b), response_timeout_s=0.2) as node,
            node.client() as client,
        ):
            assert (await client.get("/n")).body == b"b"
            assert (await client.get("/n", method="HEAD")).status == 200
            assert len(a.asked) >= 1
            assert node.log == []

    play()


@pytest.mark.parametrize("steps", GIVES_UP.values(), ids=GIVES_UP)
def test_what_is_not_safe_to_repeat_is_not(steps):
    @scenario
    async def play():
        async with (
            RawOrigin(lambda _: steps) as a,
            told("b") as b,
            before(upstream(a, b), response_timeout_s=0.2) as node,
            node.client() as client,
        ):
            assert (await client.get("/n", method="POST")).status in {502, 504}
            assert (len(a.asked), len(b.asked)) == (1, 0)

    play()


@scenario
async def test_what_is_no_http_is_not_asked_of_another():
    async with (
        RawOrigin(lambda _: [b"SSH-2.0\r\n"]) as a,
        told("b") as b,
        before(upstream(a, b)) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).status == 502
        assert not b.asked


@scenario
async def test_a_kept_connection_that_dies_is_made_good_by_another_server():
    async with (
        RawOrigin(lambda _: [OK] if len(a.asked) == 1 else [RESET]) as a,
        told("b") as b,
        before(upstream(a, b)) as node,
        node.client() as client,
    ):
        assert [(await client.get("/n")).body for _ in range(3)] == [b"ok", b"b", b"b"]
        assert len(a.asked) == 2
        assert reports(node)[0].failures == {}


@scenario
async def test_a_client_that_leaves_while_another_server_is_tried():
    async with (
        RawOrigin(lambda _: [CLOSE]) as a,
        RawOrigin(lambda _: [5]) as b,
        before(upstream(a, b)) as node,
    ):
        client = await node.connect()
        await client.send(request("/n", method="DELETE"))
        await eventually(lambda: b.asked)
        client.reset()
        await eventually(lambda: not any(report.open for report in reports(node)))
        assert [report.in_use for report in reports(node)] == [0, 0]


# --- bounds on connections --------------------------------------------------------------------------------------


def bounded(origin, most, **settings):
    return upstream(Server(origin.host, origin.port, max_connections=most), **settings)


@scenario
async def test_requests_wait_for_room_in_order():
    async with RawOrigin(lambda _: [0.02, OK]) as origin, before(bounded(origin, 2)) as node:
        clients = [await node.connect() for _ in range(8)]
        answers = await asyncio.gather(
            *(client.get(f"/{number}", method="POST") for number, client in enumerate(clients))
        )
        assert [answer.status for answer in answers] == [200] * 8
        assert origin.connections == 2


@scenario
async def test_who_waits_too_long_is_told_so():
    async with RawOrigin(lambda _: [5]) as origin, before(bounded(origin, 1, wait_s=0.1)) as node:
        first = await node.connect()
        await first.send(request("/n", method="POST"))
        await eventually(lambda: origin.asked)
        async with node.client() as second:
            assert (await second.get("/n", method="POST")).status == 503
        assert node.log[-1]["kind"] == "busy"


@scenario
async def test_the_queue_is_bounded():
    async with RawOrigin(lambda _: [5]) as origin, before(bounded(origin, 1, max_waiting=1)) as node:
        for _ in range(2):
            waiting = await node.connect()
            await waiting.send(request("/n", method="POST"))
        await eventually(lambda: origin.asked)
        async with node.client() as third:
            assert (await third.get("/n", method="POST")).status == 503


@scenario
async def test_who_leaves_the_queue_takes_no_room():
    go = asyncio.Event()
    async with RawOrigin(lambda _: [go, OK]) as origin, before(bounded(origin, 1)) as node:
        first, second, third = [await node.connect() for _ in range(3)]
        await first.send(request("/1", method="POST"))
        await eventually(lambda: origin.asked)
        await second.send(request("/2", method="POST"))
        (group,) = node.worker.upstreams.values()
        await eventually(lambda: len(group._waiting) == 1)
        await third.send(request("/3", method="POST"))
        await eventually(lambda: len(group._waiting) == 2)
        second.reset()
        await eventually(lambda: len(group._waiting) == 1)
        go.set()
        assert (await first.answer()).status == (await third.answer()).status == 200
        assert origin.targets() == [b"/1", b"/3"]
        assert reports(node)[0].in_use == 0


# --- the node's own checks --------------------------------------------------------------------------------------


@scenario
async def test_checks_take_a_server_out_and_bring_it_back():
    well = {"a": True}

    def answer(asked):
        if asked.target == b"/up":
            assert asked.values(b"host") == [f"127.0.0.1:{a.port}".encode()]
            return [OK if well["a"] else response(b"", status=b"503 Service Unavailable")]
        return [response(b"a")]

    check = HealthCheck("/up", interval_s=0.02, rise=2, fall=2)
    async with (
        RawOrigin(answer) as a,
        told("b") as b,
        before(upstream(a, b, health=check)) as node,
        node.client() as client,
    ):
        await client.get("/n")
        well["a"] = False
        await eventually(lambda: not reports(node)[0].up)
        assert [(await client.get("/n")).body for _ in range(4)] == [b"b"] * 4
        well["a"] = True
        await eventually(lambda: reports(node)[0].up)
        assert {(await client.get("/n")).body for _ in range(4)} == {b"a", b"b"}
        assert [line["event"] for line in node.log] == ["server-down", "server-up"]


@scenario
async def test_a_server_that_is_not_there_or_silent_is_down():
    check = HealthCheck(interval_s=0.02, timeout_s=0.1, fall=1)
    with nobody() as gone:
        async with (
            RawOrigin(lambda _: [5]) as silent,
            before(upstream(gone, silent, health=check)) as node,
            node.client() as client,
        ):
            node.worker.upstream(next(iter(node.worker.front.sites.all())).origin)
            await eventually(lambda: not any(report.up for report in reports(node)))
            assert (await client.get("/n")).status == 502


# --- names ------------------------------------------------------------------------------------------------------


class Names:
    """A name server; `addresses` None is its failure."""

    def __init__(self, *addresses):
        self.addresses = list(addresses)
        self.asked = []

    async def __call__(self, name):
        self.asked.append(name)
        if self.addresses is None:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return list(self.addresses)


@contextlib.asynccontextmanager
async def named(names, port, **settings):
    """A node before `origin.test`, which `names` knows."""
    origin = upstream(Server("origin.test", port), **settings)
    async with before(origin) as node:
        worker = node.worker
        worker.upstreams[origin] = UpstreamGroup(
            origin, worker._timeouts, worker.loop, lambda kind, _: node.log.append(kind), resolve=names
        )
        yield node


@scenario
async def test_a_name_is_looked_up_off_the_path_of_requests():
    names = Names("127.0.0.1")
    async with (
        RawOrigin(lambda _: [OK, CLOSE]) as origin,
        named(names, origin.port) as node,
        node.client() as client,
    ):
        for _ in range(5):
            assert (await client.get("/n")).body == b"ok"
        assert names.asked == ["origin.test"]
        assert origin.asked[0].values(b"host") == [b"site.test"]


@scenario
async def test_a_name_that_is_not_known_is_a_502():
    names = Names()
    names.addresses = None
    async with named(names, 80) as node, node.client() as client:
        assert (await client.get("/n")).status == 502
        assert node.log == ["unresolved"]


LOOPBACK = (ip_network("127.0.0.0/8"),)


@scenario
async def test_an_address_that_is_refused_is_a_502_and_not_connected_to():
    async with told("a") as a, before(upstream(a, refused=LOOPBACK)) as node, node.client() as client:
        assert (await client.get("/n")).status == 502
        assert a.connections == 0
        (report,) = reports(node)
        assert (report.addresses, report.failures) == ((), {"forbidden": 1})
        assert [(line["event"], line["kind"]) for line in node.log] == [("origin-failed", "forbidden")]


@scenario
async def test_a_name_that_leads_where_it_may_not_is_a_502_and_not_asked_for_by_each_request():
    names = Names("127.0.0.1", "::ffff:127.0.0.1")
    async with (
        told("a") as a,
        named(names, a.port, refused=LOOPBACK, retries=0) as node,
        node.client() as client,
    ):
        assert [(await client.get("/n")).status for _ in range(3)] == [502] * 3
        assert node.log == ["forbidden"] * 3
        assert names.asked == ["origin.test"]
        assert a.connections == 0


@scenario
async def test_a_name_that_comes_to_lead_where_it_may_not_is_left():
    names = Names("127.0.0.1")
    refused = (ip_network("127.0.0.2/32"),)
    async with (
        told("a") as a,
        named(names, a.port, refused=refused, retries=0, refresh_s=0.01) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).body == b"a"
        names.addresses = ("127.0.0.2",)
        (group,) = [
            each for each in node.worker.upstreams.values() if each.pools[0].name.startswith("origin")
        ]

        def is_forbidden():
            group.sweep(node.worker.loop.time())
            return group.pools[0].addresses.forbidden

        await eventually(is_forbidden)
        assert (await client.get("/n")).status == 502
        assert node.log == ["forbidden"]
        assert a.connections == 1


@scenario
async def test_checks_do_not_connect_where_they_may_not():
    check = HealthCheck(interval_s=0.01, fall=1)
    async with told("a") as a, told("b") as b, before(upstream(a, b, health=check, refused=LOOPBACK)) as node:
        async with node.client() as client:
            await client.get("/n")
        await eventually(lambda: [report.up for report in reports(node)] == [False, False])
        assert a.connections == b.connections == 0


@scenario
async def test_the_next_address_is_tried_where_one_fails():
    names = Names("127.0.0.3", "127.0.0.1", "127.0.0.4")
    async with (
        RawOrigin(lambda _: [OK, CLOSE]) as origin,
        named(names, origin.port) as node,
        node.client() as client,
    ):
        for _ in range(4):
            assert (await client.get("/n", method="POST")).body == b"ok"
        assert node.log == []


@scenario
async def test_connections_to_addresses_that_left_are_not_used_again():
    names = Names("127.0.0.1")
    go = asyncio.Event()
    async with (
        RawOrigin(lambda asked: [go, OK] if asked.target == b"/slow" else [OK]) as old,
        RawOrigin(lambda _: [response(b"new")], host="127.0.0.2", port=old.port) as new,
        named(names, old.port, refresh_s=0.05) as node,
    ):
        slow = await node.connect()
        await slow.send(request("/slow"))
        await eventually(lambda: old.asked)
        async with node.client() as client:
            assert (await client.get("/n")).body == b"ok"
            names.addresses = ["127.0.0.2"]
            await eventually(lambda: reports(node)[0].addresses == ("127.0.0.2",))
            assert (await client.get("/n")).body == b"new"
            go.set()
            assert (await slow.answer()).body == b"ok"
            assert (await client.get("/n")).body == b"new"
            await eventually(lambda: reports(node)[0].open == 1)
        assert new.connections == 1


@scenario
async def test_known_addresses_outlive_the_name_servers_trouble():
    names = Names("127.0.0.1")
    async with (
        RawOrigin(lambda _: [OK, CLOSE]) as origin,
        named(names, origin.port, refresh_s=0.05) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).body == b"ok"
        names.addresses = None
        await eventually(lambda: len(names.asked) > 2)
        assert (await client.get("/n")).body == b"ok"


@scenario
async def test_a_request_ends_with_the_origin_it_began_with():
    gate = asyncio.Event()
    begun = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 6\r\n\r\nbeg"
    async with (
        RawOrigin(lambda _: [begun, gate, b"un!"]) as old,
        told("new") as new,
        before(upstream(old)) as node,
        node.client() as client,
        node.client() as other,
    ):
        answer = asyncio.ensure_future(client.get("/a"))
        await eventually(lambda: old.targets() == [b"/a"])
        node.worker.install(Sites(Site("test", upstream(new))))
        assert (await other.get("/b")).body == b"new"
        gate.set()
        assert (await answer).body == b"begun!"
        await eventually(lambda: not node.worker.retired)
        assert (await client.get("/c")).body == b"new"


@scenario
async def test_what_is_counted_of_a_server_never_falls_when_its_origin_leaves_and_comes_back():
    gate = asyncio.Event()
    begun = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 6\r\n\r\nbeg"

    def requests_of(node, origin):
        return dict(figures(node.worker)).get(("upstream_requests", (f"{origin.host}:{origin.port}",)))

    async with (
        RawOrigin(lambda asked: [begun, gate, b"un!"] if asked.target == b"/slow" else [OK]) as old,
        told("new") as new,
        before(upstream(old)) as node,
        node.client() as client,
        node.client() as other,
    ):
        await client.get("/a")
        answer = asyncio.ensure_future(client.get("/slow"))
        await eventually(lambda: old.targets() == [b"/a", b"/slow"])
        seen = [requests_of(node, old)]
        node.worker.install(Sites(Site("test", upstream(new))))
        seen.append(requests_of(node, old))
        await other.get("/b")
        gate.set()
        await answer
        await eventually(lambda: not node.worker.retired)
        seen.append(requests_of(node, old))
        node.worker.install(Sites(Site("test", upstream(old))))
        seen.append(requests_of(node, old))
        await client.get("/c")
        seen.append(requests_of(node, old))
    assert seen == [2, 2, 2, 2, 3]


def test_servers_that_went_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("runtime.io.upstream.past.MAX_NAMES", 2)
    past = PastServers()
    for name in ("a:1", "b:1", "a:1", "c:1"):
        past.add([ServerReport(name, True, (), 0, 0, 0, 5, 1, 0.5, {"cut": 2})])
    assert list(past.by_name) == ["b:1", "c:1"]
    assert past.by_name["c:1"].requests == 5
    past.add([ServerReport("b:1", True, (), 0, 0, 0, 5, 1, 0.5, {"cut": 2})])
    assert (past.by_name["b:1"].requests, past.by_name["b:1"].failures["cut"]) == (10, 4)
