"""Which server is asked: rows of configuration and what happened, and the order in which servers are asked then."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.upstreams.peers import Peers
from runtime.upstreams.upstream import HealthCheck, Server, Upstream


def upstream(text, **settings):
    """`a*5 b c!` is three servers: a of weight 5, b, and c as a backup; `a<2` has at most 2 connections."""
    servers = []
    for word in text.split():
        name, _, most = word.partition("<")
        name, _, weight = name.partition("*")
        servers.append(Server(name.strip("!"), 80, int(weight or 1), word.endswith("!"), int(most or 0)))
    return Upstream("u", tuple(servers), **settings)


def names(peers, times, key="k", now=0.0, tried=()):
    return "".join(_name(peers.choose(key, now, tried)) for _ in range(times))


def _name(peer):
    return "-" if peer is None else peer.server.host


def named(peers, name):
    return next(peer for peer in peers.all if peer.server.host == name)


def fail(peers, name, now=0.0, times=1):
    for _ in range(times):
        named(peers, name).failed(now)


@pytest.mark.parametrize(
    ("servers", "order"),
    [
        ("a", "aaaa"),
        ("a b", "abab"),
        ("a*5 b c", "aabacaa"),  # nginx's own example of smooth weighted round robin
        ("a*2 b", "abaaba"),
        ("a b!", "aaa"),
        ("a!", "aa"),
        ("a! b!", "abab"),
    ],
)
def test_in_turn(servers, order):
    assert names(Peers(upstream(servers)), len(order)) == order


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_each_server_has_its_share_of_a_round_and_never_long_runs(weights):
    text = " ".join(f"s{number}*{weight}" for number, weight in enumerate(weights))
    peers = Peers(upstream(text))
    asked = [peers.choose("k", 0.0).server for _ in range(sum(weights))]
    assert [asked.count(server) for server in upstream(text).servers] == weights


@pytest.mark.parametrize(
    ("servers", "busy", "order"),
    [
        ("a b", {}, "abab"),
        ("a b", {"a": 1}, "bbb"),
        ("a*2 b", {"a": 1, "b": 1}, "aaa"),
        ("a b c", {"a": 1}, "bcbc"),
    ],
)
def test_the_least_busy(servers, busy, order):
    peers = Peers(upstream(servers, balance="least_conn"))
    for name, in_use in busy.items():
        named(peers, name).in_use = in_use
    assert names(peers, len(order)) == order


@given(st.text("abc/?=", max_size=9), st.permutations(["a", "b", "c", "d"]))
def test_a_key_has_one_server_whatever_the_order(key, order):
    peers = Peers(upstream(" ".join(order), balance="hash"))
    first = names(peers, 1, key)
    assert names(peers, 3, key) == first * 3
    assert names(Peers(upstream("a b c d", balance="hash")), 1, key) == first


def test_when_a_server_goes_only_its_keys_move():
    keys = [f"http://site/{number}" for number in range(2000)]
    before = Peers(upstream("a b c d", balance="hash"))
    homes = {key: names(before, 1, key) for key in keys}
    without = Peers(upstream("a b d", balance="hash"))
    failed = Peers(upstream("a b c d", balance="hash", max_fails=1))
    fail(failed, "c", now=1.0)
    for key in keys:
        for peers in (without, failed):
            now = names(peers, 1, key, now=1.0)
            assert now == homes[key] if homes[key] != "c" else now != "c"


def test_keys_are_shared_out_by_weight():
    peers = Peers(upstream("a*3 b c*2", balance="hash"))
    counted = Counter(names(peers, 1, f"/{number}") for number in range(12_000))
    for name, share in {"a": 1 / 2, "b": 1 / 6, "c": 1 / 3}.items():
        assert abs(counted[name] / 12_000 - share) < 0.02


def test_a_server_that_failed_is_left_alone_and_then_tried_once():
    """nginx: max_fails=2 fail_timeout=10s."""
    peers = Peers(upstream("a b", max_fails=2, fail_timeout_s=10.0))
    fail(peers, "a", now=0.0)
    assert names(peers, 4, now=1.0) == "abab"
    fail(peers, "a", now=1.0)
    assert names(peers, 3, now=1.0) == "bbb"
    assert names(peers, 3, now=11.0) == "bbb"
    assert Counter(names(peers, 6, now=11.1)) == {"a": 1, "b": 5}
    assert names(peers, 3, now=12.0) == "bbb"
    named(peers, "a").passive.succeeded()
    assert Counter(names(peers, 4, now=12.0)) == {"a": 2, "b": 2}


def test_an_answer_that_was_under_way_when_the_server_failed_proves_nothing():
    peers = Peers(upstream("a b", max_fails=1))
    fail(peers, "a", now=1.0)
    named(peers, "a").passive.succeeded()
    assert names(peers, 2, now=1.0) == "bb"


def test_failures_long_apart_do_not_add_up():
    peers = Peers(upstream("a b", max_fails=2, fail_timeout_s=10.0))
    fail(peers, "a", now=1.0)
    fail(peers, "a", now=12.0)
    assert Counter(names(peers, 4, now=12.0)) == {"a": 2, "b": 2}


def test_max_fails_0_leaves_no_server_alone():
    peers = Peers(upstream("a b", max_fails=0))
    fail(peers, "a", times=9)
    assert Counter(names(peers, 4)) == {"a": 2, "b": 2}


def test_the_only_server_is_always_asked():
    peers = Peers(upstream("a", max_fails=1))
    fail(peers, "a", times=9)
    assert names(peers, 2) == "aa"


def test_backups_are_asked_when_no_other_may_be():
    peers = Peers(upstream("a b c! d!", max_fails=1))
    fail(peers, "a", now=1.0)
    assert names(peers, 2, now=1.0) == "bb"
    fail(peers, "b", now=1.0)
    assert names(peers, 4, now=1.0) == "cdcd"
    fail(peers, "c", now=1.0)
    fail(peers, "d", now=1.0)
    assert names(peers, 1, now=1.0) == "-"


def test_servers_that_were_tried_are_not_asked_again():
    peers = Peers(upstream("a b c!"))
    a, b, c = peers.all
    assert names(peers, 2, tried=(a,)) == "bb"
    assert names(peers, 2, tried=(a, b)) == "cc"
    assert names(peers, 1, tried=(a, b, c)) == "-"


def test_a_bound_on_connections():
    peers = Peers(upstream("a<1 b<2"))
    a, b = peers.all
    a.in_use = 1
    assert names(peers, 2) == "bb"
    assert not peers.any_busy(0.0, (a,))
    b.in_use = 2
    assert names(peers, 1) == "-"
    assert peers.any_busy(0.0)
    assert not peers.any_busy(0.0, (a, b))


def test_what_is_down_is_not_waited_for():
    peers = Peers(upstream("a<1 b", health=HealthCheck(fall=1)))
    a, b = peers.all
    a.in_use = 1
    for peer in peers.all:
        peer.active.heard(False)
    assert names(peers, 1) == "-"
    assert not peers.any_busy(0.0)
    b.active.up = True
    assert names(peers, 2) == "bb"


@given(
    st.sampled_from(["round_robin", "least_conn", "hash"]),
    st.lists(st.tuples(st.sampled_from("fsc"), st.integers(0, 3), st.floats(0, 30)), max_size=40),
)
def test_whatever_happens_a_server_that_may_be_asked_is_found(balance, events):
    peers = Peers(upstream("a*3 b<2 c d!", balance=balance, max_fails=2, fail_timeout_s=5.0))
    now = 0.0
    for kind, number, later in events:
        now += later
        peer = peers.all[number]
        if kind == "f":
            peer.failed(now)
        elif kind == "s":
            peer.passive.succeeded()
        chosen = peers.choose(f"k{number}", now)
        able = [each for each in peers.all if each.passive.is_up(now) or each is chosen]
        assert (chosen is None) == (not able)
        if chosen is not None and chosen.server.backup:
            assert all(each.server.backup for each in able)
