"""A purge that is held to hosts touches nothing of others: rows of hosts, key, whether it is about it."""

import pytest

from runtime.cache.purge import Purge, concerns

ROWS = [
    ((), "http://other.example/a", True),
    (("shop.example",), "http://shop.example/a", True),
    (("shop.example",), "https://shop.example:8443/a?b", True),
    (("shop.example",), "http://shop.example/a @upstream", True),
    (("shop.example",), "http://shop.example", True),
    (("Shop.Example",), "http://shop.example/a", True),
    (("shop.example",), "http://shop.example./a", True),
    (("shop.example",), "http://www.shop.example/a", False),
    (("shop.example",), "http://shop.example.evil.example/a", False),
    (("shop.example",), "http://other.example/shop.example/", False),
    (("shop.example",), "http://other.example?http://shop.example/", False),
    (("*.shop.example",), "http://www.shop.example/a", True),
    (("*.shop.example",), "http://shop.example/a", False),
    (("*.shop.example",), "http://myshop.example/a", False),
    (("blog.example", "*"), "http://anything.example/a", True),
    (("[::1]",), "http://[::1]:8080/a", True),
    (("[::1]",), "http://[::1]/a", True),
    (("[::2]",), "http://[::1]/a", False),
]


@pytest.mark.parametrize("purge", [Purge("tag", "red"), Purge("all", ""), Purge("prefix", "http")])
@pytest.mark.parametrize(("hosts", "key", "expected"), ROWS)
def test_hosts(purge, hosts, key, expected):
    assert concerns(purge._replace(hosts=hosts), key, ["red"]) is expected
