"""What hostile origins can do to a client: a 502, a 504 or a visible cut, and nothing that lasts."""

import asyncio
import contextlib

import pytest
import uvloop

from tests.hostile.answers import CUT, GARBAGE, SOUND
from tests.support.raworigin import CLOSE, OK, RawOrigin
from tests.support.worker import eventually, serving

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


def test_the_tables_are_as_large_as_the_ground_they_cover():
    assert len(GARBAGE) + len(CUT) >= 80
    assert len(SOUND) >= 25
