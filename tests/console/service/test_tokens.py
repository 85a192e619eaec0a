"""Tokens and sessions: who they are good for, until when, and what is told of them."""

import pytest

from runtime.bundles.node_token import read_node_token
from runtime.console.model.access import Grant, NodeActor, Scope
from tests.console.service.world import OPERATOR, START, refused


@pytest.fixture
def tokens(world):
    world.domain("shop")
    world.domain("blog")
    return world.console.tokens


def test_a_token_says_who_and_what(tokens):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "publish")])
    actor = tokens.authenticate(made.secret)
    assert (actor.id, actor.label, actor.grants) == (made.id, "ci", {"shop": Scope.PUBLISH})
    assert not actor.operator
    assert tokens.authenticate(tokens.create(OPERATOR, "op", [Grant("*", "admin")]).secret).operator


def test_the_first_token_is_made_once(tokens):
    secret = tokens.bootstrap()
    assert tokens.authenticate(secret).operator
    assert tokens.bootstrap() is None


def test_a_nodes_token_says_where_it_belongs_and_whom_it_believes(world, tokens):
    made = tokens.create_node(OPERATOR, "edge", "p", "cn", "production")
    assert tokens.authenticate(made.secret) == NodeActor(made.id, "edge", "p", "cn", "production")
    place = read_node_token(made.secret).place
    assert (place.environment, place.pool, place.region) == ("production", "p", "cn")
    assert place.public_key == world.keys.newest.public_key


def bad_texts(user, node):
    yield from ("", "x", user[:-1], user + "0", f" {user}", user.upper(), user.replace("est_", "ess_"))
    yield user[:-1] + ("0" if user[-1] != "0" else "1")
    yield "est_" + "0" * 12 + user[16:]
    yield node.replace("esn_", "est_")
    head, place = node.rsplit("_", 1)
    yield f"{head[:-1]}{'0' if head[-1] != '0' else '1'}_{place}"
    # The id of one kind with the form of the other.
    yield f"esn_{user.split('_')[1]}_{user.split('_')[2]}_{place}"
    yield "_".join(["est", *node.split("_")[1:3]])


def test_what_is_no_token_is_told_nothing(tokens):
    user = tokens.create(OPERATOR, "ci", [Grant("shop", "read")]).secret
    node = tokens.create_node(OPERATOR, "edge", "p", "cn", "staging").secret
    details = {refused(tokens.authenticate, text).detail for text in bad_texts(user, node)}
    assert details == {"no token, or one that is not good any more"}


def test_a_token_ends(world, tokens):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "read")], START + 60)
    world.passes(59)
    tokens.authenticate(made.secret)
    world.passes(1)
    assert refused(tokens.authenticate, made.secret).code == "unauthorized"


def test_a_revoked_token_ends_in_the_middle_of_its_use(tokens):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "read")])
    cookie, _ = tokens.open_session(made.secret)
    assert tokens.session(cookie).label == "ci"
    tokens.revoke(OPERATOR, made.id)
    assert refused(tokens.authenticate, made.secret).code == "unauthorized"
    assert refused(tokens.session, cookie).code == "unauthorized"


def test_a_session_ends_by_time_by_its_token_and_by_itself(world, tokens):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "read")], START + 3600)
    cookie, expires = tokens.open_session(made.secret)
    assert expires == START + 3600
    longer = tokens.open_session(tokens.create(OPERATOR, "op", [Grant("*", "admin")]).secret)
    assert longer[1] == START + 12 * 3600
    tokens.close_session(longer[0])
    assert refused(tokens.session, longer[0]).code == "unauthorized"
    tokens.close_session(longer[0])
    world.passes(3600)
    assert refused(tokens.session, cookie).code == "unauthorized"


def test_a_session_is_no_token_and_a_token_no_session(tokens):
    secret = tokens.create(OPERATOR, "ci", [Grant("shop", "read")]).secret
    cookie, _ = tokens.open_session(secret)
    assert refused(tokens.authenticate, cookie).code == "unauthorized"
    assert refused(tokens.session, secret).code == "unauthorized"
    assert refused(tokens.open_session, cookie).code == "unauthorized"
    node = tokens.create_node(OPERATOR, "edge", "", "", "staging").secret
    assert refused(tokens.open_session, node).code == "unauthorized"


# Who makes a token, what for, and the code.
MAKING = [
    ("shop", Scope.ADMIN, [("shop", "admin")], None),
    ("shop", Scope.ADMIN, [("shop", "read")], None),
    ("shop", Scope.PUBLISH, [("shop", "read")], "forbidden"),
    ("shop", Scope.ADMIN, [("blog", "read")], "not-found"),
    ("shop", Scope.ADMIN, [("shop", "read"), ("blog", "read")], "not-found"),
    ("shop", Scope.ADMIN, [("none", "read")], "not-found"),
    ("shop", Scope.ADMIN, [("*", "admin")], "forbidden"),
    ("*", Scope.ADMIN, [("none", "read")], "not-found"),
    ("*", Scope.ADMIN, [("blog", "read"), ("shop", "admin")], None),
]


@pytest.mark.parametrize(("domain", "scope", "grants", "code"), MAKING)
def test_nobody_gives_what_they_do_not_have(world, tokens, domain, scope, grants, code):
    who = world.actor(domain, scope)
    wanted = [Grant(*each) for each in grants]
    if code is None:
        assert tokens.create(who, "t", wanted).grants
    else:
        assert refused(tokens.create, who, "t", wanted).code == code


REVOKING = [
    ("shop", Scope.ADMIN, None),
    ("shop", Scope.PUBLISH, "not-found"),
    ("blog", Scope.ADMIN, "not-found"),
]


@pytest.mark.parametrize(("domain", "scope", "code"), REVOKING)
def test_who_revokes_a_token_of_a_domain(world, tokens, domain, scope, code):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "read")])
    who = world.actor(domain, scope)
    if code is None:
        tokens.revoke(who, made.id)
    else:
        assert refused(tokens.revoke, who, made.id).code == code
        tokens.authenticate(made.secret)


def test_an_admin_does_not_revoke_what_is_of_others_too(world, tokens):
    made = tokens.create(OPERATOR, "both", [Grant("shop", "read"), Grant("blog", "read")])
    assert refused(tokens.revoke, world.actor("shop"), made.id).code == "not-found"
    assert refused(tokens.revoke, world.actor("shop"), "nothing").code == "not-found"


def test_lists_show_no_secret_and_no_domains_of_others(world, tokens):
    made = tokens.create(OPERATOR, "both", [Grant("shop", "read"), Grant("blog", "admin")])
    tokens.create(OPERATOR, "theirs", [Grant("blog", "read")])
    [shown] = tokens.list(world.actor("shop"), "shop").items
    assert (shown.id, shown.grants) == (made.id, (Grant("shop", "read"),))
    assert refused(tokens.list, world.actor("shop")).code == "forbidden"
    every = tokens.list(OPERATOR)
    assert [each.label for each in every.items] == ["theirs", "both"]
    assert made.secret.split("_")[2] not in repr((made, every))


def test_the_store_has_no_token(world, tokens):
    secret = tokens.create(OPERATOR, "ci", [Grant("shop", "read")]).secret
    cookie, _ = tokens.open_session(secret)
    world.close()
    stored = b"".join(path.read_bytes() for path in world.folder.glob("console.db*"))
    for text in (secret, cookie):
        raw = text.split("_")[2]
        assert raw.encode() not in stored
        assert bytes.fromhex(raw) not in stored
    world.open()


def test_when_a_token_was_last_used(world, tokens):
    made = tokens.create(OPERATOR, "ci", [Grant("shop", "read")])
    world.passes(5)
    tokens.authenticate(made.secret)
    tokens.note_used()
    assert tokens.list(OPERATOR).items[0].last_used == START + 5


WRONG = [("", "invalid"), ("a\nb", "invalid"), ("x" * 101, "invalid")]


@pytest.mark.parametrize(("label", "code"), WRONG)
def test_labels(tokens, label, code):
    assert refused(tokens.create, OPERATOR, label, [Grant("shop", "read")]).code == code


@pytest.mark.parametrize("expires", [START, START - 1, START + 20 * 366 * 86_400, float("nan"), float("inf")])
def test_when_a_token_may_end(tokens, expires):
    assert refused(tokens.create, OPERATOR, "ci", [Grant("shop", "read")], expires).code == "invalid"


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr("runtime.console.service.tokens.MAX_TOKENS", 2)
    monkeypatch.setattr("runtime.console.service.tokens.MAX_NODE_TOKENS", 1)


@pytest.mark.usefixtures("few")
def test_nobody_takes_the_room_for_tokens_of_others(world, tokens):
    me = world.actor("shop")
    for label in ("a", "b"):
        tokens.create(me, label, [Grant("shop", "read")])
    assert refused(tokens.create, me, "c", [Grant("shop", "read")]).code == "limit"
    assert (
        refused(tokens.create, OPERATOR, "c", [Grant("blog", "read"), Grant("shop", "read")]).code == "limit"
    )
    tokens.create(world.actor("blog"), "a", [Grant("blog", "read")])
    tokens.create(OPERATOR, "a", [Grant("*", "admin")])
    tokens.create_node(OPERATOR, "a", "p", "cn", "staging")
    assert refused(tokens.create_node, OPERATOR, "b", "p", "cn", "staging").code == "limit"


@pytest.mark.usefixtures("few")
def test_tokens_that_have_ended_take_no_room(world, tokens):
    me = world.actor("shop")
    for number in range(3):
        made = tokens.create(me, f"revoked {number}", [Grant("shop", "read")])
        tokens.create(me, f"expiring {number}", [Grant("shop", "read")], world.now + 60)
        tokens.revoke(me, made.id)
        world.passes(60)


def test_a_token_of_a_deleted_domain_is_good_for_no_new_one(world, tokens):
    secret = tokens.create(OPERATOR, "ci", [Grant("shop", "admin")]).secret
    world.console.domains.delete(OPERATOR, "shop")
    world.domain("shop")
    who = tokens.authenticate(secret)
    assert refused(world.console.domains.get, who, "shop").code == "not-found"
