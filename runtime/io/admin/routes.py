"""What may be asked of the admin listener, and what is answered. Errors are problem details (RFC 9457)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl

import msgspec

from runtime.cache.purge import Purge, PurgeKind, purge_of
from runtime.http.status import reason_phrase
from runtime.io.admin.listener import AdminAnswer, AdminRequest
from runtime.io.source import ReloadError
from runtime.observe.metrics import CONTENT_TYPE, render
from runtime.observe.samples import Samples

PROBLEM: Final = "application/problem+json"
MAX_FORM_FIELDS: Final = 16


class UnreadyError(Exception):
    """The node cannot do it now; the text says why."""


class Operations(Protocol):
    """What the node does for its operators."""

    def readiness(self) -> dict[str, Any]:
        """`ready`, and what of it is known: `generation`, `config_age_s`, `workers`, `trouble`."""
        ...

    async def figures(self) -> Samples: ...

    async def purge(self, purge: Purge) -> int:
        """How many responses it was about. Raises UnreadyError."""
        ...

    async def reload(self) -> dict[str, Any]:
        """What is served now. Raises ReloadError when it cannot be served, UnreadyError."""
        ...

    def config(self) -> dict[str, Any]: ...


class PurgeWish(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /purge`: one of the first four."""

    url: str | None = None
    prefix: str | None = None
    tag: str | None = None
    all: bool = False
    soft: bool = False


def problem(status: int, detail: str, fields: tuple[tuple[str, str], ...] = ()) -> AdminAnswer:
    """An error as RFC 9457 has it."""
    body = {
        "type": "about:blank",
        "title": reason_phrase(status).decode(),
        "status": status,
        "detail": detail,
    }
    return AdminAnswer(status, _json(body), PROBLEM, fields)


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


class Routes:
    """Answers of one node. With `probes`, those only that change nothing and tell no settings."""

    def __init__(self, operations: Operations, *, probes: bool = False) -> None:
        self._operations = operations
        self._routes: dict[str, _Route] = {
            "/healthz": _Route("GET", self._health),
            "/readyz": _Route("GET", self._readiness),
            "/metrics": _Route("GET", self._metrics),
        }
        if not probes:
            self._routes |= {
                "/config": _Route("GET", self._config),
                "/purge": _Route("POST", self._purge),
                "/reload": _Route("POST", self._reload),
            }

    async def answer(self, request: AdminRequest) -> AdminAnswer:
        """404 for an unknown path, 405 for another method than the path's."""
        route = self._routes.get(request.path)
        if route is None:
            return problem(404, f"no such path; there are {', '.join(self._routes)}")
        allowed = ("GET", "HEAD") if route.method == "GET" else (route.method,)
        if request.method not in allowed:
            return problem(405, f"want {route.method}", (("Allow", ", ".join(allowed)),))
        return await route.answer(request)

    async def _health(self, _request: AdminRequest) -> AdminAnswer:
        return AdminAnswer(200, _json({"alive": True}))

    async def _readiness(self, _request: AdminRequest) -> AdminAnswer:
        state = self._operations.readiness()
        return AdminAnswer(200 if state["ready"] else 503, _json(state))

    async def _metrics(self, _request: AdminRequest) -> AdminAnswer:
        return AdminAnswer(200, render(await self._operations.figures()), CONTENT_TYPE)

    async def _config(self, _request: AdminRequest) -> AdminAnswer:
        return AdminAnswer(200, _json(self._operations.config()))

    async def _purge(self, request: AdminRequest) -> AdminAnswer:
        try:
            purge = _wanted(_wish(request))
        except (ValueError, msgspec.ValidationError) as error:
            return problem(400, str(error))
        try:
            count = await self._operations.purge(purge)
        except UnreadyError as error:
            return problem(503, str(error))
        return AdminAnswer(200, _json({"purged": count, "kind": purge.kind, "soft": purge.soft}))

    async def _reload(self, _request: AdminRequest) -> AdminAnswer:
        try:
            return AdminAnswer(200, _json(await self._operations.reload()))
        except ReloadError as error:
            return problem(422, str(error))
        except UnreadyError as error:
            return problem(503, str(error))


class _Route(NamedTuple):
    method: str
    answer: Callable[[AdminRequest], Awaitable[AdminAnswer]]


def _wish(request: AdminRequest) -> PurgeWish:
    """What the body asks, JSON or a form. Raises ValueError."""
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type == "application/json":
        return msgspec.json.decode(request.body, type=PurgeWish)
    if media_type in {"", "application/x-www-form-urlencoded"}:
        text = request.body.decode() if request.body else request.query
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MAX_FORM_FIELDS
        )
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a field is given twice")
        return msgspec.convert(dict(pairs), PurgeWish, strict=False)
    raise ValueError(f"content type is {media_type!r}, want application/json or a form")


def _wanted(wish: PurgeWish) -> Purge:
    """Raises ValueError."""
    stated: list[tuple[PurgeKind, str]] = []
    if wish.url is not None:
        stated.append(("url", wish.url))
    if wish.prefix is not None:
        stated.append(("prefix", wish.prefix))
    if wish.tag is not None:
        stated.append(("tag", wish.tag))
    if wish.all:
        stated.append(("all", ""))
    if len(stated) != 1:
        raise ValueError("want one of url, prefix, tag and all")
    return purge_of(*stated[0], soft=wish.soft)
