"""The node's process: one worker under uvloop, its signals, its end."""

import asyncio
import signal
import sys
from collections.abc import Callable

import uvloop

from runtime.config import Config
from runtime.io.worker import Worker
from runtime.scripts.site import Sites


def serve(config: Config, sites: Sites, *, on_listening: Callable[[str, int], None]) -> int:
    """
    Serve until SIGTERM or SIGINT, then drain. The exit status: 0, or 1 when the address cannot be taken.

    `on_listening` is told the address and port once requests are accepted. A second signal ends at once.
    """
    return uvloop.run(_serve(config, sites, on_listening))


async def _serve(config: Config, sites: Sites, on_listening: Callable[[str, int], None]) -> int:
    worker = Worker(config, sites)
    try:
        host, port = await worker.start()
    except OSError as error:
        print(f"edgescript: cannot listen on {config.listen}: {error.strerror or error}", file=sys.stderr)  # noqa: T201 - the process's own error
        return 1
    stopped = asyncio.Event()
    hurried = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (hurried if stopped.is_set() else stopped).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    on_listening(host, port)
    await stopped.wait()
    draining = loop.create_task(worker.stop())
    hurrying = loop.create_task(hurried.wait())
    await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    if draining.done():
        draining.result()
    return 0
