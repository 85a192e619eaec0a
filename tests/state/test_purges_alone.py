"""Workers without a disk hear of each other's purges, and share nothing else."""

import pytest

from runtime.cache.purge import purge_of
from runtime.state.objects.worker_store import open_store
from tests.state.objects_notation import processes, response

ROOM = 1 << 20


def other_worker(shared, pipe):
    """Does what it is told: `put KEY`, `delete KEY`, `purge TAG`, `has KEY`."""
    opened = open_store(ROOM, ROOM, shared=shared)
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        verb, what = order
        match verb:
            case "put":
                pipe.send(opened.store.put(what, response(tags="t")))
            case "delete":
                pipe.send(opened.store.delete(what))
            case "purge":
                pipe.send(opened.store.purge(purge_of("tag", what), 0.0))
            case "has":
                pipe.send(opened.store.get(what, []) is not None)
    opened.close()


@pytest.fixture
def other(tmp_path):
    """A worker in a process of its own, as a function of what it is told."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=other_worker, args=(tmp_path, theirs))
    process.start()
    assert ours.recv() == "ready"

    def told(verb, what):
        ours.send((verb, what))
        return ours.recv()

    yield told
    ours.send(None)
    process.join(10)
    assert process.exitcode == 0


@pytest.fixture
def store(tmp_path):
    opened = open_store(ROOM, ROOM, shared=tmp_path)
    assert not opened.trouble
    yield opened.store
    opened.close()


def test_nothing_else_is_shared(store, other):
    assert store.put("http://a/", response())
    assert store.get("http://a/", []) is not None
    assert not other("has", "http://a/")
    assert store.overflow is None


@pytest.mark.parametrize(("verb", "what"), [("delete", "http://a/"), ("purge", "t")])
def test_what_one_finds_out_of_date_goes_from_all(store, other, verb, what):
    store.put("http://a/", response(tags="t"))
    store.put("http://b/", response())
    other("put", "http://a/")
    other(verb, what)
    assert store.get("http://a/", []) is None
    assert store.get("http://b/", []) is not None
    assert not other("has", "http://a/")


def test_nor_is_it_stored_by_who_asked_before(store, other):
    since = store.generation("http://a/")
    other("delete", "http://a/")
    assert not store.put("http://a/", response(), since)
    assert store.put("http://a/", response(), store.generation("http://a/"))


def test_what_was_never_stored_costs_no_purge(store, other):
    before = store.generation()
    assert not other("delete", "http://a/never")
    assert store.generation() == before
