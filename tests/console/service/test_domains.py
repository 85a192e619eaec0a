"""Domains: their settings, their hosts, and who sees which."""

import pytest

from runtime.console.model.access import Actor, Scope
from tests.console.service.world import OPERATOR, refused

SITE = {"hosts": ["www.shop.example"], "origin": "http://127.0.0.1:8000"}


def test_a_new_domain(world):
    made = world.console.domains.create(OPERATOR, "shop", SITE)
    assert (made.name, made.settings, made.settings_revision) == ("shop", SITE, 1)
    assert {name: each.release for name, each in made.environments.items()} == {
        "staging": None,
        "production": None,
    }


REFUSED = [
    ("shop", SITE, "conflict"),
    ("Shop", SITE, "invalid"),
    ("blog", {**SITE, "hosts": []}, "invalid"),
    ("blog", SITE, "conflict"),
    ("blog", {**SITE, "hosts": ["WWW.shop.example"]}, "conflict"),
]


@pytest.mark.parametrize(("name", "settings", "code"), REFUSED)
def test_domains_that_cannot_be_made(world, name, settings, code):
    world.console.domains.create(OPERATOR, "shop", SITE)
    assert refused(world.console.domains.create, OPERATOR, name, settings).code == code
    assert [each.name for each in world.console.domains.list(OPERATOR).items] == ["shop"]


def test_customers_make_no_domains(world):
    assert refused(world.console.domains.create, world.actor(), "shop", SITE).code == "forbidden"


def test_each_sees_their_own(world):
    for name in ("blog", "mail", "shop"):
        world.domain(name)
    two = Actor("t", "t", {"blog": Scope.READ, "shop": Scope.ADMIN, "gone": Scope.ADMIN})
    assert [each.name for each in world.console.domains.list(two).items] == ["blog", "shop"]
    assert [each.name for each in world.console.domains.list(Actor("t", "t")).items] == []
    page = world.console.domains.list(OPERATOR, 2)
    assert [each.name for each in world.console.domains.list(OPERATOR, 2, page.next).items] == ["shop"]


def test_settings_are_changed_from_the_revision_that_was_seen(world):
    me = world.domain()
    changed = {**SITE, "redirect_https": True}
    assert world.console.domains.change_settings(me, "shop", changed, 1).revision == 2
    refusal = refused(world.console.domains.change_settings, me, "shop", {**SITE, "max_body_bytes": 5}, 1)
    assert (refusal.code, refusal.extra["current"].settings) == ("conflict", changed)
    assert world.console.domains.change_settings(me, "shop", changed, 1).revision == 2, "sent twice"
    [entry] = world.console.audit.list(me, "shop", 1).items
    assert (entry.action, entry.details["keys"]) == ("settings.change", ["redirect_https"])


# Hosts of the domain `shop`; hosts that `blog` asks for; whether it gets them.
HOSTS = [
    (["a.example"], ["b.example"], True),
    (["a.example"], ["a.example"], False),
    (["a.example"], ["A.EXAMPLE"], False),
    (["*.a.example"], ["www.a.example"], False),
    (["*.a.example"], ["*.www.a.example"], False),
    (["*.a.example"], ["x.y.a.example"], False),
    (["*.a.example"], ["a.example"], True),
    (["*.a.example"], ["*.b.example", "www.ba.example"], True),
    (["www.a.example"], ["*.a.example"], False),
    (["x.y.a.example"], ["*.a.example"], False),
    (["*.www.a.example"], ["*.a.example"], False),
    (["wwwXa.example"], ["*.a.example"], True),
    (["a.example"], ["*.a.example"], True),
    (["*.a.example"], ["*.a.example"], False),
]


@pytest.mark.parametrize(("theirs", "wanted", "given"), HOSTS)
def test_whose_a_host_is(world, theirs, wanted, given):
    world.domain("shop", hosts=theirs)
    if given:
        world.domain("blog", hosts=wanted)
    else:
        settings = {"hosts": wanted, "origin": "http://127.0.0.1"}
        assert refused(world.console.domains.create, OPERATOR, "blog", settings).code == "conflict"


def test_nobody_holds_up_or_purges_another_by_a_wildcard_above_his_name(world):
    me = world.domain()
    world.domain("rival")
    above = {**SITE, "hosts": ["*.shop.example"]}
    assert refused(world.console.domains.change_settings, OPERATOR, "rival", above, 1).code == "conflict"
    world.live(me)


def test_a_host_is_kept_for_as_long_as_it_is_served(world):
    me = world.domain()
    world.live(me)
    world.console.domains.change_settings(OPERATOR, "shop", {**SITE, "hosts": ["new.shop.example"]}, 1)
    take = {**SITE, "hosts": ["www.shop.example"]}
    assert refused(world.console.domains.create, OPERATOR, "blog", take).code == "conflict"
    world.publish(me, settings=True)
    assert refused(world.console.domains.create, OPERATOR, "blog", take).code == "conflict"
    world.publish(me, "production", settings=True, percent=100)
    world.console.domains.create(OPERATOR, "blog", take)
    assert refused(world.console.publishing.rollback, me, "shop", "production").code == "conflict"


def test_hosts_are_given_by_operators_and_left_by_anybody(world):
    me = world.domain("shop", hosts=["a.example", "b.example"])
    world.domain("blog", hosts=["taken.example"])
    change = world.console.domains.change_settings
    for host in ("free.example", "taken.example", "*.free.example"):  # which of them is taken is not told
        answer = refused(change, me, "shop", {**SITE, "hosts": ["a.example", host]}, 1)
        assert (answer.code, answer.extra["hosts"]) == ("forbidden", [host])
    assert change(me, "shop", {**SITE, "hosts": ["b.example"]}, 1).revision == 2
    assert refused(change, me, "shop", {**SITE, "hosts": ["a.example"]}, 2).code == "forbidden"
    assert change(OPERATOR, "shop", {**SITE, "hosts": ["c.example"]}, 2).revision == 3


def test_a_deleted_domain_leaves_its_hosts_and_its_past(world):
    me = world.domain()
    world.version(me)
    world.console.domains.delete(me, "shop")
    world.now -= 86_400  # the clock is set back: what was before looks newer
    world.domain()
    assert world.console.scripts.list(me, "shop").items == ()
    assert [each.action for each in world.console.audit.list(me, "shop").items] == ["domain.create"]
    assert world.console.audit.verify(me).intact


def test_what_is_done_after_the_clock_was_set_back_is_in_the_audit_of_the_domain(world):
    me = world.domain()
    world.now -= 86_400
    world.version(me)
    found = [each.action for each in world.console.audit.list(me, "shop").items]
    assert found == ["version.make", "domain.create"]


def test_only_admins_delete(world):
    world.domain()
    assert refused(world.console.domains.delete, world.actor(scope=Scope.PUBLISH), "shop").code == "forbidden"
