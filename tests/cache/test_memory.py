"""The memory store: selection of variants, replacement, bounds."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runtime.cache.memory import MAX_VARIANTS, MemoryStore
from runtime.cache.store import CacheStore, StoredResponse
from tests.http.notation import fields


def response(body, vary="", request=""):
    names = tuple(name.encode() for name in vary.split())
    values = tuple(dict(fields(request)).get(name) for name in names)
    return StoredResponse(
        200, (), body.encode(), request_time=0, response_time=0, vary_names=names, vary_values=values
    )


def got(store, primary, request=""):
    stored = store.get(primary, fields(request))
    return None if stored is None else stored.body.decode()


def test_it_is_a_cache_store():
    store: CacheStore = MemoryStore(1 << 24)
    assert len(store) == store.size_bytes == 0


def test_put_get_delete():
    store = MemoryStore(1 << 24)
    assert got(store, "/a") is None
    assert store.put("/a", response("one"))
    assert got(store, "/a") == "one"
    assert store.put("/a", response("two"))
    assert got(store, "/a") == "two"
    assert len(store) == 1
    assert store.delete("/a")
    assert not store.delete("/a")
    assert got(store, "/a") is None
    assert store.size_bytes == 0


def test_each_request_is_given_the_variant_it_selects():
    store = MemoryStore(1 << 24)
    store.put("/a", response("plain", "accept", ""))
    store.put("/a", response("html", "accept", "accept: html"))
    store.put("/a", response("json", "accept", "accept: json"))
    assert got(store, "/a", "Accept: html") == "html"
    assert got(store, "/a", "Accept: json") == "json"
    assert got(store, "/a", "Host: x") == "plain"
    assert got(store, "/a", "Accept: xml") is None
    assert len(store) == 1


def test_the_latest_of_several_that_match_is_selected():
    store = MemoryStore(1 << 24)
    store.put("/a", response("by accept", "accept", "accept: x"))
    store.put("/a", response("by device", "device", "device: tv"))
    assert got(store, "/a", "accept: x | device: tv") == "by device"
    assert got(store, "/a", "accept: x | device: phone") == "by accept"
    store.put("/a", response("by accept again", "accept", "accept: x"))
    assert got(store, "/a", "accept: x | device: tv") == "by accept again"


def test_a_response_without_vary_is_for_every_request():
    store = MemoryStore(1 << 24)
    store.put("/a", response("html", "accept", "accept: html"))
    size = store.size_bytes
    store.put("/a", response("all"))
    assert got(store, "/a", "accept: html") == "all"
    assert store.size_bytes < size


def test_deleting_a_key_deletes_all_its_variants():
    store = MemoryStore(1 << 24)
    store.put("/a", response("html", "accept", "accept: html"))
    store.put("/a", response("json", "accept", "accept: json"))
    store.delete("/a")
    assert got(store, "/a", "accept: html") is None


def test_variants_of_one_key_are_bounded_and_the_oldest_goes():
    store = MemoryStore(1 << 24)
    for number in range(MAX_VARIANTS + 1):
        store.put("/a", response(str(number), "x", f"x: {number}"))
    assert got(store, "/a", "x: 0") is None
    assert got(store, "/a", "x: 1") == "1"
    assert got(store, "/a", f"x: {MAX_VARIANTS}") == str(MAX_VARIANTS)


def test_the_least_recently_used_goes_first():
    one = response("x" * 1000)
    store = MemoryStore(3 * one.size_bytes)
    for key in ("/a", "/b", "/c"):
        store.put(key, response("x" * 1000))
    got(store, "/a")
    store.put("/d", response("x" * 1000))
    assert [key for key in ("/a", "/b", "/c", "/d") if got(store, key)] == ["/a", "/c", "/d"]


def test_an_object_above_its_bound_is_not_kept_nor_what_it_replaces():
    store = MemoryStore(100_000, 10_000)
    store.put("/a", response("small"))
    just = response("x" * 10_000)
    assert store.put("/b", just)
    assert not store.put("/a", response("x" * 10_001))
    assert got(store, "/a") is None
    assert got(store, "/b") is not None


def test_a_variant_above_the_bound_takes_only_its_own_place():
    store = MemoryStore(100_000, 10_000)
    store.put("/a", response("html", "accept", "accept: html"))
    store.put("/a", response("json", "accept", "accept: json"))
    assert not store.put("/a", response("x" * 10_001, "accept", "accept: json"))
    assert got(store, "/a", "accept: json") is None
    assert got(store, "/a", "accept: html") == "html"


def test_clear():
    store = MemoryStore(1 << 24)
    store.put("/a", response("x"))
    store.clear()
    assert len(store) == store.size_bytes == 0


@pytest.mark.parametrize(("max_bytes", "max_object_bytes"), [(0, 5), (-1, 5), (10, 0), (10, -1)])
def test_bounds_must_make_sense(max_bytes, max_object_bytes):
    with pytest.raises(ValueError, match="want max_bytes"):
        MemoryStore(max_bytes, max_object_bytes)


class AgainstADictionary(RuleBasedStateMachine):
    """Whatever is done, the bounds hold, and what is found is the last that was put for that variant."""

    def __init__(self):
        super().__init__()
        self.store = MemoryStore(30_000, 6_000)
        self.last = {}

    @rule(key=st.sampled_from("abc"), device=st.sampled_from("xyz"), size=st.integers(0, 7000))
    def put(self, key, device, size):
        stored = response("b" * size, "device", f"device: {device}")
        kept = self.store.put(key, stored)
        assert kept is (len(stored.body) <= self.store.max_object_bytes)
        self.last[key, device] = stored if kept else None
        if kept:
            assert self.store.get(key, fields(f"device: {device}")) is stored

    @rule(key=st.sampled_from("abc"))
    def delete(self, key):
        self.store.delete(key)
        for device in "xyz":
            self.last[key, device] = None

    @rule(key=st.sampled_from("abc"), device=st.sampled_from("xyz"))
    def get(self, key, device):
        stored = self.store.get(key, fields(f"device: {device}"))
        assert stored is None or stored is self.last[key, device]

    @invariant()
    def within_bounds(self):
        assert 0 <= self.store.size_bytes <= 30_000


TestAgainstADictionary = AgainstADictionary.TestCase
TestAgainstADictionary.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
