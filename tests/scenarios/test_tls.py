"""TLS with clients: the handshake, the choice of a certificate, its replacement, and the ends of connections."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.config import ConfigError
from runtime.config.tables import Listener
from runtime.io.listen.tls import ServerTls
from tests.support.certificates import LONG_AGO, Authority, pem
from tests.support.rawclient import request
from tests.support.raworigin import RawOrigin, response
from tests.support.scripts import installed
from tests.support.secure import SECURE, names, secure
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def sites(origin, certificates, **settings):
    return serving(origin, listeners=SECURE, certificates=tuple(certificates), **settings)


def echo(asked):
    return [response(asked.target + asked.body, b"Cache-Control: max-age=60")]


def test_requests_and_pipelined_requests_are_answered(authority):
    @scenario
    async def run():
        async with (
            RawOrigin(echo) as origin,
            sites(origin, [authority.issue("a", "a.test")]) as node,
            secure(node, authority) as client,
        ):
            assert [(await client.get("/x"))["X-Cache"] for _ in range(3)] == ["MISS", "HIT", "HIT"]
            await client.send(request("/y") + request("/p", "Content-Length: 3", method="POST") + b"abc")
            assert [(await client.answer()).body for _ in range(2)] == [b"/y", b"/pabc"]
            tls = client.writer.get_extra_info("ssl_object")
            assert (tls.selected_alpn_protocol(), tls.version()) == ("http/1.1", "TLSv1.3")
            assert {asked.values(b"x-forwarded-proto")[0] for asked in origin.asked} == {b"https"}

    run()


def test_scripts_see_https(authority, tmp_path):
    @scenario
    async def run():
        scripts = [installed(tmp_path, "say(concat($scheme, ' ', req_scheme()))")]
        async with (
            sites(None, [authority.issue("a", "a.test")], scripts=scripts) as node,
            secure(node, authority) as client,
        ):
            assert (await client.get("/")).body.split() == [b"https", b"https"]

    run()


def test_a_plain_and_a_secure_listener_store_apart(authority):
    @scenario
    async def run():
        both = (Listener(address="127.0.0.1:0"), *SECURE)
        certificates = (authority.issue("a", "a.test"),)
        async with (
            RawOrigin(echo) as origin,
            serving(origin, listeners=both, certificates=certificates) as node,
        ):
            async with node.client() as client:
                assert (await client.get("/x"))["X-Cache"] == "MISS"
            door = node.worker.listeners._doors[0]._listening
            node.address = door.getsockname()
            async with secure(node, authority, None) as client:
                assert [(await client.get("/x"))["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    run()


def test_each_client_gets_the_certificate_of_the_host_it_names(authority):
    @scenario
    async def run():
        certificates = [
            authority.issue("first", "first.test", "B.test"),
            authority.issue("wild", "*.wild.test", "b.test"),
            authority.issue("exact", "exact.wild.test"),
        ]
        wanted = {
            "first.test": "first.test",
            "b.test": "first.test",
            "x.wild.test": "*.wild.test",
            "X.WILD.test": "*.wild.test",
            "exact.wild.test": "exact.wild.test",
        }
        strangers = [None, "wild.test", "x.y.wild.test", "unknown.test"]
        async with sites(None, certificates) as node:
            for host, name in wanted.items():
                async with secure(node, authority, host) as client:
                    assert names(client)[0] == name
            for host in strangers:
                context = authority.trusting()
                context.check_hostname = False
                async with secure(node, authority, host or "", context=context) as client:
                    assert names(client)[0] == "first.test"

    run()


def test_certificates_are_replaced_while_connections_last(tmp_path):
    @scenario
    async def run():
        mine = Authority(tmp_path)
        certificate = mine.issue("a", "a.test")
        async with RawOrigin(echo) as origin, sites(origin, [certificate]) as node:
            tls = node.worker.listeners.tls
            async with secure(node, mine) as before:
                await before.get("/x")
                first = tls.context
                tls.reload([certificate], "1.2")
                assert tls.context is first  # the files are the same, and so are the keys of its tickets
                mine.issue("a", "a.test", "new.test")
                tls.reload([certificate], "1.2")
                async with secure(node, mine, "new.test") as after:
                    assert names(after) == ["a.test", "new.test"]
                    assert (await after.get("/x")).status == 200
                assert (await before.get("/x")).status == 200
                shutil.copy(mine.issue("b", "b.test").key, certificate.key)
                with pytest.raises(ConfigError, match="is not that of the certificate"):
                    tls.reload([certificate], "1.2")
                async with secure(node, mine, "new.test") as again:
                    assert (await again.get("/x")).status == 200

    run()


def test_what_is_wrong_with_files_is_said_with_their_names(authority, tmp_path):
    good = authority.issue("good", "a.test")
    other = ec.generate_private_key(ec.SECP256R1())
    mine = Authority(tmp_path)
    swapped = mine.issue("swapped", "a.test", key=other)
    empty = mine.issue("empty", "a.test")
    (tmp_path / "empty.pem").write_bytes(b"")
    keyless = mine.issue("keyless", "a.test")
    (tmp_path / "keyless.key").write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    missing = mine.issue("missing", "a.test")
    (tmp_path / "missing.key").unlink()
    rows = [
        (swapped, "swapped.key is not that"),
        (empty, "empty.pem: no cert"),
        (keyless, "keyless.key: no priv"),
    ]
    for files, reason in [*rows, (missing, "missing.key: no such file")]:
        with pytest.raises(ConfigError, match=reason) as raised:
            ServerTls([good, files], "1.2")
        assert str(raised.value).startswith("certificates[2]: ")
        assert pem(other).decode().split("\n")[1] not in str(raised.value)
    with pytest.raises(ConfigError, match="got none"):
        ServerTls([], "1.2")


def test_a_certificate_whose_time_is_over_is_told_of_and_served(authority):
    old = authority.issue("old", "old.test", expires=LONG_AGO.replace(year=2021))
    tls = ServerTls([authority.issue("a", "a.test"), old], "1.2")
    assert tls.expired(1_600_000_000) == []
    assert tls.expired(1_700_000_000) == ["old.test"]


@pytest.mark.parametrize(
    ("minimum", "offered", "spoken"),
    [
        ("1.2", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("1.2", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        ("1.3", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        ("1.3", ssl.TLSVersion.TLSv1_2, None),
    ],
)
def test_versions(authority, minimum, offered, spoken):
    @scenario
    async def run():
        context = authority.trusting()
        context.maximum_version = offered
        async with sites(None, [authority.issue("a", "a.test")], tls_min=minimum) as node:
            if spoken is None:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    async with secure(node, authority, context=context):
                        pass
                await eventually(lambda: node.log)
                assert node.log[0]["event"] == "tls-handshake-failed"
                assert node.log[0]["reason"] == "unsupported protocol"
                return
            async with secure(node, authority, context=context) as client:
                assert client.writer.get_extra_info("ssl_object").version() == spoken
                assert client.writer.get_extra_info("cipher")[0].startswith(("TLS_", "ECDHE-"))

    run()


def test_sessions_are_resumed(authority):
    """By Python's own client, in a thread: the loop's does not hand out sessions."""

    def twice(address, context):
        session = None
        resumed = []
        for _ in range(2):
            raw = socket.create_connection(address, timeout=5)
            with context.wrap_socket(raw, server_hostname="a.test", session=session) as tls:
                tls.sendall(request("/") + request("/", "Connection: close"))
                while tls.recv(65536):
                    pass
                session = tls.session
                resumed.append(tls.session_reused)
        return resumed

    @scenario
    async def run():
        async with RawOrigin(echo) as origin, sites(origin, [authority.issue("a", "a.test")]) as node:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = authority.trusting()
                context.maximum_version = version
                assert await asyncio.to_thread(twice, node.address, context) == [False, True]

    run()


def test_what_is_no_handshake_ends_with_a_line_in_the_log(authority):
    @scenario
    async def run():
        async with sites(None, [authority.issue("a", "a.test")]) as node:
            for sent in (request("/"), b"\x16\x03\x01\x00\x05hello", b"\x00" * 100, b"PROXY UNKNOWN\r\n"):
                async with node.client() as client:
                    await client.send(sent)
                    with contextlib.suppress(ConnectionError):
                        await client.reader.read()
            await eventually(lambda: len(node.log) == 4)
            assert {line["event"] for line in node.log} == {"tls-handshake-failed"}
            assert node.worker.listeners.failed == 4
            assert node.worker.listeners.waiting == 0

    run()


def test_a_client_that_does_not_finish_its_handshake_is_dropped_and_lets_others_in(authority):
    @scenario
    async def run():
        certificates = [authority.issue("a", "a.test")]
        async with sites(None, certificates, handshake_timeout_s=0.3, max_handshakes=2) as node:
            stuck = [await node.connect() for _ in range(3)]
            await eventually(lambda: node.worker.listeners.waiting == 2)
            async with secure(node, authority) as client:  # waits in the queue until there is room
                assert (await client.get("/")).status in {502, 503}
            for each in stuck:
                assert await each.ended() in {"closed", "reset"}
            await eventually(lambda: node.worker.listeners.waiting == 0)

    run()


def test_a_last_answer_comes_whole_to_a_slow_client(authority):
    """The connection's end waits for what was written, and says so by close_notify."""
    body = b"x" * 3_000_000

    @scenario
    async def run():
        async with (
            RawOrigin(lambda _: [response(body, b"Cache-Control: max-age=60")]) as origin,
            sites(origin, [authority.issue("a", "a.test")]) as node,
        ):
            for _ in range(2):
                async with secure(node, authority) as client:
                    await client.send(request("/", "Connection: close"))
                    await asyncio.sleep(0.2)
                    answer = await client.answer()
                    assert (answer.complete, len(answer.body)) == (True, len(body))
                    assert await client.ended() == "closed"
                await eventually(lambda: not node.worker.clients)

    run()


def test_an_answer_that_is_cut_looks_cut(authority):
    steps = [b"HTTP/1.0 200 OK\r\n\r\nhello", 0.05, "reset"]

    @scenario
    async def run():
        async with (
            RawOrigin(lambda _: steps) as origin,
            sites(origin, [authority.issue("a", "a.test")]) as node,
            secure(node, authority) as client,
        ):
            await client.send(request("/", version="1.0"))
            with pytest.raises((ConnectionError, ssl.SSLError)):
                await client.reader.readexactly(100_000)

    run()


def test_a_client_that_resets_is_let_go(authority):
    @scenario
    async def run():
        async with (
            RawOrigin(lambda _: [5]) as origin,
            sites(origin, [authority.issue("a", "a.test")]) as node,
            secure(node, authority) as client,
        ):
            await client.send(request("/"))
            await eventually(lambda: origin.asked)
            raw = client.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.writer.transport.abort()
            await eventually(lambda: not node.worker.clients)

    run()
