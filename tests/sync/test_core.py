"""
The follower without I/O: `>>` what happened, `<<` what it wants next, read top to bottom.

`m` names manifests by generation; what is served at the end is what all workers serve.
"""

import msgspec
import pytest

from runtime.cache.purge import Purge
from runtime.io.sync.core import (
    QUICK_S,
    Answered,
    Ask,
    Begun,
    CarryOut,
    Done,
    Failed,
    Follower,
    Gather,
    Hindered,
    Keep,
    NothingNew,
    Offer,
    Refused,
    Rest,
    Rested,
)
from runtime.state.bundles import Standing
from tests.bundles.made import KEY, OTHER_KEY, Shelf, envelope, manifest, purge

SHELF = Shelf()
SHOP = SHELF.domain("shop")
BLOG = SHELF.domain("blog")
NEW = Standing((KEY.public_key,), KEY.public_key)
EVERYTHING = Purge("all", "", soft=True)


def follower(standing=NEW, served=-1, has=None):
    return Follower("production", standing, served, has, lambda: 1.0)


def said(*arguments, **parts):
    return Answered(envelope(*arguments, **parts))


def brief(command):
    """A command in a few words."""
    match command:
        case Ask(after, _):
            return f"ask {after}"
        case Gather(wanted):
            return f"gather {wanted.generation}"
        case Keep(wanted, _, _, _):
            return f"keep {wanted.generation}"
        case Offer(generation):
            return f"offer {generation}"
        case CarryOut(purges, generation, _):
            return f"purge {len(purges)} then {generation}"
        case Rest(seconds):
            return f"rest {seconds:g}"


def play(follows, *steps):
    """Each step: an event, and what is wanted next."""
    for event, expected in steps:
        assert brief(follows.step(event)) == expected
    return follows


def served(generation, *arguments, **parts):
    """The steps of a manifest that is served."""
    return [
        (said(generation, *arguments, **parts), f"gather {generation}"),
        (Done(), f"keep {generation}"),
        (Done(), f"offer {generation}"),
    ]


def test_a_new_node_asks_and_serves_what_it_is_given():
    follows = play(
        follower(),
        (Begun(), "ask -1"),
        *served(100, [SHOP]),
        (Done(), "purge 1 then 100"),  # what it may have in its cache nobody knows
        (Done(), "ask 100"),
    )
    assert (follows.served, follows.error, follows.reachable) == (100, "", True)
    assert follows.standing == Standing((KEY.public_key,), KEY.public_key, 100, 0)


def test_nothing_new_is_asked_again_at_once_if_it_was_waited_for():
    play(
        follower(NEW, 100),
        (Begun(), "ask 100"),
        (NothingNew(30.0), "ask 100"),
        (NothingNew(0.01), f"rest {QUICK_S:g}"),
        (Rested(), "ask 100"),
    )


def test_a_console_that_is_away_is_asked_less_and_less_often_and_nothing_is_missed():
    away = Hindered("unreachable", "no route")
    follows = play(
        follower(NEW, 100),
        (Begun(), "ask 100"),
        (away, "rest 0.5"),
        (Rested(), "ask 100"),
        (away, "rest 1"),
        (Rested(), "ask 100"),
        (away, "rest 2"),
    )
    assert (follows.reachable, follows.error, follows.served) == (False, "no route", 100)
    for _ in range(20):
        follows.step(Rested())
        last = follows.step(away)
    assert last == Rest(30.0)
    play(follows, (Rested(), "ask 100"), *served(9_000, [SHOP]))
    assert follows.reachable


def test_an_answer_to_a_report_says_that_the_console_is_there_and_nothing_of_other_trouble():
    follows = play(follower(NEW, 100), (Hindered("unreachable", "no route"), "rest 0.5"))
    follows.heard()
    assert (follows.reachable, follows.error) == (True, "")
    follows = play(follower(NEW, 100), (Hindered("token", "not taken"), "rest 0.5"))
    follows.heard()
    assert follows.error == "not taken"


def test_a_rest_is_between_half_of_it_and_all():
    low = Follower("production", NEW, 100, None, lambda: 0.0)
    assert low.step(Hindered("unreachable", "")) == Rest(0.25)


@pytest.mark.parametrize(("asked_s", "rest_s"), [(0, 0.5), (10, 11), (100_000, 330), (-5, 0.5)])
def test_retry_after_is_obeyed_within_reason(asked_s, rest_s):
    play(follower(), (Hindered("busy", "503", asked_s), f"rest {rest_s:g}"))


def test_a_token_that_is_not_taken_is_said_and_what_is_served_stays():
    follows = play(
        follower(NEW, 100), (Hindered("token", "the console does not take the token (401)"), "rest 0.5")
    )
    assert follows.served == 100
    assert follows.reachable
    assert "token" in follows.error


REFUSED_ANSWERS = {
    "played back": (said(99), "older"),
    "the same again": (said(100), "older"),
    "forged": (said(101, by=(OTHER_KEY,)), "unsigned"),
    "for another environment": (said(101, environment="staging"), "environment"),
    "an error page": (Answered(b"<html>"), "damaged"),
}


@pytest.mark.parametrize("case", REFUSED_ANSWERS)
def test_an_answer_that_is_not_acceptable_changes_nothing(case):
    event, trouble = REFUSED_ANSWERS[case]
    standing = Standing((KEY.public_key,), KEY.public_key, 100, 0)
    follows = play(follower(standing, 100), (Begun(), "ask 100"), (event, "rest 0.5"), (Rested(), "ask 100"))
    assert (follows.served, follows.standing, follows.error.partition(":")[0]) == (100, standing, trouble)


def test_after_a_fall_back_the_lost_one_is_accepted_again_and_an_older_one_is_not():
    standing = Standing((KEY.public_key,), KEY.public_key, 105, 0)
    play(follower(standing, 103), (Begun(), "ask 103"), (said(104), "rest 0.5"), (Rested(), "ask 103"))
    play(follower(standing, 103), (Begun(), "ask 103"), (said(105, [SHOP]), "gather 105"))


def test_keys_that_a_manifest_names_are_believed_from_then_on_in_place_of_others():
    follows = play(
        follower(),
        *served(100, keys=(OTHER_KEY.public_key,)),
        (Done(), "purge 1 then 100"),
        (Done(), "ask 100"),
        (said(101), "rest 0.5"),
        (Rested(), "ask 100"),
        (said(102, by=(OTHER_KEY,), keys=(OTHER_KEY.public_key,)), "gather 102"),
    )
    assert follows.standing.believed == (OTHER_KEY.public_key,)


def test_a_manifest_is_kept_with_the_keys_that_were_believed_when_it_came():
    follows = play(follower(), (said(100, keys=(OTHER_KEY.public_key,)), "gather 100"))
    keep = follows.step(Done())
    assert keep.believed == (KEY.public_key,)
    assert keep.standing.believed == (OTHER_KEY.public_key,)


def test_blobs_that_do_not_come_are_asked_for_with_the_next_manifest():
    follows = play(
        follower(NEW, 99),
        (said(100, [SHOP]), "gather 100"),
        (Failed("blob: 404"), "rest 0.5"),
        (Rested(), "ask 99"),
        (said(101, [SHOP]), "gather 101"),
    )
    assert follows.standing == NEW


def test_a_full_disk_keeps_what_is_served_and_is_tried_again():
    follows = play(
        follower(NEW, 99),
        (said(100, [SHOP]), "gather 100"),
        (Done(), "keep 100"),
        (Failed("no space left"), "rest 0.5"),
    )
    assert (follows.served, follows.error) == (99, "no space left")
    play(
        follows, (Rested(), "ask 99"), *served(100, [SHOP]), (Done(), "purge 1 then 100"), (Done(), "ask 100")
    )
    assert (follows.served, follows.error) == (100, "")


def test_what_cannot_be_served_is_said_and_the_next_is_waited_for():
    follows = play(
        follower(NEW, 99),
        *served(100, [SHOP]),
        (Refused("script main: damaged code"), "rest 0.5"),
        (Rested(), "ask 100"),
        (NothingNew(30.0), "ask 100"),
    )
    assert (follows.served, follows.refused) == (99, 100)
    assert follows.error == "generation 100: script main: damaged code"
    play(follows, *served(101, [BLOG]), (Done(), "purge 1 then 101"), (Done(), "ask 101"))
    assert (follows.served, follows.error) == (101, "")


def test_of_a_domain_that_was_left_out_what_is_served_is_held_until_it_is_not():
    newer, newest = (SHELF.domain("shop", [("a", code)]) for code in (b"1", b"2"))
    follows = play(
        follower(NEW, 99), *served(100, [SHOP, BLOG]), (Done(), "purge 1 then 100"), (Done(), "ask 100")
    )
    assert (follows.left_out, follows.standing.held) == ({}, ())
    why = {"shop": "no such setting"}
    for generation, document in ((101, newer), (102, newest)):
        left_out = (Done(why), f"purge 0 then {generation}")
        play(follows, *served(generation, [document, BLOG]), left_out, (Done(), f"ask {generation}"))
        assert (follows.served, follows.error, follows.refused) == (generation, "", -1)
        assert (follows.left_out, follows.standing.held) == (why, (SHOP,))
    play(follows, *served(103, [newest, SHELF.domain("blog", [("a", b"1")])]), (Done(), "purge 0 then 103"))
    assert (follows.left_out, follows.standing.held) == ({}, ())


def test_a_node_that_cannot_reload_now_is_offered_it_again():
    follows = play(
        follower(NEW, 99),
        *served(100, [SHOP]),
        (Failed("worker 1: took too long"), "rest 0.5"),
        (Rested(), "offer 100"),
        (Done(), "purge 1 then 100"),
    )
    assert follows.refused == -1


def test_what_was_damaged_on_the_disk_is_fetched_again():
    standing = Standing((KEY.public_key,), KEY.public_key, 99, 0)
    play(
        follower(standing, 99),
        *served(100, [SHOP]),
        (Failed("blob: not its bytes", anew=True), "rest 0.5"),
        (Rested(), "ask 99"),
        *served(100, [SHOP]),
    )


# --- purges -----------------------------------------------------------------------------------------------------

BEFORE = manifest(100, [SHOP], [purge(1)])


def after(purged=1, served_manifest=BEFORE):
    standing = Standing((KEY.public_key,), KEY.public_key, 100, purged)
    return follower(standing, 100, served_manifest)


def purges_of(command):
    return [(each.kind, each.value, each.soft) for each in command.purges]


def test_purges_alone_need_no_reload_and_each_is_carried_out_once_in_order():
    follows = play(
        after(),
        (Begun(), "ask 100"),
        (
            said(101, [SHOP], [purge(1), purge(2, "http://shop.example/b"), purge(3, "x", "tag")]),
            "gather 101",
        ),
        (Done(), "keep 101"),
    )
    command = follows.step(Done())
    assert purges_of(command) == [("url", "http://shop.example/b", False), ("tag", "x", False)]
    play(
        follows,
        (Done(), "ask 101"),
        (said(102, [SHOP], [purge(2), purge(3)], first_purge_seq=2), "gather 102"),
    )
    play(follows, (Done(), "keep 102"), (Done(), "purge 0 then 102"), (Done(), "ask 102"))
    assert follows.standing.purged == 3


def test_purges_come_after_the_reload():
    play(
        after(),
        *served(101, [BLOG], [purge(1), purge(2)]),
        (Done(), "purge 1 then 101"),
    )


@pytest.mark.parametrize(
    ("purges", "first"),
    [((purge(7),), 7), ((), 9), ((), 1)],
    ids=["some missed", "all missed", "numbers began anew"],
)
def test_who_missed_purges_takes_everything_to_be_stale(purges, first):
    follows = after(purged=4)
    play(follows, (said(101, [SHOP], purges, first_purge_seq=first), "gather 101"), (Done(), "keep 101"))
    assert follows.step(Done()).purges == (EVERYTHING,)
    assert follows._after.standing.purged == first + len(purges) - 1


def test_a_purge_that_was_not_carried_out_is_tried_again_and_not_said_to_be_done():
    follows = play(
        after(),
        (said(101, [SHOP], [purge(1), purge(2)]), "gather 101"),
        (Done(), "keep 101"),
        (Done(), "purge 1 then 101"),
        (Failed("no answer from worker 1"), "rest 0.5"),
    )
    assert (follows.served, follows.standing.purged) == (100, 1)
    play(follows, (Rested(), "purge 1 then 101"), (Done(), "ask 101"))
    assert (follows.served, follows.standing.purged) == (101, 2)


def test_purges_of_what_is_served_are_carried_out_first_where_the_node_ended_before_it_had():
    play(after(purged=0), (Begun(), "purge 1 then 100"), (Done(), "ask 100"))


def test_after_a_fall_back_purges_carried_out_already_are_not_repeated():
    play(after(purged=5), (Begun(), "ask 100"))


SCOPES = [
    (purge(1, "/a"), [("url", "http://shop.example/a"), ("url", "http://www.shop.example/a")]),
    (
        purge(1, "/img/", "prefix"),
        [("prefix", "http://shop.example/img/"), ("prefix", "http://www.shop.example/img/")],
    ),
    (purge(1, "https://Shop.example/a#top"), [("url", "http://shop.example/a")]),
    (purge(1, "red", "tag"), [("tag", "red")]),
]


@pytest.mark.parametrize(("entry", "expected"), SCOPES)
def test_a_purge_is_held_to_the_hosts_of_its_domain(entry, expected):
    hosts = ("shop.example", "www.shop.example", "*.shop.example")
    entry = msgspec.structs.replace(entry, hosts=hosts)
    follows = play(after(0), (said(101, [SHOP], [entry]), "gather 101"), (Done(), "keep 101"))
    command = follows.step(Done())
    assert [each[:2] for each in command.purges] == expected
    assert {each.hosts for each in command.purges} == {hosts}
