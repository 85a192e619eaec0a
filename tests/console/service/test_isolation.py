"""
No operation tells or changes anything of a domain for who has no scope on it: neither whether it exists.

The operations are found by inspection, so that a new one is asked too; arguments are made by their names. One that is asked
about no domain has to be named here, with the reason why it need not look.
"""

import inspect

import pytest

from runtime.console.model.access import Actor, Grant, Scope
from runtime.console.model.refusal import Refused
from runtime.console.model.rules import RuleSettings
from runtime.console.service.requests import Publish
from runtime.console.service.texts import Text
from tests.console.service.world import OPERATOR, SCRIPT

ARGUMENTS = {
    "script": "auth",
    "source": SCRIPT,
    "rule": {},
    "tests": "",
    "texts": [("auth", Text(SCRIPT, RuleSettings(), ""), ())],
    "revision": 1,
    "message": "why",
    "number": 1,
    "old": 1,
    "new": 1,
    "settings_": {"hosts": ["www.shop.example"], "origin": "http://127.0.0.1:1"},
    "rules": [{"name": "auth", "rule": SCRIPT}],
    "wanted": Publish(environment="staging"),
    "environment": "production",
    "percent": 50,
    "seen": None,
    "reason": "why",
    "to": 1,
    "name": "flags",
    "entries": {"a": "1"},
    "set": {"a": "2"},
    "remove": ["a"],
    "secret": False,
    "kind": "tag",
    "value": "a",
    "soft": False,
    "limit": 10,
    "cursor": None,
}
WITHOUT_DOMAIN = {
    "domains.list": "has those of the caller only",
    "domains.create": "operators",
    "tokens.authenticate": "says who the caller is",
    "tokens.open_session": "the same",
    "tokens.session": "the same",
    "tokens.close_session": "by a secret",
    "tokens.create": "domains are in the grants: below",
    "tokens.create_node": "operators",
    "tokens.revoke": "by the token's own domains: test_tokens",
    "tokens.bootstrap": "for the program that starts",
    "tokens.note_used": "for the ticker",
    "tokens.ended": "for sync",
    "nodes.list": "of all, errors hidden",
    "nodes.pools": "of all",
    "nodes.counts": "of all",
    "nodes.keep": "for sync",
    "nodes.remove": "operators",
    "publishing.consider": "for the ticker",
    "audit.verify": "counts only",
    "language.listing": "of the language",
    "language.check": "of a text that was sent",
    "trying.run": "of texts that were sent",
    "signing.keys": "operators",
    "signing.rotate": "operators",
    "signing.drop_old": "operators",
    "bundles.generation": "for sync",
    "bundles.environment": "for sync",
    "bundles.blob": "sealed",
    "bundles.sweep": "for the ticker",
    "recovery.restored": "operators",
}


def operations(console):
    """`group.method` to the method, of all public ones."""
    return {
        f"{group}.{name}": method
        for group, operations in vars(console).items()
        if not group.startswith("_")
        for name, method in inspect.getmembers(operations, inspect.ismethod)
        if not name.startswith("_")
    }


def of_domains(console):
    return {
        name: method
        for name, method in operations(console).items()
        if "domain" in inspect.signature(method).parameters
    }


def arguments(method, domain):
    names = [name for name in inspect.signature(method).parameters if name not in {"who", "domain"}]
    return {"domain": domain, **{name: ARGUMENTS[name] for name in names}}


@pytest.fixture
def two(world):
    """A domain with everything in it, and its neighbour."""
    me = world.domain("shop")
    world.live(me)
    world.console.scripts.save(me, "shop", "auth", SCRIPT, {}, None, 0)
    world.console.dictionaries.put(me, "shop", "flags", {"a": "0"})
    world.version(me)
    world.publish(me, percent=50)
    world.domain("blog")
    return world


def test_every_operation_is_of_a_domain_or_named_here(world):
    left = operations(world.console).keys() - of_domains(world.console).keys()
    assert left == WITHOUT_DOMAIN.keys()


STRANGERS = {
    "another customer": Actor("t", "t", {"blog": Scope.ADMIN}),
    "nobody": Actor("t", "t", {}),
    "who looks like everybody": Actor("t", "t", {"sho": Scope.ADMIN, "shop ": Scope.ADMIN, "": Scope.ADMIN}),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_unknown_and_not_yours_are_one_answer(two, stranger):
    before = two.console.audit.verify(OPERATOR).entries
    for name, method in of_domains(two.console).items():
        answers = set()
        for domain in ("shop", "nowhere", "../shop", "Shop", "shop\0", "*", "é" * 100):
            with pytest.raises(Refused) as refused:
                method(STRANGERS[stranger], **arguments(method, domain))
            answers.add((refused.value.code, refused.value.detail, str(refused.value.extra)))
        assert answers == {("not-found", "no such domain", "{}")}, name
    assert two.console.audit.verify(OPERATOR).entries == before


def test_an_operator_is_told_the_same_of_what_is_not_there(two):
    for name, method in of_domains(two.console).items():
        with pytest.raises(Refused) as refused:
            method(OPERATOR, **arguments(method, "nowhere"))
        assert refused.value.code == "not-found", name


def test_who_has_a_scope_that_is_too_low_is_told_so_and_changes_nothing(two):
    reader = two.actor(scope=Scope.READ)
    before = two.console.audit.verify(OPERATOR).entries
    answers = {}
    for name, method in of_domains(two.console).items():
        try:
            method(reader, **arguments(method, "shop"))
        except Refused as refused:
            answers[name] = refused.code
    reads = {name for name in of_domains(two.console) if name not in answers}
    assert set(answers.values()) == {"forbidden"}
    assert reads == {
        "audit.list", "dictionaries.get", "dictionaries.list", "domains.get", "publishing.releases",
        "publishing.rollout", "publishing.rollouts", "rules.export", "scripts.conflicts", "scripts.draft",
        "scripts.list", "versions.diff", "versions.get", "versions.list",
    }  # fmt: skip
    assert two.console.audit.verify(OPERATOR).entries == before


def test_operations_for_operators_are_for_nobody_else(two):
    for name, why in WITHOUT_DOMAIN.items():
        if why != "operators":
            continue
        method = operations(two.console)[name]
        given = {"label": "t", "pool": "", "region": "", "node": "n", **ARGUMENTS}
        names = [each for each in inspect.signature(method).parameters if each in given]
        with pytest.raises(Refused) as refused:
            method(two.actor("shop"), **{each: given[each] for each in names})
        assert refused.value.code == "forbidden", name


def test_grants_on_domains_of_others_cannot_be_made(two):
    details = set()
    for domain in ("shop", "nowhere"):
        with pytest.raises(Refused) as refused:
            two.console.tokens.create(two.actor("blog"), "t", [Grant(domain, "read")])
        details.add((refused.value.code, refused.value.detail))
    assert details == {("not-found", "no such domain")}


def test_what_one_domain_does_leaves_the_other_as_it_was(two):
    blog = two.actor("blog")
    two.live(blog, domain="blog")
    before = two.document("shop")
    two.console.dictionaries.put(blog, "blog", "flags", {"a": "9"})
    two.console.purges.make(blog, "blog", "production", "tag", "a")
    assert two.document("shop") == before
    assert two.console.dictionaries.get(two.actor("shop"), "shop", "flags").entries == {"a": "0"}
    assert {each.domain for each in two.console.audit.list(blog, "blog").items} == {"blog"}
