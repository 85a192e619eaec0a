"""The shared tier of stored objects: what is put is found again, by others and after a restart, within its bounds."""

import os

import pytest

from runtime.cache.body import MAX_READ_BYTES
from runtime.cache.store import StoredResponse
from runtime.http.conditional import Validators
from runtime.state.objects.record import KEPT
from runtime.state.objects.tier import INLINE_BYTES
from tests.state.objects_notation import elsewhere, got, open_at, opened_at, response, whole, written

MADE = {"body", "fresh_until", "prepared", "size_bytes"}
"""Slots of a stored response that are not kept: the body is kept apart, the others follow from what is."""


@pytest.mark.parametrize("size", [0, 1, 1500, 3000, INLINE_BYTES, INLINE_BYTES + 1, 200_000])
def test_what_is_put_outlasts_its_process(tmp_path, size):
    body = os.urandom(size)
    with opened_at(tmp_path) as opened:
        assert opened.store.put("http://a/", response(body))
    with opened_at(tmp_path) as opened:
        assert opened.objects.dropped == ""
        assert got(opened.store, "http://a/") == body


def test_all_of_a_response_is_kept(tmp_path):
    given = StoredResponse(
        404,
        ((b"Date", b"x"), (b"X-\xe9", b"\xff"), (b"X", b""), (b"X", b"2")),
        b"body",
        request_time=1000.25,
        response_time=1001.5,
        initial_age_s=2.5,
        lifetime_s=60.0,
        must_revalidate=True,
        stale_while_revalidate_s=7.0,
        stale_if_error_s=8.0,
        tags=("one", "\xe9"),
        validators=Validators(b'"a"', 900),
        vary_names=(b"accept", b"x"),
        vary_values=(b"html", None),
    )
    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/\xe9", given)
    with opened_at(tmp_path) as opened:
        found = opened.store.get("http://a/\xe9", [(b"Accept", b"html")])
        assert found is not None
        assert {name: getattr(found, name) for name in (*KEPT, "body", "fresh_until", "size_bytes")} == {
            name: getattr(given, name) for name in (*KEPT, "body", "fresh_until", "size_bytes")
        }


def test_no_slot_of_a_response_is_forgotten():
    assert set(KEPT) | MADE == set(StoredResponse.__slots__)


def test_other_processes_see_it(tmp_path):
    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(b"here"))
        assert opened.objects.flush()
        assert elsewhere(body_at, tmp_path, "http://a/") == b"here"


def body_at(state, primary):
    with opened_at(state) as opened:
        return got(opened.store, primary)


def test_variants_are_selected_as_in_memory(tmp_path):
    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(b"plain", vary="accept"))
        opened.store.put("http://a/", response(b"html", vary="accept", request="accept: html"))
        opened.store.put("http://a/", response(b"tv", vary="device", request="device: tv"))
        opened.store.put("http://b/", response(b"html", vary="accept", request="accept: html"))
        opened.store.put("http://b/", response(b"all"))
    with opened_at(tmp_path) as opened:
        assert got(opened.store, "http://a/", "Accept: html") == b"html"
        assert got(opened.store, "http://a/", "Host: x") == b"plain"
        assert got(opened.store, "http://a/", "Accept: xml") is None
        assert got(opened.store, "http://a/", "Accept: html | Device: tv") == b"tv"
        assert got(opened.store, "http://b/", "Accept: html") == b"all"
        assert len(opened.objects) == 4


def test_what_memory_lost_comes_back(tmp_path):
    with opened_at(tmp_path, memory=20_000, max_object=5_000) as opened:
        for number in range(30):
            opened.store.put(f"http://a/{number}", response(b"%d" % number * 1000))
        assert opened.objects.flush()
        assert opened.store.evictions > 0
        assert [got(opened.store, f"http://a/{number}") == b"%d" % number * 1000 for number in range(30)] == [
            True
        ] * 30
        assert opened.store.size_bytes <= 20_000


@pytest.mark.parametrize("length", [400_000, MAX_READ_BYTES * 3, 5_000_000])
def test_a_body_too_long_for_memory_is_streamed_to_a_file(tmp_path, length):
    data = os.urandom(length)
    with opened_at(tmp_path) as opened:
        body = written(opened.store, data)
        assert not isinstance(body, bytes)
        assert opened.store.put("http://a/", response(body))
        found = opened.store.get("http://a/", [])
        assert found is not None
        assert whole(found.body) == data
        assert opened.store.size_bytes == 0
    assert elsewhere(body_at, tmp_path, "http://a/") == data


@pytest.mark.parametrize(
    ("offset", "length", "given"),
    [
        (0, 10, 10),
        (65_530, 20, 20),
        (100_000, 1 << 30, MAX_READ_BYTES),
        (999_990, 100, 10),
        (1_000_000, 1, 0),
        (2_000_000, 1, 0),
    ],
)
def test_parts_of_a_file(tmp_path, offset, length, given):
    data = os.urandom(1_000_000)
    with opened_at(tmp_path) as opened:
        body = written(opened.store, data)
        for _ in range(2):  # checked, and trusted
            assert body.read(offset, length) == data[offset : offset + given]


def test_a_purged_body_can_be_read_to_its_end(tmp_path):
    data = os.urandom(1_000_000)
    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(written(opened.store, data)))
        body = opened.store.get("http://a/", []).body
        assert opened.store.delete("http://a/")
        assert opened.store.get("http://a/", []) is None
        assert opened.objects.flush()
        assert files(tmp_path) == []
        assert whole(body) == data


def test_a_body_nobody_stores_leaves_no_file(tmp_path):
    with opened_at(tmp_path) as opened:
        body = written(opened.store, bytes(1_000_000))
        writer = opened.store.overflow.begin(None)
        writer.write(bytes(1_000_000))
        assert len(files(tmp_path)) == 2
        del body
        writer.abort()
        assert files(tmp_path) == []


def test_new_fields_for_the_same_file(tmp_path):
    data = os.urandom(1_000_000)
    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(written(opened.store, data)))
        body = opened.store.get("http://a/", []).body
        assert opened.store.put("http://a/", response(body, lifetime_s=555.0))
        assert opened.objects.flush()
    with opened_at(tmp_path) as opened:
        found = opened.store.get("http://a/", [])
        assert found.lifetime_s == 555.0
        assert whole(found.body) == data


def test_a_body_above_the_bound_is_not_taken(tmp_path):
    with opened_at(tmp_path, max_disk_object=1_000_000) as opened:
        assert written(opened.store, bytes(1_000_000)) is not None
        assert written(opened.store, bytes(1_000_001)) is None
        writer = opened.store.overflow.begin(None)
        assert writer.write(bytes(1_000_000))
        assert not writer.write(b"x")
        assert files(tmp_path) == []


def test_the_bound_holds_and_what_is_used_stays(tmp_path):
    with opened_at(tmp_path, disk=2_000_000, memory=1 << 14, max_object=1 << 13) as opened:
        store, objects = opened.store, opened.objects
        for number in range(3000):
            store.put(f"http://a/{number}", response(b"%06d" % number * 200))
            if number % 20 == 0:
                assert objects.flush()
                assert got(store, "http://a/0") == b"000000" * 200
        assert objects.flush()
        assert 1_900_000 < objects.used_bytes <= 2_000_000
        assert got(store, "http://a/1") is None
        assert got(store, "http://a/2999") is not None


def test_what_memory_gives_to_many_stays_below_too(tmp_path):
    with opened_at(tmp_path, disk=2_000_000) as opened:
        opened.store.put("http://a/hot", response())
        opened.store.put("http://a/cold", response())
        opened.store.get("http://a/hot", []).prepared["a head"] = b"sent"
        for number in range(2000):
            opened.store.put(f"http://a/{number}", response(b"x" * 1000))
            opened.store.get("http://a/hot", [])
            if number % 20 == 0:
                assert opened.objects.flush()
        assert opened.objects.flush()
        assert opened.objects.find("http://a/hot", []) is not None
        assert opened.objects.find("http://a/cold", []) is None


def test_large_bodies_make_room_for_each_other(tmp_path):
    with opened_at(tmp_path, disk=4_000_000) as opened:
        for number in range(10):
            assert opened.store.put(f"http://a/{number}", response(written(opened.store, bytes(1_000_000))))
        assert opened.objects.flush()
        assert len(files(tmp_path)) == len(opened.objects) == 3
        assert got(opened.store, "http://a/9") is not None


def test_memory_alone_without_a_directory():
    opened = open_at(None)
    assert opened.objects is None
    assert opened.trouble == ""
    assert opened.store.put("http://a/", response(b"x"))
    opened.close()


def test_a_directory_is_opened_once_a_process(tmp_path):
    with opened_at(tmp_path):
        assert "already" in open_at(tmp_path).refusal
    with opened_at(tmp_path):
        pass


def files(state):
    """Names of body files."""
    return sorted(path.name for path in (state / "objects-1" / "bodies").glob("*/*"))
