"""What a client's connection is good for: keep-alive, pipelining, half-close, HTTP/1.0, HEAD, 100-continue."""

import asyncio

from tests.support.rawclient import request
from tests.support.raworigin import OK, RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

CACHED = response(b"cached", b"Cache-Control: max-age=60")


def by_target(asked):
    """`/c...` is cacheable, `/slow...` takes its time, the rest is neither; each body is its target."""
    if asked.target.startswith(b"/c"):
        return [response(asked.target, b"Cache-Control: max-age=60")]
    if asked.target.startswith(b"/slow"):
        return [0.05, response(asked.target)]
    return [response(asked.target + asked.body)]


@scenario
async def test_a_connection_serves_many_requests():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        labels = [(await client.get(target))["X-Cache"] for target in ("/c", "/c", "/n", "/c", "/n")]
        assert labels == ["MISS", "HIT", "MISS", "HIT", "MISS"]
        assert origin.connections == 1


@scenario
async def test_pipelined_requests_are_answered_in_order():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.get("/c")
        targets = ["/c", "/slow1", "/c", "/n", "/slow2", "/c?x", "/c", "/n"]
        await client.send(b"".join(request(target) for target in targets))
        bodies = [(await client.answer()).body.decode() for _ in targets]
        assert bodies == targets


@scenario
async def test_pipelined_posts_keep_their_bodies_apart():
    post = request("/p", "Content-Length: 3", method="POST")
    chunked = request("/q", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n"
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(post + b"one" + request("/n") + post + b"two" + chunked + request("/slow"))
        bodies = [(await client.answer()).body for _ in range(5)]
        assert bodies == [b"/pone", b"/n", b"/ptwo", b"/qabc", b"/slow"]
        assert origin.malformed == []


@scenario
async def test_any_cut_of_the_requests_gives_the_same_answers():
    wire = request("/c") + request("/p", "Content-Length: 3", method="POST") + b"one" + request("/c")
    async with RawOrigin(by_target) as origin, serving(origin) as node:
        for size in (1, 2, 7, 40, 41, 42, 43, 100):
            async with node.client() as client:
                for start in range(0, len(wire), size):
                    await client.send(wire[start : start + size])
                    await asyncio.sleep(0)
                assert [(await client.answer()).body for _ in range(3)] == [b"/c", b"/pone", b"/c"]


@scenario
async def test_an_empty_line_before_a_request_is_passed_over():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(b"\r\n" + request("/n") + b"\r\n" + request("/n"))
        assert (await client.answer()).status == 200
        assert (await client.answer()).status == 200


@scenario
async def test_a_client_that_half_closes_is_answered_and_then_closed():
    async with RawOrigin(by_target) as origin, serving(origin) as node:
        for targets in (["/slow"], ["/slow", "/c", "/c"], ["/c", "/slow"], ["/slow", "/n", "/slow", "/c"]):
            async with node.client() as client:
                await client.send(b"".join(map(request, targets)))
                client.half_close()
                bodies = [(await client.answer()).body.decode() for _ in targets]
                assert bodies == targets
                assert await client.ended(within_s=1) == "closed"


@scenario
async def test_a_client_that_half_closes_without_a_request_is_closed():
    async with serving() as node:
        for sent in (b"", b"GET / HT", b"\r\n"):
            async with node.client() as client:
                await client.send(sent)
                client.half_close()
                assert await client.ended(within_s=1) == "closed"


@scenario
async def test_a_body_that_ends_early_is_never_a_request_to_the_origin():
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(request("/p", "Content-Length: 30", method="POST") + b"one")
        await eventually(node.upstream_connections)
        client.half_close()
        assert await client.ended(within_s=1) in {"closed", "reset"}
        assert [asked.complete for asked in origin.asked] == [False]


@scenario
async def test_a_client_says_close():
    async with RawOrigin(by_target) as origin, serving(origin) as node:
        for target in ("/c", "/c", "/n"):
            async with node.client() as client:
                answer = await client.get(target, "Connection: close")
                assert answer["Connection"] == "close"
                assert await client.ended(within_s=1) == "closed"


@scenario
async def test_a_client_that_closes_after_its_last_answer_is_let_go_at_once():
    async with RawOrigin(by_target) as origin, serving(origin) as node:
        for target in ("/n", "/c", "/c"):
            client = await node.connect()
            await client.get(target, "Connection: close")
            client.writer.close()
            await eventually(lambda: not node.worker.clients, within_s=1)


@scenario
async def test_http_1_0_closes_unless_asked_to_keep():
    async with RawOrigin(by_target) as origin, serving(origin) as node:
        for target in ("/n", "/c", "/c"):
            async with node.client() as client:
                kept = await client.get(target, "Connection: keep-alive", version="1.0")
                assert kept["Connection"] == "keep-alive"
                answer = await client.get(target, version="1.0")
                assert answer["Connection"] == "close"
                assert answer.body.decode() == target
                assert await client.ended(within_s=1) == "closed"


@scenario
async def test_http_1_0_is_never_sent_chunks():
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with RawOrigin(lambda _: [answer]) as origin, serving(origin) as node, node.client() as client:
        got = await client.get("/", "Connection: keep-alive", version="1.0")
        assert got.values("Transfer-Encoding") == []
        assert (got["Connection"], got.body, got.complete) == ("close", b"hello", True)


@scenario
async def test_http_1_0_without_host_is_answered():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert (await client.answer()).body == b"ok"
        assert origin.malformed == []


@scenario
async def test_head_has_the_fields_and_not_the_body():
    def answer(asked):
        head, _, body = response(b"hello", b"Cache-Control: max-age=60").partition(b"\r\n\r\n")
        return [head + b"\r\n\r\n" + (b"" if asked.method == b"HEAD" else body)]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        for label in ("BYPASS", "BYPASS"):
            got = await client.get("/", method="HEAD")
            assert (got["X-Cache"], got["Content-Length"]) == (label, "5")
        assert (await client.get("/")).body == b"hello"
        got = await client.get("/", method="HEAD")
        assert (got["X-Cache"], got["Content-Length"]) == ("HIT", "5")
        assert (await client.get("/")).body == b"hello"


@scenario
async def test_expect_100_continue():
    head = request("/p", "Content-Length: 3", "Expect: 100-continue", method="POST")
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(head)
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        await client.send(b"abc")
        assert (await client.answer()).body == b"/pabc"
        assert origin.asked[0].values(b"expect") == []


@scenario
async def test_a_body_that_comes_without_waiting_for_100():
    head = request("/p", "Content-Length: 3", "Expect: 100-continue", method="POST")
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(head + b"abc" + request("/n"))
        answer = await client.answer()
        assert (answer.interim, answer.body) == ([100], b"/pabc")
        assert (await client.answer()).body == b"/n"


@scenario
async def test_a_request_that_is_refused_is_told_so_instead_of_100():
    head = request("/p", "Content-Length: 3", "Expect: 100-continue", method="POST", host="bad host")
    async with serving() as node, node.client() as client:
        await client.send(head)
        answer = await client.answer()
        assert (answer.interim, answer.status) == ([], 400)


@scenario
async def test_an_origin_that_answers_before_the_body_has_come():
    async with (
        RawOrigin(lambda _: [response(b"no", status=b"403 Forbidden"), 5], answers_early=True) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        await client.send(request("/p", "Content-Length: 300000", method="POST") + b"x" * 1000)
        answer = await client.answer()
        assert (answer.status, answer.body, answer["Connection"]) == (403, b"no", "close")
        assert await client.ended(within_s=1) == "closed"


@scenario
async def test_a_connection_whose_request_was_not_sent_whole_serves_no_other():
    """The next request's bytes would be taken for the rest of the first one's body."""

    def answer(asked):
        return [response(b"no", status=b"403 Forbidden"), 1] if asked.method == b"POST" else [OK]

    async with RawOrigin(answer, answers_early=True) as origin, serving(origin) as node:
        async with node.client() as client:
            await client.send(request("/p", "Content-Length: 300000", method="POST") + b"x" * 1000)
            assert (await client.answer()).status == 403
        async with node.client() as client:
            assert (await client.get("/n", method="PUT")).body == b"ok"
        assert [asked.connection for asked in origin.asked] == [0, 1]


@scenario
async def test_a_client_may_half_close_between_an_answer_and_the_next():
    """The requests it sent ahead are taken up a moment later, and that moment counts as busy."""

    class Late:
        """The loop, with each `call_soon` late."""

        def __init__(self, loop):
            self._loop = loop

        def call_soon(self, callback):
            return self._loop.call_later(0.1, callback)

        def __getattr__(self, name):
            return getattr(self._loop, name)

    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        node.worker.loop = Late(node.worker.loop)
        await client.send(request("/slow") + request("/n"))
        assert (await client.answer()).body == b"/slow"
        client.half_close()
        assert (await client.answer()).body == b"/n"
        assert await client.ended() == "closed"


@scenario
async def test_trailers_of_a_request_reach_the_origin_less_those_that_would_change_it():
    trailers = b"X-Sum: 5\r\nContent-Length: 9\r\nHost: other.test\r\n"
    head = request("/p", "Transfer-Encoding: chunked", method="POST")
    async with RawOrigin(by_target) as origin, serving(origin) as node, node.client() as client:
        await client.send(head + b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n" + request("/n"))
        assert [(await client.answer()).body for _ in range(2)] == [b"/phello", b"/n"]
        assert origin.asked[0].trailers == [(b"X-Sum", b"5")]


@scenario
async def test_100_is_said_once_the_origin_can_take_the_body():
    """A client that waits for it need not send what nobody would read."""
    head = request("/p", "Content-Length: 3", "Expect: 100-continue", method="POST")
    async with serving() as node, node.client() as client:  # the origin cannot be reached
        await client.send(head)
        answer = await client.answer()
        assert (answer.interim, answer.status) == ([], 502)


@scenario
async def test_a_request_that_takes_too_long_in_all_is_given_up():
    async with (
        RawOrigin(lambda _: [response(b"x" * 20_000_000)]) as origin,
        serving(origin, request_timeout_s=0.4) as node,
        node.client(receive_buffer=8192) as client,
    ):
        await client.send(request("/n"))
        answer = await client._head()
        began = asyncio.get_running_loop().time()
        await eventually(lambda: not node.worker.clients)
        assert asyncio.get_running_loop().time() - began < 3
        await client._body(answer)
        assert not answer.complete
