"""Parts of an object are in the memory of who fetched them; purges reach them there; what is whole goes to the disk."""

import pytest

from runtime.cache.parts import PartialBody
from runtime.cache.purge import Purge
from tests.state.objects_notation import elsewhere, got, opened_at, response

KEY = "http://a/1"
NOW = 1010.0
PART = PartialBody.of_one(100, 10, b"x" * 20)


@pytest.fixture
def opened(tmp_path):
    with opened_at(tmp_path) as opened:
        yield opened


def purge_at(state, purge):
    with opened_at(state) as opened:
        return opened.store.purge(purge, NOW)


def delete_at(state):
    with opened_at(state) as opened:
        opened.store.delete(KEY)


def held_at(state):
    with opened_at(state) as opened:
        return got(opened.store, KEY)


def test_parts_are_not_on_the_disk(tmp_path, opened):
    assert opened.store.put(KEY, response(PART))
    assert opened.objects.flush()
    assert len(opened.objects) == 0
    assert opened.store.get(KEY, []).body is PART
    assert elsewhere(held_at, tmp_path) is None


def test_the_whole_is(tmp_path, opened):
    opened.store.put(KEY, response(PART))
    opened.store.put(KEY, response(b"x" * 100))
    assert opened.objects.flush()
    assert elsewhere(held_at, tmp_path) == b"x" * 100


@pytest.mark.parametrize(
    "purge", [Purge("url", KEY), Purge("prefix", "http://a"), Purge("tag", "one"), Purge("all", "")]
)
def test_a_purge_elsewhere_reaches_them(tmp_path, opened, purge):
    opened.store.put(KEY, response(PART, tags="one"))
    elsewhere(purge_at, tmp_path, purge)
    assert opened.store.get(KEY, []) is None


def test_a_soft_one_makes_them_stale(tmp_path, opened):
    opened.store.put(KEY, response(PART, tags="one", at=1000.0, lifetime_s=100.0))
    elsewhere(purge_at, tmp_path, Purge("tag", "one", soft=True))
    stale = opened.store.get(KEY, [])
    assert (stale.fresh_until, stale.body) == (NOW, PART)


def test_an_unsafe_request_elsewhere_takes_them_away(tmp_path, opened):
    opened.store.put(KEY, response(PART))
    elsewhere(delete_at, tmp_path)
    assert opened.store.get(KEY, []) is None


def test_parts_count_by_what_is_held_of_them():
    few, many = response(PART), response(PartialBody.of_one(1 << 40, 10, b"x" * 20))
    assert few.size_bytes == many.size_bytes < 3000
