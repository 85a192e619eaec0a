"""
One request that has to wait: for the origin, for another request's fetch, or for its own body.

A machine without I/O. Events in the past tense go in through `handle`, commands in the imperative come out; the
driver in `runtime/io` carries them out in order. A request answered from memory never gets here. What the answer does
to the cache is `storing`'s; `towards_origin` keeps the request's side.

States:

    WAITING ──FlightSettled──► OPENING ──UpstreamOpened──► SENDING ──UpstreamHead──► STREAMING ──► DONE
       └─ (joined another fetch)   └───────UpstreamFailed──────┴──► DONE (502, 503, 504, or a stale response; one retry)
                                                           └──UpstreamSwitched──► DONE (a tunnel)

Invariants:
- The client's head is sent at most once; after it, trouble can only cut the connection, so a cut body never looks
  whole.
- Whoever leads a flight settles it exactly once, on every path.
- A request is retried once, and only when the origin may not have acted on it: a pooled connection failed before any
  byte of an answer, the method is safe, and no body was sent (RFC 9110 section 9.2.2).
- With `background` set in the plan, nothing is ever sent to a client.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Role
from runtime.cache.store import StoredResponse
from runtime.http.conditional import NotModified, evaluate_at_cache, freshens, validators_of
from runtime.http.directives import request_directives
from runtime.http.fields import Field, end_to_end
from runtime.http.framing import Length, NoBody
from runtime.http.reuse import ERRORS, may_stand_in
from runtime.http.trailers import forwardable, trailer_section, wants_trailers
from runtime.http.update import merge_304, needs_invalidation
from runtime.proxy.client_framing import BodyMode, body_mode
from runtime.proxy.forward import CONDITIONAL, without
from runtime.proxy.header_ops import Fields
from runtime.proxy.messages import (
    AnswerClient,
    BecomeTunnel,
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
    SendFile,
    UpstreamAnswered,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamOpened,
    UpstreamSwitched,
)
from runtime.proxy.own_answer import error_response, whole
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.received import passing_head
from runtime.proxy.respond import (
    CacheStatus,
    connection_tail,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)
from runtime.proxy.stored_answer import answer_from
from runtime.proxy.storing import Storing
from runtime.proxy.towards_origin import TowardsOrigin

MAX_DRAINED_BYTES: Final = 65_536
"""Content nobody wants that is read all the same, so that the origin's connection can be used again."""


_Step = TypeVar("_Step", bound=Callable[..., list[Command]])


class _State(dict[type, Callable[..., list[Command]]]):
    """What an exchange does with each event in this state; one that is not here comes too late and changes nothing."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def _on(event: type, *states: _State) -> Callable[[_Step], _Step]:
    """The method below is what is done with `event` in `states`."""

    def entered(step: _Step) -> _Step:
        for state in states:
            state[event] = step
        return step

    return entered


_WAITING: Final = _State("WAITING")
_OPENING: Final = _State("OPENING")
_SENDING: Final = _State("SENDING")
_STREAMING: Final = _State("STREAMING")
_DONE: Final = _State("DONE")
_COMPLETED: Final = UpstreamCompleted()
_OPEN: Final = OpenUpstream(fresh=False)
_UNDER_WAY: Final = (_WAITING, _OPENING, _SENDING, _STREAMING)


class Exchange:
    """See the module's text. `now` arguments are Unix seconds."""

    __slots__ = (
        "_at",
        "_client_gone",
        "_head_sent",
        "_mode",
        "_origin",
        "_refetch",
        "_storing",
        "_swallow",
        "_waiter",
        "plan",
    )

    def __init__(
        self, plan: Plan, cache: Cache, settings: Settings, now: float, waiter: object = None
    ) -> None:
        """`waiter` is who is woken when a fetch this exchange waits for ends; without one, the exchange itself."""
        self._waiter: object = self if waiter is None else waiter
        """Known for as long as it may wait: kept longer, the two would keep each other until the collector comes."""
        self.plan = plan
        self._origin = TowardsOrigin(plan.forward, plan.framing)
        self._storing = Storing(plan, cache, settings, now)
        self._at = _OPENING
        self._mode: BodyMode = "none"
        self._swallow = False
        """The client has its whole answer; the rest of the origin's body is only for the store, or for nobody."""
        self._client_gone = plan.background
        self._head_sent = False
        self._refetch = False
        """The origin's 304 was not about what is stored: ask again, for the whole."""

    def __repr__(self) -> str:
        return f"<Exchange {self._at.name} {self.plan.request.method} {self.plan.request.target}>"

    @property
    def done(self) -> bool:
        return self._at is _DONE

    @property
    def accepts_request_body(self) -> bool:
        """Whether body bytes would go straight on; false while the origin's connection is being opened."""
        return self._at is _SENDING or self._at is _STREAMING

    @property
    def collects(self) -> bool:
        """Whether the body is also for the store: others wait for it, and no one client may slow it down."""
        return self._storing.reads_ahead

    def start(self) -> list[Command]:
        """Join a fetch of the same object or begin one."""
        if self.plan.background and self._storing.is_fetched():
            self._at = _DONE
            self._waiter = None
            return []
        if self.plan.coalesce and self._storing.join(self._waiter) is Role.WAITS:
            self._at = _WAITING
            return []
        self._waiter = None
        return [_OPEN]

    def handle(self, event: Event, now: float) -> list[Command]:
        """The commands that follow from `event`."""
        step = self._at.get(event.__class__)
        return [] if step is None else step(self, event, now)

    # --- from the origin ----------------------------------------------------------------------------------------

    @_on(UpstreamOpened, _OPENING)
    def _on_upstream_opened(self, event: UpstreamOpened, _now: float) -> list[Command]:
        self._at = _SENDING
        return self._origin.opened(event.reused)

    @_on(UpstreamFailed, _OPENING, _SENDING)
    def _on_upstream_failed(self, event: UpstreamFailed, now: float) -> list[Command]:
        if self._origin.may_retry(event):
            self._at = _OPENING
            return self._origin.retry()
        return self._fail(503 if event.busy else 504 if event.silent else 502, now)

    @_on(UpstreamInterim, _SENDING)
    def _on_interim(self, event: UpstreamInterim, _now: float) -> list[Command]:
        """Passed on to who can tell it from the answer (RFC 9110 section 15.2)."""
        status, fields = event
        if self._client_gone or self.plan.request.protocol == "HTTP/1.0" or status in {100, 101}:
            return []
        return [SendClient(status_line(status) + field_lines(end_to_end(fields)) + b"\r\n")]

    @_on(UpstreamSwitched, _SENDING)
    def _on_switched(self, event: UpstreamSwitched, now: float) -> list[Command]:
        fields = event.fields
        if self._client_gone or not self.plan.upgrade:
            return [CloseUpstream(), *self._fail(502, now)]
        request, ops = self.plan.request, self.plan.effects.response_headers
        out: Fields = with_script_ops(end_to_end(fields), ops, request)
        out += node_fields(named_own(ops), "BYPASS", request)
        out.append((b"Connection", b"Upgrade"))
        out += [field for field in fields if field[0].lower() == b"upgrade"]
        self._head_sent = True
        self._at = _DONE
        return [SendClient(status_line(101) + field_lines(out) + b"\r\n"), BecomeTunnel()]

    @_on(UpstreamHead, _SENDING)
    def _on_upstream_head(self, head: UpstreamHead, now: float) -> list[Command]:
        self._at = _STREAMING
        plan = self.plan
        if needs_invalidation(plan.forward.method, head.status):
            self._storing.invalidate(head.status, head.fields)
        if head.status == 304 and plan.coalesce:
            if plan.stale is None:
                return [CloseUpstream(), *self._fail(502, now)]  # nobody asked on a condition
            return self._on_not_modified(plan.stale, head, now)
        if head.status in ERRORS and self._may_stand_in(now, disconnected=False):
            return self._stand_in_for(head, now)
        heard = self._hear_scripts(head.fields, now, getattr(head.framing, "size", None))
        commands: list[Command] = []
        self._storing.begin(head, self.plan.effects, now)
        if plan.fallback is not None and plan.forward.method == b"HEAD" and head.status == 200:
            self._storing.hear_of_head(plan.fallback, head, self.plan.effects, now)
        if not self._storing.reads_ahead:
            commands += self._storing.settle(None)
        if not self._client_gone:
            commands += heard
        if self._client_gone or self._swallow:
            return commands + self._stop_unless_stored()
        return commands + self._begin_response(head, "MISS" if plan.coalesce else "BYPASS", now)

    def _stop_unless_stored(self) -> list[Command]:
        """Nobody but perhaps the store wants the rest."""
        if self._storing.collects:
            return []
        self._at = _DONE
        return [CloseUpstream()]

    def _hear_scripts(self, fields: Sequence[Field], now: float, length: int | None = None) -> list[Command]:
        """Let the scripts that wait for the head go on; with `_swallow` set, they have answered themselves."""
        waiting, before = self.plan.continuation, self.plan.effects
        if waiting is None:
            return []
        keep_alive = self.plan.keep_alive and self._origin.request_done
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

    def _on_not_modified(self, stale: StoredResponse, head: UpstreamHead, now: float) -> list[Command]:
        """RFC 9111 section 4.3.4: the stored response is fresh again with the fields of the 304."""
        if not freshens(stale.validators, validators_of(head.fields, now)):
            self._storing.forget()
            self._refetch = True
            self.plan = self.plan._replace(stale=None, fallback=None)
            return []
        fields = merge_304(stale.fields, head.fields)
        heard = self._hear_scripts(fields, now, len(stale.body))
        answered = self._swallow
        renewed, commands = self._storing.renew(stale, fields, head, self.plan.effects, now)
        self._swallow = True
        if self._client_gone:
            return commands
        commands += heard
        return commands if answered else commands + self._answer_from(renewed, "REVALIDATED", now)

    @_on(UpstreamAnswered, _SENDING)
    def _on_upstream_answered(self, event: UpstreamAnswered, now: float) -> list[Command]:
        """One step for an answer that is passed on as it is; head, content and end one after the other for any other."""
        head, content = event
        plan = self.plan
        if (
            not (plan.plain and plan.coalesce)
            or plan.continuation is not None
            or plan.fallback is not None
            or self._client_gone
            or head.status == 304
        ):
            commands = self._on_upstream_head(head, now)
            for step in (UpstreamBody(content), _COMPLETED):
                commands += self.handle(step, now)
            return commands
        self._at = _DONE
        woken = self._storing.keep(head, content, plan.effects, now)
        sent = self._head_of(head, head.status, "MISS", now)
        answer = AnswerClient(sent, content, self._may_keep_alive, head.status, "MISS")
        return [answer, *woken] if woken else [answer]

    def _begin_response(self, head: UpstreamHead, label: CacheStatus, now: float) -> list[Command]:
        status = head.status
        if self._matches_precondition(status, now):
            status = 304
            self._swallow = True
        commands: list[Command] = [SendClient(self._head_of(head, status, label, now))]
        if self._swallow:
            commands += self._finish()
        return commands

    def _head_of(self, head: UpstreamHead, status: int, label: CacheStatus, now: float) -> bytes:
        """What the client is sent before the origin's content."""
        plan = self.plan
        request = plan.request
        mode = self._mode = body_mode(request.method, request.protocol, status, head.framing)
        tail = connection_tail(request.protocol, self._may_keep_alive)
        self._head_sent = True
        return passing_head(head, status, mode, label, plan.effects.response_headers, request, tail, now)

    def _matches_precondition(self, status: int, now: float) -> bool:
        """Whether the client's own validators match a whole answer, although the origin was not asked that."""
        decision = self._storing.decision
        if decision is None or self.plan.plain or status != 200 or not self.plan.coalesce:
            return False
        method = self.plan.forward.method
        outcome = evaluate_at_cache(method, self.plan.request_fields, decision.validators, now)
        return isinstance(outcome, NotModified)

    @property
    def _may_keep_alive(self) -> bool:
        # An answer that overtakes the request's body leaves body bytes nobody will read in order.
        return self.plan.keep_alive and self._mode != "until-close" and self._origin.request_done

    @_on(UpstreamBody, _STREAMING)
    def _on_upstream_body(self, event: UpstreamBody, now: float) -> list[Command]:
        data = event.data
        commands: list[Command] = []
        if not data:  # an empty chunk would end the client's body
            return commands
        if self._storing.collects:
            goes_on = self._storing.take(data, now)
            if not self._storing.reads_ahead:
                # Who waits would wait for this client from now on.
                commands += self._storing.settle(None)
            if not goes_on and (self._swallow or self._client_gone):
                self._at = _DONE
                return [*commands, CloseUpstream()]
        if self._swallow or self._client_gone or self._mode == "none":
            return commands
        framed = b"%x\r\n%b\r\n" % (len(data), data) if self._mode == "chunked" else data
        commands.append(SendClient(framed, paced=True))
        return commands

    @_on(UpstreamCompleted, _STREAMING)
    def _on_upstream_completed(self, event: UpstreamCompleted, now: float) -> list[Command]:
        if self._refetch:
            return self._ask_for_the_whole()
        commands = self._storing.complete(now)
        self._at = _DONE
        if self._swallow or self._client_gone:
            return commands
        if self._mode == "chunked":
            wanted = event.trailers and wants_trailers(self.plan.request_fields)
            passed = forwardable(event.trailers) if wanted else ()
            commands.append(SendClient(trailer_section(passed), paced=True))
        return commands + self._finish()

    def _ask_for_the_whole(self) -> list[Command]:
        self._refetch = False
        self._at = _OPENING
        forward = self._origin.forward
        self._origin.forward = forward._replace(fields=without(forward.fields, CONDITIONAL))
        return [_OPEN]

    @_on(UpstreamCut, _STREAMING)
    def _on_upstream_cut(self, _event: UpstreamCut, now: float) -> list[Command]:
        self._storing.abandon()
        commands = self._storing.settle(None)  # others may fare better
        return commands + self._fail(502, now)

    # --- the client ---------------------------------------------------------------------------------------------

    @_on(RequestBody, *_UNDER_WAY)
    def _on_request_body(self, event: RequestBody, _now: float) -> list[Command]:
        return self._origin.body(event.data, flowing=self.accepts_request_body)

    @_on(RequestCompleted, *_UNDER_WAY)
    def _on_request_completed(self, event: RequestCompleted, _now: float) -> list[Command]:
        return self._origin.completed(event.trailers, flowing=self.accepts_request_body)

    @_on(ClientClosed, *_UNDER_WAY)
    def _on_client_closed(self, _event: ClientClosed, _now: float) -> list[Command]:
        """Without its client an exchange goes on only to finish an object for the store."""
        self._client_gone = True
        storing = self._storing
        if storing.leads and (storing.collects or not self._head_sent) and self._origin.request_done:
            return []
        storing.abandon()
        commands = storing.settle(None)
        if self._at is _WAITING:
            storing.leave(self._waiter)
            self._waiter = None
        was_open = self._at is not _WAITING
        self._at = _DONE
        return [*commands, CloseUpstream()] if was_open else commands

    @_on(FlightSettled, _WAITING)
    def _on_flight_settled(self, event: FlightSettled, now: float) -> list[Command]:
        self._waiter = None
        stored = event.stored
        # RFC 9111 section 4: waiting gives no leave to reuse what each reuse must ask about.
        if stored is not None and stored.fresh_until > now and stored.matches(self.plan.vary_fields):
            self._at = _DONE
            return self._answer_from(stored, "HIT", now)
        if event.failed_status:
            if event.disconnected:
                return self._fail(event.failed_status, now)
            if self._may_stand_in(now, disconnected=False):
                self._at = _DONE
                return self._answer_from(self.plan.fallback, "STALE", now)
        self._at = _OPENING
        self._storing.begin_again()
        return [_OPEN]

    def _answer_from(self, stored: StoredResponse | None, label: CacheStatus, now: float) -> list[Command]:
        assert stored is not None
        commands = self._hear_scripts(stored.fields, now, len(stored.body))
        if self._head_sent:
            return commands
        plan = self.plan
        tail = connection_tail(plan.request.protocol, self._may_keep_alive)
        ops = plan.effects.response_headers
        answer = answer_from(stored, label, ops, plan.request, plan.request_fields, now, tail)
        self._head_sent = True
        commands.append(SendClient(answer.head))
        if answer.body:
            commands.append(SendClient(answer.body, paced=True))
        if answer.file is not None:
            commands.append(SendFile(*answer.file))
        return commands + self._finish()

    def _finish(self) -> list[Command]:
        return [FinishResponse(self._may_keep_alive)]

    # --- when the origin fails ----------------------------------------------------------------------------------

    def _may_stand_in(self, now: float, *, disconnected: bool) -> bool:
        """Whether a stored response may be sent in place of the origin's error, or of its silence."""
        fallback = self.plan.fallback
        if fallback is None or fallback.status in ERRORS or self._head_sent:
            return False  # one error is no better than another
        asked = request_directives(self.plan.request_fields)
        return may_stand_in(fallback, asked, now, disconnected=disconnected)

    def _stand_in_for(self, head: UpstreamHead, now: float) -> list[Command]:
        """Answer from what is stored; the origin's error is read to its end where that is near."""
        commands = self._storing.settle(None, head.status, disconnected=False)
        if not self._client_gone:
            commands += self._answer_from(self.plan.fallback, "STALE", now)
        self._swallow = True
        framing = head.framing
        if not isinstance(framing, NoBody) and not (
            isinstance(framing, Length) and framing.size <= MAX_DRAINED_BYTES
        ):
            self._at = _DONE
            commands.append(CloseUpstream())
        return commands

    def _fail(self, status: int, now: float) -> list[Command]:
        """Answer from what is stored, or 502, 503 or 504; cut when a head is already out."""
        commands = self._storing.settle(None, status)
        self._at = _DONE
        if self._client_gone or self._swallow:
            return commands
        if self._head_sent:
            return [*commands, CutClient()]
        if self._may_stand_in(now, disconnected=True):
            return commands + self._answer_from(self.plan.fallback, "STALE", now)
        fallback = self.plan.fallback
        if fallback is not None and fallback.must_revalidate:
            status = 504  # RFC 9111 section 5.2.2.2
        answer = whole(error_response(status), self.plan.request, (), self._may_keep_alive, "BYPASS", now)
        self._head_sent = True
        return [*commands, SendClient(answer.head + answer.body), *self._finish()]
