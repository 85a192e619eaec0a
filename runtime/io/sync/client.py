"""
The console over HTTP, as a node asks it: manifests, blobs, reports. Every answer is bounded, every wait ends.

Blobs are asked for without the token: they are sealed, and HTTP caches keep answers only to requests without one. Redirects
are not followed, since a token must not go where the operator did not send it.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import httpx

from runtime.bundles.report import MAX_ANSWER_BYTES, Report, ReportAnswer, decode_answer, encode_report
from runtime.bundles.sealing import BlobRef, is_whole
from runtime.bundles.signing import MAX_ENVELOPE_BYTES
from runtime.bundles.wire import BundleError
from runtime.io.sync.access import ConsoleAccess
from runtime.io.sync.core import Answered, Hindered, Hindrance, NothingNew

CONNECT_S: Final = 10.0
READ_S: Final = 20.0
"""Between two reads."""
BODY_S: Final = 300.0
"""For all of an answer: the largest over a slow line."""
CONNECTIONS: Final = 10
_WHY: Final[Mapping[int, Hindrance]] = {401: "token", 403: "token", 429: "busy", 503: "busy"}
_NOT_LET_IN: Final = "the console does not take the token: it was revoked, the node was removed, or it has expired; a new one is needed"
_KIND: Final = "application/msgpack"


class HinderedError(Exception):
    """There is no answer that could be used."""

    def __init__(self, hindered: Hindered) -> None:
        super().__init__(hindered.text)
        self.hindered = hindered


class ConsoleClient:
    """An asynchronous context. Everything it raises is a HinderedError."""

    def __init__(self, access: ConsoleAccess) -> None:
        """Raises OSError, ssl.SSLError for a file of certificates that cannot be used."""
        verify = ssl.create_default_context(cafile=access.ca_file or None)
        self._http = httpx.AsyncClient(
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            headers={"User-Agent": f"edgescript/{access.version}", "Accept-Encoding": "identity"},
        )
        self._token = {"Authorization": f"Bearer {access.token.text}"}
        self._api = f"{access.url}/api/v1"
        self._node = f"{self._api}/nodes/{quote(access.node, safe='')}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def manifest(self, after: int, wait_s: float) -> Answered | NothingNew:
        """What there is above generation `after`, within `wait_s` of waiting for it."""
        began = time.monotonic()
        query = {"generation": str(max(after, 0)), "wait": f"{wait_s:g}"}
        status, body = await self._ask(
            "GET", f"{self._node}/manifest", MAX_ENVELOPE_BYTES, wait_s, params=query, headers=self._token
        )
        if status in {204, 304}:
            return NothingNew(time.monotonic() - began)
        return Answered(body)

    async def blob(self, ref: BlobRef) -> bytes:
        """The bytes of a blob, which are its own."""
        _, body = await self._ask("GET", f"{self._api}/blobs/{ref.name}", ref.size)
        if not is_whole(ref, body):
            raise HinderedError(Hindered("answer", f"blob {ref.name[:12]}: not the bytes it is named by"))
        return body

    async def report(self, report: Report) -> ReportAnswer:
        """What the console says to a report."""
        try:
            _, body = await self._ask(
                "POST",
                f"{self._node}/report",
                MAX_ANSWER_BYTES,
                content=encode_report(report),
                headers={**self._token, "Content-Type": _KIND, "Accept": _KIND},
            )
            return decode_answer(body)
        except BundleError as error:
            raise HinderedError(Hindered("answer", str(error))) from None

    async def _ask(
        self,
        method: str,
        url: str,
        most_bytes: int,
        wait_s: float = 0.0,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is 200, 204 or 304. Raises HinderedError."""
        timeout = httpx.Timeout(READ_S + wait_s, connect=CONNECT_S)
        request = self._http.build_request(
            method, url, params=params, headers=headers, content=content, timeout=timeout
        )
        try:
            async with asyncio.timeout(BODY_S + wait_s):
                answer = await self._http.send(request, stream=True)
                try:
                    return await _taken(answer, most_bytes)
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise HinderedError(Hindered("unreachable", "the console takes too long")) from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise HinderedError(Hindered("unreachable", _reason(error))) from None


async def _taken(answer: httpx.Response, most_bytes: int) -> tuple[int, bytes]:
    status = answer.status_code
    if status not in {200, 204, 304}:
        why = _WHY.get(status, "answer")
        text = _NOT_LET_IN if why == "token" else "the console answered"
        raise HinderedError(Hindered(why, f"{text} ({status})", _retry_after_s(answer)))
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > most_bytes:
            raise HinderedError(Hindered("answer", f"an answer of more than {most_bytes} bytes"))
    return status, bytes(body)


def _retry_after_s(answer: httpx.Response) -> float:
    """Seconds (RFC 9110 section 10.2.3); 0 where there are none, or a date: clocks differ."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0


def _reason(error: Exception) -> str:
    """Why, in one line. Addresses and names may be in it, the token is not: it is in no URL."""
    text = str(error).strip().split("\n", 1)[0] or type(error).__name__
    return f"the console cannot be reached: {text[:200]}"
