"""An exchange for one key, as machines without a client's head see it."""

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.http.framing import NoBody
from runtime.proxy.exchange import Exchange
from runtime.proxy.forward import build
from runtime.proxy.plan import Plan, Settings
from runtime.upstreams.upstream import Upstream

KEY = "http://a/"
FRESH = [(b"Cache-Control", b"max-age=60")]
AHEAD_BYTES = 10


def asking(cache):
    request = Request(target="/", host="a", id="id")
    plan = Plan(
        origin=Upstream.single("127.0.0.1", 1),
        request=request,
        request_fields=[],
        vary_fields=[],
        framing=NoBody(),
        effects=Effects(),
        forward=build(request, [], "/", ()),
        keep_alive=True,
        cache_key=KEY,
        coalesce=True,
        continuation=None,
        stale=None,
    )
    return Exchange(plan, cache, Settings(AHEAD_BYTES), 0.0)
