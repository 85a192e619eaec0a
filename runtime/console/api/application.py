"""
The ASGI application: the gate, and behind it four kinds of answers.

    gate ─► what nodes ask (sync, no framework) │ the page's files │ health and metrics │ the API's resources (FastAPI)
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final

import msgspec
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runtime.console.api import faults, metrics, problems
from runtime.console.api.document import VERSION, document
from runtime.console.api.files import Files
from runtime.console.api.gate import Ended, Gate
from runtime.console.api.journal import Journal
from runtime.console.api.metrics import Gauge, Metrics
from runtime.console.api.problems import ProblemError
from runtime.console.api.routes import (
    access,
    dictionaries,
    domains,
    nodes,
    observing,
    publishing,
    scripts,
    sessions,
    trying,
    versions,
)
from runtime.console.api.surface import Surface
from runtime.console.store import StoreError

ROUTERS: Final = (
    sessions.router,
    domains.router,
    scripts.router,
    versions.router,
    publishing.router,
    dictionaries.router,
    observing.router,
    access.router,
    nodes.router,
    trying.router,
)
COMMON: Final = problems.documented(
    "bad-request",
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",
    "not-staged",
    "rollout-running",
    "limit",
    "too-large",
    "unsupported-type",
    "invalid",
    "has-errors",
    "too-many",
    "store-unavailable",
    "overloaded",
)
READ: Final = frozenset({"GET", "HEAD"})


class Application:
    """All of the console's HTTP. `surface` is set once the loop runs (`open_`)."""

    def __init__(
        self,
        open_: Callable[[], Awaitable[Surface]],
        close: Callable[[Surface], Awaitable[None]],
        files: Callable[[Surface], Files],
        journal: Journal,
        new_id: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._open = open_
        self._close = close
        self._files_of = files
        self._journal = journal
        self._surface: Surface | None = None
        self._files: Files | None = None
        _document()  # made now, with the resources, and not while somebody waits
        self._metrics = Metrics(self._gauges())
        self._gate = Gate(self._dispatch, new_id, monotonic, self._ended, journal.failed, faults.internal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._gate(scope, receive, send)

    @property
    def surface(self) -> Surface:
        """What routes reach, while it runs."""
        assert self._surface is not None, "asked after the start"
        return self._surface

    def drain(self) -> None:
        """Answer whoever waits: the server is about to stop."""
        if self._surface is not None:
            self._surface.sync.drain()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open and close with the server (ASGI's lifespan)."""
        await receive()
        try:
            self._surface = await self._open()
        except Exception as error:  # noqa: BLE001 - the server ends with it
            self._journal.failed("", error)
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            return
        self._files = self._files_of(self._surface)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._close(self._surface)
        await send({"type": "lifespan.shutdown.complete"})

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        surface, files = self.surface, self._files
        assert files is not None, "requests come after the start"
        path = scope["path"]
        try:
            asked = surface.sync.endpoints.match(path)
            if asked is not None:
                route, name = asked
                _must(scope, frozenset({route.method}))
                await surface.sync.endpoints.answer(route, name, scope, receive, send)
                return
            file = files.name_of(path)
            if file is not None:
                _must(scope, READ)
                await files.answer(file, scope, receive, send)
                return
        except Exception as error:
            problem = faults.problem_of(error)
            if problem is None:
                raise
            raise problem from error
        own = self._own.get(path)
        if own is None:
            scope["surface"] = surface
            await _api()(scope, receive, send)
            return
        _must(scope, READ)
        await (await own(self))(scope, receive, send)

    def _ended(self, ended: Ended) -> None:
        self._metrics.ended(ended)
        self._journal.ended(ended)

    async def _health(self) -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def _readiness(self) -> Response:
        surface = self.surface
        try:
            await surface.call(surface.store.ping)
        except StoreError:
            raise ProblemError("store-unavailable", "the store does not answer") from None
        if not surface.sync.ready:
            raise ProblemError("store-unavailable", "no manifest is known yet")
        trouble = surface.store.trouble
        told = {"status": "ready"} | ({"trouble": trouble} if trouble else {})
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def _show_metrics(self) -> Response:
        return Response(self._metrics.text(), media_type=metrics.CONTENT_TYPE)

    async def _show_document(self) -> Response:
        return Response(_document(), media_type="application/json")

    _own: Final[dict[str, Callable[["Application"], Awaitable[Response]]]] = {
        "/healthz": _health,
        "/readyz": _readiness,
        "/metrics": _show_metrics,
        "/api/openapi.json": _show_document,
    }

    def _gauges(self) -> list[Gauge]:
        def of(read: Callable[[Surface], float]) -> Callable[[], float]:
            return lambda: 0.0 if self._surface is None else read(self._surface)

        return [
            Gauge(
                "console_nodes",
                "Nodes, whichever console they ask, by how they are.",
                lambda: {} if self._surface is None else self._surface.sync.states,
                ("environment", "state"),
            ),
            Gauge(
                "console_nodes_waiting", "Nodes that wait for a manifest.", of(lambda s: len(s.sync.waiters))
            ),
            Gauge("console_calls", "Calls of the service under way.", of(lambda s: s.call.under_way)),
            Gauge(
                "console_store_failing",
                "Whether the last change or look in the store failed.",
                of(lambda s: float(bool(s.store.trouble))),
            ),
            Gauge(
                "console_duties_failing",
                "Background duties whose last turn failed.",
                of(lambda s: len(s.sync.ticker.failing)),
            ),
            Gauge(
                "console_figures_left_out",
                "Counters of nodes for which there was no room.",
                of(lambda s: s.sync.counting.left_out),
            ),
        ]


def _must(scope: Scope, methods: frozenset[str]) -> None:
    if scope["method"] not in methods:
        raise ProblemError(
            "method-not-allowed", "there is no such method here", {"Allow": ", ".join(sorted(methods))}
        )


@cache
def _api() -> FastAPI:
    """The resources. They hold nothing of an application: what they reach comes with the request."""
    api = FastAPI(
        title="EdgeScript console",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        api.include_router(router, responses=COMMON)
    faults.install(api)
    return api


@cache
def _document() -> bytes:
    return msgspec.json.encode(document(_api()))
