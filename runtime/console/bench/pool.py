"""
Processes that do one job after another. One that takes too long for a job, or that ends, is replaced at once, so that the cost of a
start is paid while nobody waits.
"""

import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, LifoQueue
from typing import Final

from runtime.console.bench.wire import Gone, receive, send

START_S: Final = 20.0
"""For a process to start. That takes half a second, and much longer for one that is niced on a machine that is busy."""
SHUT_S: Final = 2.0
"""For a process to end by itself once nobody asks any more."""


class TookTooLong(Exception):  # noqa: N818 - of what was asked, not of ours
    """The job was ended."""


class Child:
    """One process and the socket to it, which is its standard input."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        """Raises OSError."""
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        self._started = False

    def ask(self, data: bytes, within_s: float) -> bytes:
        """
        Its answer, within that time from when it can begin. Raises TimeoutError, Gone and OSError, after which it is good for
        nothing.
        """
        self._await_start()
        end = time.monotonic() + within_s
        self._connection.settimeout(within_s)
        send(self._connection, data)
        self._connection.settimeout(max(0.001, end - time.monotonic()))
        answer = receive(self._connection)
        if answer is None:
            raise Gone
        return answer

    def _await_start(self) -> None:
        """Until it has said that it waits for jobs (`child.serve`). Raises as `ask` does."""
        if self._started:
            return
        self._connection.settimeout(START_S)
        if receive(self._connection) is None:
            raise Gone
        self._started = True

    def end(self, within_s: float = 0.0) -> None:
        """End it: by itself within that time, else by force."""
        self._connection.close()
        if within_s:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(within_s)
        self._process.kill()
        self._process.wait()


class Pool:
    """At most `most` processes, each started by `command`; a job has `within_s` seconds. Used from threads."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], most: int, within_s: float
    ) -> None:
        """Nothing is started yet."""
        self._command = command
        self._environment = environment
        self._within_s = within_s
        self._places: LifoQueue[Child | None] = LifoQueue(most)
        for _ in range(most):
            self._places.put(None)
        self.ended = 0
        """Processes that were ended, or ended, in the middle of a job."""

    def start(self) -> None:
        """Start all, so that the first who ask need not wait for it. Raises OSError."""
        places = self._taken()
        for child in places:
            self._places.put(child or self._new())

    def ask(self, data: bytes) -> bytes:
        """A job's answer. Raises TookTooLong, also where all are busy for so long; OSError where no process can be started."""
        try:
            child = self._places.get(timeout=self._within_s)
        except Empty:
            raise TookTooLong from None
        try:
            child = child or self._new()
            return child.ask(data, self._within_s)
        except (OSError, Gone) as error:
            self.ended += 1
            if child is None:
                raise
            child.end()
            child = None
            with suppress(OSError):
                child = self._new()
            raise TookTooLong from error
        finally:
            self._places.put(child)

    def close(self) -> None:
        """End all that do nothing. Nobody may ask any more."""
        for child in self._taken():
            if child is not None:
                child.end(SHUT_S)

    def _new(self) -> Child:
        return Child(self._command, self._environment)

    def _taken(self) -> list[Child | None]:
        """All that do nothing now, or have not been started."""
        taken: list[Child | None] = []
        with suppress(Empty):
            while True:
                taken.append(self._places.get_nowait())
        return taken
