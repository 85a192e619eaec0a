"""The stage of hostile requests: one worker before one recording origin, for all tests of a module."""

import asyncio
import contextlib

import pytest
import uvloop

from tests.support.raworigin import OK, RawOrigin
from tests.support.worker import serving


@pytest.fixture(scope="module")
def stage():
    """A runner of the loop, the origin and the node; test_answers has its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        exits = contextlib.AsyncExitStack()

        async def set_up():
            origin = await exits.enter_async_context(RawOrigin(lambda _: [OK]))
            return origin, await exits.enter_async_context(serving(origin))

        origin, node = runner.run(set_up())
        yield runner, origin, node
        runner.run(exits.aclose())
