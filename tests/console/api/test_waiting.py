"""Nodes that wait: woken together, each once, never more than there is room for."""

import asyncio

import pytest

from runtime.console.calls import Overloaded
from runtime.console.sync.waiting import Waiters


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 10))


def test_a_thousand_are_woken_within_milliseconds():
    async def scenario():
        waiters = Waiters()
        tasks = [asyncio.create_task(waiters.wait("production", f"n{i}", 30)) for i in range(1000)]
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        assert waiters.wake("production") == 1000
        await asyncio.gather(*tasks)
        assert len(waiters) == 0
        return asyncio.get_running_loop().time() - began

    assert run(scenario()) < 0.5


def test_another_environment_sleeps_on():
    async def scenario():
        waiters = Waiters()
        staging = asyncio.create_task(waiters.wait("staging", "a", 30))
        await asyncio.sleep(0)
        assert waiters.wake("production") == 0
        await asyncio.sleep(0)
        assert not staging.done()
        waiters.wake()
        await staging

    run(scenario())


def test_a_wait_ends_by_itself():
    async def scenario():
        waiters = Waiters()
        await waiters.wait("production", "a", 0.01)
        assert len(waiters) == 0

    run(scenario())


def test_a_node_that_asks_again_ends_its_earlier_wait():
    async def scenario():
        waiters = Waiters()
        first = asyncio.create_task(waiters.wait("production", "a", 30))
        await asyncio.sleep(0)
        second = asyncio.create_task(waiters.wait("production", "a", 30))
        await asyncio.wait_for(first, 1)
        assert len(waiters) == 1
        waiters.wake()
        await second

    run(scenario())


def test_no_more_wait_than_there_is_room_for():
    async def scenario():
        waiters = Waiters(most=1)
        first = asyncio.create_task(waiters.wait("production", "a", 30))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await waiters.wait("production", "b", 30)
        waiters.close()
        await first
        await waiters.wait("production", "c", 30)  # closed: nobody waits any more

    run(scenario())
