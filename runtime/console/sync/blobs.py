"""Sealed blobs by name, kept within a bound; a thousand nodes that want the same one make one call."""

import asyncio
from collections import OrderedDict
from typing import Final

from runtime.console.sync.manifests import Bundles, Call

MAX_BYTES: Final = 64 << 20


class Blobs:
    """The blobs asked for lately."""

    def __init__(self, bundles: Bundles, call: Call, max_bytes: int = MAX_BYTES) -> None:
        self._bundles = bundles
        self._call = call
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._coming: dict[str, asyncio.Task[bytes | None]] = {}

    def kept(self, name: str) -> bytes | None:
        """The blob, if it is in memory."""
        data = self._kept.get(name)
        if data is not None:
            self._kept.move_to_end(name)
        return data

    async def get(self, name: str) -> bytes | None:
        """The blob, None if there is none of this name. Raises what the store raises."""
        data = self.kept(name)
        if data is not None:
            return data
        coming = self._coming.get(name)
        if coming is None:
            coming = self._coming[name] = asyncio.get_running_loop().create_task(self._fetch(name))
            coming.add_done_callback(lambda task: self._arrived(name, task))
        return await asyncio.shield(coming)

    async def _fetch(self, name: str) -> bytes | None:
        found: bytes | None = await self._call(self._bundles.blob, name)
        return found

    def _arrived(self, name: str, task: "asyncio.Task[bytes | None]") -> None:
        del self._coming[name]
        data = None if task.cancelled() or task.exception() is not None else task.result()
        if data is None or len(data) > self._max_bytes:
            return
        self._kept[name] = data
        self._bytes += len(data)
        while self._bytes > self._max_bytes:
            self._bytes -= len(self._kept.popitem(last=False)[1])
