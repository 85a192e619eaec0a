"""Listeners behind a proxy: who the client is then, and what is refused before any request."""

import asyncio
import struct

import pytest

from edgescript.services import Services
from runtime.config.tables import Listener
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import RawClient, request
from tests.support.scripts import installed
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

BEHIND = (Listener(address="127.0.0.1:0", proxy_protocol=True),)
BEHIND_TLS = (Listener(address="127.0.0.1:0", proxy_protocol=True, tls=True),)
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n"
V2_BODY = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack(">HH", 4711, 80) + b"\x04\x00\x02xx"
V2 = b"\r\n\r\n\x00\r\nQUIT\n" + struct.pack(">BBH", 0x21, 0x11, len(V2_BODY)) + V2_BODY
NOBODY = [b"PROXY UNKNOWN\r\n", b"\r\n\r\n\x00\r\nQUIT\n" + struct.pack(">BBH", 0x20, 0, 0)]


@pytest.fixture
def who(tmp_path):
    return [installed(tmp_path, "say(concat($remote_addr, ' ', $scheme))")]


def behind(scripts, listeners=BEHIND, trusted=("127.0.0.0/8",), **settings):
    return serving(listeners=listeners, trusted_proxies=trusted, scripts=scripts, **settings)


@pytest.mark.parametrize("header", [V1, V2])
def test_the_client_is_the_one_announced(who, header):
    @scenario
    async def run():
        async with behind(who) as node, node.client() as client:
            await client.send(header + request("/") + request("/"))
            assert [(await client.answer()).body.strip() for _ in range(2)] == [b"192.0.2.7 http"] * 2
            assert (await client.get("/")).body.strip() == b"192.0.2.7 http"
            assert [each._connection.client_port for each in node.worker.clients] == [4711]

    run()


@pytest.mark.parametrize("header", NOBODY)
def test_nobody_announced_is_the_peer_itself(who, header):
    @scenario
    async def run():
        async with behind(who) as node, node.client() as client:
            await client.send(header + request("/"))
            assert (await client.answer()).body.strip() == b"127.0.0.1 http"

    run()


@pytest.mark.parametrize("header", [V1, V2])
def test_in_pieces_of_any_size(who, header):
    @scenario
    async def run():
        wire = header + request("/")
        async with behind(who) as node:
            for size in (1, 5, 12, 16, len(header) - 1, len(header), len(header) + 1):
                async with node.client() as client:
                    for start in range(0, len(wire), size):
                        await client.send(wire[start : start + size])
                        await asyncio.sleep(0.001)
                    assert (await client.answer()).body.strip() == b"192.0.2.7 http"

    run()


@pytest.mark.parametrize("header", [V1, V2])
def test_before_tls(who, header, authority):
    """The handshake's first bytes come with the header, in one piece."""

    @scenario
    async def run():
        certificates = (authority.issue("a", "a.test"),)
        context = authority.trusting()
        async with behind(who, BEHIND_TLS, certificates=certificates) as node:
            reader, writer = await asyncio.open_connection(*node.address)
            node.connected.append(RawClient(reader, writer))
            writer.write(header)
            await writer.start_tls(context, server_hostname="a.test")
            client = RawClient(reader, writer)
            assert (await client.get("/")).body.strip() == b"192.0.2.7 https"

    run()


@pytest.mark.parametrize(
    "sent",
    [
        request("/"),
        b"PROXY TCP4 1.2.3.4 9.9.9.9 99999 1\r\n" + request("/"),
        b"PROXY TCP4 1.2.3.4\r\n" + request("/"),
        b"PROXY " + b"x" * 200,
        b"\x16\x03\x01" + b"\0" * 100,
        b"PROXY UNKNOWN",
        b"",
    ],
)
def test_what_has_no_header_gets_no_answer(who, sent):
    @scenario
    async def run():
        async with behind(who, handshake_timeout_s=0.2) as node, node.client() as client:
            await client.send(sent)
            assert await client.ended() in {"closed", "reset"}
            await eventually(lambda: node.log)
            assert node.log[0]["event"] == "proxy-header-failed"
            assert b"1.2.3.4" not in str(node.log).encode()
            await eventually(lambda: node.worker.listeners.waiting == 0)
            assert node.worker.clients == set()

    run()


@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",)])
def test_nobody_else_may_announce(who, trusted):
    @scenario
    async def run():
        async with behind(who, trusted=trusted) as node, node.client() as client:
            await client.send(V1 + request("/"))
            assert await client.ended() in {"closed", "reset"}
            await eventually(lambda: node.log)
            assert node.log[0]["reason"] == "the peer is none of trusted_proxies"

    run()


@pytest.mark.parametrize("header", [V1, V2])
def test_a_listener_without_it_takes_a_header_for_a_bad_request(who, header):
    @scenario
    async def run():
        async with serving(scripts=who) as node, node.client() as client:
            await client.send(header + request("/"))
            assert (await client.answer()).status == 400
            assert await client.ended() in {"closed", "reset"}

    run()


def test_a_second_header_is_no_header(who):
    @scenario
    async def run():
        async with behind(who) as node, node.client() as client:
            await client.send(V1 + V1 + request("/"))
            assert (await client.answer()).status == 400

    run()


def test_limits_go_by_the_client_announced(tmp_path):
    scripts = [installed(tmp_path, "if not(limit_req($remote_addr, '1r/m')) {\n  exit(429)\n}\nsay('in')\n")]

    @scenario
    async def run():
        services = Services(limiter=LocalLimits().site().limiter)
        sites = Sites(Site("test", Upstream.single("127.0.0.1", 9), tuple(scripts), services))
        async with behind((), sites=sites) as node:
            statuses = []
            for last in (7, 7, 8):
                async with node.client() as client:
                    await client.send(b"PROXY TCP4 192.0.2.%d 198.51.100.1 4711 80\r\n" % last + request("/"))
                    statuses.append((await client.answer()).status)
            assert statuses == [200, 429, 200]

    run()
