"""
The server's side of a connection, with the bounds that uvicorn leaves open: how large a head may be, how long it may take, and
how many connections there may be.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.console.api.problems import KINDS, PROBLEM_TYPE, body_of

MAX_HEAD: Final = 64 << 10
"""Bytes, beside what one read brings."""
HEAD_WITHIN_S: Final = 15.0
MAX_CONNECTIONS: Final = 25_000
"""A node that waits has one open all the time."""


def _refusal(code: str, detail: str) -> bytes:
    """The whole answer to what is no request that the application could be asked with."""
    kind, body = KINDS[code], body_of(code, detail, "", {})
    head = (
        f"HTTP/1.1 {kind.status} {kind.title}\r\nConnection: close\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body


_TOO_LARGE: Final = _refusal("head-too-large", f"a request's head has at most {MAX_HEAD} bytes")
_UNREADABLE: Final = _refusal("bad-request", "this is no HTTP request")


class BoundedProtocol(HttpToolsProtocol):
    """As its base, and bounded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = True
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        if len(self.connections) > MAX_CONNECTIONS:
            self.transport.abort()
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD + len(data):
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        self.transport.write(_UNREADABLE)
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_WITHIN_S, self._too_slow)

    def _head_came(self) -> None:
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
