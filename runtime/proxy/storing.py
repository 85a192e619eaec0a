"""
The storing side of an exchange: what its answer does to the cache, and to those who wait for the same object.

Invariants, beside those of `sharing`:
- What grows is finished or broken off, on every path: readers along have no other sign of the end.
- What was asked for before a purge of its key is not stored after it, nor after the exchange itself has made stored
  responses out of date.
"""

from collections.abc import Sequence

from edgescript.effects import Effects
from runtime.cache.body import Body
from runtime.cache.cache import Cache
from runtime.cache.growing import Growing
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.conditional import validators_of
from runtime.http.fields import Field, combined
from runtime.http.framing import Length
from runtime.http.storage import DoNotStore, Store
from runtime.http.update import head_effect, invalidated_keys, merge_304
from runtime.proxy.forward import PER_REQUEST
from runtime.proxy.keeping import Collection
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.part_keeping import PartKeeping
from runtime.proxy.plan import Plan, Settings


class Storing(PartKeeping):
    """See the module's text. Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_collection", "growing")

    def __init__(self, plan: Plan, cache: Cache, settings: Settings, now: float) -> None:
        super().__init__(plan, cache, settings, now)
        self._collection: Collection | None = None
        self.growing: Growing | None = None
        """What is collected can be read along."""

    # --- collecting ---------------------------------------------------------------------------------------------

    @property
    def collects(self) -> bool:
        """Whether the content that comes is for the store too."""
        return self._collection is not None

    @property
    def size(self) -> int:
        """Bytes collected."""
        return 0 if self._collection is None else self._collection.writer.size

    @property
    def is_nearly_whole(self) -> bool:
        """Whether so little is missing of what is collected that it is worth its while."""
        growing = self.growing
        if growing is None or growing.length is None:
            return False
        return growing.length - growing.come <= self._settings.max_object_bytes

    @property
    def decision(self) -> Store | None:
        """How what is being collected may be reused."""
        return None if self._collection is None else self._collection.decision

    @property
    def reads_ahead(self) -> bool:
        """
        Whether content is collected faster than the client takes it: up to a size that would fill the memory, or as long as
        there is room where it is read along.
        """
        if self.growing is not None:
            return not self.growing.is_full
        collection = self._collection
        return collection is not None and collection.writer.size <= self._settings.max_object_bytes

    def begin(self, head: UpstreamHead, effects: Effects, now: float) -> None:
        """Decide whether the response is to be stored, and collect it if it is."""
        plan = self._plan
        if plan.part:
            self._collection = self._collection_for_part(head, effects, now)
            if self._collection is None and plan.coalesce and head.status in {200, 206}:
                self._cache.uncacheable.note(self._in_vain_key, now)
            return
        if not plan.coalesce:
            if plan.forward.method == b"HEAD" and head.status == 200:
                self._tell_parts_of_head(head, effects, now)
            elif self._represents_target(head.fields, effects):
                self._collection = self._collection_of(head, effects, now, is_target=True)
            return
        self._collection = self._collection_of(head, effects, now)
        if self._collection is None:
            self._cache.uncacheable.note(plan.cache_key, now)

    def _collection_for_part(self, head: UpstreamHead, effects: Effects, now: float) -> Collection | None:
        """Of what answers a request for a part: the part, or the whole where the origin sends that."""
        if head.status == 206:
            return self._collection_of_part(head, effects, now)
        return self._collection_of(head, effects, now) if head.status == 200 else None

    def _tell_parts_of_head(self, head: UpstreamHead, effects: Effects, now: float) -> None:
        stored = None if effects.bypass else self._stored_now()
        if stored is not None and isinstance(stored.body, PartialBody):
            self.hear_of_head(stored, head, effects, now)

    def _collection_of(
        self, head: UpstreamHead, effects: Effects, now: float, *, is_target: bool = False
    ) -> Collection | None:
        method = self._plan.forward.method
        decision = self._decide(method, head.status, head.fields, effects, now, is_target=is_target)
        if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
            return None
        tags = self._tags(head.fields, effects)
        if tags is None:
            return None
        writer = self._cache.writer(head.framing.size if isinstance(head.framing, Length) else None)
        return None if writer is None else Collection(decision, head, now, writer, tags)

    def take(self, data: bytes, now: float) -> bool:
        """Collect the next piece; False when there is nothing to store any more."""
        collection = self._collection
        assert collection is not None
        so_far = collection.writer.size
        part = collection.part
        if part is not None and so_far + len(data) > part.of.span.length:
            self._collection = None  # it is not what it says it is
            collection.writer.abort()
            if self.growing is not None:
                self.growing.break_off()
            return False
        taken = collection.writer.write(data)
        if self.growing is not None:
            self.growing.take(data, stored=taken)
        if taken:
            return True
        self._collection = None
        store = self._cache.store
        limit = store.max_object_bytes if store.overflow is None else store.overflow.max_object_bytes
        if so_far + len(data) > limit:
            self._cache.uncacheable.note(self._in_vain_key, now)
        return False

    def grow(self, now: float) -> tuple[Growing, list[object]] | None:
        """
        What others may read along from now on, and who waits to hear of it; None where nothing is in a file that they
        could be given.
        """
        collection, flight = self._collection, self._flight
        if self.growing is not None or collection is None or flight is None or not self.leads:
            return None
        along = collection.writer.along()
        if along is None:
            return None
        told = self._stored(collection, b"")
        if told.fresh_until <= now:
            return None
        framing = collection.head.framing
        length = framing.size if isinstance(framing, Length) else None
        self.growing = flight.growing = Growing(told, length, along)
        flight.since = self._since
        return self.growing, list(flight.waiters)

    def abandon(self) -> None:
        """There will be no more: forget what was collected, or keep it as the part that it is."""
        collection, self._collection = self._collection, None
        if collection is not None:
            self._keep_beginning(collection)
        if self.growing is not None:
            self.growing.break_off()

    def complete(self, now: float, trailers: Sequence[Field] = ()) -> list[Command]:
        """The content is whole: store it, and let those who wait have it."""
        collection, self._collection = self._collection, None
        body = None if collection is None else collection.writer.finish()
        if self.growing is not None:
            self.growing.finish(trailers)
        if collection is None:
            return []
        if body is None:
            return self.settle(None)
        if collection.part is not None:
            return self._settle_with_part(collection, body, now)
        return self._settle_with(self._stored(collection, body), now)

    def _stored(self, collection: Collection, body: Body) -> StoredResponse:
        return self._made(
            collection.decision, collection.head, body, collection.tags, collection.response_time
        )

    def keep(self, head: UpstreamHead, content: bytes, effects: Effects, now: float) -> list[Command]:
        """What becomes of an answer that came whole: stored or not, those who wait hear of it."""
        plan = self._plan
        decision = self._decide(plan.forward.method, head.status, head.fields, effects, now)
        if isinstance(decision, DoNotStore):
            self._cache.uncacheable.note(plan.cache_key, now)
            return self.settle(None)
        in_memory = len(content) <= self._cache.store.max_object_bytes
        if in_memory and PER_REQUEST.isdisjoint(decision.vary_names):
            tags = self._tags(head.fields, effects)
            if tags is not None:
                return self._settle_with(self._made(decision, head, content, tags, now), now)
            self._cache.uncacheable.note(plan.cache_key, now)
            return self.settle(None)
        self.begin(head, effects, now)
        if self._collection is not None and self.take(content, now):
            return self.complete(now)
        return self.settle(None)

    # --- what is stored already ---------------------------------------------------------------------------------

    def invalidate(self, status: int, fields: Sequence[Field]) -> None:
        """An unsafe method succeeded: what is stored for the target and for what it names is out of date."""
        plan = self._plan
        store = self._cache.store
        store.delete(plan.cache_key)
        if status < 400:
            for key in invalidated_keys(plan.cache_key, plan.forward.target, fields):
                store.delete(key)
        self._since = store.generation()

    def renew(
        self, stale: StoredResponse, fields: Sequence[Field], head: UpstreamHead, effects: Effects, now: float
    ) -> tuple[StoredResponse, list[Command]]:
        """`stale` with its `fields` merged from a 304, stored if it may be; then those who wait hear (RFC 9111 section 4.3.4)."""
        decision = self._decide(b"GET", stale.status, fields, effects, now)
        if isinstance(decision, DoNotStore):
            # What only this client's request forbids (no-store, Authorization) is no reason to take it from others.
            if isinstance(self._decide(b"GET", stale.status, fields, effects, now, asked=()), DoNotStore):
                self.forget()
            return self._renewed(stale, fields, head, _for_once(stale), (), now), self.settle(None)
        tags = self._tags(fields, effects)
        if tags is None:
            self.forget()
            return self._renewed(stale, fields, head, _for_once(stale), (), now), self.settle(None)
        renewed = self._renewed(stale, fields, head, decision, tags, now)
        if isinstance(renewed.body, PartialBody):
            return renewed, self._settle_reconciled(renewed, now)
        return renewed, self._settle_with(renewed, now)

    def hear_of_head(self, stored: StoredResponse, head: UpstreamHead, effects: Effects, now: float) -> None:
        """What a 200 to HEAD says of the stored response to GET (RFC 9111 section 4.3.5)."""
        headed = validators_of(head.fields, now)
        length = combined(head.fields, b"content-length")
        effect = head_effect(stored.validators, len(stored.body), headed, length)
        if effect == "forget":
            self.forget()
        elif effect == "update":
            fields = merge_304(stored.fields, head.fields)
            decision = self._decide(b"GET", stored.status, fields, effects, now)
            tags = self._tags(fields, effects)
            if tags is None:
                self.forget()
            elif isinstance(decision, Store):
                self._put(self._renewed(stored, fields, head, decision, tags, now), now)


def _for_once(stored: StoredResponse) -> Store:
    """For a validated response that may be sent this once and not kept."""
    return Store(
        0,
        from_arrival=False,
        always_validate=True,
        must_revalidate=True,
        vary_names=(),
        validators=stored.validators,
    )
