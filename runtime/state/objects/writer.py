"""
What is written to the directory after the answer: a bounded queue, and one thread that empties it.

A miss does not wait for the disk: its response is in memory when it is put here, and what finds the queue full is in
memory only. The thread writes what has gathered in one change; a lone put does not wait for others. It also removes files
that nothing names, and carries pending purges on, slice by slice.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from runtime.cache.store import StoredResponse

MAX_QUEUED: Final = 4096
MAX_QUEUED_BYTES: Final = 32 << 20
MAX_BATCH: Final = 16
"""Puts in one change: half a millisecond, in which other processes' writes wait, and mostly the worker's loop too."""
_PAUSE_S: Final = 0.004
"""Between slices of a purge, which is in force already: the thread takes the interpreter from the worker's loop."""
_CLOSE_WAIT_S: Final = 5.0


class Put(NamedTuple):
    """A response to be stored, unless a purge after number `since` is about it."""

    primary: str
    stored: StoredResponse
    since: int


class Writer:
    """`write` puts a batch, `remove` removes files, `go_on` does a slice of the purges and says whether there is more."""

    def __init__(
        self,
        write: Callable[[list[Put]], None],
        remove: Callable[[int], None],
        go_on: Callable[[], bool],
    ) -> None:
        self._write = write
        self._remove = remove
        self._go_on = go_on
        self._puts: deque[Put] = deque()
        self._files: deque[int] = deque()
        self._bytes = 0
        self._walking = False
        self._busy = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def offer(self, put: Put) -> bool:
        """Whether there was room in the queue."""
        size = len(put.stored.body)
        with self._changed:
            full = len(self._puts) >= MAX_QUEUED or self._bytes + size > MAX_QUEUED_BYTES
            if full or self._closing:
                return False
            self._puts.append(put)
            self._bytes += size
            self._wake()
        return True

    def after(self, files: list[int], *, walking: bool) -> None:
        """What a change leaves to do: `files` to be removed, and purges to go on with."""
        if not files and not walking:
            return
        with self._changed:
            self._files.extend(files)
            self._walking |= walking
            self._wake()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="objects", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._puts or self._files or self._walking or self._closing)
                if not (self._puts or self._files) and self._closing:
                    return
                self._busy = True
                batch = [self._puts.popleft() for _ in range(min(MAX_BATCH, len(self._puts)))]
                self._bytes -= sum(len(put.stored.body) for put in batch)
                files, self._files = self._files, deque()
                walking, self._walking = self._walking, False
            if batch:
                self._write(batch)
            for file in files:
                self._remove(file)
            if walking and self._go_on():
                self.after([], walking=True)
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, _PAUSE_S)

    def flush(self, within_s: float) -> bool:
        """Wait until nothing is left to do; False when it took longer."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._puts or self._files or self._walking or self._busy), within_s
            )

    def close(self) -> None:
        """Write what is in the queue, if that does not take too long, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSE_WAIT_S)

    def __len__(self) -> int:
        return len(self._puts)
