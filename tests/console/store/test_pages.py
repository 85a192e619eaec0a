"""Lists by pages: nothing twice, nothing left out, quick at any length."""

import re

import pytest
from sqlalchemy import insert, text

from runtime.console.store import (
    MOST,
    domains,
    environments,
    releases,
    rollouts,
    scripts,
    tables,
    versions,
)
from runtime.console.store.entity import slices
from tests.console.store.given import names

THOUSANDS = 3000


def given(t, number):
    """A script with `number` versions."""
    domains.add(t, "shop", "ann")
    scripts.add(t, "shop", "auth")
    bare = {
        "domain": "shop",
        "script": "auth",
        "source": "say('x');",
        "rule": {"pos": "head"},
        "tests": "",
        "digest": "d",
        "code": b"c",
        "author": "ann",
        "message": "",
        "created": 1.0,
        "evidence": {},
    }
    t.execute(insert(tables.versions), [{**bare, "number": n} for n in range(1, number + 1)])


def walked(page):
    """The items of all pages, and how many pages there were."""
    items, cursor, pages = [], None, 0
    while True:
        found = page(cursor)
        items += found.items
        pages += 1
        cursor = found.next
        if cursor is None:
            return items, pages


@pytest.mark.parametrize(("limit", "pages"), [(500, 6), (499, 7), (10_000, 6), (2999, 6)])
def test_thousands_of_versions_newest_first(t, limit, pages):
    given(t, THOUSANDS)
    found, number = walked(lambda cursor: versions.page(t, "shop", "auth", limit, cursor))
    assert [version.number for version in found] == list(range(THOUSANDS, 0, -1))
    assert number == pages
    assert not hasattr(found[0], "source")


@pytest.mark.parametrize("limit", [0, -5, 1])
def test_a_page_has_at_least_one_item(t, limit):
    given(t, 3)
    assert [v.number for v in versions.page(t, "shop", "auth", limit).items] == [3]


def test_what_comes_meanwhile_disturbs_no_page(store):
    with store.write() as t:
        given(t, 5)
    with store.read() as t:
        first = versions.page(t, "shop", "auth", 3)
    with store.write() as t:
        t.execute(
            text(
                "INSERT INTO versions SELECT domain, script, 6, source, rule, tests, digest, code,"
                " author, message, created, evidence FROM versions WHERE number = 5"
            )
        )
    with store.read() as t:
        second = versions.page(t, "shop", "auth", 3, first.next)
    assert [v.number for v in first.items + second.items] == [5, 4, 3, 2, 1]


def test_names_come_in_the_order_of_their_bytes(t):
    every = ["a", "a-b", "a.b", "a0", "aB", "a_b", "ab", "b", "z9"]
    for name in reversed(every):
        domains.add(t, name, "ann")
    found, pages = walked(lambda cursor: domains.page(t, 2, cursor))
    assert [domain.name for domain in found] == every == names(t)
    assert pages == 5


def test_domains_among_those_allowed(t):
    for name in "abcdef":
        domains.add(t, name, "ann")
    found, _ = walked(lambda cursor: domains.page(t, 2, cursor, among={"f", "b", "d", "nowhere"}))
    assert [domain.name for domain in found] == ["b", "d", "f"]
    assert domains.page(t, 2, among=[]).items == []


@pytest.mark.parametrize("number", [0, 1, 8, 9, 100, 101, 250])
def test_as_many_keys_as_one_likes(t, number):
    given(t, 300)
    keys = [("shop", "auth", n) for n in range(1, number + 1)]
    found = versions.codes(t, [*keys, *keys, ("shop", "none", 1)])
    assert sorted(found) == keys


def test_slices_hold_everything_once():
    items = list(range(2 * MOST + 1))
    parts = list(slices(items))
    assert [len(part) for part in parts] == [MOST, MOST, 1]
    assert [item for part in parts for item in part] == items
    assert list(slices([])) == []


QUERIES = {
    "a page of versions": lambda t: versions.page(t, "shop", "auth", 50, "1000"),
    "versions by number": lambda t: versions.heads(t, "shop", {"auth": 5, "b": 6}),
    "releases by number": lambda t: releases.many(t, [("shop", 5), ("b", 6)]),
    "a page of domains": lambda t: domains.page(t, 50, "~m"),
    "what is live of one": lambda t: environments.live(t, "shop", "production"),
    "running rollouts": rollouts.all_running,
    "the running rollout": lambda t: rollouts.running(t, "shop", "production"),
    "whether a version was live": lambda t: environments.been_live(t, "shop", "staging", {"auth": 5}),
}


@pytest.mark.parametrize("case", QUERIES)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_an_index_finds_it(t, case):
    # As SQLite itself says how it goes about it; PostgreSQL has the same indexes, and chooses by what is in the tables.
    plans = []
    execute = t.execute

    def explained(statement, parameters=None):
        compiled = statement.compile(t._connection.engine, compile_kwargs={"render_postcompile": True})
        values = tuple(compiled.params[name] for name in compiled.positiontup)
        plans.extend(
            row[3] for row in t._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
        )
        return execute(statement, parameters)

    t.execute = explained
    QUERIES[case](t)
    assert plans
    # Neither is a table read as a whole, nor an index but the small ones of what is in force, nor are rows sorted.
    assert [
        plan for plan in plans if re.search(r"SCAN(?!.*INDEX ix_\w+_(running|latest))|B-TREE", plan)
    ] == []
