"""
The signed manifest of each environment, kept as the bytes that are sent.

A change is told by the service in this process (`changed`), or found by asking the store for its generation (`poll`), which
is how replicas learn of each other's. The bytes stay when the store goes away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from runtime.console.sync.waiting import Waiters

MIN_GAP_S: Final = 0.25
"""Between two wakings of an environment: of a burst of changes, nodes fetch the last."""

Call = Callable[..., Awaitable[Any]]
"""Makes a call in a thread: `runtime.console.calls.Calls`."""


class Envelope(Protocol):
    """A manifest with its signatures."""

    @property
    def generation(self) -> int: ...

    @property
    def data(self) -> bytes: ...


class Bundles(Protocol):
    """Where manifests and blobs come from; every call may wait for the store."""

    def environment(self, environment: str) -> Envelope: ...

    def generation(self, environment: str) -> int: ...

    def blob(self, sha256: str) -> bytes | None: ...


class Manifests:
    """Of all environments."""

    def __init__(self, bundles: Bundles, call: Call, waiters: Waiters, environments: Sequence[str]) -> None:
        self._bundles = bundles
        self._call = call
        self._waiters = waiters
        self._kept: dict[str, Envelope] = {}
        self._locks = {environment: asyncio.Lock() for environment in environments}
        self._wanted = dict.fromkeys(environments, 0)
        """The newest generation heard of."""
        self._woken = dict.fromkeys(environments, 0.0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def kept(self, environment: str) -> Envelope | None:
        """The newest known, None before the first was made."""
        return self._kept.get(environment)

    def generation(self, environment: str) -> int:
        """Of the newest known, 0 before the first."""
        kept = self._kept.get(environment)
        return 0 if kept is None else kept.generation

    def changed(self, environment: str, generation: int) -> None:
        """There is a new generation. Called from any thread."""
        self._loop.call_soon_threadsafe(self._hear, environment, generation)

    def _hear(self, environment: str, generation: int) -> None:
        if environment not in self._wanted or generation <= self._wanted[environment]:
            return
        self._wanted[environment] = generation
        task = self._loop.create_task(self._follow(environment))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, environment: str) -> None:
        try:
            await self.refresh(environment)
        except Exception:  # noqa: BLE001 - the poll finds it again, and says what is wrong
            self._wanted[environment] = self.generation(environment)

    async def refresh(self, environment: str) -> None:
        """Fetch the newest unless it is known, and wake who waits for it. Raises what the store raises."""
        async with self._locks[environment]:
            if self._kept.get(environment) and self.generation(environment) >= self._wanted[environment]:
                return
            gap_s = self._woken[environment] + MIN_GAP_S - self._loop.time()
            if gap_s > 0:
                await asyncio.sleep(gap_s)
            envelope: Envelope = await self._call(self._bundles.environment, environment)
            newer = envelope.generation > self.generation(environment)
            if newer or environment not in self._kept:
                self._kept[environment] = envelope
            self._wanted[environment] = max(self._wanted[environment], envelope.generation)
            if newer:
                self._woken[environment] = self._loop.time()
                self._waiters.wake(environment)

    async def stop(self) -> None:
        """Follow no more changes."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def poll(self) -> None:
        """Look for changes that other replicas made. Raises what the store raises."""
        for environment in self._wanted:
            generation = await self._call(self._bundles.generation, environment)
            if generation > self.generation(environment) or environment not in self._kept:
                self._wanted[environment] = max(self._wanted[environment], generation)
                await self.refresh(environment)
