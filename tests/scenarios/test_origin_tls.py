"""TLS to origins: whose certificate is believed, what the origin is asked for, and which ends count."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import HealthCheck, Server, Tls, Upstream
from tests.support.certificates import Authority
from tests.support.raworigin import OK
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


def ca_file(authority):
    """The authority's own certificate, as a file to trust."""
    file = authority.folder / "ca.pem"
    file.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return str(file)


def certified(authority, *names):
    """A server's context with a certificate for `names`."""
    made = authority.issue(names[0], *names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return context


class TlsOrigin:
    """
    Answers every request with `answer`; knows the names it was asked for. Without a context it speaks plain HTTP, and
    first.
    """

    def __init__(self, context, answer=OK, *, close=None):
        self.answer = answer
        self.close = close
        self.names = []
        self.connections = 0
        self.context = context
        self._tasks = set()
        if context is not None:
            context.sni_callback = lambda _, name, __: self.names.append(name)
            context.set_alpn_protocols(["h2", "http/1.1"])

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            if self.context is None:
                writer.write(self.answer)
            else:
                self.spoken = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self.answer)
                await writer.drain()
                if self.close is not None:
                    self.close(writer)
                    await reader.read()
        writer.transport.abort()


def before(origin, tls, host="127.0.0.1", **settings):
    upstream = Upstream("tls", (Server(host, origin.port),), tls=tls, **settings)
    return serving(sites=Sites(Site("test", upstream)))


@scenario
async def _asked(authority, names, tls, status, kind="", sni=None):
    async with (
        TlsOrigin(certified(authority, *names)) as origin,
        before(origin, tls) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).status == status
        assert [line["kind"] for line in node.log] == ([kind] if kind else [])
        if sni is not None:
            assert origin.names == sni
            assert origin.spoken == "http/1.1"


def test_a_certificate_that_fits(authority):
    _asked(authority, ["127.0.0.1"], Tls(ca_file=ca_file(authority)), 200, sni=[None])


def test_the_name_that_is_asked_for_and_looked_at_can_be_stated(authority):
    _asked(
        authority,
        ["origin.test"],
        Tls(ca_file=ca_file(authority), server_name="origin.test"),
        200,
        sni=["origin.test"],
    )


@pytest.mark.parametrize(
    ("names", "tls"),
    [
        (["other.test"], {"server_name": "origin.test"}),
        (["origin.test"], {}),
        (["127.0.0.2"], {}),
    ],
)
def test_a_certificate_for_another_name(authority, names, tls):
    _asked(authority, names, Tls(ca_file=ca_file(authority), **tls), 502, "tls")


def test_a_certificate_of_an_authority_that_nobody_knows(authority, tmp_path):
    _asked(Authority(tmp_path), ["127.0.0.1"], Tls(ca_file=ca_file(authority)), 502, "tls")
    _asked(authority, ["127.0.0.1"], Tls(), 502, "tls")


def test_verification_can_be_given_up(authority):
    _asked(authority, ["other.test"], Tls(verify=False), 200)


@scenario
async def test_an_origin_without_tls():
    async with TlsOrigin(None) as origin, before(origin, Tls(verify=False)) as node, node.client() as client:
        assert (await client.get("/n")).status == 502
        assert [line["kind"] for line in node.log] == ["tls"]


def test_connections_are_kept(authority):
    @scenario
    async def play():
        async with (
            TlsOrigin(certified(authority, "127.0.0.1")) as origin,
            before(origin, Tls(ca_file=ca_file(authority))) as node,
            node.client() as client,
        ):
            for _ in range(20):
                assert (await client.get("/n")).body == b"ok"
            assert origin.connections <= 2  # session tickets of the first may come as it falls idle

    play()


def end_of_connection(writer):
    """What anyone on the way could send."""
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as sock:
        sock.shutdown(socket.SHUT_WR)


UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhello"


@pytest.mark.parametrize(
    ("close", "complete"),
    [
        (lambda writer: writer.close(), True),
        (end_of_connection, False),
    ],
    ids=["close_notify", "the end of the connection alone"],
)
def test_a_body_until_close_is_whole_only_if_the_origin_says_so(authority, close, complete):
    @scenario
    async def play():
        context = certified(authority, "127.0.0.1")
        async with (
            TlsOrigin(context, UNTIL_CLOSE, close=close) as origin,
            before(origin, Tls(ca_file=ca_file(authority))) as node,
            node.client() as client,
        ):
            answer = await client.get("/c", version="1.0")
            assert (answer.status, answer.body, answer.complete) == (200, b"hello", complete)
            assert len(node.worker.cache.store) == complete

    play()


def test_checks_go_over_tls_too(authority):
    @scenario
    async def play():
        check = HealthCheck(interval_s=0.02, fall=1)
        async with TlsOrigin(certified(authority, "other.test")) as origin:
            tls = Tls(ca_file=ca_file(authority))
            async with before(origin, tls, health=check) as node, node.client() as client:
                await client.get("/n")
                (group,) = node.worker.upstreams.values()
                await eventually(lambda: not group.report()[0].up)

    play()


def test_certificates_to_trust_are_read_anew_by_a_reload(authority, tmp_path):
    @scenario
    async def play():
        trusted = tmp_path / "trusted.pem"
        shutil.copy(ca_file(Authority(tmp_path)), trusted)
        async with (
            TlsOrigin(certified(authority, "127.0.0.1")) as origin,
            before(origin, Tls(ca_file=str(trusted))) as node,
            node.client() as client,
        ):
            assert (await client.get("/n")).status == 502
            shutil.copy(ca_file(authority), trusted)
            node.worker.install(node.worker.front.sites)
            assert (await client.get("/n")).status == 200
            trusted.unlink()
            node.worker.install(node.worker.front.sites)
            (group,) = node.worker.upstreams.values()
            assert (node.log[-1]["event"], node.log[-1]["reason"]) == (
                "certificates-kept",
                f"{group.upstream.name}: no such file or directory",
            )
            assert (await client.get("/n")).status == 200

    play()
