"""Programs of the demo: begun, waited for until they answer, ended together."""

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

READY_S: Final = 30.0
END_S: Final = 15.0


class NotReadyError(Exception):
    """A program ended, or did not answer in time; the text says which, and what it said last."""


class Processes:
    """`edgescript` commands, their logs in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
        """Run `edgescript ARGUMENTS`, in a session of its own: Ctrl-C is for the demo, which ends the others."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own command, with arguments of ours
                [sys.executable, "-m", "edgescript", *arguments],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def wait(self, name: str, port: int, path: str) -> None:
        """Until a GET of `path` is answered with 200. Raises NotReadyError."""
        until = time.monotonic() + READY_S
        while not _answers(port, path):
            ended = self._running[name].poll() is not None
            if ended or time.monotonic() > until:
                said = self._log(name).read_text(errors="replace").strip()[-2000:]
                raise NotReadyError(f"the {name} {'ended' if ended else 'does not answer'}: {said}")
            time.sleep(0.05)

    def ended(self) -> str:
        """The name of one that ended by itself; '' while all run."""
        return next((name for name, each in self._running.items() if each.poll() is not None), "")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
