"""Settings of a domain: what a customer may ask of nodes that others share."""

import pytest

from runtime.console.model.refusal import Refused
from runtime.console.model.settings import hosts_of, read_settings

SITE = {"hosts": ["www.shop.example"], "origin": "http://127.0.0.1:8000"}
UPSTREAM = {"name": "u", "servers": ["https://a.example"]}

GOOD = [
    {},
    {"cache": [{"path": "/img/*", "ttl_s": 60}]},
    {"redirect_https": True, "max_body_bytes": 1000},
    {"origin": "u", "upstreams": [UPSTREAM]},
    {"hosts": ["*.shop.example", "WWW.Shop.example"]},
    {"hosts": ["a.example", "A.example"]},
]


@pytest.mark.parametrize("settings", GOOD)
def test_good_settings_are_kept_as_they_were_sent(settings):
    assert read_settings("shop", {**SITE, **settings}) == {**SITE, **settings}


BAD = [
    ({"hosts": []}, "hosts"),
    ({"hosts": ["a b"]}, "hosts[1]"),
    ({"hosts": ["*"]}, "hosts[1]"),
    ({"hosts": ["*.example"]}, "hosts[1]"),
    ({"hosts": [f"h{number}.example" for number in range(1001)]}, "hosts"),
    ({"origin": ""}, "origin"),
    ({"origin": "nowhere"}, "origin"),
    ({"origin": "u", "upstreams": [{**UPSTREAM, "servers": []}]}, "upstreams[1].servers"),
    (
        {"origin": "u", "upstreams": [{**UPSTREAM, "tls": {"ca_file": "/etc/passwd"}}]},
        "upstreams[1].tls.ca_file",
    ),
    ({"origin": "u", "upstreams": [UPSTREAM, UPSTREAM]}, "upstreams[2].name"),
    ({"upstreams": {"u": 1}}, "upstreams"),
    ({"upstreams": ["u"]}, "upstreams[1]"),
    ({"scripts": ["a.es"]}, "scripts"),
    ({"name": "other"}, "name"),
    ({"listen": "0.0.0.0:80"}, "listen"),
    ({"cache": [{"ttl_s": -1}]}, "cache[1].ttl_s"),
    ({"cache": [{"ignore_query": True, "keep_query": ["a"]}]}, "cache[1].keep_query"),
    ({"hots": ["a.example"]}, "hots"),
]


@pytest.mark.parametrize(("settings", "where"), BAD)
def test_settings_that_are_wrong_name_the_key(settings, where):
    with pytest.raises(Refused) as refused:
        read_settings("shop", {**SITE, **settings})
    assert refused.value.code == "invalid"
    assert where in [each["where"] for each in refused.value.extra["problems"]]


def test_settings_without_end_are_refused():
    with pytest.raises(Refused) as refused:
        read_settings("shop", {**SITE, "cache": [{"path": "/" + "a" * 600_000}]})
    assert refused.value.code == "too-large"


def test_hosts_are_compared_in_lower_case():
    assert hosts_of({"hosts": ["WWW.Shop.example", "www.shop.example"]}) == ["www.shop.example"]
