"""What a glance at the store does not settle: fields of the request to be looked at, a stale response, a miss."""

from collections.abc import Sequence

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.cache.store import StoredResponse
from runtime.http.directives import request_directives
from runtime.http.framing import NO_BODY
from runtime.http.reuse import Reuse, Revalidate, Unsatisfied, decide_reuse
from runtime.proxy.forward import CONDITIONAL, build, without
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.hit import conditional_head, hit_head
from runtime.proxy.late import Continuation
from runtime.proxy.own_answer import Immediate, error_response, whole
from runtime.proxy.plan import Plan
from runtime.proxy.respond import CacheStatus, connection_tail
from runtime.scripts.site import Site


def decide_with_care(
    site: Site,
    stored: StoredResponse | None,
    request: Request,
    block: HeaderBlock,
    effects: Effects,
    target: str,
    key: str,
    asked: Sequence[tuple[bytes, bytes]],
    continuation: Continuation | None,
    keep_alive: bool,
    now: float,
) -> Immediate | Plan:
    """Where the request's own fields or the stored response's age need looking at (RFC 9111 section 4)."""
    decision = decide_reuse(stored, request_directives(block.fields), now)
    if isinstance(decision, Unsatisfied):
        return whole(error_response(504), request, (), keep_alive, "BYPASS", now)
    if not isinstance(decision, Reuse):
        stale = stored if isinstance(decision, Revalidate) else None
        return plan_fetch(site, request, block, effects, target, key, asked, continuation, stale)
    assert stored is not None
    if continuation is not None:
        effects, answer = continuation.hear(list(stored.fields), keep_alive, now, len(stored.body))
        if answer is not None:
            return answer
    tail = connection_tail(request.protocol, keep_alive)
    ops = effects.response_headers
    label: CacheStatus = "STALE" if decision.is_stale else "HIT"
    head = conditional_head(stored, label, ops, request, block.fields, now, tail)
    if head is not None:
        return Immediate(head, b"", keep_alive)
    head = hit_head(stored, label, ops, request, decision.age_s, tail)
    body = stored.body if request.method == "GET" else b""
    return Immediate(head, body, keep_alive, effects.rate_bytes_per_s, effects.rate_after_bytes)


def plan_fetch(
    site: Site,
    request: Request,
    block: HeaderBlock,
    effects: Effects,
    target: str,
    key: str,
    asked: Sequence[tuple[bytes, bytes]],
    continuation: Continuation | None,
    stale: StoredResponse | None,
) -> Plan:
    forward = build(request, block.fields, target, effects.request_headers)
    coalesce = request.method == "GET" and block.framing is NO_BODY and not block.has_range
    if coalesce:
        # The stored object is to be whole and any client's: ask unconditionally, or with its own validators.
        fields = without(forward.fields, CONDITIONAL) if block.has_preconditions else forward.fields
        if stale is not None:
            fields = [*fields, *stale.validators.conditional_fields()]
        forward = forward._replace(fields=fields)
    return Plan(
        origin=site.origin,
        request=request,
        request_fields=block.fields,
        vary_fields=asked,
        framing=block.framing,
        effects=effects,
        forward=forward,
        keep_alive=block.keep_alive,
        cache_key=key,
        coalesce=coalesce,
        continuation=continuation,
        stale=stale if coalesce else None,
    )
