"""
Writes the access log where it is to go, in a thread: neither a slow disk nor a stopped reader of stdout holds up the
loop. One batch is under way at a time, begun when there are enough lines for one or when `flush` is called; what comes
meanwhile waits in the log, which is bounded.

Several workers write to one file: it is opened for appending, and a batch is whole lines.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from runtime.observe.access_log import BATCH, MADE, AccessLog

STDOUT: Final = "-"
CLOSING_S: Final = 1.0
"""For the last batches, when the node ends."""
_STDOUT_FD: Final = 1


class AccessFile:
    """
    `path` is a file or `STDOUT`. `note` is told why lines are lost, at most once in a batch.

    Raises OSError when the file cannot be opened.
    """

    def __init__(self, path: str, log: AccessLog, note: Callable[[str], None]) -> None:
        self._path = path
        self._log = log
        self._note = note
        self._file = _opened(path)
        self._anew = False
        self._torn = False
        """The last line was not written whole."""
        self._thread = ThreadPoolExecutor(1, "access-log")
        self._under_way: asyncio.Future[None] | None = None
        log.on_batch = self.flush

    def flush(self) -> None:
        """Begin to write what waits, unless that is under way."""
        if self._under_way is None and (len(self._log) or self._anew):
            loop = asyncio.get_running_loop()
            self._under_way = asyncio.ensure_future(self._carry_out(loop, self._log.take()))

    def reopen(self) -> None:
        """Write to a new file from the next batch on: the old one was moved away."""
        self._anew = True
        self.flush()

    async def close(self) -> None:
        """Write what waits and end; within `CLOSING_S`, whatever is lost by that."""
        try:
            async with asyncio.timeout(CLOSING_S):
                while self._under_way is not None or len(self._log):
                    self.flush()
                    if self._under_way is not None:
                        await asyncio.shield(self._under_way)
        except TimeoutError:
            self._log.left_out += len(self._log)
            self._log.take()
        self._thread.shutdown(wait=False)
        if self._under_way is None and self._file != _STDOUT_FD:
            os.close(self._file)

    async def _carry_out(self, loop: asyncio.AbstractEventLoop, lines: list[bytes]) -> None:
        try:
            lost, reason = await loop.run_in_executor(self._thread, self._write, lines)
        finally:
            self._under_way = None
        if reason:
            self._log.left_out += lost
            self._note(reason)
        if len(self._log) >= BATCH:
            self.flush()

    def _write(self, lines: list[bytes]) -> tuple[int, str]:
        """Write the lines of a batch: how many could not be, and why. In the thread."""
        try:
            if self._anew and self._path != STDOUT:
                before, self._file = self._file, _opened(self._path)
                os.close(before)
            self._anew = False
        except OSError as error:  # the old file is still there
            return self._append(lines)[0], _reason(error)
        return self._append(lines)

    def _append(self, lines: list[bytes]) -> tuple[int, str]:
        for start in range(0, len(lines), BATCH // MADE):
            data = b"".join(lines[start : start + BATCH // MADE])
            if self._torn:
                data = b"\n" + data
            size = len(data)
            try:
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                self._torn = self._torn or len(data) < size
                return sum(each.count(b"\n") for each in lines[start:]), _reason(error)
            self._torn = False
        return 0, ""


def _opened(path: str) -> int:
    if path == STDOUT:
        return _STDOUT_FD
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
