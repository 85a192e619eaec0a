"""Limits that three nodes divide through a real Redis: together, uneven, cut off, and back."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis

from runtime.io.redis_limits import RedisLimits, client
from runtime.limits.local import LocalLimits
from tests.support.limit_process import most_in_any_window
from tests.support.redis_server import serving_redis
from tests.support.waiting import eventually

LEASE_S = 0.2
RATE = 200.0
BURST = 10
MEMBERS = 3


@pytest.fixture
def redis(tmp_path):
    """A server of our own."""
    with serving_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def members(url, count=MEMBERS):
    """`count` nodes that have been told of each other."""
    async with asyncio.TaskGroup() as group:
        made = [
            RedisLimits(LocalLimits(), client(url, LEASE_S), f"node-{number}", LEASE_S, time.monotonic)
            for number in range(count)
        ]
        tasks = [group.create_task(each.run()) for each in made]
        await eventually(lambda: all(each.counts().members == count for each in made))
        yield made, tasks
        for task in tasks:
            task.cancel()


async def hammer(made, seconds, key="k"):
    """Every member asks some times each millisecond; the moments of what passed."""
    limiters = [each.site("s").limiter for each in made]
    passed, end = [], time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for limiter in limiters:
            passed += [now for _ in range(3) if limiter.admit(key, RATE, BURST, 0.0)]
        await asyncio.sleep(0.001)
    return passed


def within(passed, seconds, rates=1.0):
    """Whether no `seconds` have more than the rate so many times, the burst, and one a member."""
    return most_in_any_window(passed, seconds) <= rates * RATE * seconds + BURST + MEMBERS


def test_three_nodes_keep_to_one_limit(redis):
    async def play():
        async with members(redis.url) as (made, _):
            return await hammer(made, 1.5)

    passed = asyncio.run(play())
    assert within(passed, 1.0)
    assert len(passed) >= 0.5 * RATE * 1.5


def test_who_alone_is_asked_gets_nearly_all(redis):
    async def play():
        async with members(redis.url) as (made, _):
            await hammer(made, 0.5)
            await asyncio.sleep(1.5 * LEASE_S)
            await hammer(made[:1], 2 * LEASE_S)
            return await hammer(made[:1], 0.8)

    passed = asyncio.run(play())
    assert within(passed, 0.8)
    assert len(passed) >= 0.6 * RATE * 0.8


def test_when_redis_is_killed_nodes_keep_their_parts_and_come_back(redis):
    async def play():
        async with members(redis.url) as (made, _):
            before = await hammer(made, 0.6)
            redis.kill()
            during = await hammer(made, 1.5)
            assert all(each.counts().cut_off for each in made)
            assert all(each.counts().lease_failures for each in made)
            redis.start()
            await eventually(lambda: not any(each.counts().cut_off for each in made))
            return before, during, await hammer(made, 0.6)

    before, during, after = asyncio.run(play())
    passed = before + during + after
    # Leases that were being renewed when it died may overlap for what is left of them.
    assert most_in_any_window(passed, 1.0) <= RATE * (1.0 + LEASE_S) + BURST + MEMBERS
    assert within(during, 1.0, rates=1 + LEASE_S)
    assert len(during) >= 0.5 * RATE * 1.5


def test_one_node_that_is_cut_off_has_its_part_on_top(redis):
    async def play():
        async with members(redis.url) as (made, tasks):
            await hammer(made, 0.4)
            tasks[0].cancel()
            with suppress(asyncio.CancelledError):
                await tasks[0]
            await hammer(made, 2 * LEASE_S)
            return await hammer(made, 1.0)

    passed = asyncio.run(play())
    assert within(passed, 1.0, rates=1 + 1 / MEMBERS)


def test_without_any_redis_requests_are_answered_all_the_same(tmp_path):
    async def play():
        made = RedisLimits(
            LocalLimits(),
            client(f"unix://{tmp_path}/none.sock", LEASE_S),
            "a",
            LEASE_S,
            time.monotonic,
            members=4,
        )
        task = asyncio.create_task(made.run())
        passed = await hammer([made], 0.5)
        assert made.counts().lease_failures
        assert made.counts().cut_off
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return passed

    passed = asyncio.run(play())
    assert len(passed) <= RATE / 4 * 0.5 + BURST / 4 + 1
    assert len(passed) >= RATE / 4 * 0.5 * 0.8


def test_what_is_left_in_redis_runs_out(redis):
    async def play():
        async with members(redis.url, 1) as (made, _):
            await hammer(made, 0.1, key="secret words of a client")
        async with Redis.from_url(redis.url) as raw:
            names = await raw.keys()
            assert names
            assert not any(b"secret" in name for name in names)
            assert all([0 < await raw.pttl(name) <= 3 * LEASE_S * 1000 for name in names])

    asyncio.run(play())


def test_answers_that_are_none_of_ours_count_as_none(redis):
    async def play():
        async with Redis.from_url(redis.url) as raw:
            await raw.set("edgescript:members", "a string")
        made = RedisLimits(LocalLimits(), client(redis.url, LEASE_S), "a", LEASE_S, time.monotonic)
        task = asyncio.create_task(made.run())
        await eventually(lambda: made.counts().lease_failures >= 2)
        assert made.site("s").limiter.admit("k", RATE, 0, 0.0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(play())


def test_windows_and_places_are_the_nodes_own(tmp_path):
    node = LocalLimits()
    made = RedisLimits(node, client(f"unix://{tmp_path}/none.sock", LEASE_S), "a", LEASE_S, time.monotonic)
    limiter, connections = made.site("s")
    assert limiter.admit_in_window("k", 1, 1.0, 100.0)
    assert not node.site("s").limiter.admit_in_window("k", 1, 1.0, 100.0)
    assert connections.acquire("k", 1)
    assert made.in_progress() == node.in_progress() == 1
    limiter.shadow_refused()
    assert made.counts().shadow_refused == 1


def test_a_task_that_is_cancelled_ends_at_any_moment(redis):
    async def play():
        for moment in range(60):
            made = RedisLimits(LocalLimits(), client(redis.url, 0.02), "a", 0.02, time.monotonic)
            task = asyncio.create_task(made.run())
            made.site("s").limiter.admit("k", RATE, BURST, 0.0)
            await asyncio.sleep(0.0004 * moment)
            task.cancel()
            _, pending = await asyncio.wait([task], timeout=5)
            assert not pending

    asyncio.run(play())
