"""The audit's chain: what is done to it, and where it is seen to break."""

import pytest

from runtime.console.model.chain import (
    BEGINNING,
    Chained,
    Entry,
    broken_end,
    entry_hash,
    first_broken,
    head_mark,
)


def made(count):
    chain, before = [], BEGINNING
    for n in range(1, count + 1):
        entry = Entry(n, 1.5 * n, "alice", "t1", "shop", "publish", str(n), {"percent": 5, "message": "往"})
        before = entry_hash(before, entry)
        chain.append(Chained(entry, before))
    return chain


def changed(**fields):
    def change(chain):
        chain[2] = Chained(chain[2].entry._replace(**fields), chain[2].hash)

    return change


def rehashed(chain):
    entry = chain[2].entry._replace(who="mallory")
    chain[2] = Chained(entry, entry_hash(chain[1].hash, entry))


BREAKS = {
    "whole": (len, None),
    "another name": (changed(who="mallory"), 3),
    "another time": (changed(at=0.0), 3),
    "another detail": (changed(details={"percent": 6, "message": "往"}), 3),
    "one taken out": (lambda chain: chain.pop(2), 3),
    "the first taken out": (lambda chain: chain.pop(0), 1),
    "two changed about": (lambda chain: chain.insert(2, chain.pop(3)), 3),
    "one put in": (lambda chain: chain.insert(2, chain[1]), 3),
    "one with its hash made anew": (rehashed, 4),
    "another hash": (lambda chain: chain.__setitem__(2, Chained(chain[2].entry, "0" * 64)), 3),
}


@pytest.mark.parametrize("name", BREAKS)
def test_where_it_breaks(name):
    chain = made(5)
    done, broken = BREAKS[name]
    done(chain)
    assert first_broken(chain) == broken


def test_it_can_be_gone_over_in_parts():
    chain = made(5)
    assert first_broken(chain[3:], 3, chain[2].hash) is None
    assert first_broken(chain[3:], 3, chain[1].hash) == 4


def test_the_order_of_details_says_nothing():
    first = Entry(1, 1.0, "a", "", "", "x", "", {"a": 1, "b": 2})
    assert entry_hash("", first) == entry_hash("", first._replace(details={"b": 2, "a": 1}))


KEY = bytes(32)
ENDS = {
    "as marked": (head_mark(KEY, 5, "ab"), None),
    "no mark": (None, 1),
    "some taken out": (head_mark(KEY, 7, "cd"), 6),
    "some put in": (head_mark(KEY, 3, "cd"), 4),
    "other entries": (head_mark(KEY, 5, "cd"), 5),
    "a mark by another key": (head_mark(b"\1" * 32, 7, "cd"), 5),
    "a mark that is none": (b"7", 5),
    "a mark of other letters": (b"7 \xff x", 5),
    "an empty mark": (b"", 5),
}


@pytest.mark.parametrize("name", ENDS)
def test_where_the_end_departs_from_its_mark(name):
    mark, broken = ENDS[name]
    assert broken_end(KEY, mark, 5, "ab") == broken


def test_an_audit_without_entries_has_no_mark():
    assert broken_end(KEY, None, 0, "") is None
    assert broken_end(KEY, head_mark(KEY, 1, "ab"), 0, "") == 1
