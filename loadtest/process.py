"""
Server processes: started on one core in a directory of their own, waited for, measured by the kernel's account of
their processor time, and ended by their process id.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

START_S: Final = 20.0
"""Varnish compiles its configuration with a C compiler first."""

STOP_S: Final = 5.0
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A server did not come up; the text ends with what it printed last."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started: its command line and the files it finds in its directory (name to text)."""

    argv: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens on 127.0.0.1:`port`."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu_s(self) -> float:
        """Seconds of processor time its processes have used until now, those that have ended included."""
        return tree_cpu_s(self.process.pid)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


@contextmanager
def running(launch: Launch, port: int, directory: Path, core: int) -> Iterator[Running]:
    """The server while the block runs. Raises StartError."""
    for name, text in launch.files.items():
        (directory / name).write_text(text, encoding="latin-1")
    log = directory / "output.log"
    with log.open("wb") as output:
        # A session of its own keeps the terminal's Ctrl-C from it: it is ended here, in order.
        process = subprocess.Popen(
            ("taskset", "--cpu-list", str(core), *launch.argv),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, port, log, launch.argv[0])
        yield Running(process, port)
    finally:
        _end(process)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path, name: str) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    why = "not listening in time" if process.poll() is None else f"ended with status {process.returncode}"
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
    raise StartError("\n".join([f"{name}: {why}", *last]))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True, slots=True)
class Account:
    """What one line of /proc/PID/stat says: whose child, and seconds used by it and by its ended children."""

    pid: int
    parent: int
    cpu_s: float


def parse_stat(line: str, ticks_per_s: int = _TICKS_PER_S) -> Account:
    """One line of /proc/PID/stat (proc(5)). The name in parentheses may hold spaces and parentheses."""
    pid = int(line.partition(" ")[0])
    rest = line.rpartition(")")[2].split()
    parent = int(rest[1])
    used = sum(int(ticks) for ticks in rest[11:15])
    return Account(pid, parent, used / ticks_per_s)


def tree_cpu_s(root: int) -> float:
    """Seconds used by a process and all below it."""
    accounts = list(_accounts())
    wanted = {root}
    while grown := {account.pid for account in accounts if account.parent in wanted} - wanted:
        wanted |= grown
    return sum(account.cpu_s for account in accounts if account.pid in wanted)


def _accounts() -> Iterator[Account]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield parse_stat((entry / "stat").read_text(encoding="utf-8", errors="replace"))
            except OSError:  # it ended meanwhile
                continue
