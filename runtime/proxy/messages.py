"""
What an exchange is told and what it asks for: events in the past tense, commands in the imperative.

`exchange` turns the ones into the others; `runtime.io.driver` carries commands out and brings events.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse
from runtime.http.fields import Field
from runtime.http.framing import Chunked, Length, NoBody, UntilClose


class UpstreamOpened(NamedTuple):
    """A connection to the origin is there; `reused` when it came from the pool."""

    reused: bool


class UpstreamFailed(NamedTuple):
    """No answer: no whole head was received. `silent` when time ran out, else refused, reset or malformed."""

    silent: bool
    may_have_acted: bool
    """Some of an answer was received, so the origin's application has seen the request."""
    busy: bool = False
    """Every server has as many connections as it may have, and the wait for one was in vain."""


class UpstreamInterim(NamedTuple):
    """A head of 1xx that comes before the final one (RFC 9110 section 15.2); never 100 and never 101."""

    status: int
    fields: Sequence[Field]


class UpstreamSwitched(NamedTuple):
    """The origin answered 101: what follows on its connection is another protocol (RFC 9110 section 15.2.2)."""

    fields: Sequence[Field]


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

    trailers: Sequence[Field] = ()
    """The fields of its trailer section, as received."""


class UpstreamAnswered(NamedTuple):
    """The whole response was received at once: what `UpstreamHead`, `UpstreamBody` and `UpstreamCompleted` tell in turn."""

    head: UpstreamHead
    content: bytes


class UpstreamCut(NamedTuple):
    """The response broke off after its head."""


class RequestBody(NamedTuple):
    """Content of the client's body, transfer coding removed."""

    data: bytes


class RequestCompleted(NamedTuple):
    """The client's body is complete."""

    trailers: Sequence[Field] = ()
    """The fields of its trailer section, as received."""


class ClientClosed(NamedTuple):
    """The client is gone, or its body was malformed."""


class FlightSettled(NamedTuple):
    """The fetch this request waited for ended: with an object to serve, a failure to share, or neither."""

    stored: StoredResponse | None
    failed_status: int = 0
    disconnected: bool = True
    """The origin failed without an answer; else with one of that status."""
    says_nothing: bool = False
    """Nothing came of it for a reason that is its own, so one of those who waited may fetch for the others."""


class FlightGrows(NamedTuple):
    """What the fetch that this request waits for brings can be read along from now on."""

    growing: Growing


class NobodyReads(NamedTuple):
    """Nobody reads along any more what this exchange stores."""


Event: TypeAlias = (
    UpstreamOpened
    | UpstreamFailed
    | UpstreamInterim
    | UpstreamSwitched
    | UpstreamHead
    | UpstreamBody
    | UpstreamCompleted
    | UpstreamAnswered
    | UpstreamCut
    | RequestBody
    | RequestCompleted
    | ClientClosed
    | FlightSettled
    | FlightGrows
    | NobodyReads
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


class SendFile(NamedTuple):
    """Content for the client that memory does not hold: `length` bytes of `body` from `offset` on; always paced."""

    body: Any
    """A `FileBody` of `runtime.cache`."""
    offset: int
    length: int


class Follow(NamedTuple):
    """The client's content from `offset` on is read from `growing`, as it comes and as the client takes it; always paced."""

    growing: Growing
    offset: int
    chunked: bool
    trailers: bool
    """Those of the origin are for this client too."""


class Grow(NamedTuple):
    """Tell those who wait that what this exchange fetches can be read along, and the exchange when nobody does."""

    growing: Growing
    waiters: Sequence[object]


class BecomeTunnel(NamedTuple):
    """Join the client's and the origin's connection, whatever either sends; the exchange is over."""


class Pace(NamedTuple):
    """From here on what is sent `paced` keeps to another rate; `after_bytes` go at full speed first."""

    rate_bytes_per_s: int
    after_bytes: int


class FinishResponse(NamedTuple):
    """The response is complete; `keep_alive` when the connection may go on."""

    keep_alive: bool


class AnswerClient(NamedTuple):
    """The whole response, and its end: a `SendClient`, a paced one, and a `FinishResponse`."""

    head: bytes
    content: bytes
    keep_alive: bool
    status: int
    label: str
    """What X-Cache says, for those who count."""


class CutClient(NamedTuple):
    """Break the client's connection so that nothing looks whole."""


class Wake(NamedTuple):
    """Tell those who waited for this fetch."""

    waiters: Sequence[object]
    event: FlightSettled


Command: TypeAlias = (
    OpenUpstream
    | SendUpstream
    | CloseUpstream
    | SendClient
    | SendFile
    | Follow
    | Grow
    | Pace
    | FinishResponse
    | AnswerClient
    | CutClient
    | BecomeTunnel
    | Wake
)
