"""Nodes, the audit, the language, trying, rules: what is read of the whole."""

import json

import pytest
from sqlalchemy import text

from runtime.console.model.access import Scope
from runtime.console.model.chain import Entry, entry_hash
from runtime.console.service.desk import audit_row
from runtime.console.service.rules import Rules
from runtime.console.service.scripts import Scripts
from runtime.console.service.trials import TriedOrigin, TriedPlace, TriedRequest, TriedScript
from runtime.console.store import audit, drafts
from tests.console.service.world import BAD, OPERATOR, SCRIPT, START, Slow, node, refused


@pytest.fixture
def nodes(world):
    me = world.domain()
    world.live(me)
    newest = world.console.bundles.generation("production")
    world.console.nodes.keep(
        [
            node("a", newest),
            node("b", newest - 1),
            node("c", newest - 1, error="domain blog: damaged", pool="q"),
            node("d", newest, seen=START - 100),
            node("e", 0, environment="staging", region=""),
        ]
    )
    return me


@pytest.mark.usefixtures("nodes")
def test_nodes_by_their_states(world):
    page = world.console.nodes.list(OPERATOR, "production", 3)
    assert [(each.id, each.state) for each in page.items] == [
        ("a", "current"),
        ("b", "behind"),
        ("c", "failed"),
    ]
    assert page.counts == {"current": 1, "partly": 0, "behind": 1, "offline": 1, "failed": 1}
    assert page.generations["production"] == world.console.bundles.generation("production")
    assert [each.id for each in world.console.nodes.list(OPERATOR, "production", 3, page.next).items] == ["d"]
    assert world.console.nodes.list(OPERATOR).counts["behind"] == 2


def test_why_a_node_failed_is_for_operators(world, nodes):
    assert [each.error for each in world.console.nodes.list(nodes, "production").items] == [""] * 4
    assert world.console.nodes.list(OPERATOR, "production").items[2].error == "domain blog: damaged"


def test_a_node_that_cannot_load_a_domain_is_partly_current_and_failed_for_that_domain_alone(world):
    shop, blog = world.domain("shop"), world.domain("blog")
    rollouts = {}
    for who, name in ((shop, "shop"), (blog, "blog")):
        world.live(who, domain=name)
        world.version(who, domain=name)
        world.publish(who, domain=name)
        rollouts[name] = world.publish(who, "production", domain=name, percent=50).id
    newest = world.console.bundles.generation("production")
    world.console.nodes.keep([node("a", newest, refused={"shop": "no such setting"}), node("b", newest)])

    def seen(who):
        page = world.console.nodes.list(who, "production")
        pools = world.console.nodes.pools(who)
        assert page.counts["partly"] == sum(pool.counts["partly"] for pool in pools)
        return [(each.id, each.state, [(one.domain, one.why) for one in each.refused]) for each in page.items]

    refusing = [("a", "partly", [("shop", "no such setting")]), ("b", "current", [])]
    assert seen(OPERATOR) == refusing
    assert seen(shop) == refusing
    assert seen(blog) == [("a", "current", []), ("b", "current", [])]
    for who, name, counts in ((shop, "shop", (1, 1)), (blog, "blog", (2, 0))):
        progress = world.console.publishing.rollout(who, name, rollouts[name]).progress
        assert (progress.acked, progress.failed) == counts


def make_node(world, *names):
    """Nodes that came with one new token; the id of it."""
    made = world.console.tokens.create_node(OPERATOR, names[0], "p", "cn", "production")
    world.console.nodes.keep([node(name, 0, token=made.id) for name in names])
    return made


def listed(world):
    return [each.id for each in world.console.nodes.list(OPERATOR).items]


def test_a_node_that_is_removed_is_gone_at_once_with_its_token(world):
    made = make_node(world, "edge-1")
    other = make_node(world, "edge-2")
    world.console.nodes.remove(OPERATOR, "edge-1")
    assert listed(world) == ["edge-2"]
    assert refused(world.console.tokens.authenticate, made.secret).code == "unauthorized"
    assert world.console.tokens.authenticate(other.secret).id == other.id
    entry = world.console.audit.list(OPERATOR).items[0]
    assert (entry.action, entry.subject, entry.details["token"]) == ("node.remove", "edge-1", made.id)
    # What another console had heard of it before does not bring it back.
    world.console.nodes.keep([node("edge-1", 5, token=made.id), node("edge-2", 5, token=other.id)])
    assert listed(world) == ["edge-2"]
    assert refused(world.console.nodes.remove, OPERATOR, "edge-1").code == "not-found"


def test_a_token_that_several_nodes_have_ends_for_all_of_them_only_if_that_is_meant(world):
    made = make_node(world, "edge-1", "edge-2", "edge-3")
    answer = refused(world.console.nodes.remove, OPERATOR, "edge-2")
    assert (answer.code, answer.extra["nodes"]) == ("conflict", ["edge-1", "edge-3"])
    assert world.console.tokens.authenticate(made.secret).id == made.id
    world.console.nodes.remove(OPERATOR, "edge-2", shared=True)
    assert listed(world) == ["edge-1", "edge-3"]
    assert refused(world.console.tokens.authenticate, made.secret).code == "unauthorized"


def test_nodes_are_removed_by_operators(world):
    me = world.domain()
    make_node(world, "edge-1")
    assert refused(world.console.nodes.remove, me, "edge-1").code == "forbidden"
    assert listed(world) == ["edge-1"]


def test_pools(world, nodes):
    pools = world.console.nodes.pools(nodes)
    assert [(each.environment, each.name, each.region, sum(each.counts.values())) for each in pools] == [
        ("staging", "p", "", 1), ("production", "p", "cn", 3), ("production", "q", "cn", 1),
    ]  # fmt: skip


# Pools and regions of a rollout; nodes it is for, acked, failed, offline.
PROGRESS = [
    ((), (), (4, 1, 1, 1)),
    (("p",), (), (3, 1, 0, 1)),
    (("q",), (), (1, 0, 1, 0)),
    ((), ("us",), (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("pools", "regions", "counts"), PROGRESS)
def test_how_far_nodes_have_come_with_a_rollout(world, nodes, pools, regions, counts):
    world.version(nodes)
    world.publish(nodes)
    rollout = world.publish(nodes, "production", pools=pools, regions=regions)
    world.console.nodes.keep([node("a", rollout.generation)])
    found = world.console.publishing.rollout(nodes, "shop", rollout.id).progress
    assert (found.nodes, found.acked, found.failed, found.offline) == counts


def test_the_audit_says_who_did_what(world):
    me = world.domain()
    world.live(me)
    entries = world.console.audit.list(me, "shop").items
    assert [each.action for each in entries] == ["publish", "publish", "version.make", "domain.create"]
    assert {each.who for each in entries} == {"operator", "shop's admin"}
    assert json.loads(json.dumps(entries[0].details))["percent"] == 100


TAMPERING = {
    "a word changed": ("UPDATE audit SET action = 'x' WHERE n = 3", 3),
    "an entry taken out": ("DELETE FROM audit WHERE n = 3", 3),
    "the last taken out": ("DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)", 4),
    "the last two taken out": ("DELETE FROM audit WHERE n > 2", 3),
    "all taken out": ("DELETE FROM audit", 1),
    "the mark taken out": ("DELETE FROM facts WHERE name = 'audit-head'", 1),
    "a name that is no text": ("UPDATE audit SET who = x'ff' WHERE n = 3", 3),
    "details that are no JSON": ("UPDATE audit SET details = '{' WHERE n = 2", 2),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_changed_audit_is_seen(world, name):
    me = world.domain()
    world.live(me)
    assert world.console.audit.verify(me).intact
    with world.store.write() as t:
        for trigger in ("audit_no_update", "audit_no_delete"):
            t.execute(text(f"DROP TRIGGER {trigger}"))
        statement, broken = TAMPERING[name]
        t.execute(text(statement))
    found = world.console.audit.verify(me)
    assert (found.intact, found.broken_at) == (False, broken)


def test_an_audit_made_anew_without_the_key_is_seen(world):
    """Each hash is right: the mark of the head is not."""
    world.live(world.domain())
    with world.store.write() as t:
        for trigger in ("audit_no_update", "audit_no_delete"):
            t.execute(text(f"DROP TRIGGER {trigger}"))
        rows, before = audit.chain(t), ""
        t.execute(text("DELETE FROM audit"))
        for row in rows:
            entry = Entry(
                row.n, row.at, "mallory", row.token, row.domain, row.action, row.subject, row.details
            )
            audit.append(t, audit_row(entry, before))
            before = entry_hash(before, entry)
    found = world.console.audit.verify(OPERATOR)
    assert (found.intact, found.broken_at) == (False, found.entries)


def test_an_audit_is_gone_over_in_parts(world, monkeypatch):
    monkeypatch.setattr("runtime.console.service.audit.STEP", 3)
    me = world.domain()
    world.live(me)
    for number in range(6):
        world.console.purges.make(me, "shop", "production", "tag", f"t{number}")
    assert world.console.audit.verify(me).entries == 10
    assert world.console.audit.verify(me).intact


def test_what_an_editor_asks(world):
    me = world.actor()
    listing = world.console.language.listing(me)
    functions = {each.name: each for each in listing.functions}
    assert functions["substr"].signature == "substr(s, i, j)"
    assert functions["substr"].summary
    assert "substr('abc', 2, 99) => 'bc'" in functions["substr"].page
    assert "$uri" in [each.name for each in listing.variables]
    assert {"if", "else", "return"} <= set(listing.keywords)
    found = world.console.language.check(me, BAD)
    assert ("unknown-function", 1, 7) in [(each["code"], each["line"], each["column"]) for each in found]


def tried(world, source=SCRIPT, url="http://www.shop.example/no", **more):
    request = TriedRequest(url=url, **more.pop("request", {}))
    return world.console.trying.run(world.actor(), [TriedScript(name="a", source=source)], request, **more)


def test_a_script_tried(world):
    refusal = tried(world)
    assert (refusal["action"], refusal["status"]) == ("respond", 403)
    assert [(each["name"], each["state"]) for each in refusal["scripts"]] == [("a", "ExecutedAndHit")]


def test_a_script_tried_at_a_stated_time_and_place_before_a_stated_origin(world):
    source = "add_rsp_header('X-At', tostring(now()))\nadd_rsp_header('X-From', client_country())\n"
    found = tried(
        world,
        source,
        "http://a/",
        now="2026-01-31T08:00:00Z",
        geo=TriedPlace(country="CN"),
        origin=TriedOrigin(status=404, headers=(("X-O", "é"),), body="no"),
        request={"method": "POST", "body": "a=1", "headers": (("X-A", "1"),)},
    )
    headers = dict(map(tuple, found["response"]["headers"]))
    assert (found["status"], found["response"]["body"]) == (404, "no")
    assert (headers["X-At"], headers["X-From"], headers["X-O"]) == ("1769846400", "CN", "é")
    assert (found["forward"]["method"], found["forward"]["uri"]) == ("POST", "/")


def test_a_script_tried_line_by_line(world):
    [script] = tried(world, trace=True)["scripts"]
    assert script["trace"][0].split("  fuel")[0].rstrip() == "     1  if eq($uri, '/no') {"
    assert "          taken" in script["trace"]


def test_two_scripts_of_one_name_cannot_be_told_apart(world):
    twice = [TriedScript(name="a", source=SCRIPT)] * 2
    request = TriedRequest(url="http://a/")
    assert refused(world.console.trying.run, world.actor(), twice, request).code == "invalid"


WRONG = [
    ({"source": BAD}, "has-errors"),
    ({"url": "www.shop.example"}, "invalid"),
    ({"url": "http://a b/"}, "invalid"),
    ({"request": {"method": "G T"}}, "invalid"),
    ({"request": {"client_ip": "here"}}, "invalid"),
    ({"request": {"headers": (("a b", "1"),)}}, "invalid"),
    ({"request": {"headers": (("a", "1\r\nb: 2"),)}}, "invalid"),
    ({"request": {"headers": (("Host", "a"), ("Host", "b"))}}, "invalid"),
    ({"request": {"headers": tuple((f"h{n}", "1") for n in range(201))}}, "too-large"),
    ({"now": "soon"}, "invalid"),
    ({"now": float("nan")}, "invalid"),
    ({"now": -1}, "invalid"),
    ({"origin": TriedOrigin(status=99)}, "invalid"),
]


@pytest.mark.parametrize(("given", "code"), WRONG)
def test_what_cannot_be_tried(world, given, code):
    assert refused(tried, world, **given).code == code


def test_rules_come_in_and_go_out(world):
    me = world.domain()
    rules = [
        {
            "name": "auth",
            "rule": SCRIPT,
            "pos": "head",
            "pri": "1",
            "enable": "on",
            "brk": "on",
            "rule_path": "auth.es",
        },
        {
            "name": "wrong",
            "rule": BAD,
            "pos": "foot",
            "pri": "2",
            "enable": "off",
            "brk": "off",
            "rule_path": "wrong.es",
        },
    ]
    drafts = world.console.rules.import_(me, "shop", rules)
    assert [(each.script, each.revision) for each in drafts] == [("auth", 1), ("wrong", 1)]
    assert any(each["severity"] == "error" for each in drafts[1].diagnostics)
    world.console.versions.make(me, "shop", "auth", "moved over")
    exported = world.console.rules.export(me, "shop")
    assert exported[0] == rules[0]
    assert {**exported[1], "pos": "foot"} == rules[1]


def test_an_import_keeps_the_text_it_goes_over(world):
    me = world.domain()
    world.console.scripts.save(me, "shop", "auth", "mine = 1\n", {}, None, 0)
    world.console.rules.import_(me, "shop", [{"name": "auth", "rule": SCRIPT}])
    assert world.console.scripts.draft(me, "shop", "auth").source == SCRIPT
    assert [each.source for each in world.console.scripts.conflicts(me, "shop", "auth").items] == [
        "mine = 1\n"
    ]


def test_nothing_is_imported_of_rules_of_which_one_is_wrong(world):
    me = world.domain()
    rules = [{"name": "auth", "rule": SCRIPT}, {"name": "b", "rule": SCRIPT, "pri": "high"}]
    assert refused(world.console.rules.import_, me, "shop", rules).code == "invalid"
    assert world.console.scripts.list(me, "shop").items == ()
    reader = world.actor(scope=Scope.READ)
    assert refused(world.console.rules.import_, reader, "shop", rules).code == "forbidden"


def importing(world, work, clock=lambda: 0.0):
    desk = world.console.scripts._desk
    return Rules(desk, Scripts(desk, work), work, clock).import_


def test_rules_are_imported_all_or_none(world, monkeypatch):
    me = world.domain()
    rules = [{"name": f"r{number}", "rule": f"x = {number}\n"} for number in range(20)]
    save, saved = drafts.save, []

    def failing(t, domain, script, **row):
        saved.append(script)
        if len(saved) == 15:
            raise OSError("killed here")
        return save(t, domain, script, **row)

    with monkeypatch.context() as trouble:
        trouble.setattr(drafts, "save", failing)
        with pytest.raises(OSError, match="killed here"):
            world.console.rules.import_(me, "shop", rules)
    assert world.console.scripts.list(me, "shop").items == ()
    assert len(world.console.rules.import_(me, "shop", rules)) == 20
    assert len(world.console.scripts.list(me, "shop", 100).items) == 20


def test_rules_whose_checks_take_all_the_time_there_is_are_imported_unchecked(world):
    me = world.domain()
    seconds = iter(range(0, 1000, 25))
    work = Slow(set(), None)
    rules = [{"name": f"r{number}", "rule": "x = 1\n"} for number in range(6)]
    found = importing(world, work, lambda: next(seconds))(me, "shop", rules)
    assert work.asked == ["r0", "r1"]
    assert [len(each.diagnostics) for each in found] == [0, 0, 1, 1, 1, 1]
    assert "all texts together" in found[-1].diagnostics[0]["message"]
