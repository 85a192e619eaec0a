"""
The decision on a request whose head is complete: an answer from memory, or a plan to wait with.

This is the per-request path. It runs plain function calls on prepared values: no event, task or log object is made
for a request that memory can answer.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from edgescript.context import Context
from edgescript.effects import Effects
from edgescript.pipeline import ScriptResult, conclude, run_position
from edgescript.request import Request
from edgescript.services import Lease
from edgescript.tape import LimitTape, ask_again
from runtime.cache.keys import primary_key
from runtime.cache.purge import UPSTREAM_MARK
from runtime.cache.store import CacheStore
from runtime.http.framing import NO_BODY, Length
from runtime.http.refusal import Refuse
from runtime.proxy.forward import effective_target
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.header_ops import apply
from runtime.proxy.hit import WHOLE_HIT, hit_answer, ready_head
from runtime.proxy.late import Continuation, own_answer
from runtime.proxy.lookup import decide_with_care, plan_fetch
from runtime.proxy.own_answer import Immediate, whole_of_script
from runtime.proxy.plan import NO_EFFECTS, Plan
from runtime.proxy.remembered import DEFAULT_BYTES, Decision, Memory, Table, Worth, begun_as, decision_of
from runtime.proxy.respond import CacheStatus, connection_tail
from runtime.scripts.site import Site, Sites

Observer = Callable[[Request, Sequence[ScriptResult]], None]
"""Told of the scripts that raised on a request."""
Known = Decision | list[float] | None
"""What is known of a request: what its scripts decide, or what limits have said to them so far; None if nothing."""
AtOnce = tuple[bytes, CacheStatus, int, str, Decision | None]
"""A whole answer, its X-Cache, its status, the request's id, and the decision behind it where there are scripts or rules."""
NewId = Callable[[], str]
Recorder = Callable[[Context, Sequence[ScriptResult]], None]
"""Told of what each script did, before anything is concluded from it; who answers at once has that with the decision."""


class Held(NamedTuple):
    """A decision that is acted on after `delay_s`; `leases` are given back when the request has ended."""

    decision: Immediate | Plan
    delay_s: float
    leases: Sequence[Lease]


class Served:
    """A release of a site as this worker serves it. `context` is None for one without scripts and rules."""

    __slots__ = ("by_the_second", "context", "counts", "read", "site", "tape", "worth")

    def __init__(self, site: Site, context: Context | None, worth: Worth) -> None:
        self.site = site
        self.context = context
        self.counts = site.counts
        self.worth = worth
        """Of remembering its decisions."""
        reading = None if context is None else site.reading()
        self.by_the_second = reading is not None and reading.by_the_second
        self.tape = LimitTape(site.services) if reading is not None and reading.asks_limits else None
        """Of the limits that scripts ask; None where they ask none, or what they do depends on more than can be told."""
        self.read = None if reading is None else reading.reader()
        """What decisions depend on beside the target, of a request; None where that cannot be told."""


class Front:
    """
    Decides for one worker.

    Scripts of a request run in one piece and no two requests at once, so one context a site serves all its requests.
    `timer` gives monotonic seconds, for the wall-clock limit of scripts. `recorder` is told of every script of every
    request that is decided on, and of its context; without one nothing is recorded.
    """

    def __init__(
        self,
        sites: Sites,
        store: CacheStore,
        timer: Callable[[], float],
        on_fault: Observer,
        recorder: Recorder | None = None,
        decision_bytes: int = DEFAULT_BYTES,
    ) -> None:
        self._store = store
        self._timer = timer
        self._on_fault = on_fault
        self._recorder = recorder
        self.memory = Memory(decision_bytes)
        self.install(sites)

    def record_with(self, recorder: Recorder | None) -> None:
        """Tell `recorder` from the next request on, or nobody."""
        self._recorder = recorder

    def install(self, sites: Sites) -> None:
        """Serve `sites` from the next request on; one swap, between two requests."""
        self._sites = sites
        self._served: dict[int, Served] = {}
        self.memory.forget()

    @property
    def sites(self) -> Sites:
        """What is served."""
        return self._sites

    @property
    def asked(self) -> list[Site]:
        """Sites, and releases of them, that there were requests for since `install`."""
        return [served.site for served in self._served.values()]

    def decide(
        self, request: Request, block: HeaderBlock, now: float, known: Known = None
    ) -> Immediate | Plan | Held | Refuse:
        """
        Find the site, run its scripts, look in the cache. `now` is Unix seconds. 421 for a host with no site.

        `known` is what `at_once` found, if it was asked.
        """
        served = block.served if block.sites is self._sites else self._serve(request, block)
        if served is None:
            return self._refusal(block)
        served.counts.requests += 1
        # The body of a request answered here is not read, so the connection cannot go on after it.
        keep_alive = block.keep_alive and block.framing is NO_BODY
        context = served.context
        if context is None:
            return self._look_up(served.site, request, block, NO_EFFECTS, None, keep_alive, now)
        site = served.site
        is_new = False
        told: list[float] | None = None
        table = block.table
        if table is not None and request.method == "GET":
            if known is None:
                worth = table.worth
                if worth.rest:
                    worth.rest -= 1
                else:
                    found = self._find(table, begun_as(request.target), block, now)
                    if found is True:
                        is_new = True
                    elif found is not False:
                        known = found
            if isinstance(known, Decision):
                told = ask_again(known.limits, now) if known.limits else None
                if told is None:
                    return self._recall(known, served, request, block, keep_alive, now)
            elif known is not None:
                told = known
        tape = served.tape
        if tape is None or not (is_new or told):
            results = self._run(site, context, request, is_new, now)
        else:
            results = self._run_with(tape, told or (), site, context, request, is_new, now)
        effects = context.effects
        continuation: Continuation | None = None
        if effects.debug and not effects.waiting:
            effects.show_debug()
            is_new = False
        if effects.waiting:
            continuation = Continuation(context, results, self._timer, self._on_heard)
        if effects.output:
            conclude(context)
        if context.faults:
            self._on_fault(request, context.faults)
        elif is_new and results is not None:
            self._remember(served, block.table, context, results)
        leases = context.leases
        delay_s = effects.delay_s
        decision: Immediate | Plan | None = None
        if context.ended:
            decision = own_answer(context, continuation, keep_alive)
            # With no answer all that wait have gone on, and the request does.
            effects, continuation = context.effects, None
        if decision is None:
            decision = self._look_up(site, request, block, effects, continuation, keep_alive, now)
        if not (delay_s or leases):
            return decision
        return Held(self._dated(decision) if delay_s else decision, delay_s, leases)

    def hit(self, block: HeaderBlock, target: str, now: float, new_id: NewId) -> AtOnce | None:
        """The answer to a GET for `target` with a block that `glances`, where memory has it whole."""
        if block.sites is not self._sites or not block.persists_silently:
            return None
        stored = self._store.glance(block.key_origin + target, block.sent_fields)
        if stored is None or stored.fresh_until <= now:
            block.glances = False
            return None
        head = ready_head(stored, "HIT")
        if head is None:
            return None
        block.served.counts.requests += 1
        request_id = new_id()
        data = WHOLE_HIT % (head, stored.age(now), request_id.encode("ascii"), stored.body)
        return data, "HIT", stored.status, request_id, None

    def at_once(self, block: HeaderBlock, begun: bytes, now: float, new_id: NewId) -> AtOnce | Known:
        """
        The answer to a request that has `begun` so and has `block`, with a table, where a glance tells what its scripts decide
        and that is all there is to do: its connection persists, and what they end it with, or what memory has, is sent at once. It is
        counted then. Else what `decide` is to be told at the same moment.
        """
        if block.sites is not self._sites:
            return None
        table = block.table
        known: Decision | None = table.kept.get(begun)
        if known is None or not known.since <= now < known.until:
            return None
        if not block.persists_silently:
            return known
        answer = known.answer
        stored = head = None
        if answer is None and known.prepared_as is not None and block.plain:
            stored = self._store.glance(block.key_origin + known.target, block.sent_fields)
            if stored is not None and stored.fresh_until > now:
                head = ready_head(stored, known.prepared_as)
        if head is None and (answer is None or not answer.is_plain):
            return known
        if known.limits:  # last, for they count: whoever asks them has to make use of what they say
            try:
                said = ask_again(known.limits, now)
            except Exception:  # noqa: BLE001 - told where the request is decided on, which will be answered then
                return known
            if said is not None:
                return said
        block.served.counts.requests += 1
        table.worth.recalled += 1
        known.count()
        request_id = new_id()
        if answer is not None:
            return answer.as_bytes(request_id, now), "SYNTH", answer.status, request_id, known
        assert stored is not None
        data = WHOLE_HIT % (head, stored.age(now), request_id.encode("ascii"), stored.body)
        return data, "HIT", stored.status, request_id, known

    def _dated(self, decision: Immediate | Plan) -> Immediate | Plan:
        """The decision, with its fetch not to bring back what is purged during the delay."""
        since = self._store.generation()
        if isinstance(decision, Plan):
            return decision._replace(since=since)
        if decision.refresh is None:
            return decision
        return decision._replace(refresh=decision.refresh._replace(since=since))

    def _look_up(
        self,
        site: Site,
        request: Request,
        block: HeaderBlock,
        effects: Effects,
        continuation: Continuation | None,
        keep_alive: bool,
        now: float,
    ) -> Immediate | Plan:
        """What the cache makes of a request that is to be answered as `effects` say."""
        asked = block.sent_fields
        target = request.target
        key = block.key_origin + target
        method = request.method
        bypass = False
        if effects is not NO_EFFECTS:
            origin = block.key_origin
            if effects.path is not None or effects.query_replaced:
                target = effective_target(request, effects)
            if effects.request_headers:
                asked = apply(list(asked), effects.request_headers)
                origin = key_origin(request.scheme, asked)
            if effects.cache_key is None and effects.origin is None:
                key = origin + target
            else:
                key = stated_key(origin, target, effects)
            bypass = effects.bypass
        if (method != "GET" and method != "HEAD") or bypass:  # noqa: PLR1714 - twice as fast as a membership test
            return plan_fetch(
                site, request, block, effects, target, key, asked, continuation, None, keep_alive, now
            )
        stored = self._store.get(key, asked)
        if stored is not None and stored.fresh_until > now and block.plain and continuation is None:
            body = stored.body
            if body.__class__ is bytes:
                tail = b"" if block.persists_silently else connection_tail(request.protocol, keep_alive)
                content = body if method == "GET" else b""
                if block.served.context is None:
                    block.glances = True
                return hit_answer(stored, content, effects, request, keep_alive, stored.age(now), tail)
        if stored is None and block.plain:  # neither has anything to say
            return plan_fetch(
                site, request, block, effects, target, key, asked, continuation, None, keep_alive, now
            )
        return decide_with_care(
            site, stored, request, block, effects, target, key, asked, continuation, keep_alive, now
        )

    def _on_heard(self, context: Context, results: Sequence[ScriptResult]) -> None:
        """Scripts that waited have gone on."""
        if context.faults:
            self._on_fault(context.request, context.faults)
        if self._recorder is not None:
            self._recorder(context, results)

    def _run(
        self, site: Site, context: Context, request: Request, is_kept: bool, now: float
    ) -> list[ScriptResult] | None:
        """Run scripts and rules; the result of each script where it is recorded or `is_kept`."""
        context.renew(request, now)
        recorder = self._recorder
        timer = None if recorder is None else self._timer
        results: list[ScriptResult] | None = [] if is_kept or recorder is not None else None
        if site.head:
            run_position(site.head, context, results, timer)
        policy = site.policy
        if policy is not None and not context.ended:
            policy.apply(context)
        if site.foot:
            run_position(site.foot, context, results, timer)
        if policy is not None and policy.chooses_query:
            policy.state_key(context.effects, request)
        if recorder is not None and results is not None:
            recorder(context, results)
        return results

    def _run_with(
        self,
        tape: LimitTape,
        told: Sequence[float],
        site: Site,
        context: Context,
        request: Request,
        is_kept: bool,
        now: float,
    ) -> list[ScriptResult] | None:
        """Run them with limits that have `told` something already, and that are noted."""
        services = context.services
        context.services = tape.services
        tape.begin(told)
        try:
            return self._run(site, context, request, is_kept, now)
        finally:
            context.services = services

    def _find(self, table: Table, begun: bytes, block: HeaderBlock, now: float) -> Decision | bool:
        """As `Memory.missed`, where a glance finds nothing; the block has the table in force afterwards."""
        known = table.kept.get(begun)
        if known is not None and known.since <= now < known.until:
            return known
        if not table.is_known:
            table = block.table = self.memory.current(table)
        return self.memory.missed(table, begun, now)

    def _remember(
        self, served: Served, table: Table, context: Context, results: Sequence[ScriptResult]
    ) -> None:
        tape = served.tape
        if tape is not None and tape.refused:  # what comes of that is decided anew
            return
        limits = () if tape is None else tape.asked
        decision = decision_of(context, results, limits, by_the_second=served.by_the_second)
        if decision is not None:
            self.memory.keep(table, decision)

    def _recall(
        self,
        decision: Decision,
        served: Served,
        request: Request,
        block: HeaderBlock,
        keep_alive: bool,
        now: float,
    ) -> Immediate | Plan:
        """Act on a decision as if the scripts had just made it."""
        block.table.worth.recalled += 1
        decision.count()
        effects = decision.effects
        context = served.context
        if self._recorder is not None and context is not None:
            context.renew(request, now)
            context.effects = effects
            context.ended = effects.end is not None
            self._recorder(context, decision.results)
        answer = decision.answer
        if answer is not None:
            return answer.answer(request, keep_alive, now)
        if decision.ends:
            return whole_of_script(effects, request, keep_alive, now)
        if not decision.asks:
            effects = NO_EFFECTS
        return self._look_up(served.site, request, block, effects, None, keep_alive, now)

    def _serve(self, request: Request, block: HeaderBlock) -> Served | None:
        """
        The site of the block's host, in the release that the client gets. It is noted in the block, and so found once for
        all requests that share it, unless requests that do may get different ones.
        """
        site = self._sites.find(block.host)
        block.sites = self._sites
        if site is not None and site.split is not None:
            if site.split.by_request:
                block.sites = None
            site = site.chosen(request)
        served = None
        if site is not None and not _is_too_long(block, site):
            served = self._served.get(id(site))  # `_sites` keeps the site, so its id stays its own
            if served is None:
                context = None
                if site.scripts or site.policy is not None:
                    context = Context(
                        Request(), services=site.services, limits=site.limits, monotonic=self._timer
                    )
                served = self._served[id(site)] = Served(site, context, self.memory.worth())
        block.served = served
        block.table = None
        block.glances = (
            block.plain and served is not None and served.context is None and block.sites is not None
        )
        if (
            served is not None
            and served.read is not None
            and self.memory.max_bytes
            and block.sites is not None
        ):
            block.table = self.memory.table((served, *served.read(request)), served.worth)
        return served

    def _refusal(self, block: HeaderBlock) -> Refuse:
        """Why `_serve` found nothing."""
        if self._sites.find(block.host) is not None:
            return _BODY_TOO_LONG
        return _NO_SITE if self._sites.complete else _NO_SITE_YET


def _is_too_long(block: HeaderBlock, site: Site) -> bool:
    return isinstance(block.framing, Length) and 0 < site.max_body_bytes < block.framing.size


_NO_SITE: Final = Refuse(421, "no site for this host")
_NO_SITE_YET: Final = Refuse(503, "what the node is to serve is not known yet")
_BODY_TOO_LONG: Final = Refuse(413, "body too long for this site")


def key_origin(scheme: str, fields: Sequence[tuple[bytes, bytes]]) -> str:
    """What a cache key begins with when scripts chose what the origin is told, Host perhaps among it."""
    host = next((value for name, value in fields if name.lower() == b"host"), b"")
    return primary_key(scheme, host.decode("latin-1").lower(), "")


def stated_key(origin: str, target: str, effects: Effects) -> str:
    """
    The key of a request whose scripts chose what it is stored under, or where it goes.

    A chosen key cannot reach into another authority's, and answers of two upstreams never meet: what stands before an
    upstream's name stands neither in a URI nor, after this, in a chosen key.
    """
    chosen = effects.cache_key
    if chosen is not None:
        target = chosen if chosen.startswith("/") else f" {chosen}"
        if UPSTREAM_MARK in target:
            # Text that reads as an upstream is none. No key can be chosen with this octet in it.
            target = target.replace(UPSTREAM_MARK, " \0@")
    return (
        f"{origin}{target}" if effects.origin is None else f"{origin}{target}{UPSTREAM_MARK}{effects.origin}"
    )
