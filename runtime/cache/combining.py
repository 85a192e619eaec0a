"""
What becomes of stored parts when more of the same target comes (RFC 9111 §3.4).

Parts are put together where nothing speaks against it: the same strong entity-tag on both (a modification time is not taken for
strong), no other validator that differs, the same complete length, type and coding, selected by the same fields, and the
same bytes wherever both have some. Otherwise the later of the two responses stays, alone. A whole that is stored is never
given up for a part that may be of the same representation, as long as it is fresh.
"""

from typing import Final

from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.conditional import contradicts, is_strong
from runtime.http.fields import combined

_OF_CONTENT: Final = (b"content-encoding", b"content-type")


def may_combine(stored: StoredResponse, part: StoredResponse) -> bool:
    """Whether the two are surely of one representation."""
    return (
        is_strong(part.validators.etag)
        and stored.validators.etag == part.validators.etag
        and not contradicts(stored.validators, part.validators)
        and stored.status == part.status
        and len(stored.body) == len(part.body)
        and (stored.vary_names, stored.vary_values) == (part.vary_names, part.vary_values)
        and all(combined(stored.fields, name) == combined(part.fields, name) for name in _OF_CONTENT)
    )


def reconciled(
    stored: StoredResponse | None, part: StoredResponse, now: float, max_bytes: int
) -> StoredResponse | None:
    """
    What to store for `part`, which has come for a target for which `stored` was selected: with what `stored` has of it,
    whole if nothing is missing then, `max_bytes` of it at most. None where `stored` is to stay as it is.
    """
    body = part.body
    if stored is None or stored.body is body:
        return _completed(part)
    if not isinstance(body, PartialBody):
        return part if part.response_time >= stored.response_time or may_combine(stored, part) else None
    if not isinstance(stored.body, PartialBody):
        return _beside_whole(stored, part, now)
    together = _union(stored.body, body, max_bytes) if may_combine(stored, part) else None
    if together is not None:
        return _completed(part.with_body(together))
    return None if stored.response_time > part.response_time else _completed(part)


def _beside_whole(whole: StoredResponse, part: StoredResponse, now: float) -> StoredResponse | None:
    if may_combine(whole, part):
        # As a 304 would: the same content, with what was just said of it.
        return part.with_body(whole.body) if whole.fresh_until <= now else None
    is_fresh = whole.fresh_until > now
    if whole.response_time > part.response_time or (
        is_fresh and not contradicts(whole.validators, part.validators)
    ):
        return None
    return _completed(part)


def _union(held: PartialBody, new: PartialBody, max_bytes: int) -> PartialBody | None:
    """The pieces of both; None where they disagree."""
    together: PartialBody | None = held
    for piece in new.pieces:
        if together is None:
            return None
        together = together.joined(piece.first, piece.data, max_bytes)
    return together


def _completed(part: StoredResponse) -> StoredResponse:
    body = part.body
    whole = body.whole() if isinstance(body, PartialBody) else None
    return part if whole is None else part.with_body(whole)
