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

from collections.abc import Sequence
from typing import Final

from runtime.cache.cache import Cache
from runtime.cache.coalesce import Role
from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse
from runtime.http.conditional import freshens, validators_of
from runtime.http.directives import request_directives
from runtime.http.fields import end_to_end
from runtime.http.framing import Length, NoBody
from runtime.http.reuse import ERRORS, may_stand_in
from runtime.http.update import merge_304, needs_invalidation
from runtime.http.upgrade import takes_up
from runtime.proxy.answering import Answering
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
    FlightGrows,
    FlightSettled,
    Grow,
    NobodyReads,
    OpenUpstream,
    RequestBody,
    RequestCompleted,
    SendClient,
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
from runtime.proxy.respond import (
    CacheStatus,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)
from runtime.proxy.states import State, on
from runtime.proxy.storing import Storing

MAX_DRAINED_BYTES: Final = 65_536
"""Content nobody wants that is read all the same, so that the origin's connection can be used again."""

MAX_WAITS: Final = 2
"""Fetches a request waits for after one that was of no use to it; then it goes alone, for the next may be none either."""

_WAITING: Final = State("WAITING")
_OPENING: Final = State("OPENING")
_SENDING: Final = State("SENDING")
_STREAMING: Final = State("STREAMING")
_DONE: Final = State("DONE")
_COMPLETED: Final = UpstreamCompleted()
_OPEN: Final = OpenUpstream(fresh=False)
_UNDER_WAY: Final = (_WAITING, _OPENING, _SENDING, _STREAMING)


class Exchange(Answering):
    """See the module's text. `now` arguments are Unix seconds."""

    __slots__ = ("_at", "_began", "_refetch", "_sharing", "_storing", "_waiter", "_waits")

    def __init__(
        self,
        plan: Plan,
        cache: Cache,
        settings: Settings,
        now: float,
        waiter: object = None,
        storing: Storing | None = None,
    ) -> None:
        """`waiter` is who is woken when a fetch this exchange waits for ends; without one, the exchange itself."""
        super().__init__(plan)
        self._waiter: object = self if waiter is None else waiter
        """Known for as long as it may wait: kept longer, the two would keep each other until the collector comes."""
        self._storing = Storing(plan, cache, settings, now) if storing is None else storing
        self._sharing = self._storing.sharing
        self._at = _OPENING
        self._began = now
        self._waits = 0
        """Fetches joined after one that was waited for in vain."""
        self._refetch = False
        """The origin's 304 was not about what is stored: ask again, for the whole."""

    @classmethod
    def of_sent(
        cls, plan: Plan, cache: Cache, settings: Settings, now: float, storing: Storing
    ) -> "Exchange":
        """One whose request, without content, went to a kept connection; `storing` has joined those who want the same."""
        exchange = cls(plan, cache, settings, now, storing=storing)
        exchange._waiter = None
        exchange._origin.opened(reused=True)
        exchange._at = _SENDING
        return exchange

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

    @property
    def is_full(self) -> bool:
        """Whether the origin is to wait until those who read along have caught up."""
        growing = self._storing.growing
        return growing is not None and growing.is_full

    def start(self) -> list[Command]:
        """Join a fetch of the same object or begin one."""
        if self.plan.background and self._sharing.is_fetched():
            self._at = _DONE
            self._waiter = None
            return []
        if self.plan.coalesce and self._sharing.join(self._waiter) is Role.WAITS:
            self._at = _WAITING
            growing = self._sharing.joined
            return [] if growing is None else self._on_flight_grows(FlightGrows(growing), self._began)
        self._waiter = None
        return [_OPEN]

    def handle(self, event: Event, now: float) -> list[Command]:
        """The commands that follow from `event`."""
        step = self._at.get(event.__class__)
        return [] if step is None else step(self, event, now)

    # --- from the origin ----------------------------------------------------------------------------------------

    @on(UpstreamOpened, _OPENING)
    def _on_upstream_opened(self, event: UpstreamOpened, _now: float) -> list[Command]:
        self._at = _SENDING
        return self._origin.opened(event.reused)

    @on(UpstreamFailed, _OPENING, _SENDING)
    def _on_upstream_failed(self, event: UpstreamFailed, now: float) -> list[Command]:
        if self._origin.may_retry(event):
            self._at = _OPENING
            return self._origin.retry()
        return self._fail(503 if event.busy else 504 if event.silent else 502, now)

    @on(UpstreamInterim, _SENDING)
    def _on_interim(self, event: UpstreamInterim, _now: float) -> list[Command]:
        """Passed on to who can tell it from the answer (RFC 9110 section 15.2)."""
        status, fields = event
        if self._client_gone or self.plan.request.protocol == "HTTP/1.0" or status in {100, 101}:
            return []
        return [SendClient(status_line(status) + field_lines(end_to_end(fields)) + b"\r\n")]

    @on(UpstreamSwitched, _SENDING)
    def _on_switched(self, event: UpstreamSwitched, now: float) -> list[Command]:
        fields = event.fields
        if self._client_gone or not (self.plan.upgrade and takes_up(self._origin.forward.fields, fields)):
            return [CloseUpstream(), *self._fail(502, now)]
        request, ops = self.plan.request, self.plan.effects.response_headers
        out: Fields = with_script_ops(end_to_end(fields), ops, request)
        out += node_fields(named_own(ops), "BYPASS", request)
        out.append((b"Connection", b"Upgrade"))
        out += [field for field in fields if field[0].lower() == b"upgrade"]
        self._head_sent = True
        self._at = _DONE
        return [SendClient(status_line(101) + field_lines(out) + b"\r\n"), BecomeTunnel()]

    @on(UpstreamHead, _SENDING)
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
        grown = self._storing.grow(now)
        if plan.fallback is not None and plan.forward.method == b"HEAD" and head.status == 200:
            self._storing.hear_of_head(plan.fallback, head, self.plan.effects, now)
        if not self._storing.reads_ahead:
            commands += self._sharing.settle(None)
        if not self._client_gone:
            commands += heard
        if self._client_gone or self._swallow:
            commands += self._stop_unless_stored()
            return commands if grown is None else commands + self._hand_over(*grown, 0)
        label: CacheStatus = "MISS" if plan.coalesce else "BYPASS"
        commands += self._begin_response(head, label, now, self._storing.decision)
        return commands if grown is None else commands + self._hand_over(*grown, 0)

    def _stop_unless_stored(self) -> list[Command]:
        """Nobody but perhaps the store wants the rest."""
        if self._storing.collects:
            return []
        self._at = _DONE
        return [CloseUpstream()]

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

    @on(UpstreamAnswered, _SENDING)
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

    @on(UpstreamBody, _STREAMING)
    def _on_upstream_body(self, event: UpstreamBody, now: float) -> list[Command]:
        data = event.data
        storing = self._storing
        if not data:  # an empty chunk would end the client's body
            return []
        if storing.growing is not None:
            return self._on_growth(data, storing.growing, now)
        if not storing.collects:
            return self._content(data)
        so_far = storing.size
        goes_on = storing.take(data, now)
        grown = storing.grow(now)
        if grown is not None:
            return self._hand_over(*grown, so_far)
        commands: list[Command] = []
        if not storing.reads_ahead:
            # Who waits would wait for this client from now on.
            commands += self._sharing.settle(None)
        if not goes_on and (self._swallow or self._client_gone):
            self._at = _DONE
            return [*commands, CloseUpstream()]
        return commands + self._content(data)

    def _hand_over(self, growing: Growing, waiters: Sequence[object], sent: int) -> list[Command]:
        """Have the client, who was `sent` so much, and all who wait read along what is stored."""
        commands = self._go_on_from(growing, sent)
        self._swallow = True
        return [*commands, Grow(growing, waiters)]

    def _on_growth(self, data: bytes, growing: Growing, now: float) -> list[Command]:
        storing = self._storing
        if not storing.collects:
            growing.take(data, stored=False)
        elif not storing.take(data, now):
            commands = self._sharing.settle(None)  # it cannot be stored: it only passes to those who read it
            return commands if growing.is_read else [*commands, *self._give_up()]
        return []

    def _give_up(self) -> list[Command]:
        """Nobody wants the rest."""
        self._storing.abandon()
        self._at = _DONE
        return [*self._sharing.settle(None), CloseUpstream()]

    @on(NobodyReads, _STREAMING)
    def _on_nobody_reads(self, _event: NobodyReads, _now: float) -> list[Command]:
        """A long object is not fetched for the store alone, unless it was from the start or is all but whole."""
        storing, growing = self._storing, self._storing.growing
        if growing is None or growing.is_read:
            return []
        if storing.collects and (
            self.plan.background or self._sharing.is_waited_for or storing.is_nearly_whole
        ):
            return []
        return self._give_up()

    @on(UpstreamCompleted, _STREAMING)
    def _on_upstream_completed(self, event: UpstreamCompleted, now: float) -> list[Command]:
        if self._refetch:
            return self._ask_for_the_whole()
        commands = self._storing.complete(now, event.trailers)
        self._at = _DONE
        return commands + self._end(event.trailers)

    def _ask_for_the_whole(self) -> list[Command]:
        self._refetch = False
        self._at = _OPENING
        forward = self._origin.forward
        self._origin.forward = forward._replace(fields=without(forward.fields, CONDITIONAL))
        return [_OPEN]

    @on(UpstreamCut, _STREAMING)
    def _on_upstream_cut(self, _event: UpstreamCut, now: float) -> list[Command]:
        self._storing.abandon()
        commands = self._sharing.settle(None, says_nothing=True)  # others may fare better
        return commands + self._fail(502, now)

    # --- the client ---------------------------------------------------------------------------------------------

    @on(RequestBody, *_UNDER_WAY)
    def _on_request_body(self, event: RequestBody, _now: float) -> list[Command]:
        return self._origin.body(event.data, flowing=self.accepts_request_body)

    @on(RequestCompleted, *_UNDER_WAY)
    def _on_request_completed(self, event: RequestCompleted, _now: float) -> list[Command]:
        return self._origin.completed(event.trailers, flowing=self.accepts_request_body)

    @on(ClientClosed, *_UNDER_WAY)
    def _on_client_closed(self, _event: ClientClosed, _now: float) -> list[Command]:
        """Without its client an exchange goes on only to finish an object for the store."""
        self._client_gone = True
        storing = self._storing
        if self._sharing.leads and (storing.collects or not self._head_sent) and self._origin.request_done:
            return []
        storing.abandon()
        commands = self._sharing.settle(None)
        if self._at is _WAITING:
            self._sharing.leave(self._waiter)
            self._waiter = None
        was_open = self._at is not _WAITING
        self._at = _DONE
        return [*commands, CloseUpstream()] if was_open else commands

    @on(FlightGrows, _WAITING)
    def _on_flight_grows(self, event: FlightGrows, now: float) -> list[Command]:
        growing = event.growing
        if self._asks_for_a_part and not (self.plan.part and growing.told.status == 206):
            return []  # which cannot be told of what is not whole; but that it is itself what grows
        self._sharing.leave(self._waiter)
        self._waiter = None
        if self._can_follow(growing, now):
            self._at = _DONE
            return self._follow(growing, now)
        return self._begin_again(None, None, now)

    @on(FlightSettled, _WAITING)
    def _on_flight_settled(self, event: FlightSettled, now: float) -> list[Command]:
        waiter, self._waiter = self._waiter, None
        stored = event.stored
        # RFC 9111 section 4: waiting gives no leave to reuse what each reuse must ask about.
        is_of_use = stored is not None and stored.fresh_until > now
        if stored is not None and is_of_use and stored.matches(self.plan.vary_fields):
            self._at = _DONE
            return self._answer_from(stored, "HIT", now)
        if event.failed_status:
            if event.disconnected:
                return self._fail(event.failed_status, now)
            if self._may_stand_in(now, disconnected=False):
                self._at = _DONE
                return self._answer_from(self.plan.fallback, "STALE", now)
        return self._begin_again(waiter if is_of_use or event.says_nothing else None, stored, now)

    def _begin_again(self, waiter: object, other: StoredResponse | None, now: float) -> list[Command]:
        """
        Ask the origin, or with a `waiter` join those who want the same variant as this request, which `other` is not, or
        all, where nothing came of the fetch before: else each of them would ask for itself.
        """
        plan = self.plan
        if self._sharing.begin_again(now, plan.stale) is not plan.stale:
            self.plan = plan._replace(stale=None, fallback=None)
            self._origin.forward = plan.forward._replace(fields=without(plan.forward.fields, CONDITIONAL))
        if waiter is not None and self._waits < MAX_WAITS:
            self._waits += 1
            variant = "" if other is None else self._sharing.variant_of(other)
            if self._sharing.join(waiter, variant) is Role.WAITS:
                self._waiter = waiter
                growing = self._sharing.joined
                return [] if growing is None else self._on_flight_grows(FlightGrows(growing), now)
        self._at = _OPENING
        return [_OPEN]

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
        commands = self._sharing.settle(None, head.status, disconnected=False)
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
        commands = self._sharing.settle(None, status)
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
