"""
Keeping parts: what a 206 does to the store (RFC 9111 section 3.3, 3.4).

A part is stored under the key and the fields of the whole, which it is one day if all of it comes; the rules of storing
and reuse are those of a 200 then. Nothing of a part is stored before it has ended: with as many bytes as its Content-Range says,
or broken off below a length that was stated.
"""

from collections.abc import Sequence
from typing import Final

from edgescript.effects import Effects
from runtime.cache.body import Body
from runtime.cache.combining import may_combine, reconciled
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.cache.writing import BodyWriter, MemoryWriter
from runtime.http.conditional import is_strong
from runtime.http.fields import Field, combined
from runtime.http.framing import Length
from runtime.http.ranges import ByteRange, Part, part_of
from runtime.http.storage import DoNotStore, Store
from runtime.http.update import merge_304
from runtime.proxy.forward import PER_REQUEST, without
from runtime.proxy.keeping import Arriving, ArrivingPart, Keeping
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.stored_answer import can_answer

_CONTENT_RANGE: Final = frozenset({b"content-range"})


def arriving_part(keeping: Keeping, head: UpstreamHead, effects: Effects, now: float) -> Arriving | None:
    """None where the part is not to be stored, or it is not certain what it is a part of."""
    part = part_of(head.fields, keeping.plan.part.encode("ascii"))
    if part is None or (isinstance(head.framing, Length) and head.framing.size != part.span.length):
        return None
    judged = _judged(keeping, head.fields, effects, now)
    writer = None if judged is None else _part_writer(keeping, part)
    if judged is None or writer is None:
        return None
    decision, tags = judged
    return Arriving(decision, head, now, writer, tags, ArrivingPart(part, effects))


def _judged(
    keeping: Keeping, fields: Sequence[Field], effects: Effects, now: float
) -> tuple[Store, tuple[str, ...]] | None:
    """How a part may be reused, and its tags; None where it is not to be stored."""
    decision = keeping.decide(b"GET", 206, fields, effects, now, is_part=True)
    if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
        return None
    tags = keeping.tags(fields, effects)
    return None if tags is None else (decision, tags)


def _part_writer(keeping: Keeping, part: Part) -> BodyWriter | None:
    """Parts are put together in memory; what is all there is may go where long bodies go."""
    if part.is_whole:
        return keeping.cache.writer(part.size)
    limit = keeping.cache.store.max_object_bytes
    return MemoryWriter(limit, keeping.cache.collecting) if part.span.length <= limit else None


def settle_with_part(keeping: Keeping, arriving: Arriving, body: Body, now: float) -> list[Command]:
    """Store the part that has come, with those there are; then those who wait hear of it."""
    coming = arriving.part
    assert coming is not None
    part = coming.of
    if len(body) != part.span.length:
        return keeping.sharing.settle(None)
    if not part.is_whole:
        assert isinstance(body, bytes)
        body = PartialBody.of_one(part.size, part.span.first, body)
    new = _combinable(keeping, keeping.stored_now(), arriving, body)
    return keeping.sharing.settle(None) if new is None else settle_reconciled(keeping, new, now)


def keep_beginning(keeping: Keeping, arriving: Arriving) -> None:
    """
    Store what came of an answer that broke off, as the part it is, where the rest can be put to it some day: under a strong
    entity-tag, and beside nothing else than what it belongs to (RFC 9111 section 3.3).
    """
    head, writer = arriving.head, arriving.writer
    if (
        not writer.size
        or writer.along() is not None
        or not isinstance(head.framing, Length)
        or not is_strong(arriving.decision.validators.etag)
        or keeping.plan.forward.method != b"GET"
        or head.status not in {200, 206}
    ):
        writer.abort()
        return
    coming = arriving.part
    if coming is None:
        whole = Part(ByteRange(0, head.framing.size - 1), head.framing.size)
        arriving = arriving._replace(part=ArrivingPart(whole, keeping.plan.effects))
        part = whole
    else:
        part = coming.of
    data = writer.finish()
    stored = keeping.stored_now()
    assert isinstance(data, bytes)
    beginning = PartialBody.of_one(part.size, part.span.first, data)
    new = _combinable(keeping, stored, arriving, beginning)
    if new is not None and (stored is None or may_combine(stored, new)):
        arrived = arriving.response_time
        kept = reconciled(stored, new, arrived, keeping.cache.store.max_object_bytes)
        if kept is not None:
            keeping.put(kept, arrived)


def _combinable(
    keeping: Keeping, stored: StoredResponse | None, arriving: Arriving, body: Body
) -> StoredResponse | None:
    """
    The response to be stored with `body`: under the fields of `stored` updated by its own where the two belong
    together (RFC 9111 section 3.4), else under its own. None where these are not all there are: an answer to If-Range
    leaves out what the client has (RFC 9110 section 15.3.7).
    """
    head, arrived = arriving.head, arriving.response_time
    completed = combined(keeping.plan.request_fields, b"if-range") is not None
    alone = _part_of(keeping, head.fields, arriving.decision, arriving.tags, arriving, body)
    if stored is None:
        return None if completed else alone
    if not completed and not may_combine(stored, alone):
        return alone
    fields = merge_304(stored.fields, head.fields)
    assert arriving.part is not None
    judged = _judged(keeping, fields, arriving.part.effects, arrived)
    if judged is None:
        return None
    together = _part_of(keeping, fields, *judged, arriving, body)
    return together if may_combine(stored, together) else None


def _part_of(
    keeping: Keeping,
    fields: Sequence[Field],
    decision: Store,
    tags: tuple[str, ...],
    arriving: Arriving,
    body: Body,
) -> StoredResponse:
    return StoredResponse.from_origin(
        200,
        without(list(fields), _CONTENT_RANGE),
        body,
        decision,
        request_fields=keeping.plan.vary_fields,
        request_time=keeping.sharing.started,
        response_time=arriving.response_time,
        age_fields=arriving.head.fields,
        tags=tags,
    )


def settle_reconciled(keeping: Keeping, part: StoredResponse, now: float) -> list[Command]:
    """Store `part` beside or instead of what there is, unless that is better; those who wait for this part get it."""
    stored = keeping.stored_now()
    kept = reconciled(stored, part, now, keeping.cache.store.max_object_bytes)
    if kept is None:
        kept = stored
    elif not keeping.put(kept, now):
        kept = None
    plan = keeping.plan
    shown = kept is not None and can_answer(kept, plan.request, plan.request_fields, now)
    return keeping.sharing.settle(kept if shown else None)
