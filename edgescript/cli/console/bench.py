"""
The process in which a console has texts compiled, tested and run: `python -m edgescript.cli.console.bench`, for the console alone.

Jobs come over the socket that is its standard input (`runtime.console.bench`); when that ends, so does it.
"""

import os
import resource
import secrets
import signal
import socket
import sys
import time
from typing import Final

WITHIN_S: Final = 10.0
"""For one job. A text of the largest size takes four seconds to compile here, the tests of a version at most five."""
PROCESSES: Final = 2
MAX_MEMORY: Final = 1 << 30
"""Bytes of address space."""
NICENESS: Final = 5
_PASSED_ON: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TZ")
"""Of the environment; the rest may have the database's password."""


def command() -> list[str]:
    """What starts it. The working directory is no place to import from."""
    return [sys.executable, "-P", "-m", "edgescript.cli.console.bench"]


def environment() -> dict[str, str]:
    """What it is given of ours."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def main() -> None:
    """Limit this process, then work."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # sent to all of a group: the console still answers, and ends us
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    import stdlib
    from runtime.console.bench.child import serve
    from runtime.console.bench.wire import Gone
    from runtime.console.service.jobs import jobs

    work = jobs(stdlib.registry(), time.monotonic, secrets.token_bytes)
    work.findings(
        "first", "if eq($uri, '/') {\n    exit(403)\n}\n"
    )  # so that tables are there before the first job
    connection = socket.socket(fileno=0)
    try:
        serve(connection, work, _watch)
    except (OSError, Gone):
        return


def _watch(working: bool) -> None:
    """An alarm that nobody handles ends the process: the console, which would have, may be gone."""
    signal.setitimer(signal.ITIMER_REAL, WITHIN_S + 2 if working else 0.0)


if __name__ == "__main__":
    main()
