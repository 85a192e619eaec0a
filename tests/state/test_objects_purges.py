"""Purges of the shared tier: at once, everywhere, for good, and in bounded slices."""

import pytest

from runtime.cache.purge import Purge
from runtime.state.objects import purges
from runtime.state.objects.change import SLICE_RECORDS
from tests.state.objects_notation import WAIT_S, elsewhere, got, opened_at, processes, response, written

NOW = 1010.0


@pytest.fixture
def opened(tmp_path):
    with opened_at(tmp_path) as opened:
        yield opened


def purge_at(state, purge, now=NOW):
    with opened_at(state) as opened:
        return opened.store.purge(purge, now)


PURGES = [Purge("url", "http://a/1"), Purge("prefix", "http://a"), Purge("tag", "one"), Purge("all", "")]


@pytest.mark.parametrize("purge", PURGES)
def test_a_purge_reaches_memory_and_disk_of_all(tmp_path, opened, purge):
    opened.store.put("http://a/1", response(tags="one two"))
    opened.store.put("http://b/2", response(tags="two"))
    assert opened.objects.flush()
    assert elsewhere(purge_at, tmp_path, purge) == (2 if purge.kind == "all" else 1)
    assert got(opened.store, "http://a/1") is None
    assert (got(opened.store, "http://b/2") is None) is (purge.kind == "all")
    assert elsewhere(held_at, tmp_path, ["http://a/1"]) == []
    assert opened.store.put("http://a/1", response(b"new"), opened.store.generation("http://a/1"))
    assert got(opened.store, "http://a/1") == b"new"


def held_at(state, keys):
    with opened_at(state) as opened:
        return [key for key in keys if opened.store.get(key, [])]


@pytest.mark.parametrize("purge", PURGES)
def test_a_soft_purge_reaches_memory_and_disk_of_all(tmp_path, opened, purge):
    opened.store.put("http://a/1", response(tags="one", lifetime_s=100.0, at=1000.0))
    assert opened.objects.flush()
    assert elsewhere(purge_at, tmp_path, purge._replace(soft=True)) == 1
    assert opened.store.get("http://a/1", []).fresh_until == NOW
    assert elsewhere(lifetime_at, tmp_path, "http://a/1") == 10.0


def lifetime_at(state, key):
    with opened_at(state) as opened:
        return opened.store.get(key, []).lifetime_s


def test_a_url_with_the_upstream_a_script_chose(opened):
    long = "http://a/" + "x" * 700
    for url in ("http://a/1", long):
        for key in (url, url + " @mirror", url + "x @mirror", url + "x"):
            opened.store.put(key, response())
        assert opened.objects.flush()
        assert opened.store.purge(Purge("url", url), NOW) == 2
        assert got(opened.store, url) is got(opened.store, url + " @mirror") is None
        assert got(opened.store, url + "x") == got(opened.store, url + "x @mirror") == b"body"


def test_long_prefixes_are_compared_to_their_end(opened):
    long = "http://a/" + "x" * 500
    opened.store.put(long + "1", response())
    opened.store.put(long + "2", response())
    assert opened.objects.flush()
    assert opened.store.purge(Purge("prefix", long + "1"), NOW) == 1
    assert got(opened.store, long + "2") == b"body"


@pytest.mark.parametrize("purge", PURGES[1:])
def test_a_large_purge_is_in_force_before_it_is_carried_out(tmp_path, purge):
    number = 3 * SLICE_RECORDS
    with opened_at(tmp_path, memory=4000) as opened:
        for each in range(number):
            opened.store.put(f"http://a/{each}", response(tags="one"))
        opened.store.put("http://b/", response())
        assert opened.objects.flush()
        opened.objects._writer.after = lambda *_, **__: None  # nobody goes on with it
        found = opened.store.purge(purge, NOW)
        assert SLICE_RECORDS <= found < number
        assert len(opened.objects) > 1
        assert [each for each in range(number) if got(opened.store, f"http://a/{each}")] == []
        opened.store.put("http://a/7", response(b"new"))
        assert got(opened.store, "http://a/7") == b"new"
    with opened_at(tmp_path) as opened:  # who comes next goes on
        assert opened.objects.flush(WAIT_S)
        assert opened.objects._numbers.floor == purges.NONE_PENDING
        assert len(opened.objects) == (1 if purge.kind == "all" else 2)
        assert got(opened.store, "http://a/7") == b"new"


def test_a_hard_purge_under_way_is_not_forgotten_for_a_soft_one(opened):
    for each in range(2 * SLICE_RECORDS):
        opened.store.put(
            f"http://a/{each:04d}", response(tags="last" if each == 2 * SLICE_RECORDS - 1 else "")
        )
    assert opened.objects.flush()
    go_on, opened.objects._writer.after = opened.objects._writer.after, lambda *_, **__: None
    opened.store.purge(Purge("prefix", "http://a/"), NOW)
    opened.store.purge(Purge("tag", "last", soft=True), NOW)
    opened.objects._writer.after = go_on
    go_on([], walking=True)
    assert opened.objects.flush(WAIT_S)
    assert len(opened.objects) == 0


def test_what_was_asked_for_before_a_purge_elsewhere_is_not_stored_after_it(tmp_path, opened):
    since = opened.store.generation("http://a/1")
    elsewhere(purge_at, tmp_path, Purge("prefix", "http://a/"))
    assert not opened.store.put("http://a/1", response(), since)
    assert opened.store.put("http://b/1", response(), since)
    body = written(opened.store, bytes(1_000_000))
    assert not opened.store.put("http://a/2", response(body), since)


def test_nor_what_was_waiting_to_be_written(tmp_path, opened):
    with opened.objects._index.env.begin(write=True):  # so that the thread waits
        assert opened.store.put("http://a/1", response())
        assert opened.store.put("http://b/1", response())
        asked = processes.Process(target=purge_at, args=(tmp_path, Purge("url", "http://a/1")))
        opened.objects._writer.after([], walking=True)
    asked.start()
    asked.join(WAIT_S)
    assert opened.objects.flush()
    assert asked.exitcode == 0
    assert elsewhere(held_at, tmp_path, ["http://a/1", "http://b/1"]) == ["http://b/1"]


def test_an_unsafe_request_elsewhere_invalidates_what_is_fetched_here(tmp_path, opened):
    since = opened.store.generation("http://a/1")
    assert elsewhere(delete_at, tmp_path, "http://a/1") is False
    assert not opened.store.put("http://a/1", response(), since)


def delete_at(state, key):
    with opened_at(state) as opened:
        return opened.store.delete(key)


def test_deleting_what_nobody_has_is_no_purge(opened):
    before = opened.store.generation()
    assert not opened.store.delete("http://a/never")
    assert opened.store.generation() == before
    opened.store.put("http://a/1", response())
    assert opened.store.delete("http://a/1")
    assert opened.store.generation() == before + 1


def test_who_is_too_far_behind_forgets_what_is_in_memory(tmp_path, opened):
    opened.store.put("http://a/1", response())
    opened.store.put("http://b/1", response())
    assert opened.objects.flush()
    assert len(opened.store) == 2
    elsewhere(purge_often, tmp_path, purges.MAX_LOG + 1)
    assert got(opened.store, "http://a/1") is None
    assert len(opened.store) == 0
    assert got(opened.store, "http://b/1") == b"body"  # from the disk


def purge_often(state, times):
    with opened_at(state) as opened:
        for _ in range(times):
            opened.store.purge(Purge("url", "http://a/1"), NOW)
        with opened.objects._index.env.begin() as transaction:
            assert transaction.stat(opened.objects._index.tables.log)["entries"] == purges.MAX_LOG


def test_too_many_purges_under_way_become_one_of_everything(opened):
    for each in range(SLICE_RECORDS + 1):
        opened.store.put(f"http://a/{each}", response())
    opened.store.put("http://b/", response(at=NOW))
    assert opened.objects.flush()
    opened.objects._writer.after = lambda *_, **__: None  # nobody goes on with them
    for _ in range(purges.MAX_PENDING):
        opened.store.purge(Purge("prefix", "http://a/", soft=True), NOW)
    assert opened.store.get("http://b/", []).fresh_until > NOW
    opened.store.purge(Purge("prefix", "http://a/", soft=True), NOW)
    assert opened.store.get("http://b/", []).fresh_until == NOW
    assert len(opened.objects._index.pending()) == purges.MAX_PENDING + 1


def test_a_purge_that_cannot_be_logged_holds_all_the_same(tmp_path, opened, monkeypatch):
    opened.store.put("http://a/1", response())
    opened.store.put("http://b/1", response())
    assert opened.objects.flush()
    with monkeypatch.context() as broken:
        broken.setattr(opened.objects, "_change", lambda _: False)
        opened.store.purge(Purge("url", "http://a/1"), NOW)
    assert got(opened.store, "http://a/1") is got(opened.store, "http://b/1") is None
    assert elsewhere(held_at, tmp_path, ["http://a/1", "http://b/1"]) == []
    opened.store.put("http://a/1", response(b"new"), opened.store.generation())
    assert opened.objects.flush()
    assert elsewhere(held_at, tmp_path, ["http://a/1"]) == ["http://a/1"]
    opened.store.purge(Purge("url", "http://a/1"), NOW)
    assert elsewhere(held_at, tmp_path, ["http://a/1"]) == []


ROUNDS = 150


def race(state, number, gate, latest, failures):
    """
    Puts, purges and gets of one key in all processes at once.

    A response's body is the number of purges begun before it was asked for. Once a purge has returned, nobody may be given one
    that was asked for before the purge began.
    """
    with opened_at(state) as opened:
        gate.wait(WAIT_S)
        for turn in range(ROUNDS):
            since = opened.store.generation("http://a/")
            with latest.get_lock():
                asked_at = latest[0]
            if turn % 3 == number % 3:
                opened.store.put("http://a/", response(b"%d" % asked_at, tags="t"), since)
            elif turn % 3 == (number + 1) % 3:
                with latest.get_lock():
                    latest[0] += 1
                    mine = latest[0]
                opened.store.purge(PURGES_IN_RACE[turn % len(PURGES_IN_RACE)], NOW)
                with latest.get_lock():
                    latest[1] = max(latest[1], mine)
            with latest.get_lock():
                purged = latest[1]
            body = got(opened.store, "http://a/")
            if body is not None and int(body) < purged:
                failures.put((number, turn, body, purged))


PURGES_IN_RACE = [Purge("url", "http://a/"), Purge("tag", "t"), Purge("prefix", "http://a")]


def test_a_race_of_puts_purges_and_gets(tmp_path):
    gate, latest, failures = processes.Barrier(3), processes.Array("q", 2), processes.SimpleQueue()
    racers = [
        processes.Process(target=race, args=(tmp_path, number, gate, latest, failures)) for number in range(3)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(WAIT_S)
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert failures.empty()
    assert latest[1] == ROUNDS
