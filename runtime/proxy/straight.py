"""
The straight way of a miss: what an exchange comes to when nothing but the origin's answer stands between.

Most misses are alike: a GET without content or conditions, a kept connection, an answer that comes whole. Nothing of such
a request needs a machine, so it has none until something else happens; then `Exchange.sent` goes on from where it is. What
is decided is the same either way, and a test holds the two together.
"""

from typing import Final

from runtime.http.storage import DoNotStore, decide_storage
from runtime.proxy.messages import UpstreamHead
from runtime.proxy.plan import Plan, Settings
from runtime.proxy.received import Received, passing_lines
from runtime.proxy.respond import connection_tail

_ABOUT_STORING: Final = frozenset(
    {
        "default_ttl_s",
        "default_ttl_s_by_status",
        "stale_if_error_s",
        "stale_while_revalidate_s",
        "ttl_s",
        "ttl_s_by_status",
    }
)
"""Wishes of scripts or rules that may have stored what the origin's fields alone would not: all that `decide_storage` hears of."""


def goes_straight(plan: Plan) -> bool:
    """Whether nothing that was wished for keeps a request from it."""
    return (
        plan.plain
        and plan.coalesce
        and plan.continuation is None
        and plan.fallback is None
        and plan.effects.rate_bytes_per_s is None
    )


def straight_head(plan: Plan, head: UpstreamHead, now: float) -> bytes:
    """What the client is sent before the content of an answer that came whole, whose length is stated."""
    request, ops = plan.request, plan.effects.response_headers
    fields, status = head.fields, head.status
    tail = connection_tail(request.protocol, plan.keep_alive)
    if ops or not isinstance(fields, Received):
        return passing_lines(head, status, "plain", "MISS", ops, request, tail, now).of(request)
    second = 0 if fields.dated else int(now)
    known = fields.straight
    if known is None or known[0] != second or known[1] != status or known[2] != tail:
        start, end, _ = passing_lines(head, status, "plain", "MISS", ops, request, tail, now)
        known = fields.straight = (second, status, tail, start, end)
    return b"%bX-Request-Id: %b\r\n%b" % (known[3], request.id.encode("ascii"), known[4])


def is_left_unstored(plan: Plan, settings: Settings, head: UpstreamHead, now: float) -> bool:
    """Whether the origin's fields alone keep the answer from being stored."""
    effects, fields = plan.effects, head.fields
    if not isinstance(fields, Received) or not _ABOUT_STORING.isdisjoint(effects.__dict__):
        return False
    second, status, cookies = int(now), head.status, settings.store_cookies
    known = fields.unstored
    if known is None or known[0] != second or known[1] != status or known[2] != cookies:
        asked = plan.request_fields  # those of a plain request have nothing to say
        decision = decide_storage(b"GET", asked, status, fields, now, store_cookies=cookies)
        known = fields.unstored = (second, status, cookies, isinstance(decision, DoNotStore))
    return known[3]
