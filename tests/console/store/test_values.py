"""What is kept comes back the same on both databases, and what cannot exist is not found."""

import pytest

from runtime.console.store import (
    BadCursor,
    dictionaries,
    domains,
    drafts,
    facts,
    hosts,
    rollouts,
    scripts,
    settings,
    tokens,
    versions,
)
from tests.console.store.given import names

TEXTS = [
    "",
    "plain",
    "中文 and 🙂",
    "NUL \0 in the middle",
    "\0",
    "a lone \ud800 surrogate",
    "'; DROP TABLE domains; --",
    "%s %(x)s :name ?",
    "line\r\nline\ttab \x7f\x1b",
    "x" * 256 * 1024,
]


@pytest.mark.parametrize("words", TEXTS, ids=lambda words: ascii(words)[:20])
def test_texts(t, words):
    domains.add(t, "shop", words)
    scripts.add(t, "shop", "auth")
    drafts.save(
        t,
        "shop",
        "auth",
        source=words,
        rule={},
        tests=words,
        digest="d",
        diagnostics=[],
        author=words,
    )
    found = drafts.get(t, "shop", "auth")
    assert (found.source, found.tests, found.author) == (words, words, words)
    assert domains.get(t, "shop").author == words


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"z": 1, "a": [None, True, 1.5, "中\0"], "m": {"é": -(2**53)}},
        {"deep": [[[[[[]]]]]]},
        {"": "", "float": 0.1, "big": 1e300},
    ],
)
def test_json_with_the_order_of_its_keys(t, value):
    domains.add(t, "shop", "ann")
    settings.save(t, "shop", value, author="ann", message="")
    found = settings.current(t, "shop").settings
    assert found == value
    assert list(found) == list(value)


@pytest.mark.parametrize("at", [0.0, 1.1, 1_750_000_000.123456789, 2.0**53 + 2])
def test_moments_to_the_last_bit(store, clock, at):
    clock.now = at
    with store.write() as t:
        domains.add(t, "shop", "ann")
        assert domains.get(t, "shop").created == at


@pytest.mark.parametrize("value", [b"", b"\0\xff" * 3, bytes(range(256)) * 4096])
def test_bytes(t, value):
    facts.put(t, "key", value)
    assert facts.get(t, "key") == value


ODD_NAMES = ["", "\0", "a\0b", "\ud800", "é", "x" * 100_000, "'", "%", "shop\0"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:20])
def test_a_name_that_nothing_has_is_not_found(t, name):
    domains.add(t, "shop", "ann")
    assert domains.get(t, name) is None
    assert domains.delete(t, name) is False
    assert scripts.get(t, "shop", name) is None
    assert tokens.get(t, name) is None
    assert dictionaries.entries(t, "shop", name) == {}
    assert hosts.owners(t, [name]) == {}
    assert domains.page(t, 5, among=[name]).items == []
    assert names(t) == ["shop"]


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**40, -(10**40)])
def test_a_number_that_nothing_has_is_not_found(t, number):
    domains.add(t, "shop", "ann")
    assert versions.get(t, "shop", "auth", number) is None
    assert versions.heads(t, "shop", {"auth": number}) == {}
    assert settings.many(t, [("shop", number)]) == {}
    assert rollouts.get(t, "shop", number) is None


@pytest.mark.parametrize("cursor", ["", "0", "~1", "x", "-1", "1.5", "\uff11", "9" * 20, "1 OR 1=1", "\0"])
def test_a_cursor_that_no_list_has_given(t, cursor):
    with pytest.raises(BadCursor):
        versions.page(t, "shop", "auth", 10, cursor)


@pytest.mark.parametrize("cursor", ODD_NAMES, ids=lambda name: ascii(name)[:20])
def test_any_text_is_a_place_among_names(t, cursor):
    domains.add(t, "shop", "ann")
    assert domains.page(t, 10, f"~{cursor}").items in ([], [domains.get(t, "shop")])


@pytest.mark.parametrize("cursor", ["", "a", "shop", "1", "\0~a"])
def test_a_cursor_that_no_list_by_name_has_given(t, cursor):
    with pytest.raises(BadCursor):
        domains.page(t, 10, cursor)
