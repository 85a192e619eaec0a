"""The console as a process: its socket, its signals, and its end."""

import logging
import resource
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final, NamedTuple

import uvicorn

from runtime.console.api.application import Application
from runtime.console.api.journal import Journal
from runtime.console.listening import BoundedProtocol

BACKLOG: Final = 4096
KEEP_ALIVE_S: Final = 75
"""Longer than a node's pause between two reports, mostly."""
DRAIN_S: Final = 10
"""For answers under way when the console stops."""
SWITCH_S: Final = 0.001
"""How long a thread that compiles keeps the interpreter while the loop wants it; Python's own 5 ms add up."""
FILES: Final = 65_536
"""Open files wanted: one for each node that waits."""


class Listening(NamedTuple):
    """Where and how. `behind` are addresses of proxies whose X-Forwarded-For and -Proto are believed."""

    host: str
    port: int
    certificate: str = ""
    key: str = ""
    behind: tuple[str, ...] = ()


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family, kind, protocol, _, where = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(where)
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened


class _Server(uvicorn.Server):
    """As its base; a signal ends it with status 0, and nobody who waits holds that up."""

    def __init__(self, config: uvicorn.Config, app: Application, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._started = started

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.drain()
        await super().shutdown(sockets)


class _Records(logging.Handler):
    """What the server says, as lines of the journal, without tracebacks."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        self._journal.note("server", level=record.levelname.lower(), message=record.getMessage()[:500])


def serve(
    app: Application,
    opened: socket.socket,
    listening: Listening,
    journal: Journal,
    on_listening: Callable[[str, int], None],
) -> None:
    """Answer on `opened` until SIGTERM or SIGINT, then end what is under way. Raises OSError for unusable certificates."""
    _allow_files()
    sys.setswitchinterval(SWITCH_S)
    log = logging.getLogger("uvicorn.error")
    log.propagate = False
    log.handlers = [_Records(journal)]
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(listening.behind),
        forwarded_allow_ips=list(listening.behind),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        backlog=BACKLOG,
        ssl_certfile=listening.certificate or None,
        ssl_keyfile=listening.key or None,
    )
    host, port = opened.getsockname()[:2]
    server = _Server(config, app, lambda: on_listening(host, port))
    server.run([opened])


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
