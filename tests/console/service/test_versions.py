"""Versions: of texts without errors, with evidence, and what differs between two."""

import pytest

from tests.console.service.world import BAD, SCRIPT, refused

TESTS = """\
[[case]]
name = "refused"
url = "http://www.shop.example/no"
expect.status = 403

[[case]]
name = "passed on"
url = "http://www.shop.example/yes"
expect.action = "forward"
"""
SLOW = "[[case]]\nname = 'c'\nurl = 'http://a/'\nrepeat = 1000\nexpect.action = 'forward'\n"


@pytest.fixture
def make(world):
    me = world.domain()

    def make(source=SCRIPT, script="auth", **more):
        return world.console.versions.make(me, "shop", script, "because", source=source, **more)

    return make


def test_a_version_has_its_evidence(world, make):
    version = make(tests=TESTS, rule={"pri": 2})
    assert (version.number, version.author, version.message) == (1, "shop's admin", "because")
    assert (version.evidence.tests.passed, version.evidence.tests.failed) == (2, 0)
    assert version.evidence.cost_bound > 0
    assert world.console.versions.get(world.actor(), "shop", "auth", 1) == version


def test_a_text_with_errors_stays_a_draft(world):
    me = world.domain()
    draft = world.console.scripts.save(me, "shop", "auth", BAD, {}, None, 0)
    refusal = refused(world.console.versions.make, me, "shop", "auth", "why", revision=draft.revision)
    assert (refusal.code, [each["code"] for each in refusal.extra["diagnostics"] if each["severity"] == "error"]) == (
        "has-errors", ["unknown-function"],
    )  # fmt: skip
    assert world.console.scripts.draft(me, "shop", "auth") == draft
    assert world.console.versions.list(me, "shop", "auth").items == ()


def test_a_version_is_made_of_the_draft_that_was_seen(world):
    me = world.domain()
    world.console.scripts.save(me, "shop", "auth", SCRIPT, {"pri": 7}, None, 0)
    refusal = refused(world.console.versions.make, me, "shop", "auth", "why", revision=9)
    assert (refusal.code, refusal.extra["current"].revision) == ("conflict", 1)
    assert world.console.versions.make(me, "shop", "auth", "why", revision=1).rule.pri == 7
    assert world.console.versions.make(me, "shop", "auth", "why").number == 2


# A test file, cases that passed, cases that failed, a word of the first that failed.
EVIDENCE = [
    (TESTS, 2, 0, ""),
    (TESTS.replace("403", "401"), 1, 1, "got 403, want 401"),
    ("[[case]]\nname = 'x'\n", 0, 1, "url is missing"),
    ("not toml", 0, 1, "line:1"),
    ("", 0, 0, ""),
    ("scripts = ['auth.es']\n" + TESTS, 2, 0, ""),
    ("scripts = [{rule_path = 'auth.es', name = 'n'}]\n" + TESTS + "expect.hit = {n = false}\n", 2, 0, ""),
    ("scripts = ['other.es']\n" + TESTS, 0, 1, "want the script itself"),
    ("scripts = ['auth.es', 'auth.es']\n" + TESTS, 0, 1, "once"),
    ("".join(TESTS.replace('name = "', f'name = "{number}') for number in range(101)), 0, 1, "more than 200"),
    ("[[case]]\nname = 'c'\nurl = 'http://a b/'\nexpect.status = 1\n", 0, 1, "bad host"),
]


@pytest.mark.parametrize(("tests", "passed", "failed", "words"), EVIDENCE)
def test_what_tests_tell(make, tests, passed, failed, words):
    evidence = make(tests=tests).evidence.tests
    if not tests:
        assert evidence is None
        return
    assert (evidence.passed, evidence.failed) == (passed, failed)
    assert words in next((case.message for case in evidence.cases if not case.passed), "")


def test_tests_that_take_too_long_end(world, make, monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(world.console.versions._work._tester, "_monotonic", lambda: next(ticks) * 0.1)
    evidence = make(tests=SLOW + SLOW.replace("'c'", "'d'")).evidence.tests
    assert [case.message for case in evidence.cases] == ["not run: the cases before took 5 s"] * 2


def test_versions_are_listed_newest_first(world, make):
    for number in range(1, 6):
        make(f"x = {number}\n")
    page = world.console.versions.list(world.actor(), "shop", "auth", limit=2)
    assert [each.number for each in page.items] == [5, 4]
    page = world.console.versions.list(world.actor(), "shop", "auth", limit=2, cursor=page.next)
    assert [each.number for each in page.items] == [3, 2]


def test_a_difference_in_text_settings_and_decision(world, make):
    make(tests=TESTS)
    make(SCRIPT.replace("403", "401"), rule={"pri": 1}, tests=TESTS)
    diff = world.console.versions.diff(world.actor(), "shop", "auth", 1, 2)
    assert "-  exit(403)\n+  exit(401)\n" in diff.text
    assert diff.text.startswith("--- auth@1\n+++ auth@2\n")
    assert diff.rules == {"pri": [0, 1]}
    assert [(each.case, each.before, each.after) for each in diff.decisions] == [("refused", "403", "401")]


# Old text, new text, the decisions of `/no` and `/yes` that differ.
HEADER = "add_rsp_header('X-A', '{}')\n"
DECISIONS = [
    (SCRIPT, SCRIPT + "# more\n", []),
    (SCRIPT, "x = 1\n", [("refused", "403", "forward")]),
    (HEADER.format(1), HEADER.format(2), [(name, "forward; header x-a: 1", "forward; header x-a: 2") for name in ("refused", "passed on")]),
    ("x = 1\n", "limit_rate(8, 'k')\n", [(name, "forward; limit_rate: none", "forward; limit_rate: 8192") for name in ("refused", "passed on")]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "differing"), DECISIONS)
def test_decisions_that_differ(world, make, old, new, differing):
    make(old, tests=TESTS)
    make(new)
    diff = world.console.versions.diff(world.actor(), "shop", "auth", 1, 2)
    assert [(each.case, each.before, each.after) for each in diff.decisions] == differing
    assert diff.note == ""


def test_a_difference_to_a_draft_with_errors(world, make):
    make(tests=TESTS)
    world.console.scripts.save(world.actor(), "shop", "auth", BAD, {}, TESTS, 0)
    diff = world.console.versions.diff(world.actor(), "shop", "auth", 1)
    assert diff.text.startswith("--- auth@1\n+++ auth@draft\n")
    assert (diff.decisions, diff.note) == ((), "one of the two does not compile")


@pytest.mark.parametrize("number", [0, 2, -1, 1 << 70])
def test_a_version_that_is_not_there(world, make, number):
    make()
    assert refused(world.console.versions.get, world.actor(), "shop", "auth", number).code == "not-found"
    assert refused(world.console.versions.diff, world.actor(), "shop", "auth", 1, number).code == "not-found"
