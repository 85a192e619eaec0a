"""What hostile origins can do to a client: a 502, a 504 or a visible cut, and nothing that lasts."""

import asyncio
import contextlib

import pytest
import uvloop

from tests.hostile.answers import CL5, CUT, EVIL, GARBAGE, SOUND, TE, head
from tests.support.raworigin import CLOSE, OK, RESET, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import serving

WITHIN_S = 5


class Stage:
    """One worker before one origin, whose next answers are in `steps`."""

    def __init__(self, runner):
        self.runner = runner
        self.exits = contextlib.AsyncExitStack()
        self.steps = []
        self.origin = None
        self.node = None

    async def set_up(self):
        self.origin = await self.exits.enter_async_context(RawOrigin(self.answer))
        self.node = await self.exits.enter_async_context(
            serving(self.origin, response_timeout_s=0.1, upstream_idle_timeout_s=0.1)
        )

    def answer(self, asked):
        return [OK] if asked.target == b"/after" else self.steps

    def play(self, steps, scene):
        """Run `scene(client)`; then nothing may be stored or left, and the next client gets what it asked for."""
        self.steps = steps
        complaints = []

        async def bounded():
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(WITHIN_S):
                async with self.node.client() as client:
                    await scene(client)
                await eventually(lambda: not self.node.worker.clients)
                async with self.node.client() as client:
                    for _ in range(2):
                        assert (await client.get("/after")).body == b"ok"

        self.runner.run(bounded())
        assert complaints == []


@pytest.fixture(scope="module")
def stage():
    with (
        pytest.MonkeyPatch.context() as patch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        patch.setattr("runtime.io.worker.SWEEP_S", 0.02)
        stage = Stage(runner)
        runner.run(stage.set_up())
        yield stage
        runner.run(stage.exits.aclose())


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(stage, name, version):
    async def scene(client):
        answer = await client.get("/c", version=version)
        assert answer.status in ({504} if GARBAGE[name][-1] == 60 else {502})
        assert answer.complete
        assert b"evil" not in answer.head + answer.body
        assert len(stage.node.worker.cache.store) == 0

    stage.play(GARBAGE[name], scene)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("name", CUT)
def test_cut(stage, name, version):
    async def scene(client):
        try:
            answer = await client.get("/c", version=version)
        except ConnectionError:
            return  # the reset overtook the head
        assert answer.status == 200
        assert not answer.complete, answer
        assert b"hello".startswith(answer.body)
        assert len(stage.node.worker.cache.store) == 0

    stage.play(CUT[name], scene)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("name", SOUND)
def test_sound(stage, name, version):
    steps, status, body = SOUND[name]

    async def scene(client):
        stage.node.worker.cache.store.clear()
        for _ in range(2):
            answer = await client.get("/c", "Connection: keep-alive", version=version)
            assert (answer.status, answer.body, answer.complete) == (status, body, True)
            assert b"evil" not in answer.head
            assert answer.values("X-Hop") == []
            if answer.values("Connection") == ["close"]:
                break
        stage.node.worker.cache.store.clear()

    stage.play(steps, scene)


@pytest.mark.parametrize("name", CUT)
def test_a_cut_fetch_is_a_miss_again(stage, name):
    """The next client is not given what came, and a whole answer later is stored as ever."""

    async def scene(client):
        with contextlib.suppress(ConnectionError):
            await client.get("/c")
        stage.steps = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", CLOSE]
        async with stage.node.client() as other:
            answer = await other.get("/c")
            assert (answer["X-Cache"], answer.body) == ("MISS", b"whole")

    stage.play(CUT[name], scene)


WHOLE = {
    "a length": (head(CL5), b"hello"),
    "chunks": (head(TE), b"2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX: a\r\n\r\n"),
    "an interim answer": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + head(CL5),
        b"hello",
    ),
}


@pytest.mark.parametrize("ending", [CLOSE, RESET])
@pytest.mark.parametrize("name", WHOLE)
def test_an_end_at_any_byte_is_a_502_or_a_cut_and_never_whole(stage, name, ending):
    begin, body = WHOLE[name]
    wire = begin + body
    for end in range(len(wire)):

        async def scene(client, end=end):
            with contextlib.suppress(ConnectionError):
                answer = await client.get("/c")
                # A reset may overtake what was sent before it.
                assert answer.status == 502 or (answer.status == 200 and end >= len(begin)), end
                assert answer.status == 502 or not answer.complete, f"whole with {end} bytes"
            assert len(stage.node.worker.cache.store) == 0

        stage.play([wire[:end], ending] if end else [ending], scene)


@pytest.mark.parametrize("status", [b"200 OK", b"304 Not Modified", b"404 Not Found"])
def test_a_body_behind_an_answer_to_head_is_nobodys(stage, status):
    async def scene(client):
        answer = await client.get("/c", method="HEAD")
        assert answer.status == int(status[:3])
        stage.steps = [OK]
        for target in ("/d", "/e"):
            assert (await client.get(target)).body == b"ok"

    stage.play([b"HTTP/1.1 " + status + b"\r\n" + CL5 + b"\r\nhello" + EVIL], scene)


def test_a_part_that_nobody_asked_for_is_not_given_to_who_asks_for_the_whole(stage):
    part = head(CL5, b"Content-Range: bytes 0-4/9\r\n", status=b"HTTP/1.1 206 Partial Content\r\n") + b"hello"

    async def scene(client):
        stage.node.worker.cache.store.clear()
        assert (await client.get("/c")).status == 206
        stage.steps = [head(b"Content-Length: 9\r\n") + b"the whole"]
        answer = await client.get("/c")
        assert (answer.status, answer["X-Cache"], answer.body) == (200, "MISS", b"the whole")
        stage.node.worker.cache.store.clear()

    stage.play([part], scene)


def test_an_offer_of_another_protocol_does_not_reach_the_client(stage):
    async def scene(client):
        answer = await client.get("/c", "Connection: Upgrade", "Upgrade: h2c")
        assert (answer.status, answer.values("Upgrade"), answer.values("Connection")) == (426, [], [])
        stage.node.worker.cache.store.clear()

    stage.play(SOUND["an upgrade demanded"][0], scene)


def test_the_tables_are_as_large_as_the_ground_they_cover():
    assert len(GARBAGE) + len(CUT) >= 150
    assert len(SOUND) >= 45
