"""What scripts have a response stored under: keys of different upstreams and authorities never meet."""

import pytest

from edgescript.effects import Effects
from runtime.proxy.front import stated_key

ORIGIN = "http://a.example"


def key(chosen, upstream, target="/x"):
    effects = Effects()
    effects.cache_key = chosen
    effects.origin = upstream
    return stated_key(ORIGIN, target, effects)


@pytest.mark.parametrize(
    ("chosen", "upstream", "stated"),
    [
        ("/k", None, f"{ORIGIN}/k"),
        ("k", None, f"{ORIGIN} k"),
        ("/k", "b", f"{ORIGIN}/k @b"),
        (None, "b", f"{ORIGIN}/x @b"),
    ],
)
def test_keys(chosen, upstream, stated):
    assert key(chosen, upstream) == stated


@pytest.mark.parametrize("chosen", ["/x @b", "@b", "/x @b @b", " @b", "/x @"])
def test_a_key_that_names_an_upstream_is_not_of_it(chosen):
    of_upstream = {key(other, "b") for other in (None, "/x", "x", "/", "")}
    assert key(chosen, None) not in of_upstream
    assert key(chosen, "b").endswith(" @b")
    assert key(chosen, "b").count(" @") == 1
