"""Tokens, sessions, dictionaries, the audit."""

import msgspec
import pytest

from runtime.console.store import audit, dictionaries, domains, sessions, tokens
from runtime.console.store.audit import AuditHead, AuditRow
from runtime.console.store.dictionaries import DictionaryRow
from runtime.console.store.tokens import Grant
from tests.console.store.conftest import T0

EDIT = (Grant("news", "read"), Grant("shop", "edit"))


def token(t, name, grants=EDIT, **changes):
    row = {"kind": "user", "hash": b"\x01\xff", "label": f"{name}'s", "author": "root", "expires": None}
    return tokens.add(t, id=name, grants=grants, **{**row, **changes})


def test_a_token_with_its_grants(t):
    made = token(t, "a", grants=EDIT[::-1], expires=T0 + 60)
    assert made == tokens.get(t, "a")
    assert made.grants == EDIT
    assert (made.number, made.hash, made.expires, made.revoked) == (1, b"\x01\xff", T0 + 60, None)
    assert tokens.get(t, "b") is None


def test_tokens_newest_first(t):
    token(t, "z")
    token(t, "b", (Grant("*", "admin"),))
    token(t, "n", (), kind="node", pool="p", region="r", environment="staging")
    token(t, "a", (Grant("shop", "read"),))
    assert [row.id for row in tokens.page(t, 10).items] == ["a", "n", "b", "z"]
    assert [row.id for row in tokens.page(t, 10, domain="shop").items] == ["a", "z"]
    assert [row.id for row in tokens.page(t, 10, kind="node").items] == ["n"]
    first = tokens.page(t, 1, domain="shop")
    assert tokens.page(t, 1, first.next, domain="shop").items == [tokens.get(t, "z")]
    counts = [tokens.count_good(t, domain=domain) for domain in ("shop", "*", "blog")]
    assert (counts, tokens.count_good_of(t, kind="node")) == ([2, 1, 0], 1)
    assert tokens.get(t, "n").pool == "p"


def test_tokens_that_have_ended_are_not_counted_as_good(t):
    assert not tokens.any_made(t)
    token(t, "a", expires=T0)
    token(t, "b")
    tokens.revoke(t, "b")
    assert tokens.count_good(t, domain="shop") == 0
    assert tokens.any_made(t)


def test_a_revoked_token_stays_and_its_sessions_end(t):
    token(t, "a")
    sessions.add(t, b"s", "a", T0 + 60)
    assert tokens.revoke(t, "a")
    assert tokens.get(t, "a").revoked == T0
    assert sessions.get(t, b"s") is None
    assert not tokens.revoke(t, "a")
    assert not tokens.revoke(t, "nobody")


def test_when_tokens_were_used_last(t):
    for name in ("a", "b"):
        token(t, name)
    tokens.touch(t, {"a": T0 + 1.5, "nobody": T0})
    tokens.touch(t, {})
    assert [tokens.get(t, name).last_used for name in ("a", "b")] == [T0 + 1.5, None]


def test_sessions_until_they_are_pruned(store, clock):
    with store.write() as t:
        token(t, "a")
        for expires in (10, 20, 30):
            sessions.add(t, bytes([expires]), "a", T0 + expires)
        assert sessions.get(t, bytes([10])) == sessions.SessionRow(bytes([10]), "a", T0, T0 + 10)
    clock.now = T0 + 20
    with store.write() as t:
        assert sessions.prune(t) == 2
        assert [sessions.get(t, bytes([at])) is None for at in (10, 20, 30)] == [True, True, False]
        assert sessions.delete(t, bytes([30]))
        assert not sessions.delete(t, bytes([30]))


def test_a_dictionary_whole_and_by_entries(t):
    domains.add(t, "shop", "ann")
    made = dictionaries.put(
        t, "shop", "flags", secret=False, digest="d1", author="ann", entries={"b": b"2", "a": b"1", "": b""}
    )
    assert (
        made
        == dictionaries.get(t, "shop", "flags")
        == DictionaryRow("shop", "flags", False, 1, "d1", 3, "ann", T0)
    )
    changed = dictionaries.change(
        t,
        "shop",
        "flags",
        set_={"c": b"3", "a": b"one"},
        remove=["b", "c", "nothing"],
        digest="d2",
        author="bob",
    )
    assert changed == DictionaryRow("shop", "flags", False, 2, "d2", 3, "bob", T0)
    assert dictionaries.entries(t, "shop", "flags") == {"": b"", "a": b"one", "c": b"3"}
    assert dictionaries.keys(t, "shop", "flags") == ["", "a", "c"]
    again = dictionaries.put(t, "shop", "flags", secret=True, digest="d3", author="ann", entries={"x": b"\0"})
    assert (again.revision, again.count, again.secret) == (3, 1, True)
    assert dictionaries.entries(t, "shop", "flags") == {"x": b"\0"}
    assert dictionaries.all(t, "shop") == dictionaries.page(t, "shop", 5).items == [again]
    assert dictionaries.delete(t, "shop", "flags")
    assert dictionaries.entries(t, "shop", "flags") == {}
    assert not dictionaries.delete(t, "shop", "flags")
    assert dictionaries.count(t, "shop") == 0


def test_ten_thousand_entries(t):
    domains.add(t, "shop", "ann")
    entries = {f"key{number:05}": b"v" for number in range(10_000)}
    dictionaries.put(t, "shop", "big", secret=False, digest="d", author="ann", entries=entries)
    gone = list(entries)[::2]
    left = dictionaries.change(t, "shop", "big", set_={}, remove=gone, digest="d", author="ann")
    assert left.count == 5_000
    assert dictionaries.keys(t, "shop", "big") == list(entries)[1::2]


def entry(n, previous, **changes):
    row = AuditRow(n, T0, "ann", "a", "shop", "publish", "auth", {"to": n}, previous, f"h{n}")
    return msgspec.structs.replace(row, **changes)


def test_the_audit_goes_on_from_its_head(t):
    assert audit.head(t) == AuditHead(0, "")
    audit.append(t, entry(1, ""))
    audit.append(t, entry(2, "h1", domain="news"))
    audit.append(t, entry(3, "h2", at=T0 + 5))
    assert audit.head(t) == AuditHead(3, "h3")
    assert [row.n for row in audit.page(t, 10).items] == [3, 2, 1]
    assert [row.n for row in audit.page(t, 10, domain="shop").items] == [3, 1]
    assert [row.n for row in audit.page(t, 10, domain="shop", first=2).items] == [3]
    found = [audit.last(t, *asked) for asked in (("shop", "publish"), ("news", "publish"), ("shop", "purge"))]
    assert found == [3, 2, 0]
    assert [row.n for row in audit.chain(t, 1)] == [2, 3]
    assert audit.chain(t, 0, 1) == [entry(1, "")]


@pytest.mark.parametrize("row", [entry(1, ""), entry(3, "h1"), entry(2, ""), entry(2, "h0"), entry(0, "h1")])
def test_an_entry_that_does_not_follow_is_refused(t, row):
    audit.append(t, entry(1, ""))
    with pytest.raises(ValueError, match="does not follow entry 1"):
        audit.append(t, row)
    assert audit.head(t) == AuditHead(1, "h1")
