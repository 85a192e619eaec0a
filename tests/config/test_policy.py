"""A site's rules on a request: between the scripts of head and those of foot, the later word counts."""

import pytest

from edgescript.context import Context
from edgescript.effects import HeaderOp, Redirect
from edgescript.request import Connection, Request
from runtime.scripts import policy as policies
from runtime.scripts.policy import PathRule, SitePolicy
from runtime.scripts.query import EVERY_ARGUMENT, QueryKey

A, B, C = (HeaderOp("set", name, "1") for name in ("X-A", "X-B", "X-C"))


def effects_after(policy, target, **before):
    """What is asked for once the rules have been applied to a request that head's scripts left at `before`."""
    context = Context(Request(target=target))
    for name, value in before.items():
        setattr(context.effects, name, value)
    policy.apply(context)
    return context.effects


JPG = PathRule(("*.jpg",), {"ttl_s": 60, "bypass": False}, {404: 1}, tags=("picture",))
IMG = PathRule(
    ("/img/*", "/pictures/*"), {"ttl_s": 10, "stale_if_error_s": 5}, {404: 2, 500: 0}, tags=("all", "picture")
)
SITE = SitePolicy([JPG, IMG, PathRule(response_headers=(A,)), PathRule(("/img/*",), response_headers=(B,))])


@pytest.mark.parametrize(
    ("path", "settings", "tags", "headers"),
    [
        ("/a.jpg", {"ttl_s": 60, "bypass": False, "ttl_s_by_status": {404: 1}}, ["picture"], [A]),
        (
            "/img/a.jpg",
            {"ttl_s": 60, "bypass": False, "stale_if_error_s": 5, "ttl_s_by_status": {404: 1, 500: 0}},
            ["picture", "all"],
            [A, B],
        ),
        (
            "/pictures/a",
            {"ttl_s": 10, "stale_if_error_s": 5, "ttl_s_by_status": {404: 2, 500: 0}},
            ["all", "picture"],
            [A],
        ),
        ("/", {}, [], [A]),
    ],
)
def test_the_first_rule_with_a_setting_gives_it_and_lists_add_up(path, settings, tags, headers):
    for _ in range(2):  # looked up, and remembered
        effects = effects_after(SITE, path)
        assert {name: getattr(effects, name) for name in settings} == settings
        assert list(effects.cache_tags) == tags
        assert effects.response_headers == headers
        assert effects.__dict__.keys() <= {*settings, "cache_tags", "response_headers"}


def test_rules_replace_what_head_s_scripts_set_and_add_to_their_lists():
    effects = effects_after(
        SITE, "/a.jpg", ttl_s=1, stale_if_error_s=9, response_headers=[C], cache_tags=["x"]
    )
    assert (effects.ttl_s, effects.stale_if_error_s) == (60, 9)
    assert effects.response_headers == [C, A]
    assert effects.cache_tags == ["x", "picture"]


def test_the_path_that_head_s_scripts_chose_counts():
    assert effects_after(SITE, "/a.png", path="/a.jpg").ttl_s == 60


def test_what_one_request_s_scripts_add_is_not_in_the_next_one_s():
    first = effects_after(SITE, "/")
    first.add_header("response_headers", C)
    assert effects_after(SITE, "/").response_headers == [A]


def test_a_request_without_tls_is_sent_to_the_same_url_with_it():
    policy = SitePolicy([PathRule(response_headers=(A,))], redirect_https=True)
    context = Context(Request(target="/a?b=1", host="www.example.com"))
    policy.apply(context)
    assert context.ended
    assert context.effects.end == Redirect(308, "https://www.example.com/a?b=1")
    secure = Context(Request(target="/a", host="a", connection=Connection(scheme="https")))
    policy.apply(secure)
    assert not secure.ended
    assert secure.effects.response_headers == [A]


QUERIES = SitePolicy(
    [
        PathRule(("/all/*",), query=EVERY_ARGUMENT),
        PathRule(("/some/*",), query=QueryKey(["utm_*", "x"])),
    ]
)
KEYS = [
    ("/some/a?utm_a=1&b=2&x", {}, "/some/a?b=2"),
    ("/some/a?utm_a=1", {}, "/some/a"),
    ("/some/a?", {}, "/some/a"),
    ("/some/a", {}, None),
    ("/all/a?b", {}, "/all/a"),
    ("/a?b", {}, None),
    ("/a?utm_a=1", {"path": "/some/b"}, "/some/b"),
    ("/some/a?b=1", {"query": "c=1&x=2", "query_replaced": True}, "/some/a?c=1"),
    ("/some/a?b=1", {"query": None, "query_replaced": True}, None),
    ("/some/a?x=1", {"cache_key": "mine"}, "mine"),
]


@pytest.mark.parametrize(("target", "asked", "key"), KEYS)
def test_the_key_has_the_part_of_the_query_that_counts_once_all_scripts_have_run(target, asked, key):
    assert QUERIES.chooses_query
    assert not SITE.chooses_query
    context = Context(Request(target=target))
    for name, value in asked.items():
        setattr(context.effects, name, value)
    QUERIES.state_key(context.effects, context.request)
    assert context.effects.cache_key == key


def test_no_more_than_so_many_sets_of_rules_are_remembered(monkeypatch):
    monkeypatch.setattr(policies, "MAX_MERGED", 4)
    policy = SitePolicy([PathRule((f"*{letter}*",), {"ttl_s": n}) for n, letter in enumerate("abcdef")])
    for path in ("/a", "/b", "/ab", "/abc", "/f", "/ef", "/fa", "/a"):
        assert policy.find(path).settings["ttl_s"] == min("abcdef".index(each) for each in path[1:])
        assert len(policy._merged) <= 4
