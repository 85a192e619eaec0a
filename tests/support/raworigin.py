"""
A scriptable origin that writes exactly the bytes it is told and keeps exactly the bytes it was sent.

    async with RawOrigin(lambda asked: [OK]) as origin: ...

`answer` gets each request and says what to do: bytes are written, a number of seconds or an asyncio.Event is waited
for, `CLOSE` ends the connection, `RESET` resets it. Requests are read by a strict reader of its own, which knows
nothing of the node's; what it cannot read is in `malformed`.
"""

import asyncio
import re
import socket
import struct
from dataclasses import dataclass, field

CLOSE = "close"
RESET = "reset"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)")
_NO_TRAILERS = {b"content-length", b"transfer-encoding", b"host", b"connection", b"trailer", b"authorization"}
"""Fields that change what a request is: none may come behind its body (RFC 9110 section 6.5.1)."""


@dataclass
class Asked:
    """A request as the origin received it."""

    head: bytes
    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    connection: int
    """The number of the connection it came on, from 0."""
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    complete: bool = False

    def values(self, name):
        """Every value under `name`, in order."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


def response(body=b"ok", *fields, status=b"200 OK"):
    """A response with a length, `fields` as `Name: value` bytes."""
    lines = [b"HTTP/1.1 " + status, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class NoRequestError(Exception):
    """What came is no request this origin would read."""


@dataclass
class RawOrigin:
    """See the module's text. With `answers_early` it answers each head without reading the body behind it."""

    answer: object
    answers_early: bool = False
    receive_buffer: int = 0
    asked: list[Asked] = field(default_factory=list)
    malformed: list[bytes] = field(default_factory=list)
    connections: int = 0
    host: str = "127.0.0.1"
    port: int = 0

    async def __aenter__(self):
        listening = socket.socket()
        if self.receive_buffer:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        listening.bind((self.host, self.port))
        self._tasks = set()
        self._server = await asyncio.start_server(self._serve, sock=listening, backlog=1024)
        self.port = listening.getsockname()[1]
        return self

    async def __aexit__(self, *exc_info):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def targets(self):
        return [asked.target for asked in self.asked]

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        number = self.connections
        self.connections += 1
        try:
            while await self._serve_one(reader, writer, number):
                pass
        except NoRequestError as error:
            self.malformed.append(error.args[0])
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve_one(self, reader, writer, number):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise NoRequestError(error.partial) from None
            return False
        asked = read_head(head, number)
        self.asked.append(asked)
        if not self.answers_early:
            await read_body(asked, reader)
        for step in self.answer(asked):
            if not await carry_out(step, writer):
                return False
        return not self.answers_early


async def carry_out(step, writer):
    """Whether the connection goes on."""
    match step:
        case bytes():
            writer.write(step)
            await writer.drain()
        case float() | int():
            await asyncio.sleep(step)
        case asyncio.Event():
            await step.wait()
        case "close":
            writer.close()
            return False
        case "reset":
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        case _:
            raise TypeError(step)
    return True


def read_head(head, number):
    first, *lines = head[:-4].split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise NoRequestError(head)
    fields = []
    for text in lines:
        match = _FIELD.fullmatch(text)
        if match is None:
            raise NoRequestError(head)
        fields.append(match.groups())
    asked = Asked(head, line[1], line[2], fields, number)
    if len(asked.values(b"host")) != 1:
        raise NoRequestError(head)
    if len(asked.values(b"content-length")) + len(asked.values(b"transfer-encoding")) > 1:
        raise NoRequestError(head)
    return asked


async def read_trailers(asked, reader):
    trailers = []
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        match = _FIELD.fullmatch(line[:-2])
        if match is None or match[1].lower() in _NO_TRAILERS:
            raise NoRequestError(asked.head + line)
        trailers.append(match.groups())
    return trailers


async def read_body(asked, reader):
    for value in asked.values(b"content-length"):
        if not value.isdigit():
            raise NoRequestError(asked.head)
        asked.body = await reader.readexactly(int(value))
    for value in asked.values(b"transfer-encoding"):
        if value != b"chunked":
            raise NoRequestError(asked.head)
        pieces = []
        while True:
            line = await reader.readuntil(b"\r\n")
            if re.fullmatch(rb"[0-9a-f]+\r\n", line) is None:
                raise NoRequestError(asked.head + b"".join(pieces) + line)
            size = int(line, 16)
            if size == 0:
                asked.trailers = await read_trailers(asked, reader)
                break
            pieces.append(await reader.readexactly(size))
            if await reader.readexactly(2) != b"\r\n":
                raise NoRequestError(asked.head + b"".join(pieces))
        asked.body = b"".join(pieces)
    asked.complete = True
