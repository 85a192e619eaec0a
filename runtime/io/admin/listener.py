"""
The admin listener: HTTP for operators and their programs, on an address of its own.

It has no authentication, so its default address is loopback. Against pages in an operator's browser: a request must name
an address in Host, or a name that is known (a page led here by DNS names another), and must not have the Origin that
browsers give to requests of pages. Against sites whose origin is this very address, which a customer of a console may
state: it must not have Via, which the node adds to all that it forwards, whatever scripts do (RFC 9110 section 7.6.3).
Messages are read by the node's own strict rules (`http.framing`, `http.body`). A connection is for one request, with
`Connection: close`: it is asked a few times a minute, and nothing then has to be told apart, kept or timed out between
requests.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Final, NamedTuple

from runtime.http.body import BodyError, decoder_for
from runtime.http.fields import Field, combined
from runtime.http.framing import NO_BODY, HeadLimits
from runtime.http.refusal import Refuse
from runtime.http.status import reason_phrase
from runtime.http.target import Authority
from runtime.io.heads import read_request_head

MAX_CONNECTIONS: Final = 64
MAX_BODY_BYTES: Final = 64 << 10
READ_S: Final = 5.0
"""For a whole request."""
WRITE_S: Final = 10.0
"""For the client to take the answer."""
ANSWER_S: Final = 120.0
"""For an operation; a reload has its own, shorter bound."""
_LIMITS: Final = HeadLimits(target_bytes=4096, head_bytes=16_384)
_MAX_HEAD_BYTES: Final = 24_576
"""Room for the request line and separators too."""


class AdminRequest(NamedTuple):
    """What was asked. `path` is without the query."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes


class AdminAnswer(NamedTuple):
    """What is answered."""

    status: int
    body: bytes
    content_type: str = "application/json"
    fields: tuple[tuple[str, str], ...] = ()


Answer = Callable[[AdminRequest], Awaitable[AdminAnswer]]
Refusal = Callable[[int, str], AdminAnswer]
"""An answer to what is not accepted, of status and reason."""


class AdminListener:
    """Answers requests by `answer`. `names` may stand in Host beside addresses and localhost."""

    def __init__(self, answer: Answer, refusal: Refusal, names: Collection[str] = ()) -> None:
        self._answer = answer
        self._refusal = refusal
        self._names = {"localhost", *(name.lower() for name in names)}
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], socket.socket] = {}

    async def open(self, sockets: Collection[socket.socket]) -> None:
        """Answer on `sockets`, which listen."""
        for listening in sockets:
            self._servers.append(
                await asyncio.start_server(self._serve, sock=listening, limit=_MAX_HEAD_BYTES)
            )

    def descriptors(self) -> Iterator[int]:
        """Of its sockets, which no child needs."""
        for server in self._servers:
            yield from (each.fileno() for each in server.sockets)
        yield from (each.fileno() for each in self._connections.values())

    async def close(self) -> None:
        """Accept no more, and end what is under way."""
        for server in self._servers:
            server.close()
        for task in list(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=1.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._connections) >= MAX_CONNECTIONS:
                return
            self._connections[task] = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
                await self._exchange(reader, writer)
        finally:
            self._connections.pop(task, None)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(READ_S):
            request = await self._read(reader)
        if isinstance(request, AdminRequest):
            async with asyncio.timeout(ANSWER_S):
                answer = await self._answer(request)
            head_only = request.method == "HEAD"
        else:
            answer, head_only = self._refusal(request.status, request.reason), False
        writer.write(_message(answer, head_only=head_only))
        async with asyncio.timeout(WRITE_S):
            await writer.drain()
            writer.write_eof()
            await reader.read(1 << 16)  # so that what the client sent beyond does not reset the answer

    async def _read(self, reader: asyncio.StreamReader) -> AdminRequest | Refuse:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return Refuse(431, "head too long")
        accepted = read_request_head(head, _LIMITS)
        if isinstance(accepted, Refuse):
            return accepted
        method, _, fields, judged = accepted
        refused = self._refuse(fields, judged.authority)
        if refused is not None:
            return refused
        body = bytearray()
        if judged.framing is not NO_BODY:
            decoder = decoder_for(judged.framing)
            while not decoder.done:
                data = await reader.read(1 << 14)
                if not data:
                    return Refuse(400, "body broke off")
                try:
                    body += decoder.feed(data).content
                except BodyError as error:
                    return Refuse(400, str(error))
                if len(body) > MAX_BODY_BYTES:
                    return Refuse(413, "body too long")
        path, _, query = judged.target.path_and_query.decode("ascii").partition("?")
        content_type = combined(fields, b"content-type") or b""
        return AdminRequest(method.decode("ascii"), path, query, content_type.decode("latin-1"), bytes(body))

    def _refuse(self, fields: list[Field], authority: Authority | None) -> Refuse | None:
        """Why a request may come from a page in a browser, or from anywhere by way of this node."""
        if combined(fields, b"origin") is not None:
            return Refuse(403, "requests of pages are not answered")
        if combined(fields, b"via") is not None:
            return Refuse(403, "requests that a proxy forwarded are not answered")
        if authority is None:  # of HTTP/1.0, as balancers ask for health; a browser always names one
            return None
        host = authority.host.decode("ascii")
        if host in self._names or _is_address(host):
            return None
        return Refuse(421, "Host is neither an address nor a name that is known")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _message(answer: AdminAnswer, *, head_only: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {reason_phrase(answer.status).decode()}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        *(f"{name}: {value}" for name, value in answer.fields),
        "Connection: close",
    ]
    head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
    return head if head_only else head + answer.body
