"""The store of a worker, with or without a state directory."""

from pathlib import Path
from typing import NamedTuple

from runtime.cache.memory import MemoryStore
from runtime.cache.tiers import TieredStore
from runtime.state.objects.directory import DirectoryError
from runtime.state.objects.purges_alone import PurgesAlone
from runtime.state.objects.tier import Objects


class OpenedStore(NamedTuple):
    """What requests use, what is below it, and why nothing is where something should be."""

    store: MemoryStore
    objects: Objects | None
    refusal: str
    """Empty unless the state directory cannot be used."""
    purges: PurgesAlone | None = None
    """What workers hear of each other's purges by, where nothing is below memory."""

    @property
    def trouble(self) -> str:
        """For who watches the node; empty when all is well."""
        return self.refusal or (self.objects.trouble if self.objects is not None else "")

    def close(self) -> None:
        for below in (self.objects, self.purges):
            if below is not None:
                below.close()


def open_store(
    memory_bytes: int,
    max_object_bytes: int,
    *,
    state: Path | None = None,
    disk_bytes: int = 0,
    max_disk_object_bytes: int = 0,
    shared: Path | None = None,
) -> OpenedStore:
    """
    Memory over the objects in `state`; memory alone without a directory, without room in it, or when it cannot be used.
    Then purges are shared by way of `shared`, a directory of the node's workers; without it each worker has its own.

    To be called by each worker for itself, after it was forked and before it has threads. May take as long as reading
    the index does, if no other worker is there.
    """
    if state is not None and disk_bytes > 0 and max_disk_object_bytes > 0:
        try:
            objects = Objects(state, max_bytes=disk_bytes, max_object_bytes=max_disk_object_bytes)
        except DirectoryError as error:
            return _memory_alone(memory_bytes, max_object_bytes, shared, str(error))
        return OpenedStore(TieredStore(memory_bytes, max_object_bytes, objects), objects, "")
    return _memory_alone(memory_bytes, max_object_bytes, shared, "")


def _memory_alone(memory_bytes: int, max_object_bytes: int, shared: Path | None, refusal: str) -> OpenedStore:
    if shared is not None:
        try:
            purges = PurgesAlone(shared)
        except DirectoryError as error:
            refusal = refusal or f"purges reach one worker alone: {error}"
        else:
            store = TieredStore(memory_bytes, max_object_bytes, purges)
            return OpenedStore(store, None, refusal, purges)
    return OpenedStore(MemoryStore(memory_bytes, max_object_bytes), None, refusal)
