"""A console's domains beside a node's own sites: what is served of them, who gets which release, what is refused."""

import hashlib
import random
import re
from ipaddress import ip_network

import msgspec
import pytest

import stdlib
from edgescript.cli.node.building import Builder, SiteServices
from edgescript.cli.node.bundle import own_bundle, with_domains
from edgescript.cli.node.choosing import Chooser, Chosen, Earlier
from edgescript.cli.node.packed import Bundle, Shelf
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.request import Connection, Headers, Request
from edgescript.source import Source
from runtime.bundles.documents import (
    DictionaryEntry,
    DomainDocument,
    Release,
    ScriptEntry,
    encode_dictionary,
    encode_document,
)
from runtime.bundles.manifest import DomainEntry
from runtime.bundles.node_token import NodePlace
from runtime.bundles.sealing import seal
from runtime.bundles.signing import SigningKey
from runtime.bundles.split import Split
from runtime.bundles.whole import Domain
from runtime.bundles.wire import BundleError
from runtime.config import Config, ConfigError
from runtime.limits.local import LocalLimits

ORIGIN = "http://127.0.0.1:1"
KEY = b"k" * 32
OWN = {"hosts": ["own"], "origin": ORIGIN}


def code(text):
    return encode(compile_source(Source.from_bytes("a.es", text.encode()), stdlib.registry()).code)


class Told:
    """A domain as a console tells it: releases are lists of (name, code, settings of the script)."""

    def __init__(self, name="shop"):
        self.name = name
        self.texts = {}

    def put(self, text):
        ref = seal(KEY, text).ref
        self.texts[ref.sha256] = text
        return ref

    def domain(self, *releases, split=None, dictionaries=(), settings=None, own_settings=None):
        made = [
            Release(
                number,
                tuple(
                    ScriptEntry(name, number * 10, self.put(text), **{"position": "head", **dict(*more)})
                    for name, text, *more in scripts
                ),
                own_settings if number > 1 else None,
            )
            for number, scripts in enumerate(releases or [[]], start=1)
        ]
        document = DomainDocument(
            self.name,
            {"hosts": [f"{self.name}.example"], "origin": ORIGIN, **(settings or {})},
            tuple(made),
            split,
            tuple(
                DictionaryEntry(name, self.put(encode_dictionary(entries))) for name, entries in dictionaries
            ),
        )
        return Domain(document, self.texts)


class Opening:
    """An `Opener` of what was told; entries are names."""

    def __init__(self, domains):
        self.domains = {entry_of(domain): domain for domain in domains}

    def domain(self, entry):
        if entry not in self.domains:
            raise BundleError("missing", f"document of {entry.name}: not there")
        return self.domains[entry]


def entry_of(domain):
    digest = hashlib.sha256(encode_document(domain.document)).digest()
    return DomainEntry(domain.document.name, digest, seal(KEY, digest).ref)


def at(pool="", region=""):
    """The place of a node there."""
    return NodePlace(SigningKey(b"1" * 32).public_key, "production", pool, region)


def packed(*domains, config=None, before=None, older=(), **place):
    """The newest of each domain, beside what is served (`before`) and what an older manifest had."""
    own, reports = own_bundle(config or Config(), (), "n")
    assert not reports
    served = None if before is None else msgspec.msgpack.decode(before, type=Bundle)
    shelf = Shelf()

    def try_out(domains):
        tried = msgspec.structs.replace(own, texts=dict(shelf.texts), domains=tuple(domains))
        return new_builder().try_out(tried)

    earlier = Earlier(served, lambda: [*map(entry_of, older)])
    opener = Opening([*older, *domains])
    chooser = Chooser(own.config, opener, earlier, at(**place), shelf, try_out)
    return with_domains(own, chooser.choose([entry_of(domain) for domain in domains]), shelf.texts)


def new_builder():
    return Builder(SiteServices(random.Random(1), LocalLimits()))


@pytest.fixture
def builder():
    return new_builder()


def from_address(address="192.0.2.1", target="/", *fields):
    return Request(target=target, headers=Headers(fields), connection=Connection(address))


def test_a_domain_has_what_its_document_says(builder):
    said = {
        "upstreams": [{"name": "main", "servers": ["http://main"]}],
        "origin": "main",
        "max_body_bytes": 5,
        "script_limits": {"fuel": 1000},
    }
    domain = Told().domain(
        [("b", code("return true\n"), {"pri": 5, "position": "foot"}), ("a", code("x = 1\n"), {"brk": True})],
        settings=said,
        dictionaries=[("prices", {"é": "3.20 €"})],
    )
    site = builder.build(packed(domain)).find("shop.example")
    assert (site.name, site.release, site.candidate, site.max_body_bytes) == ("shop", 1, None, 5)
    assert (site.origin.name, [*site.upstreams], site.limits.fuel) == ("main", ["main"], 1000)
    assert [(each.name, each.position, each.priority, each.version) for each in site.scripts] == [
        ("b", "foot", 5, 10),
        ("a", "head", 0, 10),
    ]
    assert site.scripts[1].break_on_hit
    assert site.services.dictionaries == {"prices": {"Ã©": "3.20 â\x82¬"}}


def test_domains_have_upstreams_of_their_own_under_any_name(builder):
    upstream = {"name": "main", "servers": ["http://node"]}
    config = msgspec.convert({"upstreams": [upstream], "sites": [OWN]}, Config)
    domains = [
        Told(name).domain(
            [("a", code("x = 1\n"))],
            settings={"upstreams": [{"name": "main", "servers": [f"http://{name}"]}], "origin": "main"},
        )
        for name in ("one", "two")
    ]
    sites = builder.build(packed(*domains, config=config))
    found = [sites.find(host) for host in ("one.example", "two.example")]
    assert [site.origin.servers[0].host for site in found] == ["one", "two"]
    assert [site.upstreams["main"] for site in found] == [site.origin for site in found]
    assert sites.find("own").upstreams["main"].servers[0].host == "node"


def test_a_domain_without_an_origin_is_served_from_the_nodes(builder):
    config = Config(origin="http://beside:1")
    site = builder.build(packed(Told().domain(settings={"origin": ""}), config=config)).find("shop.example")
    assert site.origin.name == "beside:1"


def test_origins_of_domains_are_refused_where_the_node_says_and_its_own_are_not(builder):
    upstream = {"name": "main", "servers": ["http://one"]}
    stated = {
        "origin": ORIGIN,
        "upstreams": [upstream],
        "sites": [OWN],
        "domain_origins_refused": ["10.0.0.0/8"],
    }
    domains = [
        Told("single").domain(),
        Told("group").domain(settings={"upstreams": [upstream], "origin": "main"}),
        Told("beside").domain(settings={"origin": ""}),
        Told("both").domain(settings={"upstreams": [upstream], "origin": ""}),
    ]
    sites = builder.build(packed(*domains, config=msgspec.convert(stated, Config)))
    hosts = ("single.example", "group.example", "beside.example", "both.example", "own", "any.example")
    found = [sites.find(host) for host in hosts]
    refused = (ip_network("10.0.0.0/8"),)
    assert [site.origin.refused for site in found] == [refused, refused, (), (), (), ()]
    assert [site.upstreams["main"].refused for site in found if site.upstreams] == [refused, refused, (), ()]


def test_unless_told_otherwise_domains_have_no_origin_on_the_node_or_beside_it(builder):
    def refused(config):
        return builder.build(packed(Told().domain(), config=config)).find("shop.example").origin.refused

    usual = ("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "::/128")
    assert refused(Config()) == tuple(map(ip_network, usual))
    assert refused(Config(domain_origins_refused=())) == ()


@pytest.mark.parametrize("sticky", ["client_ip", "cookie:id", "header:X-Id", "arg:id"])
def test_a_share_of_the_clients_gets_the_candidate_and_keeps_it(builder, sticky):
    def chosen(percent):
        split = Split(percent, b"salt", sticky)
        domain = Told().domain([("a", code("x = 1\n"))], [("a", code("x = 2\n"))], split=split)
        site = builder.build(packed(domain)).find("shop.example")
        return {number for number in range(1000) if site.chosen(client(number)) is site.candidate}

    def client(number):
        if sticky == "client_ip":
            return from_address(f"10.0.{number >> 8}.{number & 255}")
        return from_address(
            "192.0.2.1", f"/?id=u{number}", ("x-id", f"u{number}"), ("cookie", f"a=1; id=u{number}")
        )

    few, more = chosen(5), chosen(25)
    assert 20 < len(few) < 90
    assert 180 < len(more) < 320
    assert few < more
    assert (chosen(0), len(chosen(100))) == (set(), 1000)


@pytest.mark.parametrize("sticky", ["cookie:id", "header:X-Id", "arg:id"])
def test_a_client_without_the_key_is_told_by_its_address(builder, sticky):
    def decided(sticky):
        split = Split(50, b"salt", sticky)
        site = builder.build(packed(Told().domain([], [], split=split))).find("shop.example")
        return [site.chosen(from_address(f"10.0.0.{number}")).release for number in range(64)]

    assert decided(sticky) == decided("client_ip")
    assert {*decided(sticky)} == {1, 2}


def test_both_releases_share_what_is_counted_and_read_but_not_settings(builder):
    domain = Told().domain(
        [("a", code("x = 1\n"))],
        [("a", code("x = 2\n"))],
        split=Split(50, b"s"),
        dictionaries=[("d", {"k": "v"})],
        own_settings={"hosts": ["new.example"], "origin": "http://other:1"},
    )
    sites = builder.build(packed(domain))
    stable = sites.find("shop.example")
    candidate = stable.candidate
    assert sites.find("new.example") is stable
    assert stable.services == candidate.services
    assert stable.services.limiter is candidate.services.limiter
    assert (stable.origin.name, candidate.origin.name) == ("127.0.0.1:1", "other:1")
    assert (stable.release, candidate.release) == (1, 2)
    assert {id(site) for site in sites.all()} == {id(stable), id(candidate)}
    assert sites.states() == {
        "a": dict.fromkeys(("NonExecution", "ExecutedAndHit", "ExecutedButNotHit", "Exception"), 0)
    }


@pytest.mark.parametrize(("pool", "region", "decides"), [("east", "eu", True), ("west", "eu", False)])
def test_outside_its_pools_only_the_stable_release_is_there(builder, pool, region, decides):
    domain = Told().domain([], [], split=Split(50, b"s", pools=("east",)))
    site = builder.build(packed(domain, pool=pool, region=region)).find("shop.example")
    assert (site.candidate is not None) is decides
    assert (site.split is not None) is decides


def test_counts_go_on_while_a_release_is_served_and_when_it_is_taken_back(builder):
    script, new = ("a", code("x = 1\n")), ("a", code("x = 2\n"))
    first = builder.build(packed(Told().domain([script]))).find("shop.example")
    first.counts.requests = 7
    first.scripts[0].tally.hit = 3
    both = Told().domain([script], [new], split=Split(50, b"s"))
    site = builder.build(packed(both)).find("shop.example")
    assert (site.counts.requests, site.scripts[0].tally.hit) == (7, 3)
    assert (site.candidate.counts.requests, site.candidate.scripts[0].tally.hit) == (0, 0)


WRONG = [
    ({"hosts": []}, "hosts: is empty"),
    ({"host": ["a"]}, "host: unknown key, did you mean 'hosts'?"),
    ({"origin": "nowhere"}, "origin: no upstream 'nowhere'"),
    ({"origin": ""}, "no 'origin'"),
    ({"scripts": ["/etc/passwd"]}, "scripts: is not for a domain"),
    ({"dictionaries": {"d": "/etc/passwd"}}, "dictionaries: is not for a domain"),
    (
        {"upstreams": [{"name": "u", "servers": ["https://u"], "tls": {"ca_file": "/x"}}]},
        "is not for a domain",
    ),
    ({"upstreams": [{"name": "u", "servers": []}]}, r"upstreams\[1\].servers: is empty"),
    ({"upstreams": {"name": "u"}}, "upstreams: got a table"),
    ({"hosts": ["OWN"]}, "'own' is a host of site own already"),
]


def problems(data):
    """What is told of a bundle's domains, and what is served of each."""
    sites = new_builder().build(data)
    return dict(sites.problems), {site.name: site.release for site in sites.all() if site.name != "own"}


@pytest.mark.parametrize(("settings", "told"), WRONG)
def test_a_domain_that_cannot_be_served_is_named_and_takes_no_other_with_it(settings, told):
    config = msgspec.convert({"sites": [OWN]}, Config)
    data = packed(Told().domain(settings=settings), Told("good").domain(), config=config)
    ((name, why),), served = problems(data)[0].items(), problems(data)[1]
    assert (name, [*served]) == ("shop", ["good"])
    assert re.search(told, why), why
    assert why.endswith("; it is not served")


def test_a_host_or_a_name_of_another_is_refused():
    config = msgspec.convert({"sites": [{**OWN, "name": "shop"}]}, Config)
    told, _ = problems(packed(Told().domain(), config=config))
    assert "another site of the node has this name" in told["shop"]
    told, served = problems(packed(Told().domain(), Told("b").domain(settings={"hosts": ["shop.example"]})))
    assert "'shop.example' is a host of site shop already" in told["b"]
    assert [*served] == ["shop"]


DAMAGED = [b"", b"ESC\x01", code("x = 1\n")[:-3], code("x = 1\n").replace(b"ESC", b"XSC")]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_domain_whose_code_is_none_is_served_as_it_was_and_the_others_go_on(damaged):
    fine = [("a", code("x = 1\n"))]
    before = packed(Told("bad").domain(fine), Told("good").domain(fine))
    assert problems(before) == ({}, {"bad": 1, "good": 1})
    bad, good = Told("bad").domain([("a", damaged)]), Told("good").domain([("a", code("x = 2\n"))])
    data = packed(bad, good, before=before)
    told, served = problems(data)
    assert served == {"bad": 1, "good": 1}
    assert [*told] == ["bad"]
    assert told["bad"].endswith("; what was served before is served on")
    first, second = (msgspec.msgpack.decode(each, type=Bundle).domains for each in (before, data))
    assert first[0] == second[0]
    assert first[1] != second[1]
    # It stays so over any number of changes, and over a start with what older manifests have.
    assert problems(packed(bad, good, before=data))[1] == {"bad": 1, "good": 1}
    assert problems(packed(bad, good, older=[bad, Told("bad").domain(fine)])) == (told, served)
    told, served = problems(packed(bad, good))
    assert (served, told["bad"].endswith("; it is not served")) == ({"good": 1}, True)
    # Once there is one that loads, it is served.
    assert problems(packed(Told("bad").domain([("a", code("x = 3\n"))]), good, before=data))[0] == {}


def test_what_is_missing_is_no_fault_of_the_domain_and_may_be_had_again():
    domain = Told().domain()
    gone = msgspec.structs.replace(entry_of(domain), digest=b"0" * 32)
    own, _ = own_bundle(Config(), (), "n")
    chooser = Chooser(own.config, Opening([domain]), Earlier(), at(), Shelf(), lambda _domains: {})
    with pytest.raises(BundleError, match="not there"):
        chooser.choose([gone])


def test_a_domain_that_goes_on_as_before_gets_no_host_back_that_another_has_now():
    before = packed(Told("a").domain(settings={"hosts": ["x.example"]}))
    bad, new = (
        Told("a").domain(settings={"no_such": 1}),
        Told("b").domain(settings={"hosts": ["x.example"]}),
    )
    told, served = problems(packed(bad, new, before=before))
    assert served == {"b": 1}
    assert [*told] == ["a"]


def test_what_was_made_under_other_settings_of_the_node_is_made_again():
    domain = Told().domain(settings={"hosts": ["own"]})
    before = packed(domain)
    config = msgspec.convert({"sites": [OWN]}, Config)
    told, served = problems(packed(domain, config=config, before=None))
    assert (problems(before)[1], served, [*told]) == ({"shop": 1}, {}, ["shop"])


def test_domains_that_did_not_change_keep_their_sites(builder):
    script = [("a", code("x = 1\n"))]
    before = packed(*(Told(name).domain(script) for name in ("one", "two", "three")))
    first = builder.build(before)
    changed = (Told("one").domain(script), Told("two").domain([("a", code("x = 2\n"))]))
    second = builder.build(packed(*changed, before=before))
    assert second.find("one.example") is first.find("one.example")
    assert second.find("two.example") is not first.find("two.example")
    assert second.find("three.example") is None
    third = builder.build(packed(*changed, config=Config(max_body_bytes=7)))
    assert third.find("one.example") is not first.find("one.example")
    builder.begin(SiteServices(random.Random(1), LocalLimits()))
    fourth = builder.build(packed(*changed, config=Config(max_body_bytes=7)))
    assert fourth.find("one.example") is not third.find("one.example")


def test_a_domain_whose_own_bytes_are_damaged_takes_no_other_with_it(builder):
    bundle = msgspec.msgpack.decode(packed(Told("bad").domain(), Told("good").domain()), type=Bundle)
    bad, good = bundle.domains
    spoilt = msgspec.structs.replace(bundle, domains=(msgspec.structs.replace(bad, site=bad.site[:-2]), good))
    with pytest.raises(ConfigError, match="domain bad: "):
        builder.build(msgspec.msgpack.encode(spoilt))
    sites = builder.build(msgspec.msgpack.encode(spoilt), salvage=True)
    assert (sites.find("bad.example"), sites.find("good.example").name) == (None, "good")


def test_a_text_that_many_domains_have_is_there_once(builder):
    same = code("x = 1\n")
    data = packed(*(Told(f"d{number}").domain([("a", same)]) for number in range(20)))
    assert len(msgspec.msgpack.decode(data, type=Bundle).texts) == 1
    sites = builder.build(data)
    programs = {id(sites.find(f"d{number}.example").scripts[0].run.__self__) for number in range(20)}
    assert len(programs) == 1


@pytest.mark.parametrize(("domains", "complete"), [(None, False), (Chosen((), ()), True)])
def test_a_node_may_have_nothing_to_serve_yet(builder, domains, complete):
    own, _ = own_bundle(Config())
    sites = builder.build(with_domains(own, domains, {}))
    assert (sites.find("a"), sites.all(), sites.complete) == (None, [], complete)
