"""What is known of a request that has to wait, when it begins to."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.cache.store import StoredResponse
from runtime.http.framing import Chunked, Length, NoBody
from runtime.http.tags import USUAL_FIELDS
from runtime.proxy.forward import Forward
from runtime.proxy.late import Continuation
from runtime.upstreams.upstream import Upstream

NO_EFFECTS: Final = Effects()
"""Of a request that neither scripts nor rules had wishes about; never changed."""


class Plan(NamedTuple):
    """What was decided before the wait."""

    origin: Upstream
    request: Request
    request_fields: Sequence[tuple[bytes, bytes]]
    """The client's: what it may be answered, and whether that may be stored, depends on these."""
    vary_fields: Sequence[tuple[bytes, bytes]]
    """With the scripts' changes: what the origin was asked with, which is what its Vary speaks of."""
    framing: NoBody | Length | Chunked
    effects: Effects
    forward: Forward
    keep_alive: bool
    cache_key: str
    """The object's primary key; an unsafe method invalidates what is under it."""
    coalesce: bool
    """The answer may be stored, so one fetch serves all who wait for it."""
    continuation: Continuation | None
    """Scripts that wait for the response's head."""
    stale: StoredResponse | None
    """A stored response to revalidate; its validators are already in `forward`."""
    fallback: StoredResponse | None = None
    """What was selected from the store, to stand in where the origin fails; `stale` itself, where there is one."""
    background: bool = False
    """Nobody waits for the answer: it is only for the store (stale-while-revalidate)."""
    upgrade: bool = False
    """The client asked for another protocol, and the origin is asked for it too."""
    plain: bool = False
    """No field of the client's says what may be answered from a store or be put in one: no credentials, no
    Cache-Control, no precondition, no range."""
    part: str = ""
    """The one range asked for (`0-4`, `5-`, `-5`) of what is not stored whole: a 206 may be stored as a part."""
    since: int | None = None
    """The store's generation when it was looked into, where the plan is carried out later; None for now."""


class Settings(NamedTuple):
    """Of all exchanges of a node."""

    max_object_bytes: int
    """How far an object being stored is read ahead of its client, in bytes; a longer one comes as the client takes it."""
    store_cookies: bool = False
    """Responses with Set-Cookie may be stored where their origin states a lifetime (RFC 9111 section 7.3)."""
    tag_fields: frozenset[bytes] = USUAL_FIELDS
    """Fields that name the tags a purge may find a response by, lower case."""
