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
from runtime.proxy.keeping import Arriving, Keeping
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.part_keeping import arriving_part, keep_beginning, settle_reconciled, settle_with_part
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.sharing import Sharing


class Storing:
    """See the module's text. Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_arriving", "_keeping", "growing", "sharing")

    def __init__(self, plan: Plan, cache: Cache, settings: Settings, now: float) -> None:
        self.sharing = sharing = Sharing(plan, cache, now)
        self._keeping = Keeping(plan, cache, settings, sharing)
        self._arriving: Arriving | None = None
        self.growing: Growing | None = None
        """What is collected can be read along."""

    # --- collecting ---------------------------------------------------------------------------------------------

    @property
    def collects(self) -> bool:
        """Whether the content that comes is for the store too."""
        return self._arriving is not None

    @property
    def size(self) -> int:
        """Bytes collected."""
        return 0 if self._arriving is None else self._arriving.writer.size

    @property
    def is_nearly_whole(self) -> bool:
        """Whether so little is missing of what is collected that it is worth its while."""
        growing = self.growing
        if growing is None or growing.length is None:
            return False
        return growing.length - growing.come <= self._keeping.settings.max_object_bytes

    @property
    def decision(self) -> Store | None:
        """How what is being collected may be reused."""
        return None if self._arriving is None else self._arriving.decision

    @property
    def reads_ahead(self) -> bool:
        """
        Whether content is collected faster than the client takes it: up to a size that would fill the memory, or as long as
        there is room where it is read along.
        """
        if self.growing is not None:
            return not self.growing.is_full
        arriving = self._arriving
        return arriving is not None and arriving.writer.size <= self._keeping.settings.max_object_bytes

    def begin(self, head: UpstreamHead, effects: Effects, now: float) -> None:
        """Decide whether the response is to be stored, and collect it if it is."""
        plan = self._keeping.plan
        if plan.part:
            self._arriving = self._arriving_for_part(head, effects, now)
            if self._arriving is None and plan.coalesce and head.status in {200, 206}:
                self.sharing.note_in_vain(now)
            return
        if not plan.coalesce:
            if plan.forward.method == b"HEAD" and head.status == 200:
                self._tell_parts_of_head(head, effects, now)
            elif self._keeping.represents_target(head.fields, effects):
                self._arriving = self._arriving_whole(head, effects, now, is_target=True)
            return
        self._arriving = self._arriving_whole(head, effects, now)
        if self._arriving is None:
            self.sharing.note_in_vain(now)

    def _arriving_for_part(self, head: UpstreamHead, effects: Effects, now: float) -> Arriving | None:
        """Of what answers a request for a part: the part, or the whole where the origin sends that."""
        if head.status == 206:
            return arriving_part(self._keeping, head, effects, now)
        return self._arriving_whole(head, effects, now) if head.status == 200 else None

    def _tell_parts_of_head(self, head: UpstreamHead, effects: Effects, now: float) -> None:
        stored = None if effects.bypass else self._keeping.stored_now()
        if stored is not None and isinstance(stored.body, PartialBody):
            self.hear_of_head(stored, head, effects, now)

    def _arriving_whole(
        self, head: UpstreamHead, effects: Effects, now: float, *, is_target: bool = False
    ) -> Arriving | None:
        method = self._keeping.plan.forward.method
        decision = self._keeping.decide(method, head.status, head.fields, effects, now, is_target=is_target)
        if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
            return None
        tags = self._keeping.tags(head.fields, effects)
        if tags is None:
            return None
        writer = self._keeping.cache.writer(head.framing.size if isinstance(head.framing, Length) else None)
        return None if writer is None else Arriving(decision, head, now, writer, tags)

    def take(self, data: bytes, now: float) -> bool:
        """Collect the next piece; False when there is nothing to store any more."""
        arriving = self._arriving
        assert arriving is not None
        so_far = arriving.writer.size
        part = arriving.part
        if part is not None and so_far + len(data) > part.of.span.length:
            self._arriving = None  # it is not what it says it is
            arriving.writer.abort()
            if self.growing is not None:
                self.growing.break_off()
            return False
        taken = arriving.writer.write(data)
        if self.growing is not None:
            self.growing.take(data, stored=taken)
        if taken:
            return True
        self._arriving = None
        store = self._keeping.cache.store
        limit = store.max_object_bytes if store.overflow is None else store.overflow.max_object_bytes
        if so_far + len(data) > limit:
            self.sharing.note_in_vain(now)
        return False

    def grow(self, now: float) -> tuple[Growing, list[object]] | None:
        """
        What others may read along from now on, and who waits to hear of it; None where nothing is in a file that they
        could be given.
        """
        arriving = self._arriving
        if self.growing is not None or arriving is None or not self.sharing.leads:
            return None
        along = arriving.writer.along()
        if along is None:
            return None
        told = self._stored(arriving, b"")
        if told.fresh_until <= now:
            return None
        framing = arriving.head.framing
        length = framing.size if isinstance(framing, Length) else None
        self.growing = Growing(told, length, along)
        return self.growing, self.sharing.grow(self.growing)

    def abandon(self) -> None:
        """There will be no more: forget what was collected, or keep it as the part that it is."""
        arriving, self._arriving = self._arriving, None
        if arriving is not None:
            keep_beginning(self._keeping, arriving)
        if self.growing is not None:
            self.growing.break_off()

    def complete(self, now: float, trailers: Sequence[Field] = ()) -> list[Command]:
        """The content is whole: store it, and let those who wait have it."""
        arriving, self._arriving = self._arriving, None
        body = None if arriving is None else arriving.writer.finish()
        if self.growing is not None:
            self.growing.finish(trailers)
        if arriving is None:
            return []
        if body is None:
            return self.sharing.settle(None)
        if arriving.part is not None:
            return settle_with_part(self._keeping, arriving, body, now)
        return self._keeping.settle_with(self._stored(arriving, body), now)

    def _stored(self, arriving: Arriving, body: Body) -> StoredResponse:
        return self._keeping.made(
            arriving.decision, arriving.head, body, arriving.tags, arriving.response_time
        )

    def keep(self, head: UpstreamHead, content: bytes, effects: Effects, now: float) -> list[Command]:
        """What becomes of an answer that came whole: stored or not, those who wait hear of it."""
        keeping = self._keeping
        plan = keeping.plan
        decision = keeping.decide(plan.forward.method, head.status, head.fields, effects, now)
        if isinstance(decision, DoNotStore):
            self.sharing.note_in_vain(now)
            return self.sharing.settle(None)
        in_memory = len(content) <= keeping.cache.store.max_object_bytes
        if in_memory and PER_REQUEST.isdisjoint(decision.vary_names):
            tags = keeping.tags(head.fields, effects)
            if tags is not None:
                return keeping.settle_with(keeping.made(decision, head, content, tags, now), now)
            self.sharing.note_in_vain(now)
            return self.sharing.settle(None)
        self.begin(head, effects, now)
        if self._arriving is not None and self.take(content, now):
            return self.complete(now)
        return self.sharing.settle(None)

    # --- what is stored already ---------------------------------------------------------------------------------

    def forget(self) -> None:
        """What is stored under the key is not what the origin has."""
        self._keeping.forget()

    def invalidate(self, status: int, fields: Sequence[Field]) -> None:
        """An unsafe method succeeded: what is stored for the target and for what it names is out of date."""
        plan = self._keeping.plan
        store = self._keeping.cache.store
        store.delete(plan.cache_key)
        if status < 400:
            for key in invalidated_keys(plan.cache_key, plan.forward.target, fields):
                store.delete(key)
        self.sharing.since = store.generation()

    def renew(
        self, stale: StoredResponse, fields: Sequence[Field], head: UpstreamHead, effects: Effects, now: float
    ) -> tuple[StoredResponse, list[Command]]:
        """`stale` with its `fields` merged from a 304, stored if it may be; then those who wait hear (RFC 9111 section 4.3.4)."""
        decision = self._keeping.decide(b"GET", stale.status, fields, effects, now)
        if isinstance(decision, DoNotStore):
            # What only this client's request forbids (no-store, Authorization) is no reason to take it from others.
            if isinstance(
                self._keeping.decide(b"GET", stale.status, fields, effects, now, asked=()), DoNotStore
            ):
                self._keeping.forget()
            return self._keeping.renewed(stale, fields, head, _for_once(stale), (), now), self.sharing.settle(
                None
            )
        tags = self._keeping.tags(fields, effects)
        if tags is None:
            self._keeping.forget()
            return self._keeping.renewed(stale, fields, head, _for_once(stale), (), now), self.sharing.settle(
                None
            )
        renewed = self._keeping.renewed(stale, fields, head, decision, tags, now)
        if isinstance(renewed.body, PartialBody):
            return renewed, settle_reconciled(self._keeping, renewed, now)
        return renewed, self._keeping.settle_with(renewed, now)

    def hear_of_head(self, stored: StoredResponse, head: UpstreamHead, effects: Effects, now: float) -> None:
        """What a 200 to HEAD says of the stored response to GET (RFC 9111 section 4.3.5)."""
        headed = validators_of(head.fields, now)
        length = combined(head.fields, b"content-length")
        effect = head_effect(stored.validators, len(stored.body), headed, length)
        if effect == "forget":
            self._keeping.forget()
        elif effect == "update":
            fields = merge_304(stored.fields, head.fields)
            decision = self._keeping.decide(b"GET", stored.status, fields, effects, now)
            tags = self._keeping.tags(fields, effects)
            if tags is None:
                self._keeping.forget()
            elif isinstance(decision, Store):
                self._keeping.put(self._keeping.renewed(stored, fields, head, decision, tags, now), now)


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
