"""
The servers measured: what each has to say, and our own node. Each says whether it is here, what it cannot express, which
version it is, and how it is started for a case. Peers are in `peer_servers`.
"""

import os
import re
import shlex
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Final, Protocol

from loadtest.cases import Case, Mode, site_host
from loadtest.process import Launch

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = Path(__file__).resolve().parent / "peers"
ACCESS_LOG: Final = "access.log"
_PLACEHOLDER: Final = re.compile(r"@([A-Z]+)@")


class Server(Protocol):
    """One column of the comparison."""

    name: str
    install: str

    def missing(self) -> str | None:
        """Why it cannot run on this machine; None if it can."""

    def cannot(self, case: Case) -> str | None:
        """Why it cannot do this case; None if it can."""

    def version(self) -> str:
        """Its version, as it names it itself."""

    def launch(self, case: Case, mode: Mode, port: int, origin: int, directory: Path) -> Launch:
        """How it is started to serve a case on `port` before the origin on port `origin`, with its files in `directory`."""


def render(template: str, values: dict[str, str]) -> str:
    """A template with every `@NAME@` filled in. Raises KeyError for a name without a value."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def template(name: str, **values: str) -> str:
    """A file of `peers/`, filled in."""
    return render((PEERS / name).read_text(encoding="utf-8"), values)


def user_line() -> str:
    """Lets the workers of an nginx started by root read the private directory."""
    return "user root;" if os.geteuid() == 0 else ""


def nginx_argv(directory: Path) -> tuple[str, ...]:
    """nginx with everything it touches in `directory`."""
    return ("nginx", "-e", "stderr", "-p", f"{directory}/", "-c", "nginx.conf")


class Node:
    """Our own node: a supervisor and its workers, on the same cores. With one site the supervisor uses less than 1 ms a second."""

    name = "edgescript"
    install = "pip install -e . (make does it)"

    def __init__(self, command: tuple[str, ...] | None = None) -> None:
        self._command = command or (str(Path(sys.executable).with_name("edgescript")), "serve")
        self._note = f", started as: {shlex.join(command)}" if command else ""

    def missing(self) -> str | None:
        return None if shutil.which(self._command[0]) else f"no {self._command[0]}"

    def cannot(self, case: Case) -> str | None:
        path = script_path(case.logic) if case.logic else None
        return f"no {path.relative_to(ROOT)}" if path and not path.exists() else None

    def version(self) -> str:
        return metadata.version("edgescript") + self._note

    def launch(self, case: Case, mode: Mode, port: int, origin: int, directory: Path) -> Launch:
        settings = "" if mode.remembers else "decision_bytes = 0\n"
        if mode.sites:
            settings += _sites(mode.sites, case.logic, origin)
        files = {"edge.toml": settings} if settings else {}
        flags = [*self._command, "--listen", f"127.0.0.1:{port}"]
        if settings:
            flags += ["--config", str(directory / "edge.toml")]
        if not mode.sites:
            flags += ["--origin", f"http://127.0.0.1:{origin}"]
        if mode.workers > 1:
            flags += ["--workers", str(mode.workers)]
        if mode.access_log:
            flags += ["--access-log", str(directory / ACCESS_LOG)]
        if case.logic and not mode.sites:
            flags += ["--script", str(script_path(case.logic))]
        return Launch(tuple(flags), files, log=ACCESS_LOG if mode.access_log else "")


def _sites(count: int, logic: str | None, origin: int) -> str:
    """A configuration file of so many sites, each with the script."""
    scripts = f'["{script_path(logic)}"]' if logic else "[]"
    lines = [f'origin = "http://127.0.0.1:{origin}"']
    for number in range(count):
        lines += ["[[sites]]", f'hosts = ["{site_host(number)}"]', f"scripts = {scripts}"]
    return "\n".join(lines) + "\n"


def script_path(logic: str) -> Path:
    """The script of that name: the benchmark's own, or one of the examples."""
    own = ROOT / "loadtest" / "scripts" / f"{logic}.es"
    return own if own.exists() else ROOT / "examples" / logic / f"{logic}.es"
