"""Which release of a site answers: decided once for a header block, where requests that share it cannot differ."""

import pytest

from edgescript.request import Connection, Request
from runtime.cache.memory import MemoryStore
from runtime.http.framing import accept_request
from runtime.proxy.front import Front
from runtime.proxy.header_block import HeaderBlock
from runtime.scripts.site import Site, Sites
from runtime.scripts.split import Split
from runtime.upstreams.upstream import Upstream


class Asked:
    """A front whose site gives the candidate to the keys in `chosen`."""

    def __init__(self, sticky, chosen):
        self.keys = []
        self.chosen = chosen
        candidate = Site("s", Upstream.single("new", 80), release=2)
        self.site = Site(
            "s", Upstream.single("old", 80), release=1, split=Split(sticky, self.choose), candidate=candidate
        )
        self.front = Front(Sites(self.site), MemoryStore(1000, 100), lambda: 0.0, lambda *_: None)

    def choose(self, key):
        self.keys.append(key)
        return key in self.chosen

    def origins(self, block, *targets, address="192.0.2.1"):
        """Where requests for `targets` with one header block go."""
        connection = Connection(address)
        asked = [Request("GET", each, "HTTP/1.1", "h", block.headers, connection, "1") for each in targets]
        return [self.front.decide(each, block, 0.0).origin.name for each in asked]


def block(*fields):
    fields = [(b"Host", b"h"), *fields]
    return HeaderBlock(fields, accept_request(b"GET", b"/", b"1.1", fields), "http", "1.1")


@pytest.mark.parametrize(
    ("sticky", "key"),
    [
        ("client_ip", b"192.0.2.1"),
        ("header:X-Id", b"one"),
        ("cookie:id", b"two"),
        ("cookie:no", b"192.0.2.1"),
    ],
)
def test_a_header_block_is_decided_on_once(sticky, key):
    asked = Asked(sticky, {key})
    shared = block((b"X-Id", b"one"), (b"Cookie", b"a=1; id=two"))
    assert asked.origins(shared, "/a", "/b", "/c") == ["new:80"] * 3
    assert asked.keys == [key]
    assert (asked.site.counts.requests, asked.site.candidate.counts.requests) == (0, 3)


def test_an_argument_is_looked_at_in_each_request():
    asked = Asked("arg:id", {b"two"})
    assert asked.origins(block(), "/?id=one", "/?id=two", "/") == ["old:80", "new:80", "old:80"]
    assert asked.keys == [b"one", b"two", b"192.0.2.1"]
    assert (asked.site.counts.requests, asked.site.candidate.counts.requests) == (2, 1)


def test_another_share_counts_for_the_next_request_of_a_connection():
    asked = Asked("client_ip", set())
    shared = block()
    assert asked.origins(shared, "/") == ["old:80"]
    asked.chosen = {b"192.0.2.1"}
    asked.front.install(Sites(asked.site))
    assert asked.origins(shared, "/") == ["new:80"]


def test_no_split_leads_anywhere_but_to_what_is_known():
    with pytest.raises(KeyError):
        Split("weather", lambda _: True)
