"""Nodes that wait for a newer generation: a future each, all of an environment woken at once."""

import asyncio
from typing import Final

from runtime.console.calls import Overloaded

MAX_WAITING: Final = 20_000
MAX_WAIT_S: Final = 60.0


class Waiters:
    """Who waits. A node waits once: when it asks again, its earlier request is answered, for nobody reads that any more."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._closed = False
        self._waiting: dict[tuple[str, str], asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, environment: str, node: str, seconds: float) -> None:
        """Return when `environment` is woken, at the latest after `seconds`. Raises Overloaded."""
        if self._closed:
            return
        key = (environment, node)
        earlier = self._waiting.pop(key, None)
        if earlier is not None and not earlier.done():
            earlier.set_result(None)
        if len(self._waiting) >= self._most:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[key] = future
        timer = loop.call_later(min(seconds, MAX_WAIT_S), _finish, future)
        try:
            await future
        finally:
            timer.cancel()
            if self._waiting.get(key) is future:
                del self._waiting[key]

    def wake(self, environment: str | None = None) -> int:
        """Wake all of `environment`, or of all; how many that were."""
        woken = [key for key in self._waiting if environment in (None, key[0])]
        for key in woken:
            _finish(self._waiting.pop(key))
        return len(woken)

    def close(self) -> None:
        """Wake all; nobody waits any more."""
        self._closed = True
        self.wake()


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
