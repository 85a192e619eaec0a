"""What nodes counted and logged of a domain."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from runtime.console.api.body import JsonRoute
from runtime.console.api.problems import ProblemError
from runtime.console.api.shapes.base import Environment
from runtime.console.api.shapes.nodes import Lines, Metrics
from runtime.console.api.surface import ROOT, Here, Surface, Who, customer, identify
from runtime.console.model.access import Actor
from runtime.console.model.refusal import Refused
from runtime.console.store import figures
from runtime.console.store.figures import FigureRow
from runtime.console.sync.filters import MAX_FILTER, BadFilter, Filter, read_filter
from runtime.console.sync.tail import Reader

router = APIRouter(prefix=ROOT + "/domains/{domain}", tags=["observing"], route_class=JsonRoute)
STEPS_S: Final = (10, 60, 600, 3600)
POINTS: Final = 500
"""About so many a series: the step is chosen for it."""
LOOK_BACK_S: Final = 3600.0
MAX_LOOK_BACK_S: Final = 31 * 86400.0
BEAT_S: Final = 15.0
"""Between two signs of life of a stream; its reader's token is looked at again with each."""
EVENTS: Final = "text/event-stream"


@router.get("/metrics", response_model=Metrics)
async def metrics(
    domain: str,
    who: Who,
    here: Here,
    environment: Environment = "production",
    script: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[float | None, Query(ge=0, le=253402300799)] = None,
) -> Any:
    """Sums by script, version and release; script '' has the requests of the whole domain."""
    now = here.now()
    start = max(now - MAX_LOOK_BACK_S, now - LOOK_BACK_S if since is None else since)
    wanted = max(0.0, now - start) / POINTS
    step_s = next((step for step in STEPS_S if step >= wanted), STEPS_S[-1])
    start = start // step_s * step_s
    rows = await here.call(_figures, here, who, domain, environment, script, start, step_s)
    return {"step_s": step_s, "series": _series(rows)}


def _figures(
    here: Surface, who: Actor, domain: str, environment: str, script: str | None, since: float, step_s: int
) -> list[FigureRow]:
    # What nodes told late of a domain that had this name before is not this one's.
    since = max(since, here.console.domains.get(who, domain).created)
    with here.store.read() as reading:
        return figures.series(reading, domain, environment, since=since, script=script or None, step_s=step_s)


def _series(rows: list[FigureRow]) -> list[dict[str, Any]]:
    found: dict[tuple[str, int, int], list[list[float]]] = {}
    for row in rows:
        found.setdefault((row.script, row.version, row.release), []).append(
            [
                row.bucket,
                row.hit,
                row.not_hit,
                row.none,
                row.exception,
                row.errors_5xx,
                row.requests,
                row.fuel,
                row.time_us,
            ]
        )
    return [
        {"script": script, "version": version, "release": release, "points": points}
        for (script, version, release), points in sorted(found.items())
    ]


@router.get(
    "/logs",
    response_model=Lines,
    responses={200: {"content": {EVENTS: {"schema": {"type": "string"}}}}},
)
async def logs(
    domain: str,
    request: Request,
    who: Who,
    here: Here,
    environment: Environment = "production",
    filter: Annotated[str, Query(max_length=MAX_FILTER)] = "",  # noqa: A002 - the parameter's name in the API
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:
    """
    Lines of the access log, the newest first; as a stream of events for whoever accepts that.

    Nodes send lines of a domain only while somebody reads them, so the first answer may have none.
    """
    found = await here.call(here.console.domains.get, who, domain)
    try:
        matches = read_filter(filter)
    except BadFilter as error:
        raise ProblemError("invalid", f"filter: {error}") from None
    if EVENTS in request.headers.get("accept", ""):
        stream = _followed(request, here, who, domain, environment, matches)
        await anext(stream)  # what is refused is refused before the answer begins
        return StreamingResponse(stream, media_type=EVENTS, headers={"X-Accel-Buffering": "no"})
    return _lines(here, environment, domain, matches, limit, here.now() - found.created)


def _lines(
    here: Surface, environment: str, domain: str, matches: Filter, limit: int, within_s: float
) -> Response:
    found = here.sync.tail.recent(environment, domain, matches, limit, within_s)
    items = [msgspec.Raw(line) for line in found]
    return Response(
        msgspec.json.encode({"items": items, "dropped": here.sync.tail.dropped}),
        media_type="application/json",
    )


async def _followed(
    request: Request, here: Surface, who: Actor, domain: str, environment: str, matches: Filter
) -> AsyncIterator[bytes]:
    """The events, after one that is empty."""
    with here.tailed.one(customer(who)):
        reader = here.sync.tail.read(environment, domain, matches, who.id)
        try:
            yield b""
            async for event in _events(request, here, domain, reader):
                yield event
        finally:
            here.sync.tail.leave(environment, domain, reader)


async def _events(request: Request, here: Surface, domain: str, reader: Reader) -> AsyncIterator[bytes]:
    yield b": the log begins\n\n"
    looked = here.monotonic()
    while not reader.ended:
        lines, lost = await reader.take(BEAT_S)
        if lost:
            yield b'event: notice\ndata: {"code":"dropped","count":%d}\n\n' % lost
        if lines:
            yield b"".join(b"data: %s\n\n" % line for line in lines)
        if here.monotonic() - looked >= BEAT_S:
            looked = here.monotonic()
            if not await _may_still(request, here, domain):
                break
            yield b": still here\n\n"
    yield b'event: notice\ndata: {"code":"ended"}\n\n'


async def _may_still(request: Request, here: Surface, domain: str) -> bool:
    """Whether the reader's token still holds. While the store is away it does."""
    try:
        who = await identify(request, here)
        await here.call(here.console.domains.get, who, domain)
    except Refused as error:
        return error.code == "store-unavailable"
    except ProblemError:
        return False
    return True
