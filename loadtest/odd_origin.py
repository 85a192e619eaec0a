"""
An origin that does as its URL says: well, badly, or nothing.

    .venv/bin/python -m loadtest.odd_origin [--port 8000]

The first part of a target is a kind of `KINDS`; another target is treated as `keep`. The bodies are those of `bodies`, by Host and
target. It prints `listening on PORT` when it does.
"""

import argparse
import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import uvloop

from loadtest.bodies import body_of

HEAD_BYTES: Final = 64 << 10
STALLED_S: Final = 60.0
"""How long nothing comes where nothing shall come: longer than whoever waits for it."""
POISON: Final = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 6\r\n\r\npoison"
"""What follows a body that is longer than was said: an answer to a request that nobody made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what to answer it with if all is well."""

    host: str
    target: str
    cache_control: str
    body: bytes
    fields: tuple[str, ...] = ()

    def head(self, *framing: str) -> bytes:
        lines = ("HTTP/1.1 200 OK", f"Cache-Control: {self.cache_control}", *self.fields, *framing, "", "")
        return "\r\n".join(lines).encode("latin-1")

    @property
    def message(self) -> bytes:
        return self.head(f"Content-Length: {len(self.body)}") + self.body

    @property
    def part(self) -> bytes:
        return self.body[: len(self.body) // 2]


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[bool]]
"""Answers a request; whether the connection goes on."""


async def _whole(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(asked.message)
    await writer.drain()
    return True


async def _silent(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(STALLED_S)
    return False


async def _stalled_body(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(asked.message[: -len(asked.body) // 2])
    await asyncio.sleep(STALLED_S)
    return False


async def _cut(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(asked.head(f"Content-Length: {len(asked.body)}") + asked.part)
    await writer.drain()
    return False


async def _reset(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    await _cut(asked, writer)
    await asyncio.sleep(0.02)  # so that what was sent arrives before the reset does
    endpoint: socket.socket = writer.get_extra_info("socket")
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


async def _cut_chunks(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    part = asked.part
    writer.write(asked.head("Transfer-Encoding: chunked") + b"%x\r\n%s\r\n" % (len(part), part))
    await writer.drain()
    return False


async def _too_short(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(asked.head(f"Content-Length: {2 * len(asked.body)}") + asked.body)
    await writer.drain()
    return False


async def _too_long(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(asked.message + POISON)
    await writer.drain()
    return True


async def _no_http(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()
    return False


@dataclass(frozen=True, slots=True)
class Kind:
    """How targets of a kind are answered, and what caches are told of it."""

    answer: Answer = _whole
    cache_control: str = "max-age=3600"
    tagged: bool = False
    """Cache-Tag is NAME up to its first hyphen."""
    versioned: bool = False
    """Each answer has another body: the number of the request for that URL, also in X-Version."""


KINDS: Final = {
    "keep": Kind(),
    "brief": Kind(cache_control="max-age=1, stale-if-error=600"),
    "pass": Kind(cache_control="no-store"),
    "tagged": Kind(tagged=True),
    "version": Kind(tagged=True, versioned=True),
    "silent": Kind(_silent),
    "stalled": Kind(_stalled_body),
    "cut": Kind(_cut),
    "reset": Kind(_reset),
    "chunks": Kind(_cut_chunks),
    "short": Kind(_too_short),
    "long": Kind(_too_long),
    "nohttp": Kind(_no_http),
}


class OddOrigin:
    """Counts the requests for each URL of a versioned kind."""

    def __init__(self) -> None:
        self._versions: Counter[tuple[str, str]] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, until either side has enough of it."""
        try:
            going_on = True
            while going_on:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request_line, _, fields = head.partition("\r\n")
                named = dict(line.lower().split(": ", 1) for line in fields.split("\r\n") if ": " in line)
                await reader.readexactly(int(named.get("content-length", 0)))
                target = request_line.split(" ")[1]
                kind = KINDS.get(target.split("/")[1], KINDS["keep"])
                going_on = await kind.answer(self._asked(kind, named.get("host", ""), target), writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    def _asked(self, kind: Kind, host: str, target: str) -> Asked:
        fields: list[str] = []
        version = 0
        if kind.versioned:
            self._versions[host, target] += 1
            version = self._versions[host, target]
            fields.append(f"X-Version: {version}")
        if kind.tagged:
            fields.append(f"Cache-Tag: {target.rpartition('/')[2].partition('-')[0]}")
        return Asked(host, target, kind.cache_control, body_of(host, target, version), tuple(fields))


async def run(port: int) -> None:
    """Serve on 127.0.0.1 until cancelled."""
    server = await asyncio.start_server(OddOrigin().serve, "127.0.0.1", port, limit=HEAD_BYTES, backlog=1024)
    async with server:
        print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="An origin that does as its URL says.")
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
