"""Requests whose decision is remembered, on the wire: recognised as a whole, and only then."""

import pytest

from tests.reading.recalled import program_of, script_of
from tests.support.rawclient import request
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

SCRIPT = """
if eq($uri, '/no') { exit(403, 'known') }
exit(404, 'other')
"""
KNOWN = request("/no")


async def knowing(node, client):
    """Let the node remember what it decides on `KNOWN`."""
    for _ in range(4):
        await client.send(KNOWN)
        assert (await client.answer()).status == 403
    assert node.worker.front.memory.recalled > 0


def node_of_script():
    return serving(scripts=[script_of(program_of(SCRIPT))])


@pytest.mark.parametrize("cut", [1, 4, 5, 7, 8, 17, len(KNOWN) - 4, len(KNOWN) - 1])
def test_in_two_reads(cut):
    @scenario
    async def play():
        async with node_of_script() as node, node.client() as client:
            await knowing(node, client)
            answered = node.worker.counters.answers
            connection = next(iter(node.worker.clients))
            await client.send(KNOWN[:cut])
            await eventually(lambda: connection.queued_bytes == cut)
            assert node.worker.counters.answers == answered, "an answer to a request that is not whole"
            await client.send(KNOWN[cut:] + KNOWN)
            assert [(await client.answer()).status for _ in range(2)] == [403, 403]

    play()


@pytest.mark.parametrize(
    ("wire", "statuses"),
    [
        (KNOWN * 3, [403, 403, 403]),
        (b"\r\n" + KNOWN, [403]),
        (request("/no?x=1") + KNOWN, [403, 403]),
        (request("/other") + KNOWN, [404, 403]),
        (KNOWN + request("/other", "X: 1"), [403, 404]),
        (request("/no", version="1.0") + KNOWN, [403]),
        (request("/no", method="HEAD"), [403]),
        (request("/no", method="POST") + KNOWN, [403, 403]),
        (KNOWN.replace(b"GET ", b"GET  "), [400]),
        (KNOWN.replace(b"/no", b"/no\t"), [400]),
        (KNOWN.replace(b"/no", b"/n\xf6"), [400]),
        (b"GET /no HTTP/1.1\r\nX: y" + KNOWN.removeprefix(b"GET /no"), [403]),
        (b"GET /no HTTP/1.1\nX: y" + KNOWN.removeprefix(b"GET /no"), [400]),
        (b"/no" + KNOWN.removeprefix(b"GET /no"), [400]),
    ],
)
def test_with_something_else_about_it(wire, statuses):
    @scenario
    async def play():
        async with node_of_script() as node, node.client() as client:
            await knowing(node, client)
            await client.send(wire)
            head_only = wire.startswith(b"HEAD")
            answers = [await client.answer(head_only=head_only) for _ in statuses]
            assert [answer.status for answer in answers] == statuses

    play()
