"""A shell session in a test: commands of a document, run in a folder, with ports of their own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.ports import free_ports
from tests.support.waiting import wait_until

PORTS = ("8081", "9180", "8080", "8000", "8090")
"""Ports the documents name; a session takes free ones, so that it runs beside anything."""
TIMEOUT_S = 30
_KILL = re.compile(r"kill (?:-(?P<number>\d+) )?%(?P<job>\d+)")


class Session:
    """A shell in a directory of its own; what it leaves running ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.running: list[subprocess.Popen[bytes]] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EDGESCRIPT_")}
        self.environment = inherited | {
            "PATH": path,
            "NO_COLOR": "1",
            "XDG_CONFIG_HOME": str(folder / ".config"),
        }

    def here(self, text: str) -> str:
        """`text` with the ports of this session."""
        return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda match: self.ports[match[0]], text)

    def run(self, command: str) -> tuple[int, str]:
        """
        Status of the command and what it prints on both streams, in order.

        One that ends in `&` stays running; `kill %N` ends the Nth of these, as a shell does, and waits until it has.
        """
        command = self.here(command)
        killed = _KILL.fullmatch(command)
        if killed is not None:
            self._kill(int(killed["job"]), killed["number"])
            return 0, ""
        if command.endswith("&"):
            self._leave_running(command.rstrip("& "))
            return 0, ""
        result = subprocess.run(
            ["bash", "-ec", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        return result.returncode, result.stdout.decode()

    def _kill(self, job: int, number: str | None) -> None:
        process = self.running[job - 1]
        process.send_signal(signal.SIGTERM if number is None else int(number))
        process.wait(TIMEOUT_S)

    def _leave_running(self, command: str) -> None:
        ports = [port for port in self.ports.values() if re.search(rf"\b{port}\b", command)]
        log = (self.folder / f"server-{len(self.running)}.log").open("wb")
        with log:
            self.running.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        listens = re.search(r"--listen \S+:(\d+)", command)
        wait_for(int(listens[1] if listens else ports[0]))

    def end(self) -> list[int]:
        """Stop what still runs; the exit statuses."""
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        statuses = []
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(TIMEOUT_S)
            process.kill()
            statuses.append(process.wait())
        return statuses


def wait_for(port: int) -> None:
    """Until something listens on `port`."""
    address = ("127.0.0.1", port)
    wait_until(lambda: socket.create_connection(address, 1), TIMEOUT_S, despite=OSError).close()
