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
from runtime.proxy.keeping import Collection, ComingPart, Keeping
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.stored_answer import can_answer

_CONTENT_RANGE: Final = frozenset({b"content-range"})


class PartKeeping(Keeping):
    """See the module's text."""

    __slots__ = ()

    def _collection_of_part(self, head: UpstreamHead, effects: Effects, now: float) -> Collection | None:
        """None where the part is not to be stored, or it is not certain what it is a part of."""
        part = part_of(head.fields, self._plan.part.encode("ascii"))
        if part is None or (isinstance(head.framing, Length) and head.framing.size != part.span.length):
            return None
        judged = self._judged(head.fields, effects, now)
        writer = None if judged is None else self._part_writer(part)
        if judged is None or writer is None:
            return None
        decision, tags = judged
        return Collection(decision, head, now, writer, tags, ComingPart(part, effects))

    def _judged(
        self, fields: Sequence[Field], effects: Effects, now: float
    ) -> tuple[Store, tuple[str, ...]] | None:
        """How a part may be reused, and its tags; None where it is not to be stored."""
        decision = self._decide(b"GET", 206, fields, effects, now, is_part=True)
        if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
            return None
        tags = self._tags(fields, effects)
        return None if tags is None else (decision, tags)

    def _part_writer(self, part: Part) -> BodyWriter | None:
        """Parts are put together in memory; what is all there is may go where long bodies go."""
        if part.is_whole:
            return self._cache.writer(part.size)
        limit = self._cache.store.max_object_bytes
        return MemoryWriter(limit, self._cache.collecting) if part.span.length <= limit else None

    def _stored_now(self) -> StoredResponse | None:
        """What the store has for this request at the moment."""
        return self._cache.store.get(self._plan.cache_key, self._plan.vary_fields)

    def _settle_with_part(self, collection: Collection, body: Body, now: float) -> list[Command]:
        """Store the part that has come, with those there are; then those who wait hear of it."""
        coming = collection.part
        assert coming is not None
        part = coming.of
        if len(body) != part.span.length:
            return self.settle(None)
        if not part.is_whole:
            assert isinstance(body, bytes)
            body = PartialBody.of_one(part.size, part.span.first, body)
        new = self._combinable(self._stored_now(), collection, body)
        return self.settle(None) if new is None else self._settle_reconciled(new, now)

    def _keep_beginning(self, collection: Collection) -> None:
        """
        Store what came of an answer that broke off, as the part it is, where the rest can be put to it some day: under a strong
        entity-tag, and beside nothing else than what it belongs to (RFC 9111 section 3.3).
        """
        head, writer = collection.head, collection.writer
        if (
            not writer.size
            or writer.along() is not None
            or not isinstance(head.framing, Length)
            or not is_strong(collection.decision.validators.etag)
            or self._plan.forward.method != b"GET"
            or head.status not in {200, 206}
        ):
            writer.abort()
            return
        coming = collection.part
        if coming is None:
            whole = Part(ByteRange(0, head.framing.size - 1), head.framing.size)
            collection = collection._replace(part=ComingPart(whole, self._plan.effects))
            part = whole
        else:
            part = coming.of
        data = writer.finish()
        stored = self._stored_now()
        assert isinstance(data, bytes)
        beginning = PartialBody.of_one(part.size, part.span.first, data)
        new = self._combinable(stored, collection, beginning)
        if new is not None and (stored is None or may_combine(stored, new)):
            arrived = collection.response_time
            kept = reconciled(stored, new, arrived, self._cache.store.max_object_bytes)
            if kept is not None:
                self._put(kept, arrived)

    def _combinable(
        self, stored: StoredResponse | None, collection: Collection, body: Body
    ) -> StoredResponse | None:
        """
        The response to be stored with `body`: under the fields of `stored` updated by its own where the two belong
        together (RFC 9111 section 3.4), else under its own. None where these are not all there are: an answer to If-Range
        leaves out what the client has (RFC 9110 section 15.3.7).
        """
        head, arrived = collection.head, collection.response_time
        completed = combined(self._plan.request_fields, b"if-range") is not None
        alone = self._part_of(head.fields, collection.decision, collection.tags, collection, body)
        if stored is None:
            return None if completed else alone
        if not completed and not may_combine(stored, alone):
            return alone
        fields = merge_304(stored.fields, head.fields)
        assert collection.part is not None
        judged = self._judged(fields, collection.part.effects, arrived)
        if judged is None:
            return None
        together = self._part_of(fields, *judged, collection, body)
        return together if may_combine(stored, together) else None

    def _part_of(
        self,
        fields: Sequence[Field],
        decision: Store,
        tags: tuple[str, ...],
        collection: Collection,
        body: Body,
    ) -> StoredResponse:
        return StoredResponse.from_origin(
            200,
            without(list(fields), _CONTENT_RANGE),
            body,
            decision,
            request_fields=self._plan.vary_fields,
            request_time=self._started,
            response_time=collection.response_time,
            age_fields=collection.head.fields,
            tags=tags,
        )

    def _settle_reconciled(self, part: StoredResponse, now: float) -> list[Command]:
        """Store `part` beside or instead of what there is, unless that is better; those who wait for this part get it."""
        stored = self._stored_now()
        kept = reconciled(stored, part, now, self._cache.store.max_object_bytes)
        if kept is None:
            kept = stored
        elif not self._put(kept, now):
            kept = None
        plan = self._plan
        shown = kept is not None and can_answer(kept, plan.request, plan.request_fields, now)
        return self.settle(kept if shown else None)
