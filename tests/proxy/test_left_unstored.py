"""What is said at a glance not to be stored, `decide_storage` does not have stored, whatever scripts and rules wish."""

import pytest

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.http.framing import NO_BODY, Length, accept_request
from runtime.http.storage import DoNotStore, Grace, decide_storage
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.lookup import plan_fetch
from runtime.proxy.messages import UpstreamHead
from runtime.proxy.plan import NO_EFFECTS, Settings
from runtime.proxy.received import Received
from runtime.proxy.straight import is_left_unstored
from runtime.scripts.site import Site
from runtime.upstreams.upstream import Upstream

SITE = Site("s", Upstream("u", ()))
NOW = 1_000_000_000.0
FIELDS = [(b"Host", b"site.test")]
ANSWERS = {
    "says nothing": (200, ""),
    "stale at once": (200, "max-age=0"),
    "fresh for a while": (200, "max-age=60"),
    "an error for a while": (500, "max-age=60"),
    "an error": (500, ""),
    "private": (200, "private, max-age=60"),
    "no-store": (200, "no-store"),
    "checked each time": (200, "no-cache"),
}
WISHES = {
    "nothing": {},
    "a lifetime": {"ttl_s": 5},
    "no lifetime": {"ttl_s": 0},
    "a lifetime of a status": {"ttl_s_by_status": {500: 5}},
    "a lifetime where the origin has none": {"default_ttl_s": 5},
    "one of a status": {"default_ttl_s_by_status": {500: 5}},
    "stale while another is fetched": {"stale_while_revalidate_s": 5},
    "stale if that fails": {"stale_if_error_s": 5},
    "what has nothing to do with it": {"rate_after_bytes": 5},
}


def plan(effects):
    block = HeaderBlock(FIELDS, accept_request(b"GET", b"/", b"1.1", FIELDS), "http", "1.1")
    asked = Request("GET", "/", "HTTP/1.1", block.host, block.headers)
    return plan_fetch(SITE, asked, block, effects, "/", "k/", (), None, None, True, NOW)


def wished(wish):
    effects = Effects()
    for name, value in wish.items():
        setattr(effects, name, value)
    return effects


def is_stored(status, fields, effects):
    decision = decide_storage(
        b"GET",
        FIELDS,
        status,
        fields,
        NOW,
        script_ttl_s=effects.ttl_s,
        script_ttl_s_by_status=effects.ttl_s_by_status,
        default_ttl_s=effects.default_ttl_s,
        default_ttl_s_by_status=effects.default_ttl_s_by_status,
        grace=Grace(effects.stale_while_revalidate_s, effects.stale_if_error_s),
    )
    return not isinstance(decision, DoNotStore)


@pytest.mark.parametrize(("status", "says"), ANSWERS.values(), ids=ANSWERS)
def test_nothing_is_left_out_that_would_be_stored(status, says):
    fields = Received([(b"Cache-Control", says.encode())] if says else [])
    head = UpstreamHead(status, fields, Length(2))
    for wish in WISHES.values():  # the same head each time: what is noted there is not to outlive a wish
        effects = wished(wish)
        left = is_left_unstored(plan(effects), Settings(1000), head, NOW)
        assert not (left and is_stored(status, fields, effects)), wish


def test_what_no_script_speaks_of_is_left_out_by_the_origins_fields():
    head = UpstreamHead(200, Received([(b"Cache-Control", b"no-store")]), NO_BODY)
    assert is_left_unstored(plan(NO_EFFECTS), Settings(1000), head, NOW)
