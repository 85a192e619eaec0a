"""What the access log has of requests that no script has seen, over sockets."""

import json

import pytest

from edgescript.effects import Answer
from edgescript.pipeline import InstalledScript
from runtime.observe.access_log import AccessLog
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.reading.recalled import program_of, script_of
from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def told(path, count):
    """The lines of the log once there are `count`, and no more."""
    await eventually(lambda: path.exists() and len(lines_of(path)) >= count)
    return lines_of(path)


REFUSALS = [
    (b"GET / HTTP/1.1\r\n\r\n", 400, "GET", "/"),
    (b"\x16\x03\x01\x02\x00", 400, "", ""),
    (b"GET /" + b"a" * 70_000, 414, "GET", "/" + "a" * 1019),
    (request("/b", "X: " + "a" * 40_000), 431, "GET", "/b"),
    (request("/c", version="2.0"), 505, "GET", "/c"),
    (request("/d", method="get"), 501, "get", "/d"),
    (request("/e", "Expect: x"), 417, "GET", "/e"),
    (request("/f", host="other.test"), 421, "GET", "/f"),
    (request("/g", "Content-Length: 99999999", method="POST"), 413, "POST", "/g"),
]


@pytest.mark.parametrize(("raw", "status", "method", "uri"), REFUSALS, ids=lambda value: str(value)[:20])
@scenario
async def test_a_refused_request_has_one_line(tmp_path, raw, status, method, uri):
    path = tmp_path / "access.log"
    async with RawOrigin(lambda _: [OK]) as origin:
        site = Site("s", Upstream.single(origin.host, origin.port), (), max_body_bytes=1000)
        sites = Sites(None, [("site.test", site)])
        async with serving(sites=sites, access_log=str(path)) as node:
            async with node.client() as client:
                await client.send(raw)
                assert (await client.answer()).status == status
            (line,) = await told(path, 1)
    assert (line["status"], line["method"], line["uri"]) == (status, method, uri)
    assert line["client"] == "127.0.0.1"
    assert line["refused"]


@scenario
async def test_a_head_that_takes_too_long_has_a_line(tmp_path):
    path = tmp_path / "access.log"
    async with serving(access_log=str(path), header_timeout_s=0.1) as node, node.client() as client:
        await client.send(b"GET /slow HTTP/1.1\r\n")
        assert (await client.answer()).status == 408
        (line,) = await told(path, 1)
    assert (line["status"], line["uri"], line["refused"]) == (408, "/slow", "request took too long")


@scenario
async def test_a_body_that_cannot_go_on_has_one_line_with_the_reason(tmp_path):
    path = tmp_path / "access.log"
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin, access_log=str(path)) as node:
        async with node.client() as client:
            await client.send(request("/p", "Transfer-Encoding: chunked", method="POST") + b"x\r\n")
            assert (await client.answer()).status == 400
        (line,) = await told(path, 1)
    assert (line["status"], line["uri"], line["cache"]) == (400, "/p", "SYNTH")
    assert "chunk" in line["refused"]


@scenario
async def test_the_line_names_the_script_that_answered(tmp_path):
    def deny(context):
        context.end(Answer(403, "no"))
        return True

    scripts = [
        InstalledScript("first", "head", lambda _context: True, "deny"),
        InstalledScript("gate", "head", deny, "deny"),
        InstalledScript("last", "foot", lambda _context: True, "deny"),
    ]
    path = tmp_path / "access.log"
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, scripts=scripts, access_log=str(path)) as node,
    ):
        async with node.client() as client:
            assert (await client.get("/")).status == 403
        (line,) = await told(path, 1)
    assert (line["cache"], "refused" in line) == ("SYNTH", False)
    assert [script["name"] for script in line["scripts"] if script.get("ended")] == ["gate"]


SCRIPTS = {
    "none": "",
    "looks on": "add_rsp_header('X-A', '1')\n",
    "refuses": "if eq($uri, '/a') { exit(403) }\n",
    "redirects": "rewrite('/b', 'redirect')\n",
}
ODD = ('User-Agent: "a\\b"\t<c>', 'Cookie: \xe9=\x80\xff; q="')


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("target", ["/a", '/a?q="x"\\y&z=<\'>'])
@scenario
async def test_what_is_answered_at_once_has_the_line_of_any_other(tmp_path, monkeypatch, target, text):
    path = tmp_path / "access.log"
    at_once = []
    add = AccessLog.add_at_once
    monkeypatch.setattr(AccessLog, "add_at_once", lambda *arguments: at_once.append(add(*arguments)) or None)
    scripts = [script_of(program_of(text))] if text else []
    head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\nabc"
    asked = request(target, *ODD)
    async with (
        RawOrigin(lambda _: [head]) as origin,
        serving(origin, scripts=scripts, access_log=str(path)) as node,
    ):
        for requests in (1, 1, 1, 3, 1):
            async with node.client() as client:
                for _ in range(requests):
                    await client.send(asked)
                    await client.answer()
        lines = await told(path, 7)
    assert len(at_once) == 2
    for line in lines:
        assert len(line.pop("id")) == len(line.pop("trace")) == 32
        for script in line.get("scripts", ()):
            del script["time_us"]
    assert lines[2:] == [lines[2]] * 5
    assert lines[2]["uri"] == target


@scenario
async def test_bytes_that_the_client_did_not_wait_for_are_not_in_the_line(tmp_path):
    def slow(context):
        context.effects.rate_bytes_per_s = 4096
        return True

    path = tmp_path / "access.log"
    head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 1000000\r\n\r\n"
    async with (
        RawOrigin(lambda _: [head + bytes(1_000_000)]) as origin,
        serving(
            origin, scripts=[InstalledScript("slow", "head", slow, "deny")], access_log=str(path)
        ) as node,
    ):
        for count in (1, 2):
            async with node.client() as client:
                await client.send(request("/long"))
                await client.reader.readuntil(b"\r\n\r\n")
            line = (await told(path, count))[-1]
            assert line["bytes"] < 100_000
