"""
What nodes ask, answered on the loop from memory: `manifest`, `blobs`, `report`. Plain ASGI, since a thousand may ask at once.

Errors are raised as the service's `Refused`; whoever calls this makes problems of them.
"""

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from runtime.bundles.report import ReportAnswer, decode_report, encode_answer
from runtime.bundles.wire import BundleError
from runtime.console.model.access import NodeActor
from runtime.console.model.refusal import Refused, invalid, not_found
from runtime.console.sync.blobs import Blobs
from runtime.console.sync.counting import Counting
from runtime.console.sync.identities import Identities
from runtime.console.sync.manifests import Manifests
from runtime.console.sync.register import NameTaken, Register
from runtime.console.sync.tail import Tail
from runtime.console.sync.waiting import MAX_WAIT_S, Waiters

PREFIX: Final = "/api/v1/"
_NODE: Final = re.compile(r"/api/v1/nodes/([\w.-]{1,128})/(manifest|report)")
_BLOB: Final = re.compile(r"/api/v1/blobs/([0-9a-f]{64})")
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,6})?", re.ASCII)
MSGPACK: Final = b"application/msgpack"
IMMUTABLE: Final = b"public, max-age=31536000, immutable"

Fields = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    fields: Fields = ()


Handler = Callable[[Scope, Receive, str], Awaitable[Answer]]


class Route(NamedTuple):
    """`path` is the pattern as the OpenAPI document writes it; metrics are counted by it."""

    path: str
    method: str
    handler: Handler


class Endpoints:
    """The application that answers nodes."""

    def __init__(
        self,
        manifests: Manifests,
        waiters: Waiters,
        blobs: Blobs,
        identities: Identities,
        register: Register,
        counting: Counting,
        tail: Tail,
        now: Callable[[], float],
    ) -> None:
        """`now` gives Unix seconds."""
        self._manifests = manifests
        self._waiters = waiters
        self._blobs = blobs
        self._identities = identities
        self._register = register
        self._counting = counting
        self._tail = tail
        self._now = now
        self._routes = {
            "manifest": Route("/api/v1/nodes/{id}/manifest", "GET", self.manifest),
            "report": Route("/api/v1/nodes/{id}/report", "POST", self.report),
            "blob": Route("/api/v1/blobs/{sha256}", "GET", self.blob),
        }

    def match(self, path: str) -> tuple[Route, str] | None:
        """What answers `path`, and the node or blob it names; None where it is none of ours."""
        found = _NODE.fullmatch(path)
        if found is not None:
            return self._routes[found[2]], found[1]
        found = _BLOB.fullmatch(path)
        return None if found is None else (self._routes["blob"], found[1])

    async def answer(self, route: Route, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer. Raises Refused and Overloaded."""
        scope["route"] = route
        status, body, fields = await route.handler(scope, receive, name)
        headers = [(b"content-length", b"%d" % len(body)), *fields]
        if status == HTTPStatus.NO_CONTENT:
            headers = list(fields)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    async def manifest(self, scope: Scope, _receive: Receive, node: str) -> Answer:
        """The envelope if it is newer than `generation`, at once or within `wait` seconds; 204 otherwise."""
        who = await self._who(scope)
        known, wait_s = _asked(scope["query_string"])
        self._seen(who, node)
        if wait_s and self._manifests.generation(who.environment) <= known:
            await self._waiters.wait(who.environment, node, wait_s)
            # It may have been revoked meanwhile. Seen it was when it asked: it may be gone, and its connection not yet.
            who = await self._who(scope)
        kept = self._manifests.kept(who.environment)
        if kept is None:
            raise Refused("store-unavailable", "no manifest is known yet")
        if kept.generation <= known:
            return Answer(HTTPStatus.NO_CONTENT)
        return Answer(
            HTTPStatus.OK,
            kept.data,
            (
                (b"content-type", MSGPACK),
                (b"etag", b'"%d"' % kept.generation),
                (b"cache-control", b"no-store"),
            ),
        )

    async def blob(self, _scope: Scope, _receive: Receive, name: str) -> Answer:
        """The sealed bytes, for whoever asks: they tell nothing to whom the manifest has not told their key."""
        data = self._blobs.kept(name)
        if data is None:
            data = await self._blobs.get(name)
        if data is None:
            raise not_found("blob")
        fields = (
            (b"content-type", b"application/octet-stream"),
            (b"cache-control", IMMUTABLE),
            (b"etag", b'"%s"' % name.encode()),
        )
        return Answer(HTTPStatus.OK, data, fields)

    async def report(self, scope: Scope, receive: Receive, node: str) -> Answer:
        """Take what a node counted and logged; say when it is to report again, and which logs are read."""
        who = await self._who(scope)
        try:
            report = decode_report((await receive())["body"])
        except BundleError as error:
            raise invalid("report", str(error)) from None
        if report.node != node or report.environment != who.environment:
            raise invalid("report", "of another node than the path and the token say")
        now = self._now()
        try:
            self._register.reported(who, node, report, now)
        except NameTaken:
            raise _taken() from None
        self._counting.take(node, who.environment, report, now)
        wanted = self._tail.wanted(who.environment)
        if wanted and report.logs:
            self._tail.take(who.environment, node, report.logs)
        answer = ReportAnswer(self._register.interval_s(tailing=bool(wanted)), wanted)
        return Answer(HTTPStatus.OK, encode_answer(answer), ((b"content-type", MSGPACK),))

    def _seen(self, who: NodeActor, node: str) -> None:
        try:
            self._register.polled(who, node, self._now())
        except NameTaken:
            raise _taken() from None

    async def _who(self, scope: Scope) -> NodeActor:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        kind, _, text = given.decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not text:
            raise Refused("unauthorized", "want a node's token")
        who = await self._identities.of(text.strip())
        scope["who"] = who.label
        return who


def _taken() -> Refused:
    return Refused("conflict", "another node has this name, in another pool, region or environment")


def _asked(query: bytes) -> tuple[int, float]:
    """Generation and seconds of a query. Raises Refused."""
    given = dict(parse_qsl(query[:200].decode("latin-1"), max_num_fields=10))
    generation, wait = given.get("generation", "0"), given.get("wait", "0")
    if not _NUMBER.fullmatch(generation):
        raise invalid("generation", "want a number")
    if not _SECONDS.fullmatch(wait):
        raise invalid("wait", f"want 0 to {MAX_WAIT_S:g} seconds")
    return int(generation), min(float(wait), MAX_WAIT_S)
