"""Random mixtures of request pieces: however they are cut, they mean one thing, and nothing malformed goes on."""

import asyncio
import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.waiting import eventually

PIECES = st.sampled_from(
    [
        b"GET /a HTTP/1.1\r\n",
        b"GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n",
        b"POST /b HTTP/1.1\r\n",
        b"POST /b HTTP/1.1\r\nHost: site.test\r\n",
        b"Host: site.test\r\n",
        b"Host: other.test\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 11\r\n",
        b"Content-Length:  0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Connection: close\r\n",
        b"Expect: 100-continue\r\n",
        b"X: a\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\x00",
        b"0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"5\r\n",
        b"hello",
        b"5;x\r\n",
    ]
)
WIRES = st.lists(PIECES, min_size=1, max_size=9).map(b"".join)


async def outcome(stage, pieces):
    """What a client that sends `pieces` and closes its side is answered, and what the origin is asked in whole."""
    _, origin, node = stage
    origin.asked.clear()
    statuses = []
    async with node.client() as client:
        for piece in pieces:
            await client.send(piece)
            await asyncio.sleep(0)
        client.half_close()
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                statuses.append((await client.answer()).status)
    await eventually(lambda: not node.worker.clients)
    return statuses, [(asked.method, asked.target, asked.body) for asked in origin.asked if asked.complete]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WIRES, st.integers(1, 60))
def test_any_mixture(stage, wire, size):
    runner, origin, _ = stage

    async def play():
        async with asyncio.timeout(10):
            whole = await outcome(stage, [wire])
            cut = await outcome(stage, [wire[start : start + size] for start in range(0, len(wire), size)])
        for statuses, asked in (whole, cut):
            assert not {500, 502, 504} & set(statuses)
            assert statuses.count(200) == len(asked)
            assert all(status == 200 for status in statuses[:-1]), "more after a refusal"
        assert whole[1] == cut[1]
        assert origin.malformed == []

    runner.run(play())
