"""
One request that has to wait: for the origin, for another request's fetch, or for its own body.

A machine without I/O. Events in the past tense go in through `handle`, commands in the imperative come out; the
driver in `runtime/io` carries them out in order. A request answered from memory never gets here.

States:

    WAITING ──FlightSettled──► OPENING ──UpstreamOpened──► SENDING ──UpstreamHead──► STREAMING ──► DONE
       └─ (joined another fetch)   └───────UpstreamFailed──────┴──► DONE (502, 504, one retry)

Invariants:
- The client's head is sent at most once; after it, trouble can only cut the connection, so a cut body never looks
  whole.
- Whoever leads a flight settles it exactly once, on every path.
- A request is retried once, and only when the origin may not have acted on it: a pooled connection failed before any
  byte of an answer, the method is safe, and no body was sent (RFC 9110 section 9.2.2).
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Role
from runtime.cache.store import StoredResponse
from runtime.http.conditional import NotModified, evaluate_at_cache, freshens, validators_of
from runtime.http.dates import format_http_date
from runtime.http.fields import end_to_end
from runtime.http.framing import Chunked, Length, NoBody
from runtime.http.storage import DoNotStore, Store, decide_storage
from runtime.http.update import SAFE_METHODS, merge_304, needs_invalidation
from runtime.proxy.client_framing import BodyMode, body_mode, framing_fields
from runtime.proxy.collection import Collection, decision_for_once
from runtime.proxy.forward import CONDITIONAL, PER_REQUEST, without
from runtime.proxy.header_ops import Fields
from runtime.proxy.hit import conditional_head, hit_head
from runtime.proxy.messages import (
    ClientClosed,
    CloseUpstream,
    Command,
    CutClient,
    Event,
    FinishResponse,
    FlightSettled,
    OpenUpstream,
    Pace,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamOpened,
    Wake,
)
from runtime.proxy.own_answer import error_response, whole
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.respond import (
    MADE_ANEW,
    CacheStatus,
    connection_tail,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)

_LAST_CHUNK: Final = b"0\r\n\r\n"


class _At(Enum):
    WAITING = auto()
    OPENING = auto()
    SENDING = auto()
    STREAMING = auto()
    DONE = auto()


_FROM_CLIENT: Final = frozenset({RequestBody, RequestCompleted, ClientClosed})
_HEEDED: Final[dict[_At, frozenset[type]]] = {
    _At.WAITING: _FROM_CLIENT | {FlightSettled},
    _At.OPENING: _FROM_CLIENT | {UpstreamOpened, UpstreamFailed},
    _At.SENDING: _FROM_CLIENT | {UpstreamHead, UpstreamFailed},
    _At.STREAMING: _FROM_CLIENT | {UpstreamBody, UpstreamCompleted, UpstreamCut},
    _At.DONE: frozenset(),
}
"""What each state attends to; any other event comes too late and changes nothing."""


class Exchange:
    """See the module's text. `now` arguments are Unix seconds."""

    def __init__(
        self, plan: Plan, cache: Cache, settings: Settings, now: float, waiter: object = None
    ) -> None:
        """`waiter` is who is woken when a fetch this exchange waits for ends; without one, the exchange itself."""
        self._waiter = self if waiter is None else waiter
        self.plan = plan
        self._forward = plan.forward
        self._cache = cache
        self._settings = settings
        self._started = now
        self._at = _At.OPENING
        self._leads = False
        self._storing: Collection | None = None
        self._mode: BodyMode = "none"
        self._swallow = False
        """The client has its whole answer; the rest of the origin's body is only for the store."""
        self._client_gone = False
        self._head_sent = False
        self._retried = False
        self._refetch = False
        """The origin's 304 was not about what is stored: ask again, for the whole."""
        self._pooled = False
        self._body_sent = False
        self._request_done = isinstance(plan.framing, NoBody)
        self._pending: list[bytes] = []
        self._unsent_head = b""
        """The forwarded head while it waits for the first of a chunked body."""

    def __repr__(self) -> str:
        return f"<Exchange {self._at.name} {self.plan.request.method} {self.plan.request.target}>"

    @property
    def done(self) -> bool:
        return self._at is _At.DONE

    @property
    def accepts_request_body(self) -> bool:
        """Whether body bytes would go straight on; false while the origin's connection is being opened."""
        return self._at in {_At.SENDING, _At.STREAMING}

    @property
    def collects(self) -> bool:
        """Whether the body is also for the store: others wait for it, and no one client may slow it down."""
        return self._storing is not None

    def start(self) -> list[Command]:
        """Join a fetch of the same object or begin one."""
        key = self.plan.cache_key
        if self.plan.coalesce and not self._cache.uncacheable.covers(key, self._started):
            role = self._cache.flights.join(key, self._waiter)
            if role is Role.WAITS:
                self._at = _At.WAITING
                return []
            self._leads = role is Role.LEADS
        return [OpenUpstream(fresh=False)]

    def handle(self, event: Event, now: float) -> list[Command]:
        """The commands that follow from `event`."""
        if event.__class__ not in _HEEDED[self._at]:
            return []
        match event:
            case UpstreamBody(data):
                return self._on_upstream_body(data, now)
            case UpstreamHead():
                return self._on_upstream_head(event, now)
            case UpstreamCompleted():
                return self._on_upstream_completed(now)
            case UpstreamOpened(reused):
                return self._on_upstream_opened(reused)
            case UpstreamFailed():
                return self._on_upstream_failed(event, now)
            case UpstreamCut():
                return self._on_upstream_cut(now)
            case RequestBody(data):
                return self._on_request_body(data)
            case RequestCompleted():
                return self._on_request_completed()
            case ClientClosed():
                return self._on_client_closed()
            case FlightSettled():
                return self._on_flight_settled(event, now)

    # --- towards the origin -------------------------------------------------------------------------------------

    def _on_upstream_opened(self, reused: bool) -> list[Command]:
        self._at = _At.SENDING
        self._pooled = reused
        head = self._forward.head(self.plan.framing)
        pending, self._pending = self._pending, []
        if pending:
            self._body_sent = True
        elif isinstance(self.plan.framing, Chunked) and not self._request_done:
            # Nothing of the body has been found well formed yet: until then the origin hears nothing of the request.
            self._unsent_head = head
            return []
        return [SendUpstream(head + b"".join(pending), last=self._request_done)]

    def _on_request_body(self, data: bytes) -> list[Command]:
        if not data or self._request_done:
            return []
        framed = b"%x\r\n%b\r\n" % (len(data), data) if isinstance(self.plan.framing, Chunked) else data
        return self._towards_origin(framed)

    def _on_request_completed(self) -> list[Command]:
        if self._request_done:
            return []
        self._request_done = True
        return self._towards_origin(_LAST_CHUNK if isinstance(self.plan.framing, Chunked) else b"")

    def _towards_origin(self, data: bytes) -> list[Command]:
        if self.accepts_request_body:
            self._body_sent = True
            head, self._unsent_head = self._unsent_head, b""
            return [SendUpstream(head + data, last=self._request_done)]
        self._pending.append(data)
        return []

    def _on_upstream_failed(self, event: UpstreamFailed, now: float) -> list[Command]:
        unheard = self._pooled and not event.silent and not event.may_have_acted
        repeatable = not self._body_sent and (self._unsent_head or self.plan.forward.method in SAFE_METHODS)
        if unheard and repeatable and not self._retried:
            self._retried = True
            self._pooled = False
            self._at = _At.OPENING
            return [OpenUpstream(fresh=True)]
        return self._fail(504 if event.silent else 502, now)

    # --- from the origin ----------------------------------------------------------------------------------------

    def _on_upstream_head(self, head: UpstreamHead, now: float) -> list[Command]:
        self._at = _At.STREAMING
        plan = self.plan
        commands: list[Command] = []
        if needs_invalidation(plan.forward.method, head.status):
            self._cache.store.delete(plan.cache_key)
        if plan.stale is not None and head.status == 304:
            return self._on_not_modified(plan.stale, head, now)
        heard = self._hear_scripts(head.fields, now, getattr(head.framing, "size", None))
        if plan.coalesce:
            self._decide_storage(head, now)
            if self._storing is None:
                commands += self._settle(None)
        if not self._client_gone:
            commands += heard
        if self._client_gone or self._swallow:
            if self._storing is None:
                self._at = _At.DONE
                commands.append(CloseUpstream())
            return commands
        return commands + self._begin_response(head, "MISS" if plan.coalesce else "BYPASS", now)

    def _decide_storage(self, head: UpstreamHead, now: float) -> None:
        decision = self._storage(head.status, head.fields, now)
        if isinstance(decision, DoNotStore) or not PER_REQUEST.isdisjoint(decision.vary_names):
            self._cache.uncacheable.note(self.plan.cache_key, now)
            return
        if isinstance(head.framing, Length) and head.framing.size > self._settings.max_object_bytes:
            self._cache.uncacheable.note(self.plan.cache_key, now)
            return
        self._storing = Collection(decision, head, now, [])

    def _hear_scripts(
        self, fields: Sequence[tuple[bytes, bytes]], now: float, length: int | None = None
    ) -> list[Command]:
        """Let the scripts that wait for the head go on; with `_swallow` set, they have answered themselves."""
        waiting, before = self.plan.continuation, self.plan.effects
        if waiting is None:
            return []
        keep_alive = self.plan.keep_alive and self._request_done
        effects, answer = waiting.hear(end_to_end(fields), keep_alive, now, length)
        self.plan = self.plan._replace(continuation=None, effects=effects)
        rate, after = effects.rate_bytes_per_s, effects.rate_after_bytes
        changed = (rate, after) != (before.rate_bytes_per_s, before.rate_after_bytes)
        commands: list[Command] = [Pace(rate, after or 0)] if changed and rate is not None else []
        if answer is None:
            return commands
        self._swallow = self._head_sent = True
        commands.append(SendClient(answer.head))
        if answer.body:
            commands.append(SendClient(answer.body, paced=True))
        return [*commands, FinishResponse(answer.keep_alive)]

    def _storage(self, status: int, fields: Sequence[tuple[bytes, bytes]], now: float) -> Store | DoNotStore:
        effects = self.plan.effects
        return decide_storage(
            self.plan.forward.method,
            self.plan.request_fields,
            status,
            fields,
            now,
            script_ttl_s=effects.ttl_s,
            script_ttl_s_by_status=effects.ttl_s_by_status,
        )

    def _on_not_modified(self, stale: StoredResponse, head: UpstreamHead, now: float) -> list[Command]:
        """RFC 9111 section 4.3.4: the stored response is fresh again with the fields of the 304."""
        if not freshens(stale.validators, validators_of(head.fields, now)):
            self._cache.store.delete(self.plan.cache_key)
            self._refetch = True
            return []
        fields = merge_304(stale.fields, head.fields)
        heard = self._hear_scripts(fields, now, len(stale.body))
        answered = self._swallow
        decision = self._storage(stale.status, fields, now)
        if isinstance(decision, DoNotStore):
            self._cache.store.delete(self.plan.cache_key)
            kept = decision_for_once(stale)
        else:
            kept = decision
        renewed = StoredResponse.from_origin(
            stale.status,
            fields,
            stale.body,
            kept,
            request_fields=self.plan.vary_fields,
            request_time=self._started,
            response_time=now,
            age_fields=head.fields,
        )
        if isinstance(decision, Store):
            self._cache.store.put(self.plan.cache_key, renewed)
            self._cache.uncacheable.forget(self.plan.cache_key)
        self._swallow = True
        commands = self._settle(renewed if isinstance(decision, Store) else None)
        if self._client_gone:
            return commands
        if answered:
            return commands + heard
        return commands + heard + self._answer_from(renewed, "REVALIDATED", now)

    def _begin_response(self, head: UpstreamHead, label: CacheStatus, now: float) -> list[Command]:
        request = self.plan.request
        ops = self.plan.effects.response_headers
        fields = [field for field in end_to_end(head.fields) if field[0].lower() not in MADE_ANEW]
        if not any(name.lower() == b"date" for name, _ in fields):  # RFC 9110 section 6.6.1
            fields.append((b"Date", format_http_date(int(now))))
        status = head.status
        if self._matches_precondition(status, now):
            status = 304
            self._swallow = True
        self._mode = body_mode(request.method, request.protocol, status, head.framing)
        out: Fields = with_script_ops(fields, ops, request) + node_fields(named_own(ops), label, request)
        out += framing_fields(self._mode, request.method, status, head.framing, head.fields)
        if not self._may_keep_alive:
            out.append((b"Connection", b"close"))
        elif request.protocol == "HTTP/1.0":
            out.append((b"Connection", b"keep-alive"))
        self._head_sent = True
        commands: list[Command] = [SendClient(status_line(status) + field_lines(out) + b"\r\n")]
        if self._swallow:
            commands += self._finish()
        return commands

    def _matches_precondition(self, status: int, now: float) -> bool:
        """Whether the client's own validators match a whole answer, although the origin was not asked that."""
        storing = self._storing
        if storing is None or status != 200:
            return False
        method = self.plan.forward.method
        outcome = evaluate_at_cache(method, self.plan.request_fields, storing.decision.validators, now)
        return isinstance(outcome, NotModified)

    @property
    def _may_keep_alive(self) -> bool:
        # An answer that overtakes the request's body leaves body bytes nobody will read in order.
        return self.plan.keep_alive and self._mode != "until-close" and self._request_done

    def _on_upstream_body(self, data: bytes, now: float) -> list[Command]:
        storing = self._storing
        commands: list[Command] = []
        if not data:  # an empty chunk would end the client's body
            return commands
        if storing is not None:
            too_long = storing.size + len(data) > self._settings.max_object_bytes
            if too_long or not self._cache.collecting.take(len(data)):
                self._stop_storing()
                if too_long:
                    self._cache.uncacheable.note(self.plan.cache_key, now)
                commands += self._settle(None)
                if self._swallow or self._client_gone:
                    self._at = _At.DONE
                    return [*commands, CloseUpstream()]
            else:
                storing.size += len(data)
                storing.chunks.append(data)
        if self._swallow or self._client_gone or self._mode == "none":
            return commands
        framed = b"%x\r\n%b\r\n" % (len(data), data) if self._mode == "chunked" else data
        commands.append(SendClient(framed, paced=True))
        return commands

    def _stop_storing(self) -> Collection | None:
        """What was collected, if anything was; it counts no longer."""
        storing, self._storing = self._storing, None
        if storing is not None:
            self._cache.collecting.give_back(storing.size)
        return storing

    def _on_upstream_completed(self, now: float) -> list[Command]:
        if self._refetch:
            return self._ask_for_the_whole()
        commands: list[Command] = []
        storing = self._stop_storing()
        if storing is not None:
            stored = StoredResponse.from_origin(
                storing.head.status,
                storing.head.fields,
                b"".join(storing.chunks),
                storing.decision,
                request_fields=self.plan.vary_fields,
                request_time=self._started,
                response_time=storing.response_time,
            )
            if self._cache.store.put(self.plan.cache_key, stored):
                self._cache.uncacheable.forget(self.plan.cache_key)
            else:
                self._cache.uncacheable.note(self.plan.cache_key, now)
            commands += self._settle(stored)
        self._at = _At.DONE
        if self._swallow or self._client_gone:
            return commands
        if self._mode == "chunked":
            commands.append(SendClient(_LAST_CHUNK, paced=True))
        return commands + self._finish()

    def _ask_for_the_whole(self) -> list[Command]:
        self._refetch = False
        self._at = _At.OPENING
        self.plan = self.plan._replace(stale=None)
        self._forward = self._forward._replace(fields=without(self._forward.fields, CONDITIONAL))
        return [OpenUpstream(fresh=False)]

    def _on_upstream_cut(self, now: float) -> list[Command]:
        self._stop_storing()
        commands = self._settle(None)  # others may fare better
        return commands + self._fail(502, now)

    # --- the client ---------------------------------------------------------------------------------------------

    def _on_client_closed(self) -> list[Command]:
        """Without its client an exchange goes on only to finish an object for the store."""
        self._client_gone = True
        if self._leads and (self._storing is not None or not self._head_sent) and self._request_done:
            return []
        self._stop_storing()
        commands = self._settle(None)
        if self._at is _At.WAITING:
            self._cache.flights.leave(self.plan.cache_key, self._waiter)
        was_open = self._at in {_At.OPENING, _At.SENDING, _At.STREAMING}
        self._at = _At.DONE
        return [*commands, CloseUpstream()] if was_open else commands

    def _on_flight_settled(self, event: FlightSettled, now: float) -> list[Command]:
        stored = event.stored
        # RFC 9111 section 4: waiting gives no leave to reuse what each reuse must ask about.
        if stored is not None and stored.fresh_until > now and stored.matches(self.plan.vary_fields):
            self._at = _At.DONE
            return self._answer_from(stored, "HIT", now)
        if event.failed_status:
            return self._fail(event.failed_status, now)
        self._at = _At.OPENING
        return [OpenUpstream(fresh=False)]

    def _answer_from(self, stored: StoredResponse, label: CacheStatus, now: float) -> list[Command]:
        commands = self._hear_scripts(stored.fields, now, len(stored.body))
        if self._head_sent:
            return commands
        request = self.plan.request
        ops = self.plan.effects.response_headers
        tail = connection_tail(request.protocol, self.plan.keep_alive)
        age_s = stored.age(now)
        head = conditional_head(stored, label, ops, request, self.plan.request_fields, now, tail)
        self._head_sent = True
        if head is not None:
            return [*commands, SendClient(head), *self._finish()]
        commands.append(SendClient(hit_head(stored, label, ops, request, age_s, tail)))
        if request.method != "HEAD" and stored.body:
            commands.append(SendClient(stored.body, paced=True))
        return commands + self._finish()

    def _finish(self) -> list[Command]:
        return [FinishResponse(self._may_keep_alive)]

    def _settle(self, stored: StoredResponse | None, failed_status: int = 0) -> list[Command]:
        if not self._leads:
            return []
        self._leads = False
        waiters = self._cache.flights.settle(self.plan.cache_key)
        return [Wake(waiters, FlightSettled(stored, failed_status))] if waiters else []

    def _fail(self, status: int, now: float) -> list[Command]:
        """Answer 502 or 504, or cut when a head is already out."""
        commands = self._settle(None, status)
        self._at = _At.DONE
        if self._client_gone or self._swallow:
            return commands
        if self._head_sent:
            return [*commands, CutClient()]
        answer = whole(error_response(status), self.plan.request, (), self._may_keep_alive, "BYPASS", now)
        self._head_sent = True
        return [*commands, SendClient(answer.head + answer.body), *self._finish()]
