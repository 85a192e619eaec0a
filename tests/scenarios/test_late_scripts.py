"""Scripts that ask for a header of the response go on when its head is made, whoever makes it (U-17)."""

import asyncio
import contextlib

import pytest

from edgescript.services import Services
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.raworigin import CLOSE, OK, RawOrigin, response
from tests.support.scripts import installed
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


@contextlib.asynccontextmanager
async def behind(says, *scripts, services=None):
    """A node with `scripts` before an origin that `says`, and a client: (origin, node, client)."""
    async with RawOrigin(says) as origin:
        site = Site("test", Upstream.single(origin.host, origin.port), scripts, services or Services())
        async with serving(sites=Sites(site)) as node, node.client() as client:
            yield origin, node, client


TELLS = """
kind = get_rsp_header('content-type')
if kind {
    add_rsp_header('X-Kind', kind)
}
"""
DENIES = """
if get_rsp_header('x-secret') {
    exit(451, 'not for you')
}
"""
PICTURE = response(b"picture", b"Content-Type: image/png")
KEPT = response(b"picture", b"Content-Type: image/png", b"Cache-Control: max-age=60", b'ETag: "1"')


@pytest.mark.parametrize("position", ["head", "foot"])
@scenario
async def test_the_fields_of_the_origins_answer(position, tmp_path):
    script = installed(tmp_path, TELLS, position=position)
    async with behind(lambda _: [PICTURE], script) as (_origin, _node, client):
        answer = await client.get("/a")
        assert (answer["X-Kind"], answer.body) == ("image/png", b"picture")


@scenario
async def test_the_fields_of_what_is_stored_and_of_what_is_revalidated(tmp_path):
    def origin_says(asked):
        if asked.values(b"if-none-match"):
            return [b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=60\r\n\r\n']
        return [KEPT]

    script = installed(tmp_path, TELLS)
    async with behind(origin_says, script) as (_origin, node, client):
        for label, wait_s in (("MISS", 0), ("HIT", 0), ("REVALIDATED", 61), ("HIT", 0)):
            node.now += wait_s
            answer = await client.get("/a")
            assert (answer["X-Cache"], answer["X-Kind"], answer.body) == (label, "image/png", b"picture")
        assert (await client.get("/a", 'If-None-Match: "1"'))["X-Kind"] == "image/png"


@scenario
async def test_those_who_wait_for_one_fetch_each_hear_its_head(tmp_path):
    script = installed(
        tmp_path, "add_rsp_header('X-Who', concat($arg_who, ' ', get_rsp_header('content-type')))"
    )
    gate = asyncio.Event()
    async with RawOrigin(lambda _: [gate, KEPT]) as origin, serving(origin, scripts=[script]) as node:
        clients = [await node.connect() for _ in range(3)]
        for number, client in enumerate(clients):
            await client.send(b"GET /a?who=%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        gate.set()
        answers = [await client.answer() for client in clients]
        assert [answer["X-Who"] for answer in answers] == [f"{number} image/png" for number in range(3)]


@pytest.mark.parametrize("fields", [(), (b"Cache-Control: max-age=60",)], ids=["not stored", "stored"])
@scenario
async def test_a_script_answers_in_place_of_the_origin(fields, tmp_path):
    script = installed(tmp_path, DENIES)
    says = response(b"the secret", b"X-Secret: 1", *fields)
    async with behind(lambda _: [says], script) as (_origin, _node, client):
        for _ in range(3):  # on one connection: framing holds, and what is stored is denied as well
            answer = await client.get("/a")
            assert (answer.status, answer.body) == (451, b"not for you")
            assert answer["X-Cache"] == "SYNTH"
            assert answer.values("X-Secret") == []


@scenario
async def test_the_long_body_behind_a_denied_head_is_not_waited_for(tmp_path):
    script = installed(tmp_path, DENIES)
    says = [b"HTTP/1.1 200 OK\r\nX-Secret: 1\r\nContent-Length: 1000000\r\n\r\nbegin", asyncio.Event()]
    async with behind(lambda _: says, script) as (_origin, _node, client):
        assert (await client.get("/a")).status == 451
        assert (await client.get("/b")).status == 451


@scenario
async def test_a_request_with_a_body_is_denied_by_the_answers_head(tmp_path):
    script = installed(tmp_path, DENIES)
    async with behind(lambda _: [response(b"", b"X-Secret: 1")], script) as (origin, _node, client):
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        assert (await client.answer()).status == 451
        assert origin.asked[0].body == b"hello"


@scenario
async def test_what_was_asked_for_before_the_wait_holds_once(tmp_path):
    script = installed(
        tmp_path,
        "add_rsp_header('X-Before', 'b', true)\n"
        "add_req_header('X-To-Origin', 'yes')\n"
        "rewrite('/other', 'break')\n"
        "add_rsp_header('X-After', tostring(get_rsp_header('x-before')), true)\n"
        "add_rsp_header('X-Server', tostring(get_rsp_header('server')), true)\n",
    )
    async with behind(lambda _: [response(b"", b"Server: s")], script) as (origin, _node, client):
        answer = await client.get("/a")
    assert (origin.asked[0].target, origin.asked[0].values(b"x-to-origin")) == (b"/other", [b"yes"])
    assert [answer.values(name) for name in ("X-Before", "X-After", "X-Server")] == [["b"], ["b"], ["s"]]


@scenario
async def test_a_time_to_live_after_the_wait_counts(tmp_path):
    script = installed(
        tmp_path, "if eq(get_rsp_header('content-type'), 'image/png') {\n    set_cache_ttl('path', 60)\n}\n"
    )
    async with behind(lambda _: [PICTURE], script) as (origin, _node, client):
        assert [(await client.get("/a"))["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert len(origin.asked) == 1


@scenario
async def test_a_rate_after_the_wait_counts(tmp_path):
    script = installed(
        tmp_path,
        "if eq(get_rsp_header('x-big'), '1') {\n    limit_rate_after(1, 'k')\n    limit_rate(64, 'k')\n}\n",
    )
    says = response(b"x" * 20_000, b"X-Big: 1", b"Cache-Control: max-age=60")
    async with RawOrigin(lambda _: [says]) as origin, serving(origin, scripts=[script]) as node:
        for _ in ("MISS", "HIT"):
            async with node.client() as client:
                loop = asyncio.get_running_loop()
                begun = loop.time()
                answer = await client.get("/a")
                assert len(answer.body) == 20_000
                assert loop.time() - begun > 0.15  # 19,000 bytes at 65,536 a second are 0.29


@scenario
async def test_the_answer_of_another_script_has_a_head_too(tmp_path):
    tells = installed(
        tmp_path, "add_rsp_header('X-Kind', tostring(get_rsp_header('content-type')))", name="tells"
    )
    denies = installed(tmp_path, "exit(403, 'no')", name="denies")
    async with behind(lambda _: [OK], tells, denies) as (origin, _node, client):
        answer = await client.get("/a")
    assert (answer.status, answer["X-Kind"], answer.body) == (403, "text/plain", b"no")
    assert origin.asked == []


@scenario
async def test_what_is_said_before_and_after_the_wait_is_one_body(tmp_path):
    text = "say('a')\nsay(get_rsp_header('content-type'))\nsay('b')\n"
    async with RawOrigin(lambda _: [OK]) as origin:
        async with serving(origin, scripts=[installed(tmp_path, text)]) as node, node.client() as client:
            assert (await client.get("/a")).body == b"a\ntext/plain\nb\n"
        async with (
            serving(origin, scripts=[installed(tmp_path, text.replace("say('a')\n", ""))]) as node,
            node.client() as client,
        ):
            answer = await client.get("/a")
            assert (answer.status, answer.body) == (200, b"false\nb\n")


@scenario
async def test_an_error_after_the_wait_denies_or_is_taken_back(tmp_path):
    text = "get_rsp_header('x')\nadd_rsp_header('X-Half', '1')\nlen($arg_none)\n"
    scripts = {place: installed(tmp_path, text, position=place, name=place) for place in ("head", "foot")}
    async with RawOrigin(lambda _: [OK]) as origin:
        for place, status in (("head", 500), ("foot", 200)):
            async with serving(origin, scripts=[scripts[place]]) as node, node.client() as client:
                answer = await client.get("/a")
                assert (answer.status, answer.values("X-Half")) == (status, [])
                assert [event["code"] for event in node.log if event["event"] == "script-fault"] == [402]


@scenario
async def test_no_request_is_counted_twice(tmp_path):
    script = installed(
        tmp_path,
        "if not(limit_req('all', 0.001, 1)) {\n    exit(429)\n}\n"
        "add_rsp_header('X-Kind', tostring(get_rsp_header('content-type')))\n",
    )
    async with behind(
        lambda _: [PICTURE], script, services=Services(limiter=LocalLimits().site().limiter)
    ) as (
        _origin,
        _node,
        client,
    ):
        assert [(await client.get("/a")).status for _ in range(3)] == [200, 200, 429]


@scenario
async def test_a_client_that_leaves_stops_the_wait(tmp_path):
    script = installed(tmp_path, TELLS)
    gate = asyncio.Event()
    async with RawOrigin(lambda _: [gate, KEPT]) as origin, serving(origin, scripts=[script]) as node:
        client = await node.connect()
        await client.send(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        await eventually(lambda: origin.asked)
        client.reset()
        gate.set()
        async with node.client() as other:
            assert (await other.get("/a"))["X-Kind"] == "image/png"


@scenario
async def test_the_length_of_what_is_fetched_stored_and_revalidated(tmp_path):
    def origin_says(asked):
        if asked.values(b"if-none-match"):
            return [b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=60\r\n\r\n']
        return [KEPT]

    script = installed(tmp_path, "add_rsp_header('X-Length', get_rsp_header('content-length'))\n")
    async with behind(origin_says, script) as (_origin, node, client):
        for label, wait_s in (("MISS", 0), ("HIT", 0), ("REVALIDATED", 61)):
            node.now += wait_s
            answer = await client.get("/a")
            assert (answer["X-Cache"], answer["X-Length"]) == (label, "7")


@pytest.mark.parametrize(
    "asks",
    ["add_rsp_header('A', 'b', true)", "print(concat($uri, $uri, $uri, $uri))"],
    ids=["headers", "output"],
)
@scenario
async def test_limits_hold_for_what_is_asked_before_and_after_the_wait_together(asks, tmp_path):
    rounds = f"for k, v in split($arg_n, 'x') {{\n    {asks}\n}}\n"
    script = installed(tmp_path, f"{rounds}get_rsp_header('x')\n{rounds}")
    async with behind(lambda _: [PICTURE], script) as (_origin, _node, client):
        answer = await client.get(f"/{'a' * 900}?n={'x' * 199}")
        assert answer.status == 500


@scenario
async def test_after_the_wait_the_origins_request_is_what_it_was(tmp_path):
    script = installed(
        tmp_path,
        "get_rsp_header('x')\nrewrite('/b', 'break')\nadd_req_header('X-Late', '1')\nset_cache_ttl('path', 9)\n",
    )
    async with behind(lambda _: [PICTURE], script) as (origin, _node, client):
        assert (await client.get("/a"))["X-Cache"] == "MISS"
        assert (await client.get("/a"))["X-Cache"] == "HIT"
        assert [(asked.target, asked.values(b"x-late")) for asked in origin.asked] == [(b"/a", [])]


@scenario
async def test_a_redirect_after_the_wait(tmp_path):
    script = installed(
        tmp_path, "if get_rsp_header('x-moved') {\n    rewrite('/there', 'redirect', 307)\n}\n"
    )
    async with behind(lambda _: [response(b"old", b"X-Moved: 1")], script) as (_origin, _node, client):
        answer = await client.get("/a?q=1")
        assert (answer.status, answer["Location"], answer["X-Cache"]) == (307, "/there?q=1", "SYNTH")


@scenario
async def test_brk_of_a_script_that_waits_stops_no_other(tmp_path):
    first = installed(tmp_path, "get_rsp_header('x')\nreturn true\n", name="first", break_on_hit=True)
    second = installed(tmp_path, "add_rsp_header('X-Second', '1')\n", name="second")
    async with behind(lambda _: [OK], first, second) as (_origin, _node, client):
        assert (await client.get("/a"))["X-Second"] == "1"


@scenario
async def test_no_script_waits_for_the_nodes_own_failure(tmp_path):
    script = installed(
        tmp_path, "add_rsp_header('X-A', '1')\nif true {\n    get_rsp_header('x')\n    exit(403)\n}\n"
    )
    async with behind(lambda _: [CLOSE], script) as (_origin, _node, client):
        answer = await client.get("/a")
        assert (answer.status, answer.values("X-A")) == (502, [])
        assert script.tally.by_state()["ExecutedAndHit"] == 1


@scenario
async def test_what_was_said_and_taken_back_answers_nothing(tmp_path):
    script = installed(tmp_path, "say('a')\nget_rsp_header('x')\nlen($arg_none)\n", position="foot")
    async with behind(lambda _: [PICTURE], script) as (origin, node, client):
        answer = await client.get("/a")
    assert (answer.status, answer.body, len(origin.asked)) == (200, b"picture", 1)
    assert [event["event"] for event in node.log] == ["script-fault"]


@scenario
async def test_a_refusal_stays_neutral_whatever_is_said_after_the_wait(tmp_path):
    says = installed(tmp_path, "say('a')\nget_rsp_header('x')\nsay('b')\n", name="says")
    fails = installed(tmp_path, "len($arg_none)\n", name="fails")
    async with behind(lambda _: [PICTURE], says, fails) as (_origin, _node, client):
        answer = await client.get("/a")
    assert (answer.status, b"<title>500" in answer.body) == (500, True)
