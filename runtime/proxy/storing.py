"""
The storing side of an exchange: what its answer does to the cache, and to those who wait for the same object.

Invariants, beside those of `sharing`:
- What grows is finished or broken off, on every path: readers along have no other sign of the end.
- What was asked for before a purge of its key is not stored after it, nor after the exchange itself has made stored
  responses out of date.
"""

from collections.abc import Sequence
from typing import NamedTuple

from edgescript.effects import Effects
from runtime.cache.body import Body
from runtime.cache.cache import Cache
from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse
from runtime.cache.writing import BodyWriter
from runtime.http.conditional import validators_of
from runtime.http.fields import Field, combined
from runtime.http.framing import Length
from runtime.http.storage import DoNotStore, Grace, Store, decide_storage
from runtime.http.tags import tags_of
from runtime.http.update import head_effect, invalidated_keys, merge_304, represents_target
from runtime.proxy.forward import PER_REQUEST
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.received import Received
from runtime.proxy.sharing import Sharing


class _Collection(NamedTuple):
    """An object being collected while it passes through."""

    decision: Store
    head: UpstreamHead
    response_time: float
    writer: BodyWriter
    tags: tuple[str, ...]


class Storing(Sharing):
    """See the module's text. Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_collection", "_settings", "growing")

    def __init__(self, plan: Plan, cache: Cache, settings: Settings, now: float) -> None:
        super().__init__(plan, cache, now)
        self._settings = settings
        self._collection: _Collection | None = None
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
        if not self._plan.coalesce:
            if self._represents_target(head.fields, effects):
                self._collection = self._collection_of(head, effects, now, is_target=True)
            return
        self._collection = self._collection_of(head, effects, now)
        if self._collection is None:
            self._cache.uncacheable.note(self._plan.cache_key, now)

    def _represents_target(self, fields: Sequence[Field], effects: Effects) -> bool:
        """Whether an answer to POST is what GET would get (RFC 9110 section 9.3.3)."""
        plan = self._plan
        return (
            plan.forward.method == b"POST"
            and not effects.bypass
            and represents_target(plan.cache_key, plan.forward.target, fields)
        )

    def _collection_of(
        self, head: UpstreamHead, effects: Effects, now: float, *, is_target: bool = False
    ) -> _Collection | None:
        method = self._plan.forward.method
        decision = self._decide(method, head.status, head.fields, effects, now, is_target=is_target)
        if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
            return None
        tags = self._tags(head.fields, effects)
        if tags is None:
            return None
        writer = self._cache.writer(head.framing.size if isinstance(head.framing, Length) else None)
        return None if writer is None else _Collection(decision, head, now, writer, tags)

    def _tags(self, fields: Sequence[Field], effects: Effects) -> tuple[str, ...] | None:
        """None where they keep the response from being stored."""
        spelled = self._settings.tag_fields
        found: tuple[str, ...] | None = None
        if effects.cache_tags or not isinstance(fields, Received):
            found = tags_of(fields, effects.cache_tags, spelled)
        else:
            found = fields.notes.get(spelled)
            if found is None:
                found = tags_of(fields, (), spelled)
                if found is not None:
                    fields.note(spelled, found)
        if found is None:
            self._cache.counts.overtagged += 1
        return found

    def take(self, data: bytes, now: float) -> bool:
        """Collect the next piece; False when there is nothing to store any more."""
        collection = self._collection
        assert collection is not None
        so_far = collection.writer.size
        taken = collection.writer.write(data)
        if self.growing is not None:
            self.growing.take(data, stored=taken)
        if taken:
            return True
        self._collection = None
        store = self._cache.store
        limit = store.max_object_bytes if store.overflow is None else store.overflow.max_object_bytes
        if so_far + len(data) > limit:
            self._cache.uncacheable.note(self._plan.cache_key, now)
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
        """Forget what was collected."""
        collection, self._collection = self._collection, None
        if collection is not None:
            collection.writer.abort()
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
        return self._settle_with(self._stored(collection, body), now)

    def _stored(self, collection: _Collection, body: Body) -> StoredResponse:
        decision, head, arrived, _, tags = collection
        return self._made(decision, head, body, tags, arrived)

    def _made(
        self, decision: Store, head: UpstreamHead, body: Body, tags: tuple[str, ...], arrived: float
    ) -> StoredResponse:
        return StoredResponse.from_origin(
            head.status,
            head.fields,
            body,
            decision,
            request_fields=self._plan.vary_fields,
            request_time=self._started,
            response_time=arrived,
            tags=tags,
        )

    def _settle_with(self, stored: StoredResponse, now: float) -> list[Command]:
        return self.settle(stored if self._put(stored, now) else None)

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

    def _put(self, stored: StoredResponse, now: float) -> bool:
        """Whether those who wait may have `stored`: not if it was purged while it was fetched."""
        key, cache = self._plan.cache_key, self._cache
        if cache.store.put(key, stored, self._since):
            cache.uncacheable.forget(key)
            return True
        if cache.store.generation() != self._since:
            return False
        cache.uncacheable.note(key, now)
        return True

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

    def forget(self) -> None:
        """What is stored under the key is not what the origin has."""
        self._cache.store.delete(self._plan.cache_key)
        self._since = self._cache.store.generation(self._plan.cache_key)

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
        return renewed, self.settle(renewed if self._put(renewed, now) else None)

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

    def _renewed(
        self,
        stale: StoredResponse,
        fields: Sequence[Field],
        head: UpstreamHead,
        decision: Store,
        tags: tuple[str, ...],
        now: float,
    ) -> StoredResponse:
        return StoredResponse.from_origin(
            stale.status,
            fields,
            stale.body,
            decision,
            request_fields=self._plan.vary_fields,
            request_time=self._started,
            response_time=now,
            age_fields=head.fields,
            tags=tags,
        )

    def _decide(
        self,
        method: bytes,
        status: int,
        fields: Sequence[Field],
        effects: Effects,
        now: float,
        *,
        is_target: bool = False,
        asked: Sequence[Field] | None = None,
    ) -> Store | DoNotStore:
        """`asked` stands in for the client's fields."""
        key = None
        if (
            self._plan.plain
            and isinstance(fields, Received)
            and not effects.ttl_s_by_status
            and not effects.default_ttl_s_by_status
        ):
            # Nothing else counts then, and of `now` the second alone.
            key = (
                int(now),
                method,
                status,
                effects.ttl_s,
                effects.default_ttl_s,
                effects.stale_while_revalidate_s,
                effects.stale_if_error_s,
                is_target,
                self._settings.store_cookies,
            )
            known: Store | DoNotStore | None = fields.notes.get(key)
            if known is not None:
                return known
        decision = decide_storage(
            method,
            self._plan.request_fields if asked is None else asked,
            status,
            fields,
            now,
            script_ttl_s=effects.ttl_s,
            script_ttl_s_by_status=effects.ttl_s_by_status,
            default_ttl_s=effects.default_ttl_s,
            default_ttl_s_by_status=effects.default_ttl_s_by_status,
            grace=Grace(effects.stale_while_revalidate_s, effects.stale_if_error_s),
            represents_target=is_target,
            store_cookies=self._settings.store_cookies,
        )
        if key is not None and isinstance(fields, Received):
            fields.note(key, decision)
        return decision


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
