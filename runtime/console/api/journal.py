"""
The console's log: one JSON object a line, written by a thread of its own, so that a full pipe stops nobody.

A line has no header, no query and no body of a request, so no token comes into it.
"""

import sys
import traceback
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any, Final, TextIO

import msgspec

from runtime.console.api.gate import Ended

MAX_WAITING: Final = 10_000
MAX_PATH: Final = 500
QUIET: Final = frozenset(
    {"/api/v1/nodes/{id}/manifest", "/api/v1/nodes/{id}/report", "/api/v1/blobs/{sha256}"}
)
"""Asked all the time: logged when they fail, and counted always."""


class Journal:
    """Lines on their way out. Beyond `MAX_WAITING` they are left out, and the next one that is written says how many."""

    def __init__(self, out: TextIO, now: Callable[[], float], *, requests: bool = True) -> None:
        """`requests`: whether each answer has a line; failures always have."""
        self._out = out
        self._now = now
        self._requests = requests
        self._waiting: Queue[dict[str, Any] | None] = Queue(MAX_WAITING)
        self._left_out = 0
        self._thread = Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def ended(self, ended: Ended) -> None:
        """A request was answered."""
        if ended.status < 500 and (not self._requests or (ended.route in QUIET and ended.status < 400)):
            return
        self.note(
            "request",
            id=ended.id,
            method=ended.method,
            path=ended.path[:MAX_PATH],
            status=ended.status,
            duration=round(ended.duration_s, 6),
            client=ended.client,
            who=ended.who,
        )

    def failed(self, request_id: str, error: BaseException) -> None:
        """An error of ours, with where it was raised and without its text, which may have anything in it."""
        frames = traceback.extract_tb(error.__traceback__)[-5:]
        self.note(
            "error",
            id=request_id,
            error=type(error).__name__,
            at=[f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
        )

    def duty_failed(self, name: str, error: BaseException) -> None:
        """A duty could not be done this time."""
        self.note("duty-failed", duty=name, error=type(error).__name__)

    def store_failed(self, reason: str) -> None:
        """The store cannot be read or changed, `reason` in words of ours: who asks is told to come back, and no more."""
        self.note("store-failed", reason=reason)

    def note(self, event: str, **facts: Any) -> None:
        """Any event."""
        line = {"time": round(self._now(), 6), "event": event, **facts}
        if self._left_out:
            line["left_out"], self._left_out = self._left_out, 0
        try:
            self._waiting.put_nowait(line)
        except Full:
            self._left_out += 1 + line.get("left_out", 0)

    def close(self, within_s: float = 2.0) -> None:
        """Write what waits, as far as that is quick."""
        try:
            self._waiting.put_nowait(None)
        except Full:
            return
        self._thread.join(within_s)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            lines = [line]
            ended = False
            try:
                while len(lines) < 100:
                    more = self._waiting.get_nowait()
                    if more is None:
                        ended = True
                        break
                    lines.append(more)
            except Empty:
                pass
            text = "".join(msgspec.json.encode(each).decode() + "\n" for each in lines)
            try:
                self._out.write(text)
                self._out.flush()
            except (OSError, ValueError):
                self._left_out += len(lines)
            if ended:
                return


def to_stderr(now: Callable[[], float], *, requests: bool = True) -> Journal:
    """The journal of a service."""
    return Journal(sys.stderr, now, requests=requests)
