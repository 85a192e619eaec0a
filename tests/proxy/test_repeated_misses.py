"""What is planned for a plain GET whose header block came before is what a block seen for the first time gets."""

import pytest

from edgescript.effects import Effects, HeaderOp
from edgescript.request import Connection, Request
from runtime.http.framing import accept_request
from runtime.observe.trace import told_of
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.lookup import plan_fetch
from runtime.proxy.plan import NO_EFFECTS, Plan
from runtime.scripts.site import Site
from runtime.upstreams.forwarding import Forwarding
from runtime.upstreams.upstream import Upstream

SITE = Site("s", Upstream("u", (), forwarding=Forwarding(node_id="7f3a", trace=told_of)))
UNTRACED = Site("s", Upstream("u", ()))


def block(*fields):
    fields = [(b"Host", b"site.test"), *fields]
    return HeaderBlock(fields, accept_request(b"GET", b"/", b"1.1", fields), "http", "1.1")


def planned(block, target, site=SITE, effects=NO_EFFECTS, client="192.0.2.9"):
    """The plan with what the origin is sent, and of the request its target: each has an object of its own."""
    connection = Connection(client)
    asked = Request("GET", target, "HTTP/1.1", block.host, block.headers, connection, "a" * 32)
    plan = plan_fetch(
        site, asked, block, effects, target, f"k{target}", (), None, None, block.keep_alive, 0.0
    )
    if not isinstance(plan, Plan):
        return plan
    return plan._replace(request=target), plan.forward.head(plan.framing)


def wishes(**given):
    effects = Effects()
    for name, value in given.items():
        setattr(effects, name, value)
    return effects


TRACE = (b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01")


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"Cookie", b"a=b"), (b"Accept", b"*/*")),
        ((b"Via", b"1.1 other"),),
        ((b"TE", b"trailers"), (b"Connection", b"TE")),
        ((b"Connection", b"close"),),
        (TRACE,),
        (TRACE, (b"tracestate", b"a=b")),
        ((b"Max-Forwards", b"0"),),
        ((b"Range", b"bytes=0-1"),),
        ((b"If-None-Match", b'"a"'),),
    ],
)
@pytest.mark.parametrize("site", [SITE, UNTRACED])
def test_the_second_plan_is_as_a_first_one(site, fields):
    seen = block(*fields)
    planned(seen, "/first", site)
    assert planned(seen, "/n?q", site) == planned(block(*fields), "/n?q", site)


@pytest.mark.parametrize(
    "changed",
    [
        {"site": UNTRACED},
        {"client": "192.0.2.10"},
        {"effects": wishes(bypass=True)},
        {"effects": wishes(request_headers=[HeaderOp("set", "X-A", "1")])},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_differs_from_the_request_before_is_heard(changed):
    seen = block()
    usual = planned(seen, "/n")
    assert planned(seen, "/n") == usual
    assert planned(seen, "/n", **changed) == planned(block(), "/n", **changed) != usual


def test_a_block_that_goes_in_circles_is_refused_each_time():
    seen = block((b"Via", b"1.1 edgescript-7f3a"))
    assert [planned(seen, "/n").status for _ in range(2)] == [508, 508]
