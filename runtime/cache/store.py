"""
A stored response, and what any store of them offers.

A `StoredResponse` never changes once stored, but for `prepared`; an update by a 304 makes a new one. Its body is whole (a
cut body is never stored), or a `PartialBody`: then it is what the whole would be, of which some parts have come, and
answers only requests for these (RFC 9111 §3.3).
"""

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from runtime.cache.body import Body
from runtime.cache.keys import vary_values
from runtime.cache.parts import memory_bytes
from runtime.cache.purge import Purge
from runtime.cache.writing import Overflow
from runtime.http.conditional import Validators
from runtime.http.dates import format_http_date
from runtime.http.fields import Field, Fields, hop_by_hop
from runtime.http.reuse import initial_age
from runtime.http.storage import Store

_OVERHEAD_BYTES: Final = 1600
"""Key, slots, tuples, table entries and a prepared head of one response, measured with sys.getsizeof on CPython 3.11."""
_FIELD_OVERHEAD_BYTES: Final = 130
"""A tuple and two bytes objects."""
_MADE_ANEW: Final = frozenset({b"age", b"content-length", b"x-cache", b"x-request-id"})
"""Fields each answer states for itself."""


@lru_cache(64)
def _kept(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Those of a response's fields that are stored. Answers of one origin often have the same ones."""
    dropped = hop_by_hop(fields) | _MADE_ANEW
    return tuple([field for field in fields if field[0].lower() not in dropped])


class StoredResponse:
    """A response to a GET, ready to be sent again."""

    __slots__ = (
        "always_validate",
        "body",
        "fields",
        "fresh_until",
        "initial_age_s",
        "lifetime_s",
        "must_revalidate",
        "prepared",
        "request_time",
        "response_time",
        "size_bytes",
        "stale_if_error_s",
        "stale_while_revalidate_s",
        "status",
        "tags",
        "validators",
        "vary_names",
        "vary_values",
    )

    def __init__(
        self,
        status: int,
        fields: tuple[Field, ...],
        body: Body,
        *,
        request_time: float,
        response_time: float,
        initial_age_s: float = 0.0,
        lifetime_s: float = 0.0,
        always_validate: bool = False,
        must_revalidate: bool = False,
        stale_while_revalidate_s: float = 0.0,
        stale_if_error_s: float = 0.0,
        tags: tuple[str, ...] = (),
        validators: Validators | None = None,
        vary_names: tuple[bytes, ...] = (),
        vary_values: tuple[bytes | None, ...] = (),
    ) -> None:
        self.status = status
        self.fields = fields
        """End-to-end fields in order, without Age and Content-Length, with Date."""
        self.body = body
        self.request_time = request_time
        """Unix seconds at which the request that fetched it was sent."""
        self.response_time = response_time
        """Unix seconds at which its head arrived."""
        self.initial_age_s = initial_age_s
        self.lifetime_s = lifetime_s
        self.always_validate = always_validate
        self.must_revalidate = must_revalidate
        self.stale_while_revalidate_s = stale_while_revalidate_s
        """How long past its lifetime it may be sent while another is fetched (RFC 5861 section 3); 0 if not at all."""
        self.stale_if_error_s = stale_if_error_s
        """How long past its lifetime it may be sent when fetching another fails (RFC 5861 section 4)."""
        self.tags = tags
        """Names a purge may find it by."""
        # Before any `now` for what asks the origin each time, so that one comparison tells a hit.
        self.fresh_until = 0.0 if always_validate else response_time + lifetime_s - initial_age_s
        """Unix seconds at which it stops being fresh; 0 when each reuse asks the origin."""
        self.validators = Validators() if validators is None else validators
        self.vary_names = vary_names
        """Lower-case names, sorted; `vary_values` has the fetching request's normalised value for each."""
        self.vary_values = vary_values
        self.prepared: dict[Any, Any] = {}
        """Heads rendered for this response, by whatever the renderer tells them apart by."""
        names_and_values = sum(map(len, map(b"".join, fields))) + len(fields) * _FIELD_OVERHEAD_BYTES
        # Fields count twice: once as they are, once in the prepared head.
        self.size_bytes = (
            _OVERHEAD_BYTES
            + 2 * names_and_values
            + (len(body) if body.__class__ is bytes else memory_bytes(body))
        )
        """What it costs in memory, about."""

    @classmethod
    def from_origin(
        cls,
        status: int,
        fields: Fields,
        body: Body,
        decision: Store,
        *,
        request_fields: Fields,
        request_time: float,
        response_time: float,
        age_fields: Fields | None = None,
        tags: tuple[str, ...] = (),
    ) -> "StoredResponse":
        """
        What to keep of a response that `decide_storage` allowed.

        Hop-by-hop fields go (RFC 9111 §3.1), Date is added where the origin sent none (RFC 9110 §6.6.1).
        `request_fields` are those the origin was asked with, for Vary. After a 304 give the merged fields, and the 304's
        own as `age_fields`: it is the 304 that tells the age.
        """
        kept = _kept(tuple(fields))
        if not any(len(name) == 4 and name.lower() == b"date" for name, _ in kept):
            kept = (*kept, (b"Date", format_http_date(int(response_time))))
        age_s = initial_age(fields if age_fields is None else age_fields, request_time, response_time)
        return cls(
            status,
            kept,
            body,
            request_time=request_time,
            response_time=response_time,
            initial_age_s=age_s,
            lifetime_s=decision.lifetime_s + age_s if decision.from_arrival else decision.lifetime_s,
            always_validate=decision.always_validate,
            must_revalidate=decision.must_revalidate,
            stale_while_revalidate_s=decision.stale_while_revalidate_s,
            stale_if_error_s=decision.stale_if_error_s,
            tags=tags,
            validators=decision.validators,
            vary_names=decision.vary_names,
            vary_values=vary_values(decision.vary_names, request_fields),
        )

    def age(self, now: float) -> int:
        """The value of Age at `now`, whole seconds, >= 0 (RFC 9111 §5.1)."""
        elapsed = now - self.response_time
        return int(self.initial_age_s + elapsed if elapsed > 0.0 else self.initial_age_s)

    def with_body(self, body: Body) -> "StoredResponse":
        """The same with another body."""
        other = copy.copy(self)
        other.body = body
        other.prepared = {}
        other.size_bytes += memory_bytes(body) - memory_bytes(self.body)
        return other

    def matches(self, request_fields: Fields) -> bool:
        """Whether a request has the values this response was selected by (RFC 9111 §4.1)."""
        return not self.vary_names or self.vary_values == vary_values(self.vary_names, request_fields)

    def __repr__(self) -> str:
        return f"<stored {self.status}, {len(self.body)} bytes, fresh {self.lifetime_s:g} s>"


class CacheStore(Protocol):
    """Stored responses by primary key and variant. Freshness is not its business."""

    def get(self, primary: str, request_fields: Fields) -> StoredResponse | None:
        """The response selected for a request (RFC 9111 §4.1), the latest where several match; None if there is none."""
        ...

    def glance(self, primary: str, request_fields: Fields) -> StoredResponse | None:
        """What `get` gives, as far as memory tells at once; where it gives None, `get` has to be asked."""
        ...

    def generation(self, primary: str = "") -> int:
        """Grows with each purge. Who fetches `primary` takes it before asking the origin and gives it to `put`."""
        ...

    def put(self, primary: str, stored: StoredResponse, since: int | None = None) -> bool:
        """
        Keep `stored` in place of the same variant; False if it is too large to be kept, and then none is.

        False too when a purge since the generation `since` was about it: it may tell of the time before.
        """
        ...

    def was_purged(self, primary: str, tags: Sequence[str], since: int) -> bool:
        """Whether a purge since the generation `since` was about a response with these tags."""
        ...

    def purge(self, purge: Purge, now: float) -> int:
        """
        Carry out a purge, for every process that shares the store: whoever asks later sees it done.

        The number of responses found at once; by a prefix more may be found later, before anybody is given them.
        """
        ...

    def delete(self, primary: str) -> bool:
        """Forget all variants; whether there was any."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    @property
    def max_object_bytes(self) -> int:
        """The longest body that memory takes."""

    @property
    def overflow(self) -> Overflow | None:
        """What takes longer ones, if anything does."""

    @property
    def size_bytes(self) -> int:
        """What is held, in the measure of `StoredResponse.size_bytes`."""

    def __len__(self) -> int:
        """Primary keys held."""
        ...
