"""Stored bodies that memory does not hold: sent as the client takes them, a piece at a time, whole or visibly cut."""

import asyncio

import pytest

from runtime.cache.body import MAX_READ_BYTES, DamagedBodyError
from runtime.cache.store import StoredResponse
from tests.support.rawclient import request
from tests.support.scripts import installed
from tests.support.waiting import eventually, settled
from tests.support.worker import NOW, scenario, serving

SIZE = 5_000_000
CONTENT = bytes(range(251)) * (SIZE // 251 + 1)


class Recorded:
    """A file body that notes how it is read; from `broken_at` on it cannot be."""

    def __init__(self, size=SIZE, broken_at=None, short_at=None):
        self.size = size
        self.reads = []
        self.broken_at = broken_at
        self.short_at = short_at

    def __len__(self):
        return self.size

    def read(self, offset, length):
        self.reads.append((offset, length))
        assert length <= MAX_READ_BYTES
        if self.broken_at is not None and offset + length > self.broken_at:
            raise DamagedBodyError("bytes are not those that were stored")
        if self.short_at is not None:
            length = max(min(length, self.short_at - offset), 0)
        return CONTENT[offset : min(offset + length, self.size)]


def store(node, file, target="/f"):
    fields = ((b"Content-Type", b"text/plain"), (b"Cache-Control", b"max-age=60"), (b"ETag", b'"1"'))
    stored = StoredResponse(200, fields, file, request_time=NOW, response_time=NOW, lifetime_s=60.0)
    assert node.worker.cache.store.put(f"http://site.test{target}", stored)


@scenario
async def test_it_comes_whole_and_the_connection_goes_on():
    file = Recorded()
    async with serving() as node, node.client() as client:
        store(node, file)
        for _ in range(2):
            answer = await client.get("/f")
            assert (answer.status, answer["X-Cache"], answer["Content-Length"]) == (200, "HIT", str(SIZE))
            assert answer.body == CONTENT[:SIZE]
        answer = await client.get("/f", method="HEAD")
        assert answer["Content-Length"] == str(SIZE)
        await client.send(request("/f") + request("/f", "Range: bytes=1000-1999") + request("/f"))
        answers = [await client.answer() for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 206, 200]
        assert answers[1].body == CONTENT[1000:2000]
        assert answers[2].body == CONTENT[:SIZE]


@pytest.mark.parametrize(
    "size", [1, MAX_READ_BYTES - 1, MAX_READ_BYTES, MAX_READ_BYTES + 1, 2 * MAX_READ_BYTES]
)
def test_any_size(size):
    @scenario
    async def run():
        async with serving() as node, node.client() as client:
            store(node, Recorded(size))
            answer = await client.get("/f", "Connection: close")
            assert (answer.complete, answer.body) == (True, CONTENT[:size])
            assert await client.ended() == "closed"

    run()


@scenario
async def test_no_more_is_read_than_the_client_takes():
    file = Recorded()
    async with serving() as node, node.client(receive_buffer=8192) as client:
        store(node, file)
        await client.send(request("/f"))
        read = await settled(lambda: len(file.reads))
        assert node.buffered_bytes() <= 2 * MAX_READ_BYTES
        assert read * MAX_READ_BYTES < SIZE  # what the system's buffers hold, and no more
        answer = await client.answer()
        assert answer.body == CONTENT[:SIZE]
        assert [offset for offset, _ in file.reads] == [*range(0, SIZE, MAX_READ_BYTES)]


@scenario
async def test_a_client_that_leaves_ends_the_reading():
    file = Recorded()
    async with serving() as node, node.client(receive_buffer=8192) as client:
        store(node, file)
        await client.send(request("/f"))
        await settled(lambda: len(file.reads))
        client.reset()
        await eventually(lambda: not node.worker.clients)
        read = len(file.reads)
        await asyncio.sleep(0.05)
        assert len(file.reads) == read


@pytest.mark.parametrize("trouble", [{"broken_at": 1_000_000}, {"short_at": 1_000_000}, {"broken_at": 0}])
def test_what_cannot_be_read_is_cut(trouble):
    @scenario
    async def run():
        async with serving() as node:
            store(node, Recorded(**trouble))
            for version in ("1.1", "1.0"):
                async with node.client() as client:
                    await client.send(request("/f", version=version))
                    try:
                        answer = await client.answer()
                    except (EOFError, ConnectionError):
                        continue
                    assert not answer.complete
                    assert CONTENT.startswith(answer.body)
            assert {line["event"] for line in node.log} == {"stored-body-unreadable"}
            await eventually(lambda: not node.worker.clients)

    run()


def test_at_limit_rate(tmp_path):
    """The pace of 1 MB/s holds, and what is read is what is sent."""
    scripts = [installed(tmp_path, "limit_rate(1, 'm')")]
    file = Recorded(600_000)

    @scenario
    async def run():
        loop = asyncio.get_running_loop()
        async with serving(scripts=scripts) as node, node.client() as client:
            store(node, file)
            began = loop.time()
            answer = await client.get("/f")
            assert answer.body == CONTENT[:600_000]
            assert loop.time() - began > 0.4
            assert sum(length for _, length in file.reads) == 600_000

    run()
