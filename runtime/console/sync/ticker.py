"""
What is done again and again beside the answers: looking for changes, writing what was gathered, deciding on rollouts.

Each duty runs by itself, so that a slow one holds up no other. One that fails is tried again at its next turn; what was to be
written is kept until it can be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

Duty = Callable[[], Awaitable[None]]


class Turn(NamedTuple):
    """A duty and its period."""

    name: str
    every_s: float
    duty: Duty


class Ticker:
    """Runs duties until it is stopped."""

    def __init__(self, turns: Sequence[Turn], failed: Callable[[str, Exception], None]) -> None:
        self._turns = turns
        self._failed = failed
        self._tasks: list[asyncio.Task[None]] = []
        self.failing: dict[str, str] = {}
        """Duties whose last turn failed, and with what."""

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(turn), name=turn.name) for turn in self._turns]

    async def _run(self, turn: Turn) -> None:
        while True:
            await self.take(turn)
            await asyncio.sleep(turn.every_s)

    async def take(self, turn: Turn) -> None:
        """One turn."""
        try:
            await turn.duty()
            self.failing.pop(turn.name, None)
        except Exception as error:  # noqa: BLE001 - of a store that is away, or a mistake of ours: told, and tried again
            text = f"{type(error).__name__}: {error}"
            if self.failing.get(turn.name) != text:
                self._failed(turn.name, error)
            self.failing[turn.name] = text

    async def stop(self) -> None:
        """End all duties; a last turn of each that writes is the owner's to take."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
