"""
What every request passes first and every answer last, whatever answers it.

The gate reads the body whole, within its bounds of size and time, so that nothing behind it waits for a client. It gives
the request an id, puts the security fields on the answer, and counts and logs it. An error that nobody caught becomes a
problem without a word of its own.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.console.api import problems
from runtime.console.api.problems import ProblemError

MAX_BODY: Final = 1 << 20
"""Of a node's report too (`runtime.bundles.report`)."""
MAX_SESSION_BODY: Final = 16 << 10
MAX_DISCARDED: Final = 64 << 20
"""A body that is too large is read to its end, so that the client sees the answer; one beyond this is cut off."""
BODY_WITHIN_S: Final = 30.0
JSON: Final = b"application/json"
MSGPACK: Final = b"application/msgpack"
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
SESSION: Final = "/api/v1/session"
REPORT: Final = re.compile(r"/api/v1/nodes/[^/]*/report")
"""Whole paths: a dictionary may be called `session` or `report`."""
HOST: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""Whatever an authority without user information is made of (RFC 3986 section 3.2)."""
SECURITY: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
API_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of what is data."""


class Ended(NamedTuple):
    """What is known of a request when it has been answered."""

    id: str
    method: str
    path: str
    route: str
    """The path's pattern, '' where none matched."""
    status: int
    duration_s: float
    client: str
    who: str


class Gate:
    """An ASGI application around another."""

    def __init__(
        self,
        app: ASGIApp,
        new_id: Callable[[], str],
        clock: Callable[[], float],
        ended: Callable[[Ended], None],
        failed: Callable[[str, BaseException], None],
        internal: Callable[[], ProblemError],
    ) -> None:
        """
        `clock` is monotonic; `ended` and `failed` are told of every answer and of every error nobody caught, `internal` is what
        clients are told of the latter.
        """
        self._app = app
        self._new_id = new_id
        self._clock = clock
        self._ended = ended
        self._failed = failed
        self._internal = internal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()
        request_id = scope["request_id"] = self._new_id()
        status = 0
        whole = False

        async def sending(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(message, request_id)
            elif message["type"] == "http.response.body":
                whole = not message.get("more_body")
            await send(message)

        try:
            try:
                _judge_host(scope)
                body = await _body(scope, receive, _most(scope["path"]))
                await self._app(scope, _replay(body, receive), sending)
            except ProblemError as error:
                await _refuse(error, request_id, scope, receive, sending)
            except Exception as error:
                self._failed(request_id, error)
                if status and not whole:
                    raise  # the server cuts the answer off, which is better than one that looks whole
                if not status:
                    await _refuse(self._internal(), request_id, scope, receive, sending)
        finally:
            self._ended(
                Ended(
                    request_id,
                    scope["method"],
                    scope["path"],
                    getattr(scope.get("route"), "path", ""),
                    status or 499,  # nginx's word for a client that went before its answer
                    self._clock() - started,
                    (scope.get("client") or ("",))[0],
                    scope.get("who", ""),
                )
            )


def _complete(message: Message, request_id: str) -> None:
    headers: list[tuple[bytes, bytes]] = list(message["headers"])
    present = {name.lower() for name, _ in headers}
    headers += SECURITY
    headers.append((b"x-request-id", request_id.encode()))
    if b"content-security-policy" not in present:
        headers.append((b"content-security-policy", API_POLICY))
    if b"cache-control" not in present:
        headers.append((b"cache-control", b"no-store"))
    message["headers"] = headers


async def _refuse(error: ProblemError, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
    answer = problems.answer(error.code, error.detail, request_id, error.headers, error.extra)
    await answer(scope, receive, send)


def _field(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def _judge_host(scope: Scope) -> None:
    """Raise ProblemError unless it is said once, and in its form, whom the request is for (RFC 9112 section 3.2)."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
        raise ProblemError("bad-request", f"want one Host, got {len(hosts)}", {"Connection": "close"})
    if hosts and not HOST.fullmatch(hosts[0]):
        raise ProblemError("bad-request", "Host: want a name or an address", {"Connection": "close"})


def _most(path: str) -> int:
    """Bytes of a body that `path` takes."""
    return MAX_SESSION_BODY if path == SESSION else MAX_BODY


async def _body(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body. Raises ProblemError for one that is too large, too slow, cut off, or not JSON where JSON is wanted."""
    if scope["method"] in WITH_BODY:
        _judge_type(scope)
    length = _field(scope, b"content-length")
    stated = int(length) if length.isdigit() and len(length) < 19 else 0
    if stated > most:
        close = {"Connection": "close"} if stated > MAX_DISCARDED else None
        raise ProblemError("too-large", f"a body has at most {most} bytes", close)
    chunked = bool(_field(scope, b"transfer-encoding"))
    if not stated and not chunked:
        return b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await _read(receive, most)
    except TimeoutError:
        raise ProblemError("bad-request", "the body did not come in time", {"Connection": "close"}) from None


def _judge_type(scope: Scope) -> None:
    """Raise ProblemError for another type than the resource takes. It also keeps out what a form of another site may send."""
    kind = _field(scope, b"content-type").partition(b";")[0].strip().lower()
    wanted = MSGPACK if REPORT.fullmatch(scope["path"]) else JSON
    if kind != wanted and (kind or _has_body(scope)):
        raise ProblemError("unsupported-type", f"want {wanted.decode()}")


def _has_body(scope: Scope) -> bool:
    return _field(scope, b"content-length") not in (b"", b"0") or bool(_field(scope, b"transfer-encoding"))


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError("bad-request", "the body was cut off")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise ProblemError("too-large", f"a body has at most {most} bytes", {"Connection": "close"})
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` as it would have been, with the body in one message."""
    given = False

    async def replaying() -> Any:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replaying
