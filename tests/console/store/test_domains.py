"""Domains and what is theirs: settings, hosts, scripts, drafts, refused texts, versions."""

from runtime.console.store import (
    audit,
    conflicts,
    dictionaries,
    documents,
    domains,
    drafts,
    environments,
    figures,
    hosts,
    nodes,
    purges,
    releases,
    scripts,
    settings,
    tables,
    tokens,
    versions,
)
from runtime.console.store.domains import DomainRow
from runtime.console.store.scripts import ScriptRow
from runtime.console.store.settings import SettingsRow
from tests.console.store.conftest import T0
from tests.console.store.given import draft, rollout, shop, version


def test_a_domain(t):
    assert domains.get(t, "shop") is None
    made = domains.add(t, "shop", "ann")
    assert made == domains.get(t, "shop") == DomainRow("shop", 0, "ann", T0)
    assert domains.count(t) == 1


def test_settings_by_revision(t):
    domains.add(t, "shop", "ann")
    assert settings.current(t, "shop") is None
    first = settings.save(t, "shop", {"hosts": ["a"]}, author="ann", message="first")
    second = settings.save(t, "shop", {"hosts": ["b"]}, author="bob", message="second")
    assert first == SettingsRow("shop", 1, {"hosts": ["a"]}, "ann", "first", T0)
    assert second == settings.current(t, "shop")
    assert domains.get(t, "shop").settings_revision == 2
    assert settings.page(t, "shop", 10).items == [second, first]
    assert settings.many(t, [("shop", 1), ("shop", 3), ("other", 1)]) == {("shop", 1): first}


def test_hosts_change_hands_only_when_given_up(store):
    with store.write() as t:
        domains.add(t, "shop", "ann")
        domains.add(t, "news", "ann")
        hosts.replace(t, "shop", ["b.example", "a.example", "a.example"])
        assert hosts.of(t, "shop") == ["a.example", "b.example"]
        assert hosts.owners(t, ["a.example", "c.example"]) == {"a.example": "shop"}
    with store.write() as t:
        hosts.replace(t, "shop", ["b.example"])
        hosts.replace(t, "news", ["a.example"])
        assert hosts.owners(t, ["a.example", "b.example"]) == {"a.example": "news", "b.example": "shop"}


def test_scripts_in_the_order_of_upload(t):
    domains.add(t, "shop", "ann")
    for name in ("b", "a", "c"):
        scripts.add(t, "shop", name)
    assert scripts.get(t, "shop", "a") == ScriptRow("shop", "a", 2, 0, 0, T0)
    assert [script.name for script in scripts.all(t, "shop")] == ["b", "a", "c"]
    assert [script.name for script in scripts.page(t, "shop", 2).items] == ["a", "b"]
    assert scripts.count(t, "shop") == 3
    # One that goes makes no room for its place: the next is last.
    assert scripts.delete(t, "shop", "a")
    assert scripts.add(t, "shop", "a").upload == 4


def test_a_script_with_versions_stays(t):
    shop(t)
    version(t)
    assert scripts.delete(t, "shop", "auth") is False
    assert scripts.delete(t, "shop", "nothing") is False
    assert versions.get(t, "shop", "auth", 1) is not None


def test_no_two_drafts_have_one_revision(t):
    shop(t)
    assert [draft(t, source=text).revision for text in ("one", "two")] == [1, 2]
    assert drafts.get(t, "shop", "auth").source == "two"
    assert drafts.delete(t, "shop", "auth")
    assert drafts.get(t, "shop", "auth") is None
    assert not drafts.delete(t, "shop", "auth")
    assert draft(t, source="three").revision == 3
    assert scripts.get(t, "shop", "auth").draft_revision == 3


def test_heads_of_drafts_have_no_texts(t):
    shop(t)
    scripts.add(t, "shop", "bare")
    made = draft(t)
    found = drafts.heads(t, "shop", ["auth", "bare", "nothing"])
    assert list(found) == ["auth"]
    assert (found["auth"].revision, found["auth"].digest, found["auth"].rule) == (1, made.digest, made.rule)
    assert not hasattr(found["auth"], "source")


def test_refused_texts_are_kept_the_newest_ones(t):
    shop(t)

    def keep(text, **more):
        return conflicts.keep(
            t, "shop", "auth", based_on=1, source=text, rule={}, tests="", author="bob", **more
        )

    assert [keep(str(number), most=3) for number in range(5)] == [1, 2, 3, 4, 5]
    assert [(row.number, row.source) for row in conflicts.page(t, "shop", "auth", 10).items] == [
        (5, "4"),
        (4, "3"),
        (3, "2"),
    ]
    assert conflicts.delete(t, "shop", "auth", 5)
    assert not conflicts.delete(t, "shop", "auth", 5)
    assert [row.number for row in conflicts.page(t, "shop", "auth", 10).items] == [4, 3]


def test_versions_by_number(t):
    shop(t)
    scripts.add(t, "shop", "other")
    first = version(t, source="one", code=b"1")
    second = version(t, source="two", code=b"2")
    assert (first.number, second.number) == (1, 2)
    assert versions.get(t, "shop", "auth", 1) == first
    assert scripts.get(t, "shop", "auth").latest == 2
    head = versions.heads(t, "shop", {"auth": 2})["auth"]
    assert (head.number, head.message, head.evidence) == (2, second.message, second.evidence)
    found = versions.heads(t, "shop", {"auth": 1, "other": 1})
    assert {name: row.number for name, row in found.items()} == {"auth": 1}
    key = ("shop", "auth", 2)
    assert versions.codes(t, [key, ("shop", "auth", 9)]) == {key: b"2"}
    assert version(t, "other").number == 1


def test_a_deleted_domain_leaves_nothing_but_the_audit_and_purges(t):
    shop(t)
    draft(t)
    version(t)
    conflicts.keep(t, "shop", "auth", based_on=1, source="", rule={}, tests="", author="bob")
    settings.save(t, "shop", {}, author="ann", message="")
    hosts.replace(t, "shop", ["a.example"])
    releases.add(t, "shop", settings_revision=1, scripts={"auth": 1}, author="ann", message="")
    rollout(t)
    environments.go_live(t, "shop", "staging", 1, scripts={"auth": 1}, rollout=1, author="ann")
    dictionaries.put(t, "shop", "keys", secret=True, digest="d", author="ann", entries={"k": b"v"})
    documents.put(t, "staging", "shop", digest="d", sha256="s", size=1, refs=[], generation=1)
    figures.add(t, [figures.FigureRow("shop", "staging", 10, "auth", 1, 1, hit=1)])
    both = (tokens.Grant("shop", "edit"), tokens.Grant("news", "edit"))
    tokens.add(t, id="a", kind="user", hash=b"", label="", author="", expires=None, grants=both)
    purges.add(t, "staging", domain="shop", hosts=[], kind="tag", value="t", soft=True, author="ann")
    audit.append(t, audit.AuditRow(1, T0, "ann", "a", "shop", "delete", "", {}, "", "h"))
    others = {"environments", "purges", "audit", "tokens", "grants"}
    filled = {name for name, table in tables.metadata.tables.items() if t.execute(table.select()).first()}
    assert filled == set(tables.metadata.tables) - {"nodes", "sessions", "blobs", "facts"}

    assert domains.delete(t, "shop")
    left = {name for name, table in tables.metadata.tables.items() if t.execute(table.select()).first()}
    assert left == others
    assert tokens.get(t, "a").grants == (tokens.Grant("news", "edit"),)
    assert nodes.all(t, "production") == []
    assert not domains.delete(t, "shop")
