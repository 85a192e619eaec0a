"""
The client's side of an exchange: its head, made once, of whatever there is to answer with; its content; its end.

Invariant: a head is sent at most once, and whoever has sent one has set `_head_sent`. After it, trouble can only cut the
connection. With `_client_gone` set nothing is to be sent any more, with `_swallow` the client has its whole answer or
gets the rest of it without the exchange.
"""

from collections.abc import Sequence
from typing import Final

from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse
from runtime.http.conditional import NotModified, evaluate_at_cache
from runtime.http.dates import date_of
from runtime.http.fields import Field, combined, end_to_end
from runtime.http.framing import Chunked, Length
from runtime.http.storage import Store
from runtime.http.trailers import forwardable, trailer_section, wants_trailers
from runtime.proxy.client_framing import BodyMode, body_mode, framing_fields
from runtime.proxy.hit import made_head
from runtime.proxy.messages import Command, FinishResponse, Follow, Pace, SendClient, SendFile, UpstreamHead
from runtime.proxy.plan import Plan
from runtime.proxy.received import passing_lines
from runtime.proxy.respond import CacheStatus, connection_tail
from runtime.proxy.stored_answer import answer_from
from runtime.proxy.towards_origin import TowardsOrigin

_CHUNK: Final = b"%x\r\n%b\r\n"


class Answering:
    """See the module's text. `now` arguments are Unix seconds."""

    __slots__ = ("_client_gone", "_head_sent", "_mode", "_origin", "_swallow", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._origin = TowardsOrigin(plan.forward, plan.framing)
        self._mode: BodyMode = "none"
        self._swallow = False
        """The rest of the origin's body is only for the store, or for nobody."""
        self._client_gone = plan.background
        self._head_sent = False

    @property
    def _may_keep_alive(self) -> bool:
        # An answer that overtakes the request's body leaves body bytes nobody will read in order.
        return self.plan.keep_alive and self._mode != "until-close" and self._origin.request_done

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

    # --- from the origin's answer -------------------------------------------------------------------------------

    def _begin_response(
        self, head: UpstreamHead, label: CacheStatus, now: float, decision: Store | None
    ) -> list[Command]:
        """The head, and the end of a 304; `decision` is how the answer will be stored, if it will."""
        status = head.status
        if decision is not None and self._matches_precondition(status, decision, now):
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
        ops = plan.effects.response_headers
        return passing_lines(head, status, mode, label, ops, request, tail, now).of(request)

    def _matches_precondition(self, status: int, decision: Store, now: float) -> bool:
        """Whether the client's own validators match a whole answer, although the origin was not asked that."""
        if self.plan.plain or status != 200 or not self.plan.coalesce:
            return False
        method = self.plan.forward.method
        outcome = evaluate_at_cache(method, self.plan.request_fields, decision.validators, now)
        return isinstance(outcome, NotModified)

    def _content(self, data: bytes) -> list[Command]:
        """Content that has just come, if it is for the client."""
        if self._swallow or self._client_gone or self._mode == "none":
            return []
        framed = _CHUNK % (len(data), data) if self._mode == "chunked" else data
        return [SendClient(framed, paced=True)]

    def _end(self, trailers: Sequence[Field]) -> list[Command]:
        """The content is whole."""
        if self._swallow or self._client_gone:
            return []
        commands: list[Command] = []
        if self._mode == "chunked":
            passed = forwardable(trailers) if trailers and self._wants_trailers else ()
            commands.append(SendClient(trailer_section(passed), paced=True))
        return commands + self._finish()

    @property
    def _wants_trailers(self) -> bool:
        return wants_trailers(self.plan.request_fields)

    def _finish(self) -> list[Command]:
        return [FinishResponse(self._may_keep_alive)]

    # --- from the store -----------------------------------------------------------------------------------------

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

    def _go_on_from(self, growing: Growing, offset: int) -> list[Command]:
        """Leave the client, who has the content up to `offset`, to read the rest from where it is stored."""
        if self._swallow or self._client_gone or self._mode == "none":
            return []
        follow = Follow(growing, offset, chunked=self._mode == "chunked", trailers=self._wants_trailers)
        return [follow, *self._finish()]

    def _follow(self, growing: Growing, now: float) -> list[Command]:
        """The whole answer from what another exchange is storing, as far as that comes."""
        plan, told = self.plan, growing.told
        commands = self._hear_scripts(told.fields, now, growing.length)
        if self._head_sent:
            return commands
        request, ops = plan.request, self.plan.effects.response_headers
        if told.status == 200 and not plan.plain:
            dated = date_of(told.fields, told.response_time)
            outcome = evaluate_at_cache(plan.forward.method, plan.request_fields, told.validators, now, dated)
            if isinstance(outcome, NotModified):
                return commands + self._answer_from(told, "HIT", now)
        framing = Chunked() if growing.length is None else Length(growing.length)
        self._mode = body_mode(request.method, request.protocol, told.status, framing)
        fields = [
            *told.fields,
            *framing_fields(self._mode, request.method, told.status, framing, told.fields),
        ]
        tail = connection_tail(request.protocol, self._may_keep_alive)
        self._head_sent = True
        head = made_head(told.status, fields, "HIT", ops, request, told.age(now), tail)
        follow = Follow(growing, 0, chunked=self._mode == "chunked", trailers=False)
        return [*commands, SendClient(head), follow, *self._finish()]

    def _can_follow(self, growing: Growing, now: float) -> bool:
        """Whether what grows is what this request would get, were it whole."""
        told = growing.told
        return told.fresh_until > now and told.matches(self.plan.vary_fields)

    @property
    def _asks_for_a_part(self) -> bool:
        return not self.plan.plain and combined(self.plan.request_fields, b"range") is not None
