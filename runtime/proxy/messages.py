"""
What an exchange is told and what it asks for: events in the past tense, commands in the imperative.

`exchange` turns the ones into the others; `runtime.io.driver` carries commands out and brings events.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from runtime.cache.store import StoredResponse
from runtime.http.framing import Chunked, Length, NoBody, UntilClose


class UpstreamOpened(NamedTuple):
    """A connection to the origin is there; `reused` when it came from the pool."""

    reused: bool


class UpstreamFailed(NamedTuple):
    """No answer: no whole head was received. `silent` when time ran out, else refused, reset or malformed."""

    silent: bool
    may_have_acted: bool
    """Some of an answer was received, so the origin's application has seen the request."""


class UpstreamHead(NamedTuple):
    """The origin's final response head."""

    status: int
    fields: Sequence[tuple[bytes, bytes]]
    framing: NoBody | Length | Chunked | UntilClose


class UpstreamBody(NamedTuple):
    """Content, transfer coding removed."""

    data: bytes


class UpstreamCompleted(NamedTuple):
    """The whole response was received."""


class UpstreamCut(NamedTuple):
    """The response broke off after its head."""


class RequestBody(NamedTuple):
    """Content of the client's body, transfer coding removed."""

    data: bytes


class RequestCompleted(NamedTuple):
    """The client's body is complete."""


class ClientClosed(NamedTuple):
    """The client is gone, or its body was malformed."""


class FlightSettled(NamedTuple):
    """The fetch this request waited for ended: with an object to serve, a failure to share, or neither."""

    stored: StoredResponse | None
    failed_status: int = 0


Event: TypeAlias = (
    UpstreamOpened
    | UpstreamFailed
    | UpstreamHead
    | UpstreamBody
    | UpstreamCompleted
    | UpstreamCut
    | RequestBody
    | RequestCompleted
    | ClientClosed
    | FlightSettled
)


class OpenUpstream(NamedTuple):
    """Get a connection to the origin; `fresh` forbids a pooled one."""

    fresh: bool


class SendUpstream(NamedTuple):
    """Bytes for the origin; `last` when the request is complete with them."""

    data: bytes
    last: bool = False


class CloseUpstream(NamedTuple):
    """Be done with the origin's connection; it is not reusable."""


class SendClient(NamedTuple):
    """Bytes for the client; `paced` ones obey limit_rate."""

    data: bytes
    paced: bool = False


class Pace(NamedTuple):
    """From here on what is sent `paced` keeps to another rate; `after_bytes` go at full speed first."""

    rate_bytes_per_s: int
    after_bytes: int


class FinishResponse(NamedTuple):
    """The response is complete; `keep_alive` when the connection may go on."""

    keep_alive: bool


class CutClient(NamedTuple):
    """Break the client's connection so that nothing looks whole."""


class Wake(NamedTuple):
    """Tell those who waited for this fetch."""

    waiters: Sequence[object]
    event: FlightSettled


Command: TypeAlias = (
    OpenUpstream | SendUpstream | CloseUpstream | SendClient | Pace | FinishResponse | CutClient | Wake
)
