"""
One request through a site as the node would take it, without a socket: what `edgescript run` and tests use.

Nothing is imitated. The head is judged by `accept_request`, the scripts and the cache by `Front.decide`, and a request
that must wait is played through the same `Exchange` as on the node; the origin is a function. So what is shown here is
what a node sends. Repeat `simulate` with one cache and one site to see hits and limits.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from edgescript.context import Context
from edgescript.effects import Effects, Redirect
from edgescript.pipeline import ScriptResult
from edgescript.request import Connection, Request
from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.http.framing import NO_BODY, Length, accept_request
from runtime.http.refusal import Refuse
from runtime.http.status import has_no_content
from runtime.http.storage import Store, decide_storage
from runtime.proxy.exchange import Exchange
from runtime.proxy.forward import Forward
from runtime.proxy.front import Front, Held
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.header_ops import Fields
from runtime.proxy.messages import (
    Event,
    OpenUpstream,
    SendClient,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamFailed,
    UpstreamHead,
    UpstreamOpened,
)
from runtime.proxy.own_answer import Immediate
from runtime.proxy.plan import Plan, Settings
from runtime.scripts.site import Site, Sites

Action = Literal["respond", "redirect", "forward"]
MAX_OBJECT_BYTES: Final = 16 << 20
"""As `Config.max_object_bytes`."""


def fresh_cache() -> Cache:
    """An empty cache that takes every object `simulate` does."""
    return Cache(MemoryStore(4 * MAX_OBJECT_BYTES, MAX_OBJECT_BYTES))


class OriginAnswer(NamedTuple):
    """A whole response of the origin."""

    status: int
    fields: Sequence[tuple[bytes, bytes]]
    body: bytes


Origin = Callable[[Forward], OriginAnswer | UpstreamFailed]
"""Asked at most once a request."""


class Incoming(NamedTuple):
    """A request head as a client sends it; `fields` with Host among them."""

    method: str
    target: str
    fields: Sequence[tuple[str, str]]
    connection: Connection
    id: str


class CacheVerdict(NamedTuple):
    """What became of the cache: the response's X-Cache, and whether the origin's answer was to be stored."""

    status: str
    """X-Cache as sent, '' when a script removed it."""
    store: bool
    ttl_s: int | None
    """Seconds the answer is fresh; None when the origin was not asked or the answer is not stored."""
    source: Literal["script", "origin", ""]
    """Who set `ttl_s`."""
    reason: str
    """Why the answer is not stored, '' when it is."""


class Throttle(NamedTuple):
    """limit_rate: bytes per second, None for full speed; `after_bytes` go at full speed first."""

    rate_bytes_per_s: int | None
    after_bytes: int


class Simulation(NamedTuple):
    """Everything that left the node."""

    action: Action
    status: int
    fields: Fields
    body: bytes
    forward: Forward | None
    """None when the origin was not asked."""
    origin_answered: bool
    cache: CacheVerdict
    throttle: Throttle | None
    delay_s: float
    """How long `limit_req` has the request wait first."""
    effects: Effects
    """What the scripts asked for, all together."""
    scripts: tuple[ScriptResult, ...]


def simulate(
    site: Site, incoming: Incoming, origin: Origin, cache: Cache, now: float, timer: Callable[[], float]
) -> Simulation | Refuse:
    """The outcome, or the refusal of a head no node would accept. `now` is Unix seconds, `timer` monotonic."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in incoming.fields]
    head = accept_request(
        incoming.method.encode("latin-1"), incoming.target.encode("latin-1"), b"1.1", fields
    )
    if isinstance(head, Refuse):
        return head
    block = HeaderBlock(fields, head, incoming.connection.scheme, "1.1")
    request = Request(
        incoming.method,
        head.target.path_and_query.decode("latin-1"),
        "HTTP/1.1",
        block.host,
        block.headers,
        incoming.connection,
        incoming.id,
    )
    witness = _Witness()
    front = Front(Sites(site), cache.store, timer, lambda *_: None, witness.record)
    outcome = front.decide(request, block, now)
    assert not isinstance(outcome, Refuse), "the one site serves every host"
    delay_s = 0.0
    if isinstance(outcome, Held):
        outcome, delay_s, leases = outcome
        for lease in leases:
            lease.release()  # the request has ended by the time anything is shown
    asked: _Conversation | None = None
    if isinstance(outcome, Plan):
        asked = _Conversation(outcome, origin, cache, now)
        sent = b"".join(asked.sent)
    else:
        sent = outcome.head + outcome.body
    status, answer, body = _parse(sent)
    return Simulation(
        action=witness.action,
        status=status,
        fields=answer,
        body=body,
        forward=None if asked is None or not asked.asked else asked.plan.forward,
        origin_answered=asked is not None and asked.answer is not None,
        cache=_verdict(answer, asked, now),
        throttle=_throttle(outcome if asked is None else asked.plan),
        delay_s=delay_s,
        effects=witness.effects,
        scripts=witness.results,
    )


class _Witness:
    """Notes what the scripts did and decided."""

    def __init__(self) -> None:
        self.results: tuple[ScriptResult, ...] = ()
        """One for each enabled script in the order they run."""
        self.action: Action = "forward"
        self.effects = Effects()

    def record(self, context: Context, results: Sequence[ScriptResult]) -> None:
        self.effects = context.effects
        self.results = tuple(results)
        said = bool(context.effects.output)
        if isinstance(context.effects.end, Redirect):
            self.action = "redirect"
        elif context.ended or said:
            self.action = "respond"
        else:  # what was said before a wait may have been taken back
            self.action = "forward"


class _Conversation:
    """An exchange played to its end with an origin that answers at once."""

    def __init__(self, plan: Plan, origin: Origin, cache: Cache, now: float) -> None:
        self.plan = plan
        self.sent: list[bytes] = []
        self.asked = False
        self.answer: OriginAnswer | None = None
        self._origin = origin
        exchange = Exchange(plan, cache, Settings(max_object_bytes=MAX_OBJECT_BYTES), now)
        commands = exchange.start()
        while commands:
            follow_up = [
                command for event in self._carry_out(commands) for command in exchange.handle(event, now)
            ]
            commands = follow_up
        self.plan = exchange.plan  # scripts that waited for the answer's head may have changed it

    def _carry_out(self, commands: Sequence[object]) -> list[Event]:
        events: list[Event] = []
        for command in commands:
            match command:
                case OpenUpstream():
                    events.append(UpstreamOpened(reused=False))
                case SendUpstream() if not self.asked:
                    self.asked = True
                    events += self._ask()
                case SendClient(data):
                    self.sent.append(data)
                case _:
                    pass
        return events

    def _ask(self) -> list[Event]:
        answer = self._origin(self.plan.forward)
        if isinstance(answer, UpstreamFailed):
            return [answer]
        self.answer = answer
        if self.plan.request.method == "HEAD" or has_no_content(answer.status):
            return [UpstreamHead(answer.status, answer.fields, NO_BODY), UpstreamCompleted()]
        events: list[Event] = [UpstreamHead(answer.status, answer.fields, Length(len(answer.body)))]
        if answer.body:
            events.append(UpstreamBody(answer.body))
        return [*events, UpstreamCompleted()]


def _parse(sent: bytes) -> tuple[int, Fields, bytes]:
    """Status, fields and body of the node's own bytes."""
    head, _, body = sent.partition(b"\r\n\r\n")
    status_line, *lines = head.split(b"\r\n")
    fields: Fields = []
    for line in lines:
        name, _, value = line.partition(b": ")
        fields.append((name, value))
    return int(status_line.split(b" ", 2)[1]), fields, body


def _verdict(fields: Fields, asked: _Conversation | None, now: float) -> CacheVerdict:
    labels = [value.decode("latin-1") for name, value in fields if name.lower() == b"x-cache"]
    label = labels[-1] if labels else ""
    if asked is None or asked.answer is None:
        return _not_stored(
            label, "the origin was not asked" if asked is None else "the origin did not answer"
        )
    plan, answer = asked.plan, asked.answer
    if not plan.coalesce or plan.part:
        return _not_stored(label, "not a GET for the whole object")
    decision = decide_storage(
        plan.request.method.encode("ascii"),
        plan.request_fields,
        answer.status,
        answer.fields,
        now,
        script_ttl_s=plan.effects.ttl_s,
        script_ttl_s_by_status=plan.effects.ttl_s_by_status,
        default_ttl_s=plan.effects.default_ttl_s,
        default_ttl_s_by_status=plan.effects.default_ttl_s_by_status,
    )
    if not isinstance(decision, Store):
        return _not_stored(label, decision.reason)
    source: Literal["script", "origin"] = "script" if decision.from_arrival else "origin"
    return CacheVerdict(label, store=True, ttl_s=decision.lifetime_s, source=source, reason="")


def _not_stored(label: str, reason: str) -> CacheVerdict:
    return CacheVerdict(label, store=False, ttl_s=None, source="", reason=reason)


def _throttle(outcome: Immediate | Plan) -> Throttle | None:
    if isinstance(outcome, Plan):
        rate, after = outcome.effects.rate_bytes_per_s, outcome.effects.rate_after_bytes
    else:
        rate, after = outcome.rate_bytes_per_s, outcome.after_bytes
    return None if rate is None and after is None else Throttle(rate, after or 0)
