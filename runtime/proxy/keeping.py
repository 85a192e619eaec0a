"""Whether an answer may be kept, as what, and putting it: what all ways of storing have in common."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edgescript.effects import Effects
from runtime.cache.body import Body
from runtime.cache.cache import Cache
from runtime.cache.store import StoredResponse
from runtime.cache.writing import BodyWriter
from runtime.http.fields import Field, combined
from runtime.http.ranges import Part
from runtime.http.storage import DoNotStore, Grace, Store, decide_storage, may_share_authorized
from runtime.http.tags import tags_of
from runtime.http.update import represents_target
from runtime.proxy.messages import Command, UpstreamHead
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.received import Received
from runtime.proxy.sharing import Sharing

_CREDENTIALS: Final = b"authorization"


class Arriving(NamedTuple):
    """An answer on its way into the store, its content written while it passes through."""

    decision: Store
    head: UpstreamHead
    response_time: float
    writer: BodyWriter
    tags: tuple[str, ...]
    part: "ArrivingPart | None" = None
    """None for the whole."""


class ArrivingPart(NamedTuple):
    """What of it is a part alone."""

    of: Part
    effects: Effects
    """Scripts' wishes for its storing."""


class Keeping:
    """What an exchange with `plan` may keep, and how it does; `sharing` knows since when, and who waits."""

    __slots__ = ("_lends_credentials", "cache", "plan", "settings", "sharing")

    def __init__(self, plan: Plan, cache: Cache, settings: Settings, sharing: Sharing) -> None:
        self.plan = plan
        self.cache = cache
        self.settings = settings
        self.sharing = sharing
        self._lends_credentials = (
            bool(plan.effects.request_headers) and combined(plan.vary_fields, _CREDENTIALS) is not None
        )
        """Scripts may have given the request credentials: what comes is then for those who are given the same."""

    # --- judgement ----------------------------------------------------------------------------------------------

    def decide(
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
        """Whether and for how long; `asked` stands in for the client's fields."""
        key = None
        if (
            self.plan.plain
            and isinstance(fields, Received)
            and not effects.ttl_s_by_status
            and not effects.default_ttl_s_by_status
            and not self._lends_credentials
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
                self.settings.store_cookies,
            )
            known: Store | DoNotStore | None = fields.notes.get(key)
            if known is not None:
                return known
        decision = decide_storage(
            method,
            self.plan.request_fields if asked is None else asked,
            status,
            fields,
            now,
            script_ttl_s=effects.ttl_s,
            script_ttl_s_by_status=effects.ttl_s_by_status,
            default_ttl_s=effects.default_ttl_s,
            default_ttl_s_by_status=effects.default_ttl_s_by_status,
            grace=Grace(effects.stale_while_revalidate_s, effects.stale_if_error_s),
            represents_target=is_target,
            store_cookies=self.settings.store_cookies,
            is_part=is_part,
        )
        if self._lends_credentials and isinstance(decision, Store):
            decision = _for_their_owner(decision, fields)
        if key is not None and isinstance(fields, Received):
            fields.note(key, decision)
        return decision

    def represents_target(self, fields: Sequence[Field], effects: Effects) -> bool:
        """Whether an answer to POST is what GET would get (RFC 9110 section 9.3.3)."""
        plan = self.plan
        return (
            plan.forward.method == b"POST"
            and not effects.bypass
            and represents_target(plan.cache_key, plan.forward.target, fields)
        )

    def tags(self, fields: Sequence[Field], effects: Effects) -> tuple[str, ...] | None:
        """None where they keep the response from being stored."""
        spelled = self.settings.tag_fields
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
            self.cache.counts.overtagged += 1
        return found

    # --- what is kept -------------------------------------------------------------------------------------------

    def made(
        self, decision: Store, head: UpstreamHead, body: Body, tags: tuple[str, ...], arrived: float
    ) -> StoredResponse:
        """An answer that arrived at Unix second `arrived`, as it is stored."""
        return StoredResponse.from_origin(
            head.status,
            head.fields,
            body,
            decision,
            request_fields=self.plan.vary_fields,
            request_time=self.sharing.started,
            response_time=arrived,
            tags=tags,
        )

    def renewed(
        self,
        stale: StoredResponse,
        fields: Sequence[Field],
        head: UpstreamHead,
        decision: Store,
        tags: tuple[str, ...],
        now: float,
    ) -> StoredResponse:
        """`stale` under the `fields` that it has once `head` has spoken of it."""
        return StoredResponse.from_origin(
            stale.status,
            fields,
            stale.body,
            decision,
            request_fields=self.plan.vary_fields,
            request_time=self.sharing.started,
            response_time=now,
            age_fields=head.fields,
            tags=tags,
        )

    def put(self, stored: StoredResponse, now: float) -> bool:
        """Whether those who wait may have `stored`: not if it was purged while it was fetched."""
        sharing, store = self.sharing, self.cache.store
        if store.put(self.plan.cache_key, stored, sharing.since):
            sharing.note_kept()
            return True
        if store.generation() != sharing.since:
            return False
        sharing.note_in_vain(now)
        return True

    def settle_with(self, stored: StoredResponse, now: float) -> list[Command]:
        """Put `stored`, and let those who wait have it."""
        if self.put(stored, now):
            return self.sharing.settle(stored)
        # Purged while it was fetched: of the fetch to come that says nothing.
        return self.sharing.settle(None, says_nothing=True)

    def stored_now(self) -> StoredResponse | None:
        """What the store has for this request at the moment."""
        return self.cache.store.get(self.plan.cache_key, self.plan.vary_fields)

    def forget(self) -> None:
        """What is stored under the key is not what the origin has."""
        store, key = self.cache.store, self.plan.cache_key
        store.delete(key)
        self.sharing.since = store.generation(key)


def _for_their_owner(decision: Store, fields: Sequence[Field]) -> Store:
    """
    `decision` about an answer to credentials that scripts gave. Unless the origin shares it (RFC 9111 section 3.5) it is as if
    it varied on them: those of a visitor lead to nobody else's answer, those of the node to one for all.
    """
    if may_share_authorized(fields):
        return decision
    return decision._replace(vary_names=tuple(sorted({*decision.vary_names, _CREDENTIALS})))
