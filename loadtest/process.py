"""
Server processes: started on the cores they may use, in a directory of their own, waited for, measured by the kernel's
account of their processor time and memory, and ended by their process id. What a server starts itself inherits its cores.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

START_S: Final = 20.0
"""Varnish compiles its configuration with a C compiler first."""

STOP_S: Final = 5.0
OUTPUT: Final = "output.log"
"""What a server prints, in its directory."""
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A server did not come up; the text ends with what it printed last."""


@dataclass(frozen=True, slots=True)
class Launch:
    """
    How a server is started: its command line and the files it finds in its directory (name to text).

    `beside` is a program that works with it, started when it listens. `log` is the file of its access log, '' for none.
    """

    argv: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens on 127.0.0.1:`port`; `began_mono_s` is when it was started."""

    process: subprocess.Popen[bytes]
    port: int
    began_mono_s: float
    log: Path | None = None
    beside: subprocess.Popen[bytes] | None = None

    def cpu_s(self) -> float:
        """Seconds of processor time its processes have used until now, those that have ended included."""
        return tree_cpu_s(*self._roots())

    def memory_mib(self) -> float:
        """Of all its processes, memory they share counted once."""
        return sum(_memory_kib(pid) for pid in tree(_accounts(), *self._roots())) / 1024

    def log_lines(self) -> int:
        """Lines in its access log by now."""
        if self.log is None:
            return 0
        with self.log.open("rb") as text:
            return sum(part.count(b"\n") for part in iter(lambda: text.read(1 << 20), b""))

    def _roots(self) -> tuple[int, ...]:
        return (self.process.pid,) if self.beside is None else (self.process.pid, self.beside.pid)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


@contextmanager
def running(launch: Launch, port: int, directory: Path, cores: Collection[int]) -> Iterator[Running]:
    """The server on some cores while the block runs. Raises StartError."""
    for name, text in launch.files.items():
        (directory / name).write_text(text, encoding="latin-1")
    output = directory / OUTPUT
    began = time.monotonic()
    started = [_start(launch.argv, directory, output, cores)]
    try:
        _wait_until_listening(started[0], port, output, launch.argv[0])
        if launch.beside:
            started.append(_start(launch.beside, directory, directory / "beside.log", cores))
        log = directory / launch.log if launch.log else None
        yield Running(started[0], port, began, log, started[1] if launch.beside else None)
    finally:
        for process in reversed(started):
            _end(process)


def _start(
    argv: Sequence[str], directory: Path, output: Path, cores: Collection[int]
) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        # A session of its own keeps the terminal's Ctrl-C from it: it is ended here, in order.
        return subprocess.Popen(
            ("taskset", "--cpu-list", ",".join(map(str, sorted(cores))), *argv),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


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


def tree(accounts: Iterable[Account], *roots: int) -> set[int]:
    """The processes `roots` and all below them."""
    accounts = list(accounts)
    wanted = set(roots)
    while grown := {account.pid for account in accounts if account.parent in wanted} - wanted:
        wanted |= grown
    return wanted


def tree_cpu_s(*roots: int) -> float:
    """Seconds used by processes and all below them."""
    accounts = list(_accounts())
    wanted = tree(accounts, *roots)
    return sum(account.cpu_s for account in accounts if account.pid in wanted)


def _accounts() -> Iterator[Account]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield parse_stat((entry / "stat").read_text(encoding="utf-8", errors="replace"))
            except OSError:  # it ended meanwhile
                continue


def _memory_kib(pid: int) -> int:
    """The process's share of what is in memory (Pss, proc(5)); 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
