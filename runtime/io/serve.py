"""A node from its settings: addresses taken, state kept, the supervisor at work."""

import asyncio
import contextlib
import gc
import ipaddress
import os
import selectors
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from runtime.config import Config, ConfigError
from runtime.config.formats import read_address
from runtime.io.access_file import STDOUT
from runtime.io.descriptors import allow_descriptors
from runtime.io.listen.activation import inherited
from runtime.io.listen.bound import Sockets, for_workers, listen_at
from runtime.io.listen.tls import ServerTls
from runtime.io.process.notify import Notify
from runtime.io.process.supervisor import Supervisor
from runtime.io.source import Source
from runtime.io.stderr import to_stderr
from runtime.io.sync.access import ConsoleAccess
from runtime.io.worker import endpoints_of
from runtime.observe.events import EventLog
from runtime.scripts.site import Sites
from runtime.state.directory import StateDirectory, StateError, UnwritableError

_ADMIN_UNSTATED: Final = Config().admin


def serve(
    config: Config,
    sites: Sites,
    *,
    on_listening: Callable[[str, int], None],
    source: Source | None = None,
    bundle: bytes | None = None,
    console: ConsoleAccess | None = None,
) -> int:
    """
    Serve until SIGTERM or SIGINT, then drain. The exit status: 0, or 1 when the node cannot begin.

    `on_listening` is told the address and port once all workers accept requests. A second signal ends at once. SIGHUP
    serves what `source` gives from then on, or goes on as before when that fails; without `source` it ends the node
    as SIGTERM does. `bundle` is what `source` gave: each worker then builds its own sites of it, and there is nothing in `sites`. SIGUSR1 logs the
    scripts' states, SIGUSR2 opens the access log anew.
    """
    with contextlib.ExitStack() as stack:
        try:
            began = _begin(config, stack)
        except _CannotError as error:
            print(f"edgescript: cannot {error}", file=sys.stderr)  # noqa: T201 - the process's own error
            return 1
        host, port = began.sockets[0][0][0].getsockname()[:2]
        descriptors, wanted = allow_descriptors(config.max_connections)
        log = EventLog(to_stderr, time.time)

        def on_serving() -> None:
            on_listening(host, port)
            if descriptors < wanted:
                log.note("descriptors-few", limit=descriptors, wanted=wanted)
            if began.unwritable:
                log.note("state-unwritable", reason=began.unwritable)
            if began.admin and not _is_loopback(config.admin):
                log.note("admin-exposed", address=config.admin)
            if config.admin and not began.admin:
                log.note("admin-off", reason=f"{config.admin} is taken")
            elif began.admin and not read_address(config.admin)[1]:
                log.note("admin-at", port=began.admin[0].getsockname()[1])

        async def live() -> int:
            supervisor = Supervisor(
                config,
                sites,
                source,
                bundle,
                began.shared,
                began.sockets,
                began.admin,
                began.probes,
                began.tls,
                log,
                Notify(os.environ),
                console,
            )
            return await supervisor.live(on_serving)

        # What is loaded now is every worker's, and no collection shall touch and so copy it.
        gc.collect()
        gc.freeze()
        with asyncio.Runner(loop_factory=_loop_that_forks) as runner:
            return runner.run(live())


class _CannotError(Exception):
    """The node cannot begin; the text says what it cannot do, and why."""


class _Began(NamedTuple):
    """What a node has taken before it has workers."""

    shared: Path
    """A directory in memory for what workers share while the node lives."""
    unwritable: str
    """Why the state directory is not locked; empty where it is, or there is none."""
    sockets: list[Sockets]
    """Of each worker."""
    admin: list[socket.socket]
    probes: list[socket.socket]
    tls: ServerTls | None
    """The certificates; workers have them from the fork, whatever has become of the files."""


def _begin(config: Config, stack: contextlib.ExitStack) -> _Began:
    """Take all there is to take, and have `stack` give it back. Raises _CannotError."""
    try:
        shared = StateDirectory.passing()
        stack.callback(shared.close)
        unwritable = _take_state(config.state_dir, stack)
    except StateError as error:
        raise _CannotError(f"use the state directory: {error}") from None
    _check_access_log(config.access_log)
    tls = None
    try:
        if any(each.tls for each in endpoints_of(config)):
            tls = ServerTls(config.certificates, config.tls_min)
    except ConfigError as error:
        raise _CannotError(f"use the certificates: {error}") from None
    sockets = _listen(config)
    for each in (each for groups in sockets for group in groups for each in group):
        stack.callback(each.close)
    admin, probes = _listen_for_admin(config.admin), _listen_at_one(config.probes)
    for each in (*admin, *probes):
        stack.callback(each.close)
    return _Began(shared.path, unwritable, sockets, admin, probes, tls)


def _take_state(directory: str, stack: contextlib.ExitStack) -> str:
    """Lock it, if it is one; why it cannot be written, if so: the node then serves from memory. Raises StateError."""
    if directory:
        try:
            stack.callback(StateDirectory.taken(Path(directory)).close)
        except UnwritableError as error:
            return str(error)
    return ""


def _listen(config: Config) -> list[Sockets]:
    """The sockets of each worker: those the service manager opened, the same for all, or the node's own."""
    endpoints = [read_address(each.address) for each in endpoints_of(config)]
    shown = ", ".join(each.address for each in endpoints_of(config))
    try:
        given = inherited(os.environ, os.getpid())
        if not given:
            return for_workers(endpoints, config.workers)
    except OSError as error:
        raise _CannotError(f"listen on {shown}: {_reason(error)}") from None
    groups = [[each for each in given if each.getsockname()[:2] == endpoint] for endpoint in endpoints]
    if sum(map(len, groups)) != len(given) or not all(groups):
        raise _CannotError(f"listen on {shown}: the sockets that were handed over are others")
    return [groups] * config.workers


def _listen_for_admin(address: str) -> list[socket.socket]:
    """None where there shall be none, or where the usual address is taken."""
    try:
        return _listen_at_one(address)
    except _CannotError:
        if address == _ADMIN_UNSTATED:
            return []
        raise


def _listen_at_one(address: str) -> list[socket.socket]:
    """The sockets of a listener, none for ''. Raises _CannotError."""
    if not address:
        return []
    try:
        return listen_at(*read_address(address))
    except OSError as error:
        raise _CannotError(f"listen on {address}: {_reason(error)}") from None


def _is_loopback(address: str) -> bool:
    host, _ = read_address(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _loop_that_forks() -> asyncio.AbstractEventLoop:
    """A loop whose selector is this process's own; a child would share the kernel's part of epoll (`fork`)."""
    return asyncio.SelectorEventLoop(selectors.PollSelector())


def _check_access_log(path: str) -> None:
    """Raises _CannotError when it cannot be written."""
    if path in {"", STDOUT}:
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640))
    except OSError as error:
        raise _CannotError(f"write {path}: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    """Why, in the system's words."""
    return (error.strerror or str(error)).lower()
