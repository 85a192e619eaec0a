"""What hostile requests get, and that the origin never sees one of them, nor part of one as another."""

import asyncio
import contextlib

import pytest

from tests.hostile.requests import BROKEN, NEXT, REFUSED, SILENT, SOUND
from tests.support.rawclient import request
from tests.support.waiting import eventually

WITHIN_S = 5


def play(stage, scene):
    """Run `scene(client, origin)` on a fresh connection; then the node must serve others as if nothing had been."""
    runner, origin, node = stage
    complaints = []

    async def bounded():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(WITHIN_S):
            origin.asked.clear()
            async with node.client() as client:
                await scene(client, origin)
            assert b"/smuggled" not in origin.targets()
            await eventually(lambda: not node.worker.clients)
            async with node.client() as client:
                assert (await client.get("/after")).body == b"ok"
            assert origin.asked[-1].target == b"/after"
            assert origin.malformed == []

    runner.run(bounded())
    assert complaints == []


async def statuses_until_end(client):
    """Every status the node says until it ends the connection."""
    statuses = []
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            statuses.append((await client.answer()).status)
    return statuses


def in_pieces(raw):
    """Whole, in two pieces at an odd place, and in pieces of seven bytes: whatever the cut, the outcome is one."""
    yield [raw]
    middle = len(raw) // 2
    yield [raw[:middle], raw[middle:]]
    if len(raw) < 2000:
        yield [raw[start : start + 7] for start in range(0, len(raw), 7)]


async def send(client, pieces):
    for piece in pieces:
        await client.send(piece)
        if len(pieces) > 1:
            await asyncio.sleep(0)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(stage, name):
    raw, allowed = REFUSED[name]
    for pieces in in_pieces(raw):

        async def scene(client, origin, pieces=pieces):
            await send(client, pieces)
            statuses = await statuses_until_end(client)
            assert len(statuses) == 1, f"answered {statuses}"
            assert statuses[0] in allowed
            assert origin.asked == []

        play(stage, scene)


@pytest.mark.parametrize("before", [b"", b"\r\n"], ids=["", "with an empty line"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_behind_a_request_that_was_served(stage, name, before):
    """The block of a request before it must lend it nothing."""
    raw, allowed = REFUSED[name]

    async def scene(client, origin):
        await client.send(before + request("/first"))
        assert (await client.answer()).status == 200
        await client.send(raw)
        statuses = await statuses_until_end(client)
        assert len(statuses) == 1, f"answered {statuses}"
        assert statuses[0] in allowed
        assert origin.targets() == [b"/first"]

    play(stage, scene)


@pytest.mark.parametrize(
    "before",
    [
        request("/first"),
        request("/first", "Content-Length: 5", method="POST") + b"hello",
        request("/first", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["a GET", "a body", "chunks"],
)
@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_piece_with_what_is_before_it(stage, name, before):
    raw, allowed = REFUSED[name]

    async def scene(client, origin):
        await client.send(before + raw)
        statuses = await statuses_until_end(client)
        assert (len(statuses), statuses[0]) == (2, 200)
        assert statuses[1] in allowed
        assert origin.targets() == [b"/first"]

    play(stage, scene)


def test_what_is_for_this_hop_alone_does_not_go_on(stage):
    hops = (
        "Connection: Upgrade, HTTP2-Settings, X-Hop, close-not",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: gzip, deflate",
        "X-Hop: a",
        "Trailer: X-Sum",
    )
    gone = ("upgrade", "http2-settings", "keep-alive", "proxy-connection", "te", "x-hop")

    async def scene(client, origin):
        await client.send(request("/h", *hops))
        assert (await client.answer()).status == 200
        (asked,) = origin.asked
        assert [name for name in gone if asked.values(name.encode())] == []
        assert b"upgrade" not in b"".join(asked.values(b"connection")).lower()

    play(stage, scene)


@pytest.mark.parametrize("twin", ["Transfer_Encoding: chunked", "CONTENT_LENGTH: 9", "X_Forwarded_For: a"])
def test_trailers_under_the_names_that_cgi_gives_others_do_not_go_on(stage, twin):
    async def scene(client, origin):
        head = request("/t", "Transfer-Encoding: chunked", "TE: trailers", "Connection: TE", method="POST")
        await client.send(head + b"2\r\nhi\r\n0\r\nX-Sum: 1\r\n" + twin.encode() + b"\r\n\r\n")
        assert (await client.answer()).status == 200
        (asked,) = origin.asked
        assert asked.trailers in ([(b"X-Sum", b"1")], [])

    play(stage, scene)


def test_bytes_behind_a_request_of_http_1_0_without_a_length_are_nobodys(stage):
    async def scene(client, origin):
        raw = b"POST /p HTTP/1.0\r\nHost: site.test\r\n\r\n"
        await client.send(raw + request("/smuggled"))
        assert await statuses_until_end(client) == [200]
        assert [(asked.target, asked.body) for asked in origin.asked] == [(b"/p", b"")]

    play(stage, scene)


def test_nothing_behind_a_last_request_is_acted_on(stage):
    async def scene(client, origin):
        await client.send(request("/last", "Connection: close") + request("/smuggled") + b"\x00garbage")
        assert await statuses_until_end(client) == [200]
        assert origin.targets() == [b"/last"]

    play(stage, scene)


def test_a_request_line_is_not_taken_for_a_field_of_the_one_before(stage):
    async def scene(client, origin):
        await client.send(b"\r\n" + request("/first"))
        assert (await client.answer()).status == 200
        await client.send(b"GET /second HTTP/1.1\r\n" + request("/first"))
        assert await statuses_until_end(client) == [400]
        assert origin.targets() == [b"/first"]

    play(stage, scene)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_body(stage, name):
    for pieces in in_pieces(BROKEN[name]):

        async def scene(client, origin, pieces=pieces):
            await send(client, pieces)
            assert await statuses_until_end(client) in ([400], [])
            await asyncio.sleep(0)
            assert [asked.target for asked in origin.asked if asked.complete] == []

        play(stage, scene)


@pytest.mark.parametrize("name", SILENT)
def test_silent(stage, name):
    async def scene(client, origin):
        await client.send(SILENT[name])
        await asyncio.sleep(0.005)
        client.half_close()
        assert await statuses_until_end(client) in ([400], [408], [])
        assert [asked.target for asked in origin.asked if asked.complete] == []

    play(stage, scene)


@pytest.mark.parametrize("name", SOUND)
def test_sound(stage, name):
    raw, targets = SOUND[name]
    for pieces in in_pieces(raw + NEXT):

        async def scene(client, origin, pieces=pieces):
            await send(client, pieces)
            for _ in [*targets, "/next"]:
                assert (await client.answer()).status == 200
            assert origin.targets() == [*targets, b"/next"]
            assert all(asked.complete for asked in origin.asked)

        play(stage, scene)


@pytest.mark.parametrize(
    "method", ["BREW", "GETX", "GE", "!#$%&'*+-.^_`|~09azAZ", "G" * 32, "QUERY", "DESCRIBE"]
)
def test_a_method_that_is_not_known_goes_on_as_it_is(stage, method):
    async def scene(client, origin):
        await client.send(request("/m", method=method))
        assert (await client.answer()).body == b"ok"
        assert [asked.method for asked in origin.asked] == [method.encode()]
        assert origin.asked[0].values(b"content-length") == []

    play(stage, scene)


def test_the_tables_are_as_large_as_the_ground_they_cover():
    assert len(REFUSED) + len(BROKEN) + len(SILENT) >= 370
    assert len(SOUND) >= 110
