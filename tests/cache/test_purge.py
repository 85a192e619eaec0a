"""Purges: what they are about, soft and hard, and what may not be stored after them."""

import pytest

from runtime.cache import recent
from runtime.cache.memory import MemoryStore
from runtime.cache.purge import Purge, concerns, purge_of
from runtime.cache.recent import RecentPurges
from runtime.cache.store import StoredResponse
from runtime.cache.walk import SLICE_KEYS
from runtime.http.directives import NO_DIRECTIVES
from runtime.http.reuse import Reuse, decide_reuse

NOW = 1000.0


def response(tags="", *, body=b"x", vary=(), lifetime_s=100.0, swr_s=0.0):
    return StoredResponse(
        200,
        (),
        body,
        request_time=NOW,
        response_time=NOW,
        lifetime_s=lifetime_s,
        stale_while_revalidate_s=swr_s,
        tags=tuple(tags.split()),
        vary_names=(b"x",) if vary else (),
        vary_values=vary,
    )


def store_of(*keys, tags=""):
    store = MemoryStore(1 << 24)
    for key in keys:
        store.put(key, response(tags))
    return store


def held(store, *keys):
    return [key for key in keys if store.get(key, [])]


URL = "http://a.example/x?q=1"


@pytest.mark.parametrize(
    ("kind", "text", "key", "about"),
    [
        # A URL: both schemes, the host in any case, no fragment, an empty path is the root.
        ("url", URL, URL, True),
        ("url", "https://a.example/x?q=1", URL, True),
        ("url", "//a.example/x?q=1", URL, True),
        ("url", "HTTP://A.Example/x?q=1#top", URL, True),
        ("url", "http://a.example", "http://a.example/", True),
        ("url", "http://a.example?q", "http://a.example/?q", True),
        ("url", "http://a.example/X?q=1", URL, False),
        ("url", "http://a.example/x", URL, False),
        ("url", "http://a.example:80/x?q=1", URL, False),
        ("url", "http://a.example/中", "http://a.example/\xe4\xb8\xad", True),
        # Whatever upstream a script chose; or one of them.
        ("url", URL, URL + " @mirror", True),
        ("url", URL + " @mirror", URL + " @mirror", True),
        ("url", URL + " @mirror", URL, False),
        # A key that a script made.
        ("url", "http://a.example my key", "http://a.example my key", True),
        ("url", "http://a.example my key", "http://a.example my key 2", False),
        # A prefix.
        ("prefix", "http://a.example/x", URL, True),
        ("prefix", "https://A.example/", URL, True),
        ("prefix", "http://a.example", URL, True),
        ("prefix", "http://a.example", "http://a.example.org/", True),
        ("prefix", "http://a.example/x", URL + " @mirror", True),
        ("prefix", "http://a.example/y", URL, False),
        # A tag, exactly.
        ("tag", "one", URL, True),
        ("tag", "One", URL, False),
        ("tag", "on", URL, False),
        ("all", "", URL, True),
    ],
)
def test_what_a_purge_is_about(kind, text, key, about):
    purge = purge_of(kind, text)
    assert concerns(purge, key, ("one", "two")) is about
    store = MemoryStore(1 << 20)
    store.put(key, response("one two"))
    assert store.purge(purge, NOW) == about
    assert (store.get(key, []) is None) is about


@pytest.mark.parametrize("kind", ["url", "prefix", "tag"])
def test_a_purge_of_nothing_is_refused(kind):
    with pytest.raises(ValueError, match=f"want a {kind}"):
        purge_of(kind, " ")


@pytest.mark.parametrize("kind", ["url", "prefix"])
@pytest.mark.parametrize(
    "text",
    [
        "http:",
        "http:/",
        "http://",
        "HTTPS://#x",
        "//",
        "/",
        "/a",
        "a.example/x",
        "anything",
        "ftp://a.example/",
        "http:a.example",
        "h",
        "*",
    ],
)
def test_a_purge_of_what_names_no_host_is_refused(kind, text):
    with pytest.raises(ValueError, match="want http or https"):
        purge_of(kind, text)


def test_only_variants_with_the_tag_go():
    store = MemoryStore(1 << 20)
    store.put("http://a/", response("old", vary=(b"1",)))
    store.put("http://a/", response("new", vary=(b"2",)))
    assert store.purge(Purge("tag", "old"), NOW) == 1
    assert store.get("http://a/", [(b"X", b"1")]) is None
    assert store.get("http://a/", [(b"X", b"2")]) is not None


def test_a_replaced_response_is_not_found_by_its_tag():
    store = MemoryStore(1 << 20)
    store.put("http://a/", response("old"))
    store.put("http://a/", response("new"))
    assert store.purge(Purge("tag", "old"), NOW) == 0
    assert store.purge(Purge("tag", "new"), NOW) == 1


def test_what_was_evicted_leaves_nothing_behind():
    store = MemoryStore(10 * response().size_bytes)
    for number in range(1000):
        store.put(f"http://a/{number} @up", response(f"t{number} all"))
    assert store.evictions == 990
    assert len(store._index.tagged("all")) == 10
    assert len(store._index._by_tag) == 11
    assert len(store._index._by_url) == 10
    assert store._keys == set(store._entries)


SOFT = [Purge("url", "http://a/"), Purge("prefix", "http://a"), Purge("tag", "one"), Purge("all", "")]


@pytest.mark.parametrize("purge", SOFT)
def test_a_soft_purge_makes_stale_from_now_on(purge):
    store = MemoryStore(1 << 20)
    store.put("http://a/", response("one", swr_s=30.0))
    before = store.get("http://a/", [])
    size = store.size_bytes
    assert store.purge(purge._replace(soft=True), NOW + 10) == 1
    stored = store.get("http://a/", [])
    assert decide_reuse(before, NO_DIRECTIVES, NOW + 10) == Reuse(10)  # who has it goes on with it
    assert decide_reuse(stored, NO_DIRECTIVES, NOW + 10) == Reuse(10, is_stale=True, refresh=True)
    assert stored.fresh_until == NOW + 10
    assert stored.lifetime_s == 10  # from which the time it may be served stale counts
    assert stored.stale_while_revalidate_s == 30.0
    assert store.size_bytes == size


def test_a_soft_purge_makes_nothing_fresher():
    store = MemoryStore(1 << 20)
    store.put("http://a/", response(lifetime_s=5.0))
    store.purge(Purge("all", "", soft=True), NOW + 50)
    assert store.get("http://a/", []).lifetime_s == 5.0


def test_a_prefix_is_walked_slice_by_slice_and_nobody_is_given_what_is_purged():
    number = 3 * SLICE_KEYS
    store = store_of(*(f"http://{'ab'[n % 2]}/{n}" for n in range(number)))
    found = store.purge(Purge("prefix", "http://a/"), NOW)
    assert 0 < found < number / 2
    assert len(store) > number / 2
    assert held(store, "http://a/0") == []
    store.put("http://a/2", response())
    assert held(store, "http://a/2", "http://b/1") == ["http://a/2", "http://b/1"]
    for n in range(40):
        held(store, f"http://b/{n}")
    assert len(store) == number / 2 + 1
    assert store._walks == []


def test_many_prefixes_at_once_are_all_carried_out():
    keys = [f"http://a/{n:05d}" for n in range(3 * SLICE_KEYS)]
    store = store_of(*keys)
    for n in range(100):
        store.purge(Purge("prefix", f"http://a/000{n:02d}"), NOW)
    assert len(store._walks) <= 64
    assert held(store, *keys[:200]) == keys[100:200]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("purge", SOFT)
def test_what_was_asked_for_before_a_purge_is_not_stored_after_it(purge, soft):
    store = MemoryStore(1 << 20)
    since = store.generation("http://a/")
    store.purge(purge._replace(soft=soft), NOW)
    assert not store.put("http://a/", response("one"), since)
    assert store.get("http://a/", []) is None
    assert store.put("http://b/", response("two"), since) is (purge.kind != "all")
    assert store.put("http://a/", response("one"), store.generation("http://a/"))


def test_nor_what_was_asked_for_before_it_was_deleted():
    store = MemoryStore(1 << 20)
    since = store.generation("http://a/")
    store.delete("http://a/")
    assert not store.put("http://a/", response(), since)
    assert store.put("http://b/", response(), since)


def test_of_too_many_purges_nobody_knows_and_nothing_is_stored(monkeypatch):
    monkeypatch.setattr(recent, "MAX_URLS", 10)
    purges = RecentPurges()
    for number in range(11):
        purges.add(Purge("url", f"http://a/{number}"))
    assert purges.concern("http://b/", (), 0)
    assert not purges.concern("http://b/", (), 1)
    assert purges.concern("http://a/9", (), 1)


def test_the_same_url_again_and_again_is_one_purge_to_remember():
    purges = RecentPurges()
    for _ in range(2 * recent.MAX_URLS):
        purges.add(Purge("url", "http://a/"))
    assert not purges.concern("http://b/", (), 0)
    assert purges.concern("http://a/", (), 2 * recent.MAX_URLS - 1)
    assert not purges.concern("http://a/", (), 2 * recent.MAX_URLS)


def test_clear():
    store = store_of("http://a/1", "http://a/2", tags="one")
    store.clear()
    assert len(store) == store.size_bytes == 0
    assert store.purge(Purge("tag", "one"), NOW) == 0
