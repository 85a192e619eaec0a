"""
The origin of the benchmark: nginx, so that it is never what is waited for. It gives every path the same object, those
under /large/ a large one, lets it be stored unless the path begins with /private/, and counts what it is asked.
"""

import re
from pathlib import Path
from typing import Final

from loadtest.agree import ask
from loadtest.cases import LARGE_OBJECT, OBJECT, Case
from loadtest.process import Launch
from loadtest.servers import nginx_argv, template, user_line

INSTALL: Final = "apt-get install --no-install-recommends nginx-light"
_TOTALS: Final = re.compile(rb"^ \d+ \d+ (\d+) $", re.MULTILINE)


def launch(port: int, directory: Path) -> Launch:
    """How it is started."""
    configuration = template("origin.conf", USER=user_line(), PORT=str(port), OBJECT=OBJECT.decode("ascii"))
    files = {"nginx.conf": configuration, "large": LARGE_OBJECT.decode("ascii")}
    return Launch(nginx_argv(directory), files)


def requests_seen(port: int) -> int:
    """Requests it has answered since its start, this one included."""
    totals = _TOTALS.search(ask(port, "/-/requests", {}).body)
    assert totals is not None, "stub_status has three totals"
    return int(totals[1])


def objection(case: Case, answered: int, seen: int) -> str | None:
    """Why `answered` requests of which the origin saw `seen` are not what the case measures; None if they are."""
    if case.origin == "silent" and seen:
        return f"the origin was asked {seen} times; every answer should come from the server itself"
    if case.origin == "every request" and seen < answered:
        return f"the origin was asked {seen} times for {answered} answers; none should come from a cache"
    return None
