"""A client that sends exactly the bytes it is told, and reads answers by a strict reader of its own."""

import asyncio
import contextlib
import re
import socket
import struct
from dataclasses import dataclass, field

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\t\x20-\x7e]*")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)")
TIMEOUT_S = 10


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = False
    """The body came to its end as the head announced it; by an orderly close, if that is the end."""
    interim: list[int] = field(default_factory=list)
    head: bytes = b""

    def __getitem__(self, name):
        """The one value under `name`."""
        values = self.values(name)
        assert len(values) == 1, f"{name}: {values}"
        return values[0]

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


class RawClient:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self._method = []

    async def send(self, data):
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def get(self, target, *fields, method="GET", version="1.1"):
        """Send a request without a body and read its answer."""
        await self.send(request(target, *fields, method=method, version=version))
        return await self.answer(head_only=method == "HEAD")

    async def answer(self, *, head_only=False):
        """The next answer; interim ones are noted in it. EOFError when the connection ends before its head."""
        async with asyncio.timeout(TIMEOUT_S):
            interim = []
            while True:
                answer = await self._head()
                if answer.status >= 200:
                    break
                interim.append(answer.status)
            answer.interim = interim
            if not head_only and answer.status not in {204, 304}:
                await self._body(answer)
            else:
                answer.complete = True
            return answer

    async def _head(self):
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise AssertionError(f"half a head: {error.partial}") from None
            raise EOFError from None
        first, *lines = head[:-4].split(b"\r\n")
        status = _STATUS_LINE.fullmatch(first)
        assert status, f"no status line: {first}"
        fields = []
        for line in lines:
            match = _FIELD.fullmatch(line)
            assert match, f"no field line: {line}"
            fields.append((match[1].decode("latin-1"), match[2].decode("latin-1")))
        return Answer(int(status[1]), fields, head=head)

    async def _body(self, answer):
        lengths = answer.values("content-length")
        codings = answer.values("transfer-encoding")
        assert len(lengths) + len(codings) <= 1, f"framed twice: {answer.head}"
        try:
            if lengths:
                await self._exactly(answer, int(lengths[0]))
            elif codings:
                assert codings == ["chunked"]
                await self._chunks(answer)
            else:
                while piece := await self.reader.read(1 << 16):
                    answer.body += piece
            answer.complete = True
        except (ConnectionError, asyncio.IncompleteReadError):
            pass

    async def _exactly(self, answer, size):
        pieces = []
        try:
            while size:
                piece = await self.reader.read(min(size, 1 << 16))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", size)
                pieces.append(piece)
                size -= len(piece)
        finally:
            answer.body += b"".join(pieces)

    async def _chunks(self, answer):
        while True:
            line = await self.reader.readuntil(b"\r\n")
            assert re.fullmatch(rb"[0-9a-f]+\r\n", line), f"no chunk size: {line}"
            size = int(line, 16)
            await self._exactly(answer, size)
            assert await self.reader.readexactly(2) == b"\r\n"
            if size == 0:
                return

    async def ended(self, within_s=TIMEOUT_S):
        """How the node ends the connection: `closed` or `reset`. Fails when it sends more or does not end it."""
        try:
            async with asyncio.timeout(within_s):
                rest = await self.reader.read(100)
        except ConnectionError:
            return "reset"
        except TimeoutError:
            raise AssertionError("the connection goes on") from None
        assert rest == b"", f"more came: {rest}"
        return "closed"

    def half_close(self):
        self.writer.write_eof()

    def reset(self):
        """Leave for good: a client that only closes may still be reading."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self):
        self.writer.transport.abort()


def request(target, *fields, method="GET", version="1.1", host="site.test"):
    """A request head; `fields` as `Name: value`."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {host}", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
