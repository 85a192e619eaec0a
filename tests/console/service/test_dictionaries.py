"""Dictionaries: changed without a version, secret ones never read again, both authors' work kept."""

import pytest

from runtime.bundles.documents import decode_dictionary
from runtime.console.model.access import Scope
from tests.console.service.world import refused


@pytest.fixture
def me(world):
    made = world.domain()
    world.live(made)
    return made


def delivered(world, name="flags", environment="production"):
    """The entries that nodes get."""
    for entry in world.document(environment=environment).dictionaries:
        if entry.name == name:
            return decode_dictionary(world.text(entry.blob))
    return None


def test_a_change_is_on_its_way_without_a_version(world, me):
    world.told.clear()
    made = world.console.dictionaries.put(me, "shop", "flags", {"a": "1", "b": "2"})
    assert (made.revision, made.entries, made.count) == (1, {"a": "1", "b": "2"}, 2)
    assert delivered(world) == delivered(world, environment="staging") == {"a": "1", "b": "2"}
    changed = world.console.dictionaries.change(me, "shop", "flags", {"a": "3", "c": "4"}, ["b"], 1)
    assert (changed.revision, changed.entries) == (2, {"a": "3", "c": "4"})
    assert delivered(world) == {"a": "3", "c": "4"}
    world.console.dictionaries.delete(me, "shop", "flags")
    assert delivered(world) is None
    assert len([each for each, _ in world.told if each == "production"]) == 3


def test_a_restart_sends_the_same(world, me):
    world.console.dictionaries.put(me, "shop", "flags", {"a": "1"}, secret=True)
    before = world.document().dictionaries
    world.close()
    world.open()
    world.console.dictionaries.put(me, "shop", "more", {})
    assert world.document().dictionaries[:1] == before


SECRET = "s3cr3t-v4lue"


def test_what_is_secret_is_told_to_nobody(world, me):
    put = world.console.dictionaries.put(me, "shop", "keys", {"sign": SECRET}, secret=True)
    changed = world.console.dictionaries.change(me, "shop", "keys", {"more": SECRET})
    read = world.console.dictionaries.get(me, "shop", "keys")
    listed = world.console.dictionaries.list(me, "shop")
    conflict = refused(world.console.dictionaries.put, me, "shop", "keys", {}, True, 0)
    audit = world.console.audit.list(me, "shop")
    assert (read.keys, read.entries) == (("more", "sign"), None)
    assert SECRET not in repr((put, changed, read, listed, conflict.extra, conflict.detail, audit))
    assert delivered(world, "keys") == {"sign": SECRET, "more": SECRET}
    world.close()
    stored = b"".join(path.read_bytes() for path in world.folder.glob("console.db*"))
    assert SECRET.encode() not in stored
    world.open()


def test_the_digest_of_secret_entries_tells_nothing_to_who_guesses(world, me):
    shown = world.console.dictionaries.put(me, "shop", "open", {"a": "1"}).digest
    secret = world.console.dictionaries.put(me, "shop", "keys", {"a": "1"}, secret=True).digest
    assert shown != secret


def test_what_is_secret_stays_so(world, me):
    world.console.dictionaries.put(me, "shop", "keys", {"a": "1"}, secret=True)
    assert refused(world.console.dictionaries.put, me, "shop", "keys", {"a": "1"}, False, 1).code == "invalid"


def test_a_value_moved_to_another_place_in_the_store_does_not_open(world, me):
    world.console.dictionaries.put(me, "shop", "keys", {"a": "1", "b": "2"}, secret=True)
    with world.store.write() as t:
        from sqlalchemy import text

        t.execute(
            text(
                "UPDATE entries SET value = (SELECT value FROM entries WHERE key = CAST('a' AS BLOB)) WHERE key = CAST('b' AS BLOB)"
            )
        )
    refusal = refused(world.console.dictionaries.change, me, "shop", "keys", {"c": "3"})
    assert "another key" in refusal.detail


# The dictionary is at revision 1 with a=1. An operation, its arguments, and the code.
def operations(console):
    return {
        "put": console.dictionaries.put,
        "change": console.dictionaries.change,
        "get": console.dictionaries.get,
    }


REFUSED = [
    ("put", ("flags", {}, False, 0), "conflict"),
    ("put", ("flags", {}, False, 2), "conflict"),
    ("put", ("other", {}, False, 1), "conflict"),
    ("put", ("a/b", {}, False, 0), "invalid"),
    ("put", ("other", {"": "1"}, False, 0), "invalid"),
    ("put", ("other", {"k" * 1025: "1"}, False, 0), "invalid"),
    ("put", ("other", {"k": "\ud800"}, False, 0), "invalid"),
    ("put", ("other", {"k": "v" * (65 << 10)}, False, 0), "too-large"),
    ("put", ("other", {str(number): "" for number in range(10_001)}, False, 0), "too-large"),
    ("put", ("other", {str(number): "v" * 60_000 for number in range(150)}, False, 0), "too-large"),
    ("change", ("flags", {"b": "2"}, [], 7), "conflict"),
    ("change", ("none", {"b": "2"}), "not-found"),
    ("change", ("flags", {str(number): "" for number in range(10_000)}), "too-large"),
    ("get", ("none",), "not-found"),
    ("get", ("../x",), "not-found"),
]


@pytest.mark.parametrize(("operation", "arguments", "code"), REFUSED)
def test_what_is_refused(world, me, operation, arguments, code):
    world.console.dictionaries.put(me, "shop", "flags", {"a": "1"})
    assert refused(operations(world.console)[operation], me, "shop", *arguments).code == code
    assert world.console.dictionaries.get(me, "shop", "flags").entries == {"a": "1"}


def test_a_hundred_dictionaries_and_no_more(world):
    me = world.domain("blog")
    for number in range(100):
        world.console.dictionaries.put(me, "blog", f"d{number}", {})
    assert refused(world.console.dictionaries.put, me, "blog", "more", {}).code == "limit"


def test_who_may_change_what_is_live_at_once(world, me):
    world.console.dictionaries.put(me, "shop", "flags", {"a": "1"})
    editor = world.actor(scope=Scope.EDIT)
    assert refused(world.console.dictionaries.change, editor, "shop", "flags", {"a": "2"}).code == "forbidden"
    assert world.console.dictionaries.get(editor, "shop", "flags").entries == {"a": "1"}
