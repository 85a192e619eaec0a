"""When a decision is remembered, for whom, and for how long."""

import hmac
import json
from base64 import urlsafe_b64encode

import pytest

from edgescript.debugging import debuggable
from runtime.scripts.rule import Rule
from runtime.trial.installed import installed
from tests.reading.recalled import Asked, Node, program_of, script_of

NOW = 1_000_000_000.25
PLAIN = Asked()


def node_of(*texts, decision_bytes=1 << 20, **settings):
    scripts = [script_of(program_of(text), **settings) for text in texts]
    return Node(scripts, decision_bytes=decision_bytes)


def recalled(node, *asked, now=NOW):
    """How many of these requests needed no run."""
    before = node.front.memory.recalled
    for number, each in enumerate(asked):
        node.decide(each, number, now)
    return node.front.memory.recalled - before


def taught(text, asked=PLAIN, now=NOW):
    """A node that has decided on `asked` twice."""
    node = node_of(text)
    assert recalled(node, asked, asked, now=now) == 0
    return node


def test_the_third_request_for_a_target_is_the_first_that_needs_no_run():
    node = node_of("exit(403)")
    assert recalled(node, *[Asked()] * 5) == 3
    assert node.scripts[0].tally.no_hit == 5


AGREES = {
    "nothing but the target": ("if eq($uri, '/x') {\n exit(403)\n}", Asked(fields=(("X-A", "1"),)), Asked(address="192.0.2.9")),
    "a field": ("add_rsp_header('X', $http_x_a)", Asked(fields=(("X-A", "1"),)), Asked(fields=(("X-A", "1"), ("X-B", "2")))),
    "a field by a builtin": ("add_rsp_header('X', req_header('x_a'))", Asked(fields=(("X-A", "1"),)), Asked(fields=(("X-A", "1"), ("B", "2")))),
    "a cookie": ("add_rsp_header('X', $cookie_a)", Asked(fields=(("Cookie", "a=1; b=2"),)), Asked(fields=(("Cookie", "a=1"),))),
    "an address": ("add_rsp_header('X', client_country())", Asked(address="192.0.2.1"), Asked(address="192.0.2.1", host="b.example")),
    "a host": ("add_rsp_header('X', $host)", Asked(host="b.example"), Asked(host="b.example", address="192.0.2.2")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "alike"), AGREES.values(), ids=list(AGREES))
def test_requests_that_agree_in_what_is_read_share_a_decision(text, asked, alike):
    assert recalled(taught(text, asked), alike) == 1


DIFFERS = {
    "another target": ("exit(403)", Asked(), Asked("/?")),
    "another value of a field": ("add_rsp_header('X', $http_x_a)", Asked(), Asked(fields=(("X-A", "1"),))),
    "another cookie": ("add_rsp_header('X', $cookie_a)", Asked(), Asked(fields=(("Cookie", "a=1"),))),
    "a cookie under its other spelling": ("add_rsp_header('X', $cookie_a_b)", Asked(), Asked(fields=(("Cookie", "a-b=1"),))),
    "any field, where a name is worked out": ("add_rsp_header('X', req_header($arg_x))", Asked("/?x=a"), Asked("/?x=a", fields=(("B", "1"),))),
    "another address": ("add_rsp_header('X', $remote_addr)", Asked(), Asked(address="192.0.2.2")),
    "another host": ("add_rsp_header('X', $host)", Asked(), Asked(host="b.example")),
    "another method": ("exit(403)", Asked(), Asked(method="HEAD")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "other"), DIFFERS.values(), ids=list(DIFFERS))
def test_requests_that_differ_in_it_do_not(text, asked, other):
    assert recalled(taught(text, asked), other) == 0


def test_a_script_for_one_client_is_decided_on_by_address():
    node = node_of("exit(403)", test_ip="192.0.2.1")
    assert recalled(node, *[Asked()] * 3, *[Asked(address="192.0.2.2")] * 2) == 1


UNTIL = {
    "an expiry to come": ("if gt(time(), 1000000010) {\n exit(403)\n}", 1_000_000_009.99, 1_000_000_010.0),
    "an expiry to come, the other way round": ("if lt(1000000010, now()) {\n exit(403)\n}", 1_000_000_009.99, 1_000_000_010.0),
    "an expiry past": ("if gt(now(), 999999999) {\n exit(403)\n}", 2e9, None),
    "the sooner of two": ("x = or(gt(time(), 1000000010), gt(time(), 1000000005))", 1_000_000_004.99, 1_000_000_005.0),
    "through variables": ("t = now()\ndef late(at) {\n return gt(at, 1000000010)\n}\nlate(t)", 1_000_000_009.99, 1_000_000_010.0),
    "whole seconds": ("add_rsp_header('X', localtime())", 1_000_000_000.99, 1_000_000_001.0),
    "the time as text": ("add_rsp_header('X', tostring(time()))", 1_000_000_000.99, 1_000_000_001.0),
    "nothing of the clock": ("exit(403)", 2e9, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last", "over"), UNTIL.values(), ids=list(UNTIL))
def test_a_decision_holds_until_the_clock_could_change_it(text, last, over):
    node = taught(text)
    assert recalled(node, Asked(), now=last) == 1
    if over is not None:
        assert recalled(node, Asked(), now=over) == 0


KEY = "a secret of thirty-two bytes or more"


def token(**claims):
    """A JSON Web Token that HS256 signs with KEY."""

    def encoded(data):
        return urlsafe_b64encode(data).rstrip(b"=")

    begin = encoded(json.dumps({"alg": "HS256"}).encode()) + b"." + encoded(json.dumps(claims).encode())
    return (begin + b"." + encoded(hmac.digest(KEY.encode(), begin, "sha256"))).decode()


TOKENS = {
    "one that expires": ({"exp": 1_000_000_010}, "", 1_000_000_009.99, 1_000_000_010.0),
    "one that expires, with leeway": ({"exp": 1_000_000_010}, ", ['leeway' = 5]", 1_000_000_014.99, 1_000_000_015.0),
    "one that is not good yet": ({"nbf": 1_000_000_010}, "", 1_000_000_009.99, 1_000_000_010.0),
    "one without a time": ({"sub": "ann"}, "", 2e9, None),
}  # fmt: skip


@pytest.mark.parametrize(("claims", "options", "last", "over"), TOKENS.values(), ids=list(TOKENS))
def test_a_token_is_taken_for_what_it_was_until_its_own_times(claims, options, last, over):
    asked = Asked(fields=(("X-Token", token(**claims)),))
    node = taught(f"if jwt_verify($http_x_token, '{KEY}', 'HS256'{options}) {{\n exit(200)\n}}", asked)
    assert recalled(node, asked, now=last) == 1
    if over is not None:
        assert recalled(node, asked, now=over) == 0


def test_a_clock_that_is_set_back_finds_nothing():
    assert recalled(taught("exit(403)"), Asked(), now=NOW - 1) == 0


def test_what_holds_no_more_is_taken_up_anew_at_once():
    node = taught("add_rsp_header('X', localtime())")
    assert recalled(node, Asked(), Asked(), now=NOW + 5) == 1


NEVER = {
    "chance": "add_rsp_header('X', tostring(rand(1, 9)))",
    "an id": "add_rsp_header('X', req_id())",
    "a limit that delays": "limit_req('k', '1000r/s', 5, 'delay')",
    "a limit that refuses": "limit_req('k', '1r/m', 0, 'shadow')\nlimit_req('k', '1r/m', 0, 'shadow')",
    "a place among those in progress": "limit_conn('k', 9)",
    "the time in the key of a limit": "limit_req(tostring(now()), '10r/s')",
    "a count": "metric_incr('n')",
    "a wait for the response": "get_rsp_header('x')",
    "milliseconds": "add_rsp_header('X', tostring(now()))",
    "milliseconds in a dictionary": "d = [now()]\nif gt(get(d, 1), 5) {\n exit(403)\n}",
    "two times compared": "a = now()\nif eq(a, now()) {\n exit(403)\n}",
    "the very moment": "if gt(now(), 1000000000.25) {\n exit(403)\n}",
    "an error": "len($arg_none)",
}


@pytest.mark.parametrize("text", NEVER.values(), ids=list(NEVER))
def test_nothing_is_remembered_of(text):
    assert recalled(node_of(text, on_error="continue"), *[Asked()] * 5) == 0


def test_one_script_that_cannot_be_told_keeps_its_site_from_it():
    assert recalled(node_of("exit(403)", "req_id()"), *[Asked()] * 5) == 0


def test_a_watched_run_is_not_remembered_and_the_others_are():
    program = program_of("exit(403)")
    run = debuggable(program, "r", "sesame", lambda: 0.0)
    script = installed(program, Rule("t.es", "t", signature="sesame"), "head", run)
    node = Node([script], decision_bytes=1 << 20)
    assert recalled(node, *[Asked("/?_es_dbg=sesame")] * 4) == 0
    assert recalled(node, *[Asked(fields=(("_es_dbg", "sesame"),))] * 4) == 0
    assert recalled(node, *[Asked()] * 4) == 2


def test_a_reload_forgets():
    node = taught("exit(403)")
    node.reload()
    assert (recalled(node, Asked()), len(node.front.memory)) == (0, 0)


def test_none_is_kept_where_there_is_no_room_for_any():
    assert recalled(node_of("exit(403)", decision_bytes=0), *[Asked()] * 5) == 0


def test_a_large_answer_is_made_each_time():
    node = node_of("say($uri)")
    assert recalled(node, *[Asked(f"/{'x' * 7000}")] * 5) == 0
    assert recalled(node, *[Asked(f"/{'x' * 3000}")] * 5) == 3


def twice(node, count):
    for number in range(count):
        recalled(node, Asked(f"/{number}"), Asked(f"/{number}"))


def test_targets_that_never_come_again_take_no_room():
    node = node_of("exit(403)")
    recalled(node, *[Asked(f"/{number}") for number in range(2000)])
    assert len(node.front.memory) < 2000 // 64  # one in 256 is mistaken for one that was seen


def test_memory_is_bounded_and_those_asked_for_stay():
    room = 64 << 10
    node = node_of("exit(403)", decision_bytes=room)
    twice(node, 1)
    for number in range(1, 400):
        recalled(node, Asked(f"/{number}"), Asked(f"/{number}"))
        assert recalled(node, Asked("/0")) == 1
        assert node.front.memory.size_bytes <= room
    assert 10 < len(node.front.memory) <= room // 1024


def test_tables_of_clients_that_never_come_again_are_dropped():
    node = node_of("add_rsp_header('X', req_user_agent())", decision_bytes=64 << 10)
    for number in range(300):
        asked = Asked(fields=(("User-Agent", f"{number:0500d}"),))
        recalled(node, asked, asked)
        node.blocks.clear()
    memory = node.front.memory
    assert memory.size_bytes <= 64 << 10
    assert len(memory._tables) <= len(memory) < 64


def test_a_connection_that_kept_a_dropped_table_finds_the_one_in_force():
    node = node_of("add_rsp_header('X', req_user_agent())", decision_bytes=16 << 10)
    mine = Asked("/mine", fields=(("User-Agent", "mine"),))
    assert recalled(node, *[mine] * 3) == 1
    mine_alone = next(iter(node.blocks.values())).table
    twice(node, 50)
    assert not mine_alone.is_known
    assert recalled(node, *[mine] * 3) >= 1
    assert next(iter(node.blocks.values())).table is not mine_alone
    assert not mine_alone.kept


def test_nothing_is_looked_for_where_nothing_was_found_and_then_it_is_tried_again():
    node = node_of("exit(403)")
    recalled(node, *[Asked(f"/{number}") for number in range(4096 + 256 + 1)])
    again = [Asked()] * 4000
    assert recalled(node, *again) == 0
    assert recalled(node, *again) > 3000
    assert node.scripts[0].tally.no_hit == 4096 + 256 + 1 + 2 * 4000


def test_a_site_whose_decisions_are_recalled_now_and_then_is_looked_at_always():
    node = node_of("exit(403)")
    recalled(node, Asked(), Asked())
    for number in range(2000):
        assert recalled(node, Asked(f"/{number}"), Asked(), Asked(f"/x{number}")) == 1
