"""What builtins and built-in variables declare to read is what they read, and each declares it."""

from dataclasses import replace

import pytest

import stdlib
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.reads import FACTS, NAMED, Part
from edgescript.request import Headers
from stdlib.example import EXAMPLE_SERVICES, NOW_S, PRELUDE, example_request
from tests.reading.recalled import program_of

UNKNOWABLE = {
    "get_rsp_header": "waits for the response",
    "limit_conn": "counts",
    "metric_incr": "counts",
    "rand": "chance",
    "rand_bytes": "chance",
    "rand_hit": "chance",
    "randomseed": "chance",
    "req_id": "another for each request",
    "uuid": "chance",
}
"""Builtins of which no outcome may be kept: they have no `reads`."""


def test_every_other_builtin_says_what_it_reads():
    undeclared = {each.name for each in stdlib.registry().functions.values() if each.reads is None}
    assert undeclared == set(UNKNOWABLE)


def test_every_variable_says_what_it_reads():
    registry = stdlib.registry()
    assert [
        each.name for each in (*registry.variables.values(), *registry.prefixes.values()) if not each.reads
    ] == []


class Watched:
    """Notes which attributes of `thing` are asked for."""

    def __init__(self, thing, noted, prefix=""):
        self._thing, self._noted, self._prefix = thing, noted, prefix

    def __getattr__(self, name):
        self._noted.add(self._prefix + name)
        return getattr(self._thing, name)


class WatchedHeaders(Headers):
    """Notes which fields are asked for."""

    __slots__ = ("noted",)

    def get(self, name):
        self.noted.add(f"header {name}")
        return super().get(name)

    def get_all(self, name):
        self.noted.add(f"header {name}")
        return super().get_all(name)


class WatchedContext(Context):
    __slots__ = ("_now_s", "noted")

    @property
    def now_s(self):
        self.noted.add("now")
        return self._now_s

    @now_s.setter
    def now_s(self, value):
        self._now_s = value


def touched(text):
    """What a script of the example's request looks at."""
    noted = set()
    request = example_request()
    headers = WatchedHeaders(request.headers.pairs)
    headers.noted = noted
    request.headers = headers
    context = WatchedContext.__new__(WatchedContext)
    context.noted = noted
    kinds = ("random", "limiter", "connections", "metrics")
    services = replace(
        EXAMPLE_SERVICES,
        **{kind: Watched(getattr(EXAMPLE_SERVICES, kind), noted, f"{kind}.") for kind in kinds},
    )
    context.__init__(request, now_s=NOW_S, services=services)
    context.request = Watched(request, noted)
    context.response_headers = Headers()
    noted.clear()
    try:
        program_of(PRELUDE + text).run(context)
    except ScriptFault:
        noted.add("a fault")
    return noted


OF_PARTS = {
    "arguments": Part.TARGET,
    "identified_arguments": Part.TARGET,
    "cookies": Part.COOKIE,
    "identified_cookies": Part.COOKIE,
    "header cookie": Part.COOKIE,
    "limiter.wait": Part.LIMIT,
    "limiter.admit_in_window": Part.LIMIT,
    "headers": Part.HEADER,
    **FACTS,
}
"""Attributes of requests by the part they belong to."""


def undeclared(text):
    """What the run of a script looks at beyond what is known of it without a run."""
    facts = program_of(PRELUDE + text).reading().facts
    parts = {part for part, _ in facts}
    fields = {f"header {name}" for part, name in facts if part is Part.HEADER}
    if parts & NAMED:
        parts |= NAMED  # cookies are a field, and names have been looked at apart
    return {each for each in touched(text) if each not in fields and OF_PARTS.get(each) not in parts}


KNOWABLE = [
    pytest.param(member, example.call, id=f"{member.name}:{number}")
    for member in stdlib.registry().functions.values()
    if member.reads is not None
    for number, example in enumerate(member.examples, 1)
]
CLOCKS = {"now", "time", "today", "localtime", "utctime"}
"""That the outcome holds long enough is shown by `test_remembered`."""
TELLS_WHEN = {"jwt_verify"}
ASKS_LIMITS = {"limit_req"}
"""The clock is the limit's."""
"""They look at the clock and say themselves until when what they found holds (`Context.changes_at`)."""


@pytest.mark.parametrize(("member", "call"), KNOWABLE)
def test_no_example_touches_anything_else(member, call):
    clocks = {"now"} if member.name in CLOCKS | TELLS_WHEN | ASKS_LIMITS else set()
    assert undeclared(f"x = {call}\n") <= clocks


VARIABLES = [
    "$host",
    "$uri",
    "$request_uri",
    "$scheme",
    "$server_protocol",
    "$request_method",
    "$remote_addr",
]
VARIABLES += ["$args", "$arg_x", "$http_x_uid", "$cookie_session_id"]


@pytest.mark.parametrize("name", VARIABLES)
def test_no_variable_touches_anything_else(name):
    assert undeclared(f"x = {name}\n") == set()


def test_all_variables_are_tried():
    registry = stdlib.registry()
    tried = {registry.variable(name[1:])[0].name for name in VARIABLES}
    assert tried == {*registry.variables, *registry.prefixes}


def test_the_watch_sees_what_is_not_declared():
    assert "random.randint" in touched("x = rand(1, 2)\n")
    assert "id" in touched("x = req_id()\n")
    assert "now" in touched("x = now()\n")
    assert "header x-uid" in touched("x = req_header('x_uid')\n")
