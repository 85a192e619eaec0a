"""What a client reads: the node's own fields, the cache at work over time, scripts' answers."""

import asyncio
import re

from edgescript.effects import Answer, HeaderOp, Redirect
from edgescript.faults import FaultCode, ScriptFault
from edgescript.pipeline import InstalledScript
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin, response
from tests.support.worker import NOW, scenario, serving

NOW_TEXT = "Sun, 09 Sep 2001 01:46:40 GMT"
LATER_TEXT = "Sun, 09 Sep 2001 01:47:40 GMT"


def script(run, position="head", on_error="deny"):
    def body(context):
        run(context)
        return True

    return InstalledScript(name="s", position=position, run=body, on_error=on_error)


def by_target(asked):
    """`/c` is cacheable for a minute and has an entity-tag."""
    if asked.target == b"/c":
        if asked.values(b"if-none-match") == [b'"1"']:
            return [b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=60\r\n\r\n']
        return [response(b"hello", b"Cache-Control: max-age=60", b'ETag: "1"')]
    return [response(b"plain")]


@scenario
async def test_the_nodes_own_fields_are_on_every_answer():
    def deny(context):
        if context.request.path == "/denied":
            context.end(Answer(403, "no"))
        if context.request.path == "/moved":
            context.end(Redirect(302, "/there"))

    async with RawOrigin(by_target) as origin, serving(origin, scripts=[script(deny)]) as node:
        async with node.client() as client:
            expected = [
                ("/c", "MISS"),
                ("/c", "HIT"),
                ("/n", "MISS"),
                ("/denied", "SYNTH"),
                ("/moved", "SYNTH"),
            ]
            ids = set()
            for target, label in expected:
                answer = await client.get(target)
                assert answer["X-Cache"] == label
                assert answer["Via"] == "1.1 edgescript"
                assert answer["Date"] == NOW_TEXT
                assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-Id"])
                ids.add(answer["X-Request-Id"])
            assert len(ids) == len(expected)
        async with node.client() as client:
            await client.send(b"GET / HTTP/1.1\r\n\r\n")
            answer = await client.answer()
            assert (answer.status, answer["Date"], answer["X-Cache"]) == (400, NOW_TEXT, "SYNTH")
    async with serving() as node, node.client() as client:
        answer = await client.get("/n")
        assert (answer.status, answer["Date"], answer["X-Cache"]) == (502, NOW_TEXT, "BYPASS")


@scenario
async def test_date_is_of_the_moment_and_of_the_origin_if_it_has_one():
    dated = response(b"ok", b"Date: Sat, 08 Sep 2001 00:00:00 GMT")
    async with (
        RawOrigin(lambda asked: [dated if asked.target == b"/d" else OK]) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        assert (await client.get("/n"))["Date"] == NOW_TEXT
        assert (await client.get("/d"))["Date"] == "Sat, 08 Sep 2001 00:00:00 GMT"
        node.now += 60
        assert (await client.get("/n"))["Date"] == LATER_TEXT


@scenario
async def test_age_grows_with_the_clock_and_the_date_stays():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/c")).values("Age") == []
        for seconds in (0, 1, 59):
            node.now = NOW + seconds
            answer = await client.get("/c")
            assert (answer["X-Cache"], answer["Age"], answer["Date"]) == ("HIT", str(seconds), NOW_TEXT)
        node.now = NOW + 60
        answer = await client.get("/c")
        assert (answer["X-Cache"], answer["Age"], answer.body) == ("REVALIDATED", "0", b"hello")
        node.now = NOW + 61
        assert (await client.get("/c"))["X-Cache"] == "HIT"
        assert [asked.values(b"if-none-match") for asked in origin.asked] == [[], [b'"1"']]


@scenario
async def test_an_age_from_upstream_is_counted():
    aged = response(b"ok", b"Cache-Control: max-age=60", b"Age: 50")
    async with RawOrigin(lambda _: [aged]) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/c"))["Age"] == "50"
        node.now += 9
        assert (await client.get("/c"))["Age"] == "59"
        node.now += 1
        assert (await client.get("/c"))["X-Cache"] == "MISS"


@scenario
async def test_conditional_requests_on_what_is_stored():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        for label in ("MISS", "HIT", "HIT"):
            answer = await client.get("/c", 'If-None-Match: "0", W/"1"')
            assert (answer.status, answer["X-Cache"], answer.body) == (304, label, b"")
            assert answer["ETag"] == '"1"'
            assert answer.values("Content-Length") == []
        answer = await client.get("/c", 'If-None-Match: "2"')
        assert (answer.status, answer["X-Cache"], answer.body) == (200, "HIT", b"hello")
        assert (await client.get("/c")).body == b"hello"
        assert len(origin.asked) == 1


@scenario
async def test_a_client_may_ask_for_what_is_fresh_or_for_nothing_new():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        answer = await client.get("/c", "Cache-Control: only-if-cached")
        assert (answer.status, answer["Date"]) == (504, NOW_TEXT)
        await client.get("/c")
        assert (await client.get("/c", "Cache-Control: only-if-cached"))["X-Cache"] == "HIT"
        assert (await client.get("/c", "Cache-Control: no-cache"))["X-Cache"] == "REVALIDATED"
        assert len(origin.asked) == 2


@scenario
async def test_no_content_from_memory_says_no_length():
    empty = b"HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n"
    async with RawOrigin(lambda _: [empty]) as origin, serving(origin) as node, node.client() as client:
        for label in ("MISS", "HIT"):
            answer = await client.get("/c")
            assert (answer.status, answer["X-Cache"], answer.values("Content-Length")) == (204, label, [])


@scenario
async def test_what_the_origin_is_told():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.get(
            "/p?q=%20",
            "X-Forwarded-For: 192.0.2.1",
            "Via: 1.0 other",
            "Connection: X-Hop, keep-alive",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "TE: trailers",
            "Upgrade: websocket",
            "Proxy-Authorization: secret",
            "Accept: */*  ",
            "X-Empty:",
        )
        (asked,) = origin.asked
        assert asked.target == b"/p?q=%20"
        assert dict(asked.fields) == {
            b"Host": b"site.test",
            b"Accept": b"*/*",
            b"X-Empty": b"",
            b"X-Forwarded-For": b"127.0.0.1",
            b"X-Forwarded-Proto": b"http",
            b"X-Forwarded-Host": b"site.test",
            b"Via": b"1.0 other, 1.1 edgescript",
            b"TE": b"trailers",
            b"Connection": b"TE",
        }


@scenario
async def test_the_origin_and_the_cache_know_a_host_by_one_name():
    """Else a client could have one spelling's answer stored for the other."""

    def answer(asked):
        return [response(asked.values(b"host")[0], b"Cache-Control: max-age=60")]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        for host in ("SITE.test", "site.test.", "site.test:", "site.test"):
            await client.send(request("/c", host=host))
            assert (await client.answer()).body == b"site.test"
        assert len(origin.asked) == 1
        for host in ("site.test:080", "site.test:80"):
            await client.send(request("/c", host=host))
            assert (await client.answer()).body == b"site.test:80"


@scenario
async def test_absolute_form_names_the_host_that_counts():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.send(b"GET http://other.test/x?y HTTP/1.1\r\nHost: site.test\r\n\r\n")
        assert (await client.answer()).status == 200
        (asked,) = origin.asked
        assert (asked.target, asked.values(b"host")) == (b"/x?y", [b"other.test"])


@scenario
async def test_hosts_go_to_their_sites_and_unknown_ones_to_none():
    async with RawOrigin(lambda _: [response(b"one")]) as one, RawOrigin(lambda _: [response(b"two")]) as two:
        named = [
            ("one.test", Site("one", Upstream.single(one.host, one.port))),
            ("two.test", Site("two", Upstream.single(two.host, two.port))),
        ]
        async with serving(sites=Sites(None, named)) as node, node.client() as client:
            for host, body in (("one.test", b"one"), ("TWO.test:8080", b"two"), ("one.test", b"one")):
                await client.send(request("/", host=host))
                assert (await client.answer()).body == body
            await client.send(request("/", host="three.test"))
            assert (await client.answer()).status == 421
            assert await client.ended() == "closed"


@scenario
async def test_a_script_that_raises_in_head_is_a_neutral_500():
    def fail(context):
        context.effects.add_header("response_headers", HeaderOp("set", "X-Left", "behind"))
        raise ScriptFault(FaultCode.OTHER, "secret detail")

    async with RawOrigin(lambda _: [OK]) as origin:
        async with serving(origin, scripts=[script(fail)]) as node, node.client() as client:
            for _ in range(2):
                answer = await client.get("/n")
                assert (answer.status, answer["X-Cache"]) == (500, "SYNTH")
                assert b"secret" not in answer.head + answer.body
                assert answer.values("X-Left") == []
        assert origin.asked == []
    assert [(line["event"], line["code"], line["message"]) for line in node.log] == [
        ("script-fault", 499, "secret detail")
    ] * 2


@scenario
async def test_a_script_that_raises_in_foot_is_passed_over():
    def fail(_context):
        raise ScriptFault(FaultCode.OTHER, "detail")

    foot = script(fail, position="foot", on_error="continue")
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, scripts=[foot]) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).body == b"ok"
    assert [line["event"] for line in node.log] == ["script-fault"]


@scenario
async def test_a_defect_in_a_builtin_is_a_500_and_the_node_goes_on():
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    def run(context):
        if context.request.path == "/defect":
            raise ZeroDivisionError

    async with RawOrigin(lambda _: [OK]) as origin, serving(origin, scripts=[script(run)]) as node:
        async with node.client() as client:
            answer = await client.get("/defect")
            assert (answer.status, answer["Connection"]) == (500, "close")
        async with node.client() as client:
            assert (await client.get("/n")).status == 200
    assert [type(complaint["exception"]) for complaint in complaints] == [ZeroDivisionError]


@scenario
async def test_answers_and_redirects_of_scripts():
    ends = {
        "/403": Answer(403, None),
        "/text": Answer(200, "hello"),
        "/204": Answer(204, "dropped"),
        "/302": Redirect(302, "https://example.test/a?b"),
        "/304": Answer(304, None),
    }

    def run(context):
        if context.request.path in ends:
            context.end(ends[context.request.path])

    async with RawOrigin(lambda _: [OK]) as origin:
        async with serving(origin, scripts=[script(run)]) as node, node.client() as client:
            assert b"403 Forbidden" in (await client.get("/403")).body
            answer = await client.get("/text")
            assert (answer.body, answer["Content-Type"]) == (b"hello", "text/plain")
            assert (await client.get("/204")).values("Content-Length") == []
            answer = await client.get("/302")
            assert (answer.status, answer["Location"]) == (302, "https://example.test/a?b")
            assert (await client.get("/304")).status == 304
            answer = await client.get("/text", method="HEAD")
            assert (answer["Content-Length"], answer.complete) == ("5", True)
            assert (await client.get("/text")).body == b"hello"
        assert origin.asked == []


@scenario
async def test_a_request_answered_by_a_script_leaves_its_body_unread():
    def run(context):
        context.end(Answer(403, "no"))

    smuggled = request("/smuggled")
    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        await client.send(request("/p", f"Content-Length: {len(smuggled)}", method="POST") + smuggled)
        answer = await client.answer()
        assert (answer.status, answer["Connection"]) == (403, "close")
        assert await client.ended() == "closed"


@scenario
async def test_header_wishes_on_every_kind_of_answer():
    def run(context):
        for op in (
            HeaderOp("set", "X-Set", "${remote_addr} @{etag}", template=True),
            HeaderOp("delete", "Cache-Control"),
            HeaderOp("set", "Age", "7"),
            HeaderOp("set", "Content-Length", "999"),
            HeaderOp("set", "Transfer-Encoding", "chunked"),
            HeaderOp("set", "Connection", "upgrade"),
        ):
            context.effects.add_header("response_headers", op)

    async with (
        RawOrigin(by_target) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        for label in ("MISS", "HIT", "HIT"):
            answer = await client.get("/c")
            assert (answer["X-Cache"], answer["X-Set"], answer["Age"]) == (label, '127.0.0.1 "1"', "7")
            assert (answer["Content-Length"], answer.body) == ("5", b"hello")
            assert answer.values("Cache-Control") == answer.values("Connection") == []
            assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-Id"])
        answer = await client.get("/c", 'If-None-Match: "1"')
        assert (answer.status, answer["Age"], answer["X-Set"]) == (304, "7", '127.0.0.1 "1"')


@scenario
async def test_a_script_may_name_the_nodes_own_fields():
    def run(context):
        for name in ("X-Request-Id", "X-Cache", "Via", "Date"):
            context.effects.add_header("response_headers", HeaderOp("set", name, "mine"))
        if context.request.path == "/403":
            context.end(Answer(403, None))

    async with (
        RawOrigin(by_target) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        for target in ("/n", "/c", "/c", "/403"):
            answer = await client.get(target)
            for name in ("X-Request-Id", "X-Cache", "Via", "Date"):
                assert answer[name] == "mine"
        answer = await client.get("/c", 'If-None-Match: "1"')
        assert answer.status == 304
        for name in ("X-Request-Id", "X-Cache", "Via", "Date"):
            assert answer[name] == "mine"


@scenario
async def test_an_origin_that_varies_on_what_a_script_adds_is_stored_by_that():
    """Else the first client's variant would be everybody's."""

    def run(context):
        device = "phone" if "Phone" in (context.request.headers.get("user-agent") or "") else "desk"
        context.effects.add_header("request_headers", HeaderOp("set", "X-Device", device))

    def answer(asked):
        return [response(asked.values(b"x-device")[0], b"Cache-Control: max-age=60", b"Vary: X-Device")]

    async with (
        RawOrigin(answer) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        seen = []
        for agent in ("A Phone", "A Desk", "Another Phone", "Another Desk"):
            got = await client.get("/c", f"User-Agent: {agent}", "X-Device: forged")
            seen.append((got.body, got["X-Cache"]))
        assert seen == [(b"phone", "MISS"), (b"desk", "MISS"), (b"phone", "HIT"), (b"desk", "HIT")]


@scenario
async def test_a_script_that_adds_a_host_replaces_it():
    def run(context):
        context.effects.add_header("request_headers", HeaderOp("add", "Host", "inner.test"))

    async with (
        RawOrigin(lambda _: [OK]) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        assert (await client.get("/n")).status == 200
        assert origin.asked[0].values(b"host") == [b"inner.test"]


@scenario
async def test_a_field_kept_from_the_origin_selects_no_variant():
    def answer(asked):
        return [
            response((asked.values(b"x-group") or [b"-"])[0], b"Cache-Control: max-age=60", b"Vary: X-Group")
        ]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        got = await client.get("/c", "X-Group: mobile", "Connection: X-Group")
        assert (got.body, got["X-Cache"]) == (b"-", "MISS")
        got = await client.get("/c", "X-Group: mobile")
        assert (got.body, got["X-Cache"]) == (b"mobile", "MISS")


@scenario
async def test_what_varies_on_the_nodes_own_fields_is_not_stored():
    def answer(_asked):
        return [response(b"x", b"Cache-Control: max-age=60", b"Vary: X-Forwarded-For")]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        for _ in range(2):
            assert (await client.get("/c"))["X-Cache"] == "MISS"


@scenario
async def test_a_host_that_a_script_chose_is_part_of_the_key():
    def run(context):
        chosen = context.request.headers.get("x-h")
        if chosen:
            context.effects.add_header("request_headers", HeaderOp("set", "Host", chosen))

    def answer(asked):
        return [response(asked.values(b"host")[0], b"Cache-Control: max-age=60")]

    async with (
        RawOrigin(answer) as origin,
        serving(origin, scripts=[script(run)]) as node,
        node.client() as client,
    ):
        assert (await client.get("/c", "X-H: other.test")).body == b"other.test"
        got = await client.get("/c")
        assert (got.body != b"other.test", got["X-Cache"]) == (True, "MISS")
        assert (await client.get("/c", "X-H: other.test"))["X-Cache"] == "HIT"
