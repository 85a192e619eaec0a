"""
Simulated nodes, many in one process: each has a connection of its own and follows the console as a node does.

    python -m loadtest.node_agents HOST:PORT TOKENS

TOKENS has a node's name and its token on each line. A node asks for the manifest and waits, checks its signature, environment
and generation, fetches the blobs it does not have, opens each, and reports. When all of them have been answered for a
generation, a line goes out: generation, and the moments (monotonic seconds) of the first and the last answer.

Blobs are opened by every node; only the parsing of a document is not repeated by nodes that share this process.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

import uvloop

from runtime.bundles.documents import blobs_of
from runtime.bundles.node_token import NodeToken, read_node_token
from runtime.bundles.report import Report, decode_answer, encode_report
from runtime.bundles.sealing import BlobRef, unseal
from runtime.bundles.verify import accept, open_document

WAIT_S: Final = 30
RETRY_S: Final = 0.5


class Connection(asyncio.Protocol):
    """A kept connection: one request at a time, bodies by Content-Length."""

    def __init__(self) -> None:
        self._data = b""
        self._answers: deque[asyncio.Future[tuple[int, bytes]]] = deque()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost = True
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(ConnectionError("the console hung up"))

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._transport.write(request)
        return answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        while self._data:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            lower = head.lower()
            at = lower.find(b"content-length: ")
            length = (
                int(lower[at + 16 : lower.find(b"\r\n", at) if b"\r\n" in lower[at:] else None])
                if at > 0
                else 0
            )
            if len(rest) < length:
                return
            self._data = rest[length:]
            self._answers.popleft().set_result((int(head[9:12]), rest[:length]))


class Fleet:
    """What all nodes of this process share: who has come to which generation."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._acked: dict[int, tuple[int, float]] = {}
        self.named: dict[bytes, tuple[BlobRef, ...]] = {}

    def acked(self, generation: int) -> None:
        count, first = self._acked.get(generation, (0, time.monotonic()))
        self._acked[generation] = count + 1, first
        if count + 1 == self._size:
            print(generation, first, time.monotonic(), flush=True)


class Node:
    """One node."""

    def __init__(self, name: str, token: NodeToken, fleet: Fleet) -> None:
        self._name = name
        self._token = token
        self._fleet = fleet
        self._fields = f"Host: console\r\nAuthorization: Bearer {token.text}\r\n".encode()
        self._generation = 0
        self._shelf: set[bytes] = set()

    async def run(self, host: str, port: int) -> None:
        while True:
            try:
                loop = asyncio.get_running_loop()
                _, connection = await loop.create_connection(Connection, host, port)
                while not connection.lost:
                    await self._follow(connection)
            except OSError:
                await asyncio.sleep(RETRY_S)

    async def _follow(self, connection: Connection) -> None:
        status, data = await connection.ask(
            b"GET /api/v1/nodes/%s/manifest?generation=%d&wait=%d HTTP/1.1\r\n%s\r\n"
            % (self._name.encode(), self._generation, WAIT_S, self._fields)
        )
        if status != 200:
            if status != 204:
                await asyncio.sleep(RETRY_S)
            return
        place = self._token.place
        manifest = accept(data, [place.public_key], place.environment, self._generation)
        for entry in manifest.domains:
            if entry.blob.sha256 in self._shelf:
                continue
            document = await self._fetch(connection, entry.blob)
            named = self._fleet.named.get(entry.digest)
            if named is None:
                named = self._fleet.named[entry.digest] = tuple(blobs_of(open_document(entry, document)))
            else:
                unseal(entry.blob, document)
            for ref in named:
                if ref.sha256 not in self._shelf:
                    unseal(ref, await self._fetch(connection, ref))
        self._generation = manifest.generation
        await self._report(connection)
        self._fleet.acked(self._generation)

    async def _fetch(self, connection: Connection, ref: BlobRef) -> bytes:
        status, data = await connection.ask(
            b"GET /api/v1/blobs/%s HTTP/1.1\r\nHost: console\r\n\r\n" % ref.name.encode()
        )
        if status != 200:
            raise ConnectionError(f"blob: {status}")
        self._shelf.add(ref.sha256)
        return data

    async def _report(self, connection: Connection) -> None:
        place = self._token.place
        report = Report(
            self._name, "bench", 1.0, place.environment, place.pool, place.region, self._generation
        )
        body = encode_report(report)
        status, answer = await connection.ask(
            b"POST /api/v1/nodes/%s/report HTTP/1.1\r\n%sContent-Type: application/msgpack\r\nContent-Length: %d\r\n\r\n%s"
            % (self._name.encode(), self._fields, len(body), body)
        )
        if status != 200:
            raise ConnectionError(f"report: {status}")
        decode_answer(answer)


async def follow(host: str, port: int, lines: list[list[str]]) -> None:
    fleet = Fleet(len(lines))
    nodes = [Node(name, read_node_token(text), fleet) for name, text in lines]
    await asyncio.gather(*(node.run(host, port) for node in nodes))


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    tokens = Path(sys.argv[2]).read_text(encoding="ascii")
    uvloop.run(follow(host, int(port), [line.split() for line in tokens.splitlines()]))


if __name__ == "__main__":
    main()
