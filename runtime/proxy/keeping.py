"""Whether an answer may be kept, as what, and putting it: what all ways of storing have in common."""

from collections.abc import Sequence
from typing import NamedTuple

from edgescript.effects import Effects
from runtime.cache.body import Body
from runtime.cache.cache import Cache
from runtime.cache.store import StoredResponse
from runtime.cache.writing import BodyWriter
from runtime.http.fields import Field
from runtime.http.ranges import Part
from runtime.http.storage import DoNotStore, Grace, Store, decide_storage
from runtime.http.tags import tags_of
from runtime.http.update import represents_target
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.received import Received
from runtime.proxy.sharing import Sharing


class Collection(NamedTuple):
    """Content being collected while it passes through."""

    decision: Store
    head: UpstreamHead
    response_time: float
    writer: BodyWriter
    tags: tuple[str, ...]
    part: "ComingPart | None" = None
    """None for the whole."""


class ComingPart(NamedTuple):
    """What is being collected is a part."""

    of: Part
    effects: Effects
    """Scripts' wishes for its storing."""


class Keeping(Sharing):
    """Made when the exchange begins, at Unix second `now`."""

    __slots__ = ("_settings",)

    def __init__(self, plan: Plan, cache: Cache, settings: Settings, now: float) -> None:
        super().__init__(plan, cache, now)
        self._settings = settings

    # --- judgement ----------------------------------------------------------------------------------------------

    def _decide(
        self,
        method: bytes,
        status: int,
        fields: Sequence[Field],
        effects: Effects,
        now: float,
        *,
        is_target: bool = False,
        is_part: bool = False,
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
                is_part,
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
            is_part=is_part,
        )
        if key is not None and isinstance(fields, Received):
            fields.note(key, decision)
        return decision

    def _represents_target(self, fields: Sequence[Field], effects: Effects) -> bool:
        """Whether an answer to POST is what GET would get (RFC 9110 section 9.3.3)."""
        plan = self._plan
        return (
            plan.forward.method == b"POST"
            and not effects.bypass
            and represents_target(plan.cache_key, plan.forward.target, fields)
        )

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

    # --- what is kept -------------------------------------------------------------------------------------------

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

    def _put(self, stored: StoredResponse, now: float) -> bool:
        """Whether those who wait may have `stored`: not if it was purged while it was fetched."""
        cache, asked = self._cache, self._in_vain_key
        if cache.store.put(self._plan.cache_key, stored, self._since):
            cache.uncacheable.forget(asked)
            return True
        if cache.store.generation() != self._since:
            return False
        cache.uncacheable.note(asked, now)
        return True

    def _settle_with(self, stored: StoredResponse, now: float) -> list[Command]:
        # Purged while it was fetched: of the fetch to come that says nothing.
        return self.settle(stored) if self._put(stored, now) else self.settle(None, says_nothing=True)

    def forget(self) -> None:
        """What is stored under the key is not what the origin has."""
        self._cache.store.delete(self._plan.cache_key)
        self._since = self._cache.store.generation(self._plan.cache_key)
