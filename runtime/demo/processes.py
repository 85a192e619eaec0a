"""
Programs of the demo: begun, waited for until they answer, begun again when they end, ended together.

One that ends by itself is begun again, as a service manager would: so a visitor may kill a process and see what the
others make of it. One that does not stay is told with what it said last, and ends the demo.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

READY_S: Final = 30.0
END_S: Final = 15.0
MAX_RESTARTS: Final = 3
"""Of one program, within WITHIN_S."""
WITHIN_S: Final = 60.0
MAX_SAID: Final = 2000
"""Characters of a log that are shown."""


class NotReadyError(Exception):
    """A program ended for good, or did not answer in time; the text says which, and what it said last."""


class Program(NamedTuple):
    """What is begun, and begun again. `ended_at` are seconds of the times it ended, the latest last."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    ended_at: list[float]


class Processes:
    """`edgescript` commands, their logs in `folder`."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._programs: dict[str, Program] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the latest first, so that no node finds its console gone."""
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(END_S)

    def begin(self, name: str, *arguments: str, **environment: str) -> None:
        """Run `edgescript ARGUMENTS`."""
        self._programs[name] = Program(arguments, environment, [])
        self._log(name).unlink(missing_ok=True)
        self._run(name)

    def _run(self, name: str) -> None:
        """In a session of its own: Ctrl-C is for the demo, which ends the others."""
        program = self._programs[name]
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own command, with arguments of ours
                [sys.executable, "-m", "edgescript", *program.arguments],
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def wait(self, name: str, port: int, path: str) -> None:
        """Until a GET of `path` is answered with 200. Raises NotReadyError."""
        until = self._clock() + READY_S
        while not _answers(port, path):
            how = self._how_it_ended(name)
            if how or self._clock() > until:
                raise NotReadyError(f"the {name} {how or 'does not answer'}: {self._said(name)}")
            time.sleep(0.05)

    def _said(self, name: str) -> str:
        return self._log(name).read_text(errors="replace").strip()[-MAX_SAID:]

    def _how_it_ended(self, name: str) -> str:
        """`ended with status 1`, `was killed by signal 9`; '' while it runs."""
        status = self._running[name].poll()
        if status is None:
            return ""
        return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"

    def begin_again(self) -> list[str]:
        """
        Begin what has ended by itself: a sentence about each.

        Raises NotReadyError for one that was begun again MAX_RESTARTS times within WITHIN_S.
        """
        told = []
        for name, program in self._programs.items():
            how = self._how_it_ended(name)
            if not how:
                continue
            now = self._clock()
            recent = [at for at in program.ended_at if now - at < WITHIN_S]
            if len(recent) == MAX_RESTARTS:
                raise NotReadyError(f"the {name} {how} again and again: {self._said(name)}")
            program.ended_at[:] = [*recent, now]
            self._run(name)
            told.append(f"the {name} {how}, and was started again")
        return told


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
