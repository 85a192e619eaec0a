"""Carries out `limit_rate` on one answer: bytes wait here until the pacer grants them."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from runtime.limits.bandwidth import Pacer

_SHORTEST_WAIT_S: Final = 0.001
"""The loop's clock has milliseconds: a shorter wait would come back too early, again and again."""


class PacedOutput:
    """Writes to `transport` what `pacer` grants. `when_empty` is called when nothing is left and more may come."""

    __slots__ = ("_loop", "_pacer", "_timer", "_transport", "_waiting", "_when_empty", "paused")

    def __init__(
        self,
        transport: asyncio.Transport,
        pacer: Pacer,
        loop: asyncio.AbstractEventLoop,
        when_empty: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._loop = loop
        self._when_empty = when_empty
        self._waiting: deque[memoryview] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.paused = False
        """The client is slower than the pace; set by whoever hears of it, who then calls `go`."""

    @property
    def pending(self) -> bool:
        """Whether any bytes wait."""
        return bool(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        return sum(map(len, self._waiting))

    def add(self, data: bytes) -> None:
        """Write `data` after what waits."""
        self._waiting.append(memoryview(data))  # cut many times, without a copy
        if self._timer is None:
            self.go()

    def go(self) -> None:
        """Write what the pace allows now, and come back for the rest."""
        self.stop()
        while self._waiting and not self.paused:
            data = self._waiting.popleft()
            granted = self._pacer.grant(self._loop.time(), len(data))
            if granted > 0:
                self._transport.write(data[:granted])
            if granted < len(data):
                self._waiting.appendleft(data[granted:])
                delay = max(self._pacer.delay(self._loop.time()), _SHORTEST_WAIT_S)
                self._timer = self._loop.call_later(delay, self.go)
                return
        if not self.paused:
            self._when_empty()

    def stop(self) -> None:
        """Write no more until `go`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
