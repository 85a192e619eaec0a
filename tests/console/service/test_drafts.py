"""Drafts: two authors save at once, and nobody loses anything."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.console.model.access import Scope
from runtime.console.model.refusal import Refused
from runtime.console.service.scripts import Scripts
from tests.console.service.world import BAD, OPERATOR, SCRIPT, Slow, refused


@pytest.fixture
def save(world):
    me = world.domain()

    def save(source, revision, rule=None, tests=None, who=me, script="auth"):
        return world.console.scripts.save(who, "shop", script, source, rule, tests, revision)

    return save


def test_a_draft_is_kept_with_its_findings(world, save):
    draft = save(BAD, 0, {"pri": 3}, "x")
    assert (draft.revision, draft.rule.pri, draft.tests) == (1, 3, "x")
    errors = [each for each in draft.diagnostics if each["severity"] == "error"]
    assert [(each["line"], each["column"], each["code"]) for each in errors] == [(1, 7, "unknown-function")]
    assert world.console.scripts.draft(world.actor(), "shop", "auth") == draft


def test_two_authors_at_once(world, save):
    first = save("x = 1\n", 0)
    mine = save("x = 2\n", first.revision)
    conflict = refused(save, "x = 3\n", first.revision, who=OPERATOR)
    assert conflict.code == "conflict"
    assert conflict.extra["current"] == mine
    [kept] = world.console.scripts.conflicts(world.actor(), "shop", "auth").items
    assert (kept.id, kept.source, kept.revision, kept.author) == (
        conflict.extra["kept"], "x = 3\n", first.revision, "operator",
    )  # fmt: skip
    assert save(kept.source, mine.revision).source == "x = 3\n"


# The draft is at revision 1 with `x = 1`. What is saved, the revision it names, and the code or the revision after.
SAVES = [
    ("x = 2\n", 1, 2),
    ("x = 2\n", 0, "conflict"),
    ("x = 2\n", 2, "conflict"),
    ("x = 1\n", 1, 1),
    ("x = 1\n", 0, 1),  # sent again after an answer that was lost
    ("x = 2\n", -1, "invalid"),
    ("x = 2\n", True, "invalid"),
    ("x = 2\n", 1 << 60, "invalid"),
]


@pytest.mark.parametrize(("source", "revision", "after"), SAVES)
def test_saves(save, source, revision, after):
    save("x = 1\n", 0)
    if isinstance(after, int):
        assert save(source, revision).revision == after
    else:
        assert refused(save, source, revision).code == after


def test_many_authors_at_one_moment(world, save):
    texts = [f"x = {number}\n" for number in range(8)]
    with ThreadPoolExecutor(len(texts)) as pool:
        answers = [pool.submit(save, text, 0) for text in texts]
    won = [each.result().source for each in answers if each.exception() is None]
    lost = [each.exception().code for each in answers if each.exception() is not None]
    kept = [each.source for each in world.console.scripts.conflicts(world.actor(), "shop", "auth").items]
    assert (len(won), lost) == (1, ["conflict"] * 7)
    assert sorted(won + kept) == texts
    assert world.console.audit.verify(OPERATOR).intact


def test_a_first_save_that_starts_from_something_is_kept_too(world, save):
    conflict = refused(save, "x = 1\n", 5)
    assert (conflict.code, conflict.extra["current"]) == ("conflict", None)
    assert [each.source for each in world.console.scripts.conflicts(world.actor(), "shop", "auth").items] == [
        "x = 1\n"
    ]


def test_twenty_texts_are_kept(world, save):
    save("x = 0\n", 0)
    for number in range(25):
        refused(save, f"y = {number}\n", 9)
    kept = world.console.scripts.conflicts(world.actor(), "shop", "auth").items
    assert [each.source for each in kept] == [f"y = {number}\n" for number in range(24, 4, -1)]


def test_a_discarded_draft_is_kept_where_there_are_versions(world, save):
    world.version(world.actor())
    save("x = 9\n", 0)
    world.console.scripts.discard(world.actor(), "shop", "auth")
    assert refused(world.console.scripts.draft, world.actor(), "shop", "auth").code == "not-found"
    assert [each.source for each in world.console.scripts.conflicts(world.actor(), "shop", "auth").items] == [
        "x = 9\n"
    ]
    assert save("x = 10\n", 0).revision == 2, "a revision is never given twice"


def test_a_script_without_versions_goes_with_its_draft(world, save):
    save("x = 1\n", 0)
    world.console.scripts.discard(world.actor(), "shop", "auth")
    assert world.console.scripts.list(world.actor(), "shop").items == ()


REFUSED = [
    ({"script": "a/b"}, "invalid"),
    ({"script": ".."}, "invalid"),
    ({"rule": {"pri": 1000}}, "invalid"),
    ({"source": "x" * (256 << 10) + "y"}, "too-large"),
    ({"tests": "x" * (256 << 10) + "y"}, "too-large"),
    ({"source": "\ud800"}, "invalid"),
]


@pytest.mark.parametrize(("given", "code"), REFUSED)
def test_what_is_no_draft(save, given, code):
    assert refused(save, **{"source": "x = 1\n", "revision": 0, **given}).code == code


@pytest.mark.parametrize("source", ["", "\0", "if {", "é" * 1000, SCRIPT, "(" * 10_000, "x = 1\r\n"])
def test_any_text_can_be_a_draft(save, source):
    assert save(source, 0).source == source


def test_drafts_survive_a_restart(world, save):
    draft = save(BAD, 0)
    world.close()
    world.open()
    assert world.console.scripts.draft(world.actor(), "shop", "auth") == draft


def test_readers_do_not_write(world, save):
    assert refused(save, "x = 1\n", 0, who=world.actor(scope=Scope.READ)).code == "forbidden"


def test_the_list_tells_draft_version_and_live(world, save):
    me = world.actor()
    save("x = 1\n", 0, {"pri": 4}, script="a")
    world.version(me, "b")
    world.publish(me, scripts={"b": None})
    draft = world.console.scripts.save(me, "shop", "b", SCRIPT, {}, None, 0)
    a, b = world.console.scripts.list(me, "shop").items
    assert (a.name, a.draft.changed, a.latest, a.rule.pri) == ("a", True, None, 4)
    assert (b.name, b.draft.revision, b.draft.changed, b.latest) == ("b", draft.revision, False, 1)
    assert b.live == {"staging": 1, "production": None}
    page = world.console.scripts.list(me, "shop", limit=1)
    assert [each.name for each in world.console.scripts.list(me, "shop", 1, page.next).items] == ["b"]


TROUBLE = {
    "did not finish in time": Refused("invalid", "this takes too long, or too much memory, to be tried"),
    "could not be checked": OSError("no more processes"),
}


@pytest.mark.parametrize("told", TROUBLE)
def test_a_text_is_kept_whatever_becomes_of_its_check(world, told):
    me = world.domain()
    bombs = {"bomb\n"}
    scripts = Scripts(world.console.scripts._desk, Slow(bombs, TROUBLE[told]))
    draft = scripts.save(me, "shop", "auth", "bomb\n", {}, None, 0)
    assert (draft.revision, draft.source) == (1, "bomb\n")
    [finding] = draft.diagnostics
    assert (finding["severity"], finding["code"]) == ("error", "check-unfinished")
    assert told in finding["message"]
    assert scripts.draft(me, "shop", "auth") == draft
    # Saved again, it is checked again; once that ends, the draft has what was found.
    assert scripts.save(me, "shop", "auth", "bomb\n", {}, None, 1) == draft
    bombs.clear()
    checked = scripts.save(me, "shop", "auth", "bomb\n", {}, None, 1)
    assert (checked.revision, checked.diagnostics) == (2, ())
    assert scripts.save(me, "shop", "auth", "bomb\n", {}, None, 1) == checked


def test_no_version_is_made_of_a_text_whose_check_does_not_finish(world, monkeypatch):
    me = world.domain()

    def made(*_text):
        raise Refused("invalid", "this takes too long")

    monkeypatch.setattr(world.console.versions._work, "made", made)
    assert refused(world.version, me).code == "invalid"
