"""A machine's clock that is set back under a worker that has stored something."""

import asyncio

from runtime.io.worker import CLOCK_STEP_S, SWEEP_S
from tests.support.raworigin import RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving


def brief(_asked):
    return [response(b"hello", b"Cache-Control: max-age=60")]


@scenario
async def test_what_is_stored_is_stale_from_then_on():
    async with RawOrigin(brief) as origin, serving(origin) as node, node.client() as client:
        await client.get("/a")
        assert (await client.get("/a"))["X-Cache"] == "HIT"
        node.now -= 86_400
        await eventually(lambda: node.log)
        assert [(each["event"], each["seconds"] // 60) for each in node.log] == [("clock-set-back", 1440)]
        assert (await client.get("/a"))["X-Cache"] == "MISS"
        assert (await client.get("/a"))["X-Cache"] == "HIT"
        assert len(origin.asked) == 2


@scenario
async def test_a_clock_that_is_adjusted_or_set_ahead_is_not_set_back():
    async with RawOrigin(brief) as origin, serving(origin) as node, node.client() as client:
        await client.get("/a")
        for step_s in (-CLOCK_STEP_S / 2, 30):
            node.now += step_s
            await asyncio.sleep(1.5 * SWEEP_S)
            assert (await client.get("/a"))["X-Cache"] == "HIT"
        assert (node.log, len(origin.asked)) == ([], 1)
