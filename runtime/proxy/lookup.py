"""What a glance at the store does not settle: fields of the request to be looked at, a stale response, a miss."""

from collections.abc import Sequence
from typing import Final

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.conditional import PROCEED, evaluate_preconditions, is_for_origin
from runtime.http.directives import request_directives
from runtime.http.framing import NO_BODY
from runtime.http.ranges import one_range
from runtime.http.reuse import Reuse, Unsatisfied, decide_reuse
from runtime.proxy.forward import CONDITIONAL, Prepared, build, build_again, without
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.hops import answered_here
from runtime.proxy.late import Continuation
from runtime.proxy.own_answer import Immediate, error_response, whole
from runtime.proxy.plan import Plan
from runtime.proxy.respond import CacheStatus, connection_tail
from runtime.proxy.stored_answer import answer_from, can_answer
from runtime.scripts.site import Site

_ORIGINS_OWN: Final = frozenset({b"if-match", b"if-unmodified-since"})
_FOR_A_PART: Final = CONDITIONAL | {b"range"}
"""What makes an answer less than the whole, and so of no use to others."""


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
    if stored is not None and not can_answer(stored, request, block.fields, now):
        stored = None
    decision = decide_reuse(stored, request_directives(block.fields), now)
    if isinstance(decision, Unsatisfied):
        return whole(error_response(504), request, (), keep_alive, "BYPASS", now)
    if not isinstance(decision, Reuse) or stored is None or _needs_origin(stored, request, block, now):
        return plan_fetch(
            site, request, block, effects, target, key, asked, continuation, stored, keep_alive, now
        )
    refresh: Plan | None = None
    if decision.refresh and request.method == "GET":
        refresh = plan_refresh(site, request, block, effects, target, key, asked, stored, keep_alive, now)
    if continuation is not None:
        effects, answer = continuation.hear(list(stored.fields), keep_alive, now, len(stored.body))
        if answer is not None:
            return answer._replace(refresh=refresh)
    label: CacheStatus = "STALE" if decision.is_stale else "HIT"
    tail = connection_tail(request.protocol, keep_alive)
    found = answer_from(stored, label, effects.response_headers, request, block.fields, now, tail)
    whole_answer = Immediate(
        found.head,
        found.body,
        keep_alive,
        effects.rate_bytes_per_s,
        effects.rate_after_bytes,
        found.status,
        label,
        refresh,
    )
    if found.file is None:
        return whole_answer
    body, offset, length = found.file
    return whole_answer._replace(file=body, offset=offset, length=length)


def _needs_origin(stored: StoredResponse, request: Request, block: HeaderBlock, now: float) -> bool:
    """
    Whether only the origin can answer although `stored` could be sent: it may have what If-Match or
    If-Unmodified-Since mean where the stored response is not it (RFC 9110 section 13.2.1).
    """
    if block.upgrade:
        return True
    if not block.has_preconditions or not is_for_origin(block.fields):
        return False
    for_origin = [field for field in block.fields if field[0].lower() in _ORIGINS_OWN]
    method = request.method.encode("ascii")
    return evaluate_preconditions(method, for_origin, stored.validators, now) is not PROCEED


def _may_be_shared(block: HeaderBlock, stale: StoredResponse | None) -> bool:
    """Whether one answer may serve all who ask for the object, as far as the request's fields say."""
    return (
        not block.upgrade
        # A part of what is not stored comes from the origin, as a part; one of what is stored whole, from the store.
        and (stale is not None or not block.has_range)
        and not (block.has_preconditions and is_for_origin(block.fields))
    )


def _may_share_part(block: HeaderBlock) -> bool:
    """The same for a part: where the origin is asked nothing but that."""
    return not block.has_preconditions and not any(name.lower() == b"if-range" for name, _ in block.fields)


def _part_asked_for(
    request: Request, block: HeaderBlock, effects: Effects, stored: StoredResponse | None
) -> str:
    """The range that is fetched as a part, and stored as one: of what is not stored, or in parts. "" for none."""
    if (
        not block.has_range
        or request.method != "GET"
        or block.framing is not NO_BODY
        or block.upgrade
        or effects.bypass
        or (stored is not None and stored.validators.usable and not isinstance(stored.body, PartialBody))
        or (block.has_preconditions and is_for_origin(block.fields))
    ):
        return ""
    asked = one_range(block.fields)
    return "" if asked is None else asked.decode("ascii")


def plan_refresh(
    site: Site,
    request: Request,
    block: HeaderBlock,
    effects: Effects,
    target: str,
    key: str,
    asked: Sequence[tuple[bytes, bytes]],
    stored: StoredResponse | None,
    keep_alive: bool,
    now: float,
) -> Plan | None:
    """
    The fetch behind the back of a client that is sent a stale response. It is for the store, so one at a time is enough,
    whatever condition or content this client's request has: of the whole, or of the part asked for where parts are stored.
    """
    plan = plan_fetch(site, request, block, effects, target, key, asked, None, stored, keep_alive, now)
    if not isinstance(plan, Plan):
        return None
    if plan.part and stored is not None and isinstance(stored.body, PartialBody):
        fields = without(plan.forward.fields, CONDITIONAL) + stored.validators.conditional_fields()
        plan = plan._replace(forward=plan.forward._replace(fields=fields), coalesce=True, stale=stored)
    elif plan.part or not plan.coalesce:
        fields = without(plan.forward.fields, _FOR_A_PART)
        forward = plan.forward._replace(fields=fields)
        plan = plan._replace(forward=forward, framing=NO_BODY, coalesce=True, part="")
    return plan._replace(background=True)


def plan_fetch(
    site: Site,
    request: Request,
    block: HeaderBlock,
    effects: Effects,
    target: str,
    key: str,
    asked: Sequence[tuple[bytes, bytes]],
    continuation: Continuation | None,
    stored: StoredResponse | None,
    keep_alive: bool,
    now: float,
) -> Immediate | Plan:
    """
    The fetch that `request` needs, or the answer to one that must not be forwarded. `stored` is what was selected for it
    and cannot be sent as it is: it is asked about, where it has validators, and may stand in if the origin fails.
    """
    origin = site.origin if effects.origin is None else site.upstreams[effects.origin]
    ready: Prepared | None = block.forward
    if (
        ready is not None
        and ready.origin is origin
        and stored is None
        and block.plain
        and request.method == "GET"
        and block.framing is NO_BODY
        and not effects.request_headers
        and ready.client == request.connection.client_addr
    ):
        # As below, for what comes again: what was prepared was judged, and a GET goes any number of hops.
        forward = build_again(ready, origin.forwarding.trace, request, target)
        return tuple.__new__(
            Plan,
            (
                origin,
                request,
                block.fields,
                asked,
                NO_BODY,
                effects,
                forward,
                block.keep_alive,
                key,
                not effects.bypass,
                continuation,
                None,
                None,
                False,
                False,
                True,
                "",
                None,
            ),
        )
    ended = answered_here(request, block.fields, keep_alive, origin.forwarding, now)
    if ended is not None:
        return ended
    forward = build(request, block.fields, target, effects.request_headers, origin, block)
    stale = stored if stored is not None and stored.validators.usable else None
    part = "" if block.plain else _part_asked_for(request, block, effects, stored)
    coalesce = (
        request.method == "GET"
        and block.framing is NO_BODY
        and not effects.bypass
        and (block.plain or (_may_share_part(block) if part else _may_be_shared(block, stale)))
    )
    if part and coalesce and stale is not None:
        forward = forward._replace(fields=[*forward.fields, *stale.validators.conditional_fields()])
    elif coalesce and (stale is not None or block.has_preconditions):
        # The stored object is to be whole and any client's: ask unconditionally, or with its own validators.
        fields = without(forward.fields, _FOR_A_PART) if not block.plain else forward.fields
        if stale is not None:
            fields = [*fields, *stale.validators.conditional_fields()]
        forward = forward._replace(fields=fields)
    return Plan(  # by position: a third of the time that names take
        origin,
        request,
        block.fields,
        asked,
        block.framing,
        effects,
        forward,
        block.keep_alive,
        key,
        coalesce,
        continuation,
        stale if coalesce else None,
        stored,
        False,
        bool(block.upgrade),
        block.plain,
        part,
    )
