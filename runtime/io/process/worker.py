"""The life of a worker's process: it serves, carries out its supervisor's orders, and ends with it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, assert_never

import uvloop

from runtime.cache.purge import Purge as WhatToPurge
from runtime.config import Config
from runtime.io.channel import Channel
from runtime.io.figures import figures, trouble
from runtime.io.listen.bound import Sockets
from runtime.io.listen.tls import ServerTls
from runtime.io.process.control import (
    Beat,
    Commit,
    Drain,
    Follow,
    Order,
    Prepare,
    Purge,
    Reopen,
    Reply,
    Tell,
    to_supervisor,
)
from runtime.io.source import Source
from runtime.io.worker import Worker
from runtime.scripts.site import Sites

BEAT_S: Final = 1.0
"""Between two signs of life."""


def live(
    config: Config,
    sites: Sites,
    generation: int,
    source: Source | None,
    sockets: Sockets,
    control: socket.socket,
    tls: ServerTls | None = None,
    shared: Path | None = None,
) -> int:
    """
    Serve `sites` on `sockets` until told to end by `control`, or it ends. The exit status. `shared` is a directory of all
    workers, where there are others.
    """
    process = _Process(
        Worker(config, sites, tls=tls, shared=shared), generation, source
    )  # before there is a loop: it opens what is shared
    uvloop.run(process.live(sockets, control))
    return 0


class _Process:
    def __init__(self, worker: Worker, generation: int, source: Source | None) -> None:
        self._worker = worker
        self._generation = generation
        self._source = source
        self._prepared: tuple[int, Sites, Config] | None = None
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._channel: Channel = to_supervisor(self._on_order, self._ended.set)

    async def live(self, sockets: Sockets, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await self._worker.start(sockets)
        await loop.create_unix_connection(lambda: self._channel, sock=control)
        living = [loop.create_task(self._beat())]
        if self._source is not None:
            living.append(loop.create_task(self._source.live(self._worker.log.note)))
        await self._ended.wait()
        await self._worker.stop()
        for task in living:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._channel.send(Beat(self._generation, figures(self._worker)))
        self._channel.finish()
        await asyncio.sleep(0)

    async def _beat(self) -> None:
        while True:
            self._channel.send(Beat(self._generation, figures(self._worker), trouble(self._worker)))
            await asyncio.sleep(BEAT_S)

    def _on_order(self, order: Order) -> None:
        match order:
            case Prepare():
                task = asyncio.get_running_loop().create_task(self._prepare(order))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Drain():
                if order.hurry:
                    self._worker.hurry()
                self._ended.set()
                self._reply(order)
            case Commit():
                self._commit(order)
            case Purge():
                self._purge(order)
            case Tell():
                self._reply(
                    order,
                    samples=figures(self._worker),
                    states=self._worker.states(),
                    trouble=trouble(self._worker),
                )
            case Reopen():
                self._worker.reopen_logs()
                self._reply(order)
            case Follow():
                self._reply(order, lines=self._worker.follow(order.domains))
            case _:
                assert_never(order)

    def _reply(self, order: Order, **answer: Any) -> None:
        self._channel.send(Reply(order.number, **answer))

    async def _prepare(self, order: Prepare) -> None:
        """Build what is to be served, in a thread, so that requests are answered meanwhile."""
        try:
            assert self._source is not None, "what cannot be read is not read anew"
            sites, config = await asyncio.to_thread(self._read, self._source, order.bundle)
        except Exception as error:  # noqa: BLE001 - whatever was wrong with it, what is served goes on
            self._reply(order, error=f"{type(error).__name__}: {error}")
            return
        self._prepared = order.generation, sites, config
        self._reply(order)

    def _read(self, source: Source, bundle: bytes) -> tuple[Sites, Config]:
        return source.build(bundle), source.settings(bundle)

    def _commit(self, order: Commit) -> None:
        if self._prepared is None or self._prepared[0] != order.generation:
            self._reply(order, error="nothing of that generation was prepared")
            return
        (self._generation, sites, config), self._prepared = self._prepared, None
        before = self._worker.install(sites)
        self._worker.trust(config.trusted_proxies)
        names = [script.name for site in sites.all() for script in site.scripts]
        self._reply(order, states=before, scripts=names)

    def _purge(self, order: Purge) -> None:
        purge = WhatToPurge(_KINDS[order.kind], order.value, order.soft, order.hosts)
        count = self._worker.cache.store.purge(purge, self._worker.clock())
        self._reply(order, count=count, shared=self._worker.stored.objects is not None)


_KINDS: Final[dict[str, Any]] = {kind: kind for kind in ("url", "prefix", "tag", "all")}


Birth = Callable[[int, socket.socket], int]
"""Makes the current process the worker of a slot, with its end of the channel; the exit status."""
