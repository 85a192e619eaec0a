"""
The console's HTTP API for programs of ours: paths and JSON values in, JSON values out, one exception for every "no".

A request that failed is made again only where that cannot do a thing twice: a GET, a request that never reached
anybody, and one that was turned away for coming too soon (429). What is read is bounded; the token goes to the console
it belongs to, into one header, and never into an error. Redirects are not followed, for they would carry it elsewhere.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import httpx

from runtime.console.events import Event, EventTooLargeError, read_events

API: Final = "/api/v1"
PROBLEM: Final = "application/problem+json"
TIMEOUT_S: Final = 30.0
"""For an answer to begin or go on."""
CONNECT_TIMEOUT_S: Final = 5.0
TAIL_TIMEOUT_S: Final = 60.0
"""An event stream that is silent for longer is taken for dead: the console sends comments in between."""
MAX_ANSWER_BYTES: Final = 64 << 20
PAGE: Final = 200
"""Items asked for at once; the console may give fewer."""
ATTEMPTS: Final = 3
FIRST_PAUSE_S: Final = 0.2
"""Before the second attempt; each further pause is twice the one before."""
MAX_PAUSE_S: Final = 5.0
"""Whoever asks to be left alone for longer (Retry-After) is not waited for."""
_AGAIN: Final = frozenset({429, 502, 503, 504})
_MAX_SHOWN: Final = 500
_NUMBERS: Final = re.compile(r"^\[(?:Errno -?\d+|SSL: \w+)\] | \(_ssl\.c:\d+\)$")
"""What the system puts around its reason, which says the same to programs."""

UNREACHABLE: Final = "unreachable"
UNTRUSTED: Final = "untrusted"
"""It is there, and its certificate is not to be believed."""
NOT_A_CONSOLE: Final = "not-a-console"


class ConsoleError(Exception):
    """
    The console said no, or did not answer.

    `code` is the problem's (RFC 9457) short stable word, UNREACHABLE, UNTRUSTED or NOT_A_CONSOLE; `detail` a sentence;
    `status` 0 where nobody answered; `extra` the problem's other members.
    """

    def __init__(
        self, code: str, detail: str, status: int = 0, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{detail} ({code})" if code else detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.extra: Mapping[str, Any] = extra or {}


class Address(NamedTuple):
    """Whom to ask: `url` without the API's path or a slash at its end; no token for what needs none."""

    url: str
    token: str | None


class ConsoleClient:
    """
    A console. Not for use by several threads at once.

    `sleep` is called with seconds between attempts; `attempts` is 1 for callers that cannot wait.
    """

    def __init__(
        self,
        address: Address,
        sleep: Callable[[float], object],
        *,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"}
        if address.token is not None:
            headers["Authorization"] = f"Bearer {address.token}"
        self._url = address.url
        self._sleep = sleep
        self._attempts = attempts
        self._timeout_s = timeout_s
        self.date_s: float | None = None
        """When the console last answered, Unix seconds by its own clock (RFC 9110 §6.6.1); None where it has not said."""
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            # A proxy named in the environment would be told the token of a console on this machine.
            trust_env=address.url.startswith("https:"),
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"ConsoleClient({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **parameters: object) -> Any:
        """The JSON value there. Raises ConsoleError, as all of these do."""
        return self.ask("GET", path, parameters=parameters)

    def post(self, path: str, body: object = None) -> Any:
        return self.ask("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self.ask("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path)

    def items(self, path: str, most: int | None = None, **parameters: object) -> Iterator[Any]:
        """The items of a list, page after page, in the console's order; at most `most` of them."""
        left, cursor = most, None
        while left is None or left > 0:
            limit = PAGE if left is None else min(PAGE, left)
            page = self.get(path, **parameters, limit=limit, cursor=cursor)
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise ConsoleError(NOT_A_CONSOLE, f"no list at {path}", 200)
            found = page["items"] if left is None else page["items"][:left]
            yield from found
            left = None if left is None else left - len(found)
            following = page.get("next")
            if following is None or following == cursor:
                return
            cursor = following

    def ask(
        self, method: str, path: str, body: object = None, *, parameters: Mapping[str, object] | None = None
    ) -> Any:
        """The answer's JSON value, None for an empty one. Parameters that are None are left out."""
        pause = FIRST_PAUSE_S
        for left in range(self._attempts - 1, -1, -1):
            try:
                response = self._send(method, path, body, parameters)
            except httpx.HTTPError as error:
                # Whatever was not connected has not been asked; what a GET asked may be asked again.
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if not left or not (never_sent or method == "GET"):
                    raise _unreachable(self._url, error, unsure=not never_sent and method != "GET") from None
            else:
                wanted = _pause_asked(response)
                again = response.status_code == 429 or (method == "GET" and response.status_code in _AGAIN)
                if not (left and again) or wanted > MAX_PAUSE_S:
                    return _value(response, path)
                pause = max(pause, wanted)
            self._sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def _send(
        self, method: str, path: str, body: object, parameters: Mapping[str, object] | None
    ) -> httpx.Response:
        """The response, read whole. Raises httpx.HTTPError, and ConsoleError for a body beyond the limit."""
        request = self._request(method, path, body, parameters)
        response = self._http.send(request, stream=True)
        try:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise ConsoleError(NOT_A_CONSOLE, f"an answer of more than {MAX_ANSWER_BYTES} bytes")
                chunks.append(chunk)
        finally:
            response.close()
        self.date_s = _date_of(response) or self.date_s
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
        ]
        return httpx.Response(response.status_code, headers=headers, content=b"".join(chunks))

    def _request(
        self, method: str, path: str, body: object, parameters: Mapping[str, object] | None
    ) -> httpx.Request:
        query = {name: _query_text(value) for name, value in (parameters or {}).items() if value is not None}
        return self._http.build_request(
            method, f"{self._url}{API}{path}", params=query or None, json=body if body is not None else None
        )

    @contextlib.contextmanager
    def events(self, path: str, **parameters: object) -> Iterator[Iterator[Event]]:
        """
        A stream of events (Server-Sent Events) that has begun; they come until it ends.

        Raises ConsoleError when it cannot be had, or breaks off.
        """
        request = self._request("GET", path, None, parameters)
        request.headers["Accept"] = "text/event-stream"
        request.extensions["timeout"] = httpx.Timeout(TAIL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S).as_dict()
        try:
            response = self._http.send(request, stream=True)
            try:
                if response.status_code != 200:
                    response.read()
                    _value(response, path)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise ConsoleError(NOT_A_CONSOLE, f"no event stream at {path}", response.status_code)
                yield read_events(response.iter_bytes())
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise _unreachable(self._url, error) from None
        except EventTooLargeError as error:
            raise ConsoleError(NOT_A_CONSOLE, str(error)) from None


def path(*segments: str | int) -> str:
    """`/domains/shop` of ("domains", "shop"); what a segment holds never becomes another. Raises ConsoleError."""
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise ConsoleError("invalid", f"{segment!r} is no name")
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


def _query_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _pause_asked(response: httpx.Response) -> float:
    """Seconds of Retry-After (RFC 9110 §10.2.3), 0 without it; a date counts as more than anybody waits."""
    text = response.headers.get("retry-after", "")
    if not text:
        return 0.0
    return float(text) if text.isdecimal() and len(text) < 10 else MAX_PAUSE_S + 1


def _date_of(response: httpx.Response) -> float | None:
    """Unix seconds of its Date; None where it has none, or not one to be read."""
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


def _value(response: httpx.Response, path: str) -> Any:
    """The JSON value of an answer. Raises ConsoleError."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if 200 <= response.status_code < 300 and not response.content:
        return None
    value: Any = None
    if kind in {"application/json", PROBLEM}:
        try:
            value = json.loads(response.content)
        except (ValueError, RecursionError):
            kind = ""
    if kind not in {"application/json", PROBLEM}:
        raise ConsoleError(
            NOT_A_CONSOLE,
            f"the answer to {path} is not the console's (status {response.status_code})",
            response.status_code,
        )
    if 200 <= response.status_code < 300:
        return value
    raise _problem(value if isinstance(value, dict) else {}, response.status_code)


def _problem(problem: Mapping[str, Any], status: int) -> ConsoleError:
    code = problem.get("code")
    detail = problem.get("detail") or problem.get("title") or f"status {status}"
    extra = {
        key: value
        for key, value in problem.items()
        if key not in {"type", "title", "status", "detail", "code"}
    }
    return ConsoleError(str(code) if code else f"status-{status}", str(detail)[:_MAX_SHOWN], status, extra)


def _unreachable(url: str, error: httpx.HTTPError, *, unsure: bool = False) -> ConsoleError:
    """`unsure` where something may have been done before the connection was lost."""
    timeout = isinstance(error, httpx.TimeoutException)
    why = "no answer in time" if timeout else _NUMBERS.sub("", str(error)) or "connection lost"
    detail = f"cannot reach {url}: {why[:1].lower()}{why[1:_MAX_SHOWN]}"
    code = UNTRUSTED if "certificate verify failed" in why else UNREACHABLE
    return ConsoleError(code, f"{detail}; it may have been done or not" if unsure else detail)
