"""
Composition: from a store and keys to the application that a server runs.

The store and the service are made before the server begins, so that what is wrong with them is told on the command line;
what needs a loop (threads for calls, nodes that wait) is made when the server's loop runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from runtime.console.api.application import Application
from runtime.console.api.files import Files
from runtime.console.api.journal import Journal
from runtime.console.api.rates import (
    CUSTOMER_SIGN_INS_PER_MINUTE,
    CUSTOMER_WRITES_PER_S,
    FAILURES_PER_MINUTE,
    SIGN_INS_PER_MINUTE,
    TAILED_AT_ONCE,
    TRIED_AT_ONCE,
    WRITES_PER_S,
    Rate,
    Shares,
    Turns,
    UnderWay,
)
from runtime.console.api.surface import Surface
from runtime.console.calls import Calls
from runtime.console.service.console import Console
from runtime.console.store import Store
from runtime.console.sync.hub import Sync

PAGE: Final = Path(__file__).parent / "page" / "static"
RUN_THREADS: Final = 2
"""Each waits for a process that works."""
RUN_WAITING: Final = 32
"""Texts that wait to be checked or run; an author's next keystroke asks again."""
SYNC_THREADS: Final = 4
SYNC_WAITING: Final = 25_000
"""Nodes whose tokens are looked up, at most: all of them after a restart."""


class Clocks(NamedTuple):
    """Where time and chance come from."""

    now: Callable[[], float]
    """Unix seconds."""
    monotonic: Callable[[], float]
    new_id: Callable[[], str]
    """Of requests."""


def application(
    console: Console, store: Store, journal: Journal, clocks: Clocks, page: Path = PAGE
) -> Application:
    """The console as an ASGI application. It closes neither store nor journal."""

    def rate(times: int, per_s: int = 1) -> Rate:
        return Rate(times / per_s, times, clocks.monotonic)

    async def open_() -> Surface:
        store.on_trouble = journal.store_failed
        # Nodes have threads of their own, so that a thousand that come at once hold up no author.
        nodes = Calls(SYNC_THREADS, SYNC_WAITING, "sync")
        sync = Sync(
            console,
            store,
            nodes,
            now=clocks.now,
            monotonic=clocks.monotonic,
            failed=journal.duty_failed,
        )
        await sync.start()
        return Surface(
            console=console,
            store=store,
            sync=sync,
            call=Calls(name="service"),
            run=Calls(RUN_THREADS, RUN_WAITING, "run"),
            nodes=nodes,
            writes=Shares(rate(WRITES_PER_S), rate(CUSTOMER_WRITES_PER_S)),
            sign_ins=Shares(rate(SIGN_INS_PER_MINUTE, 60), rate(CUSTOMER_SIGN_INS_PER_MINUTE, 60)),
            failures=rate(FAILURES_PER_MINUTE, 60),
            tried=Turns(TRIED_AT_ONCE, "texts at once"),
            tailed=UnderWay(TAILED_AT_ONCE, "logs at once"),
            now=clocks.now,
            monotonic=clocks.monotonic,
        )

    async def close(surface: Surface) -> None:
        await surface.sync.stop()
        for calls in (surface.run, surface.call, surface.nodes):
            calls.close()

    return Application(
        open_,
        close,
        lambda surface: Files(page, surface.call),
        journal,
        clocks.new_id,
        clocks.monotonic,
    )
