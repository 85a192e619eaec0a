"""
Waiting for what comes about in its own time: every wait of a test has a condition and an end.

    wait_until(lambda: edge.trouble() == [])           in a thread that may block
    await eventually(lambda: worker.clients == set())  in a loop
    size = await settled(node.buffered_bytes)
"""

import asyncio
import time

WITHIN_S = 30.0


def wait_until(condition, within_s=WITHIN_S, *, despite=(), why="it never came"):
    """The first true value of `condition()`; an exception of a kind in `despite` counts as not yet."""
    end = time.monotonic() + within_s
    while True:
        try:
            if found := condition():
                return found
        except despite as error:
            trouble = f": {error!r}"
        else:
            trouble = ""
        assert time.monotonic() < end, f"{why} within {within_s} s{trouble}"
        time.sleep(0.01)


async def eventually(condition, within_s=5.0):
    """The first true value of `condition()`, while the loop goes on."""
    async with asyncio.timeout(within_s):
        while not (found := condition()):  # noqa: ASYNC110 - what is under test offers no event to wait for
            await asyncio.sleep(0.001)
    return found


async def settled(measure, quiet_s=0.3, within_s=20.0):
    """`measure()` once it has not changed for `quiet_s`."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(within_s):
        value, since = measure(), loop.time()
        while loop.time() - since < quiet_s:
            await asyncio.sleep(0.02)
            if measure() != value:
                value, since = measure(), loop.time()
    return value
