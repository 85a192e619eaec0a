"""
Where clients come in: plainly, by TLS, behind a PROXY header, or both.

A plain listener is the loop's own server. Of the others each connection is accepted here, and waits outside the worker
until its header and handshake are done: how many may wait, and how long, is bounded. While as many wait as may, new ones
stay in the system's queue.

A PROXY header is taken off the socket before anything else reads it, byte for byte, so that TLS finds its first byte.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from runtime.http.proxy_protocol import (
    PEEK_BYTES,
    Announced,
    Networks,
    ProxyHeaderError,
    ProxyHeaderReader,
    within,
)
from runtime.io.listen.bound import BACKLOG
from runtime.io.listen.tls import ServerTls

ACCEPTED_IN_A_TURN: Final = 64
"""Connections taken up before others have their turn."""
RETRY_S: Final = 0.5
"""After the system refused a connection, as when there are no descriptors left."""
NOBODY: Final = Announced("", 0)

Arrive = Callable[[str, Announced], asyncio.Protocol]
"""Makes the protocol of a connection: its scheme, and who the proxy before it says is there (`NOBODY` if none did)."""


class Note(Protocol):
    """Logs an event."""

    def __call__(self, event: str, /, *, reason: str) -> None: ...


class Bounds(NamedTuple):
    """Of what comes before the first request."""

    handshakes: int
    """Connections that wait at one time."""
    handshake_s: float
    """For the PROXY header and the handshake."""
    shutdown_s: float
    """For the end of a TLS connection, in which the client takes what it was sent last."""


class Listeners:
    """All of a worker's. `tls` and `trusted` may be replaced at any time; connections from then on go by them."""

    def __init__(self, arrive: Arrive, note: Note, bounds: Bounds, trusted: Networks = ()) -> None:
        self.tls: ServerTls | None = None
        self.trusted = trusted
        """Who may announce clients by a PROXY header; others are refused."""
        self.waiting = 0
        """Connections whose header or handshake is under way."""
        self.failed = 0
        """Connections that ended in it."""
        self._arrive = arrive
        self._note = note
        self._bounds = bounds
        self._servers: list[asyncio.Server] = []
        self._doors: list[_Door] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, sockets: Iterable[socket.socket], *, tls: bool, proxy_protocol: bool) -> None:
        """Accept connections on `sockets`, which listen already and belong to these listeners from here on."""
        loop = asyncio.get_running_loop()
        for listening in sockets:
            # Answers are written whole; waiting for more would only delay them.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls or proxy_protocol:
                self._doors.append(_Door(self, listening, tls=tls, proxy_protocol=proxy_protocol))
            else:
                server = await loop.create_server(
                    lambda: self._arrive("http", NOBODY), sock=listening, backlog=BACKLOG
                )
                self._servers.append(server)

    def close(self) -> None:
        """Accept no more; who still waits is turned away."""
        for server in self._servers:
            server.close()
        for door in self._doors:
            door.close()
        for task in self._tasks:
            task.cancel()

    @property
    def full(self) -> bool:
        return self.waiting >= self._bounds.handshakes

    def admit(self, accepted: socket.socket, *, tls: bool, proxy_protocol: bool) -> None:
        """Take `accepted` through its header and handshake."""
        self.waiting += 1
        task = asyncio.get_running_loop().create_task(
            self._admit(accepted, tls=tls, proxy_protocol=proxy_protocol)
        )
        self._tasks.add(task)
        task.add_done_callback(self._admitted)

    def _admitted(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.waiting -= 1
        for door in self._doors:
            door.resume()

    async def _admit(self, accepted: socket.socket, *, tls: bool, proxy_protocol: bool) -> None:
        event = "proxy-header-failed"
        taken = False
        try:
            async with asyncio.timeout(self._bounds.handshake_s):
                announced = await self._announced(accepted) if proxy_protocol else NOBODY
                event = "tls-handshake-failed"
                taken = True  # the loop closes it from here on
                await self._take_in(accepted, announced, tls=tls)
        except TimeoutError:
            self._fail(event, "time is over")
        except ProxyHeaderError as error:
            self._fail(event, str(error))
        except ssl.SSLError as error:
            self._fail(event, (error.reason or "unknown").lower().replace("_", " "))
        except OSError as error:
            self._fail(event, error.strerror or "connection lost")
        finally:
            if not taken:
                accepted.close()

    async def _take_in(self, accepted: socket.socket, announced: Announced, *, tls: bool) -> None:
        loop = asyncio.get_running_loop()
        if not tls:
            await loop.connect_accepted_socket(lambda: self._arrive("http", announced), accepted)
            return
        assert self.tls is not None
        await loop.connect_accepted_socket(
            lambda: self._arrive("https", announced),
            accepted,
            ssl=self.tls.context,
            ssl_handshake_timeout=self._bounds.handshake_s,
            ssl_shutdown_timeout=self._bounds.shutdown_s,
        )

    async def _announced(self, accepted: socket.socket) -> Announced:
        """Who the proxy says is there. Raises ProxyHeaderError, OSError."""
        if not within(accepted.getpeername()[0], self.trusted):
            raise ProxyHeaderError("the peer is none of trusted_proxies")
        reader = ProxyHeaderReader()
        while not reader.done:
            await _readable(accepted)
            try:
                there = accepted.recv(PEEK_BYTES, socket.MSG_PEEK)
            except BlockingIOError:
                continue
            if not there:
                raise ProxyHeaderError("connection ended before the header did")
            accepted.recv(reader.feed(there))
        return reader.announced or NOBODY

    def _fail(self, event: str, reason: str) -> None:
        self.failed += 1
        self._note(event, reason=reason)

    def note_refused(self, error: OSError) -> None:
        """The system gave no connection."""
        self._note("accept-failed", reason=(error.strerror or str(error)).lower())


class _Door:
    """One listening socket whose connections do not begin with a request."""

    def __init__(
        self, listeners: Listeners, listening: socket.socket, *, tls: bool, proxy_protocol: bool
    ) -> None:
        self._listeners = listeners
        self._listening = listening
        self._tls = tls
        self._proxy_protocol = proxy_protocol
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._open = False
        self.resume()

    def resume(self) -> None:
        """Accept again."""
        if not self._open and self._retry is None and self._listening.fileno() >= 0:
            self._open = True
            self._loop.add_reader(self._listening, self._accept)

    def _pause(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._listening)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_IN_A_TURN):
            if self._listeners.full:
                self._pause()
                return
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._listeners.note_refused(error)
                self._pause()
                self._retry = self._loop.call_later(RETRY_S, self._try_again)
                return
            accepted.setblocking(False)
            self._listeners.admit(accepted, tls=self._tls, proxy_protocol=self._proxy_protocol)

    def _try_again(self) -> None:
        self._retry = None
        self.resume()

    def close(self) -> None:
        self._pause()
        if self._retry is not None:
            self._retry.cancel()
        self._listening.close()


async def _readable(sock: socket.socket) -> None:
    """Wait until `sock` has something to read."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(sock, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(sock)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
