"""Each expectation against an outcome that meets it and one that does not."""

import pytest

from edgescript.testing.cases import ErrorAt, Expect
from edgescript.testing.expectations import (
    MAX_SHOWN,
    Fault,
    Forwarded,
    Mismatch,
    Outcome,
    ScriptRan,
    mismatches,
)

OUTCOME = Outcome(
    action="forward",
    status=200,
    headers=[("X-A", "1"), ("x-b", "1"), ("X-B", "2"), ("X-Empty", "")],
    body="hello, world",
    forward=Forwarded("GET", "/a?b", [("Host", "example.com"), ("X-Group", "b")]),
    cache="MISS",
    cache_ttl=10,
    limit_rate=4096,
    limit_rate_after=100,
    cache_key="/k",
    cache_tags=["a", "b"],
    forward_origin="backup",
    delay_s=0.25,
    scripts=[ScriptRan("a.es", "ExecutedAndHit", 30), ScriptRan("b.es", "ExecutedButNotHit", 12)],
)
OWN = Outcome("respond", 403, [], "no")
RAISED = Outcome(
    "respond",
    500,
    [],
    "",
    scripts=[
        ScriptRan("a.es", "Exception", 9, Fault(402, 3, 5, "got text")),
        ScriptRan("b.es", "NonExecution"),
    ],
)

MET = [
    (OUTCOME, Expect()),
    (OUTCOME, Expect(action="forward", status=200, cache_ttl=10, cache="MISS", limit_rate=4096, limit_rate_after=100)),
    (OUTCOME, Expect(cache_key="/k", cache_tags=["a", "b"], cache_bypass=False, forward_origin="backup", delay_s=0.25)),
    (OWN, Expect(cache_key="", cache_tags=[], forward_origin="", delay_s=0)),
    (OUTCOME, Expect(headers={"x-a": "1", "X-B": ["1", "2"], "X-C": ""})),
    (OUTCOME, Expect(body="hello, world", body_contains="o, w")),
    (OUTCOME, Expect(body_contains=["hello", "world"])),
    (OUTCOME, Expect(forward_uri="/a?b", forward_method="GET", forward_headers={"X-Group": "b", "X-Other": ""})),
    (OUTCOME, Expect(hit=True)),
    (OUTCOME, Expect(hit={"a.es": True, "b.es": False})),
    (OUTCOME, Expect(state="ExecutedButNotHit")),
    (OUTCOME, Expect(state={"a.es": "ExecutedAndHit", "b.es": "ExecutedButNotHit"})),
    (OUTCOME, Expect(fuel_max=42, error=0)),
    (OWN, Expect(forward_uri="", limit_rate=0, cache_ttl=0, hit=False, headers={"X-A": ""})),
    (RAISED, Expect(error=402)),
    (RAISED, Expect(error=ErrorAt(402, 3), hit=False)),
    (RAISED, Expect(state="Exception")),
    (RAISED, Expect(state={"b.es": "NonExecution"})),
]  # fmt: skip

NOT_MET = [
    (OUTCOME, Expect(action="respond"), [("action", '"forward"', '"respond"')]),
    (OUTCOME, Expect(status=404), [("status", "200", "404")]),
    (OUTCOME, Expect(headers={"X-A": "2"}), [("headers.X-A", '"1"', '"2"')]),
    (OUTCOME, Expect(headers={"X-A": ""}), [("headers.X-A", '"1"', "none")]),
    (OUTCOME, Expect(headers={"X-C": "1"}), [("headers.X-C", "none", '"1"')]),
    (OUTCOME, Expect(headers={"X-B": "1"}), [("headers.X-B", '["1", "2"]', '"1"')]),
    (OUTCOME, Expect(headers={"X-B": ["2", "1"]}), [("headers.X-B", '["1", "2"]', '["2", "1"]')]),
    (OUTCOME, Expect(headers={"X-Empty": ""}), [("headers.X-Empty", '""', "none")]),
    (OUTCOME, Expect(body="hello"), [("body", '"hello, world"', '"hello"')]),
    (OUTCOME, Expect(body_contains=["hello", "x"]), [("body_contains", '"hello, world"', '"x"')]),
    (OUTCOME, Expect(forward_uri="/"), [("forward_uri", '"/a?b"', '"/"')]),
    (OUTCOME, Expect(forward_uri=""), [("forward_uri", '"/a?b"', "none")]),
    (OUTCOME, Expect(forward_method="POST"), [("forward_method", '"GET"', '"POST"')]),
    (OUTCOME, Expect(forward_headers={"X-Group": "a"}), [("forward_headers.X-Group", '"b"', '"a"')]),
    (OWN, Expect(forward_uri="/"), [("forward_uri", "none", '"/"')]),
    (OWN, Expect(forward_headers={"X-Group": ""}), [("forward_headers", "nothing: the origin was not asked", "a request to the origin")]),
    (OUTCOME, Expect(limit_rate=0), [("limit_rate", "4096", "0")]),
    (OUTCOME, Expect(limit_rate_after=0), [("limit_rate_after", "100", "0")]),
    (OUTCOME, Expect(cache_ttl=0), [("cache_ttl", "10", "0")]),
    (OUTCOME, Expect(cache_key=""), [("cache_key", '"/k"', '""')]),
    (OUTCOME, Expect(cache_tags=["b", "a"]), [("cache_tags", '["a", "b"]', '["b", "a"]')]),
    (OUTCOME, Expect(cache_bypass=True), [("cache_bypass", "false", "true")]),
    (OUTCOME, Expect(forward_origin="b"), [("forward_origin", '"backup"', '"b"')]),
    (OUTCOME, Expect(delay_s=0), [("delay_s", "0.25", "0")]),
    (OUTCOME, Expect(cache="HIT"), [("cache", '"MISS"', '"HIT"')]),
    (OUTCOME, Expect(hit=False), [("hit", "a.es ExecutedAndHit, b.es ExecutedButNotHit", "no script that hit")]),
    (OWN, Expect(hit=True), [("hit", "no script", "a script that hit")]),
    (OUTCOME, Expect(hit={"b.es": True}), [("hit.b.es", "false", "true")]),
    (OUTCOME, Expect(hit={"c.es": True}), [("hit.c.es", "no script of that name", "one of: a.es, b.es")]),
    (OUTCOME, Expect(state="Exception"), [("state", "a.es ExecutedAndHit, b.es ExecutedButNotHit", "Exception")]),
    (OUTCOME, Expect(state={"a.es": "Exception"}), [("state.a.es", '"ExecutedAndHit"', '"Exception"')]),
    (OUTCOME, Expect(error=402), [("error", "no error", "402")]),
    (OUTCOME, Expect(fuel_max=41), [("fuel_max", "42", "at most 41")]),
    (RAISED, Expect(error=403), [("error", "402 at a.es:3: got text", "403")]),
    (RAISED, Expect(error=ErrorAt(402, 4)), [("error", "402 at a.es:3: got text", "402 on line 4")]),
    (RAISED, Expect(error=0), [("error", "402 at a.es:3: got text", "no error")]),
    (RAISED, Expect(status=500), [("error", "402 at a.es:3: got text", "no error")]),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "expect"), MET)
def test_met(outcome, expect):
    assert mismatches(expect, outcome) == []


@pytest.mark.parametrize(("outcome", "expect", "found"), NOT_MET)
def test_not_met(outcome, expect, found):
    assert mismatches(expect, outcome) == [Mismatch(*each) for each in found]


def test_all_mismatches_are_told_at_once():
    expect = Expect(action="respond", status=404, headers={"X-A": "2", "X-C": "1"}, fuel_max=1)
    assert [each.what for each in mismatches(expect, OUTCOME)] == [
        "action",
        "status",
        "headers.X-A",
        "headers.X-C",
        "fuel_max",
    ]


def test_every_expectation_has_a_row_that_fails():
    told = {found[0][0].split(".")[0] for _, _, found in NOT_MET}
    assert told == set(Expect.__struct_fields__)


def test_long_values_are_shown_from_where_they_differ():
    body = "a" * 1000 + "b" + "c" * 1000
    (found,) = mismatches(Expect(body=body.replace("b", "x")), Outcome("respond", 200, [], body))
    assert found.got.startswith('..."aaaa')
    assert "ab" in found.got
    assert "ax" in found.want
    assert max(len(found.got), len(found.want)) <= MAX_SHOWN + 10


def test_a_value_that_goes_on_is_shown_where_the_other_ends():
    (found,) = mismatches(Expect(body="a" * 100), Outcome("respond", 200, [], "a" * 100 + "!"))
    assert found == ("body", f'..."{"a" * 20}!"', f'..."{"a" * 20}"')


@pytest.mark.parametrize("body", ["\x1b[31m", "\x9b31m", "\u202e", "a\nb", "\0"])
def test_values_cannot_steer_a_terminal(body):
    (found,) = mismatches(Expect(body="x"), Outcome("respond", 200, [], body))
    assert found.got.isprintable()
