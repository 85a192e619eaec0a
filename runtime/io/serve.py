"""The node's process: one worker under uvloop, its signals, its end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TypeAlias

import uvloop

from runtime.config import Config, ConfigError
from runtime.io.worker import Worker
from runtime.scripts.site import Sites

Load: TypeAlias = Callable[[], Sites]
"""Reads what is to be served. Raises ConfigError when it cannot be, having told people why."""


def serve(
    config: Config, sites: Sites, *, on_listening: Callable[[str, int], None], reload: Load | None = None
) -> int:
    """
    Serve until SIGTERM or SIGINT, then drain. The exit status: 0, or 1 when the address cannot be taken.

    `on_listening` is told the address and port once requests are accepted. A second signal ends at once. SIGHUP
    serves what `reload` gives from then on, or goes on as before when it raises; without `reload` it ends the node
    as SIGTERM does. `reload` is called in a thread of its own, one call at a time. SIGUSR1 logs the scripts' states.
    """
    return uvloop.run(_serve(config, sites, on_listening, reload))


async def _serve(
    config: Config, sites: Sites, on_listening: Callable[[str, int], None], reload: Load | None
) -> int:
    worker = Worker(config, sites)
    try:
        host, port = await worker.start()
    except OSError as error:
        print(f"edgescript: cannot listen on {config.listen}: {_reason(error)}", file=sys.stderr)  # noqa: T201 - the process's own error
        return 1
    stopped = asyncio.Event()
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_end() -> None:
        if stopped.is_set():
            worker.hurry()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_end)
    loop.add_signal_handler(signal.SIGUSR1, worker.log_states)
    loop.add_signal_handler(signal.SIGHUP, on_end if reload is None else changed.set)
    reloading = loop.create_task(_reload_when(changed, worker, reload)) if reload is not None else None
    on_listening(host, port)
    await stopped.wait()
    if reloading is not None:
        reloading.cancel()
    await worker.stop()
    return 0


async def _reload_when(changed: asyncio.Event, worker: Worker, load: Load) -> None:
    """Serve what `load` gives each time `changed` is set; once more if it is set meanwhile."""
    while True:
        await changed.wait()
        changed.clear()
        try:
            sites = await asyncio.to_thread(load)
        except ConfigError as error:
            worker.log.note("reload-failed", reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever was wrong with the new scripts, the old ones go on
            worker.log.note("reload-failed", reason=f"internal error: {type(error).__name__}")
        else:
            before = worker.front.sites.states()
            worker.front.install(sites)
            worker.log.note(
                "reloaded",
                scripts=[script.name for site in sites.all() for script in site.scripts],
                before=before,
            )


def _reason(error: OSError) -> str:
    """Why an address cannot be taken, without the loop's own words around the system's."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return (error.strerror or str(error)).lower()
    return os.strerror(error.errno).lower()
