"""The log tail: filters, readers that are too slow, and what nodes are asked to send."""

import asyncio
import json

import pytest

from runtime.console.calls import Overloaded
from runtime.console.sync.filters import BadFilter, read_filter
from runtime.console.sync.tail import MAX_READERS, QUEUE, STUCK_S, WANTED_FOR_S, Tail

LINE = {
    "domain": "shop",
    "host": "shop.example",
    "status": 503,
    "uri": "/Cart?x=1",
    "scripts": [{"name": "auth", "state": "Exception", "code": 407}],
}

FILTERS = {
    "": True,
    "status=503": True,
    "status=50": False,
    "status=5xx": True,
    "status=4xx": False,
    "uri~cart": True,
    "uri=/cart": False,
    "host=shop.example status=503": True,
    "host=shop.example status=200": False,
    "script=auth": True,
    "script=other": False,
    "state=Exception code=407": True,
    "nothing=1": False,
    "name~aut": True,
}


@pytest.mark.parametrize("text", FILTERS)
def test_filter(text):
    assert read_filter(text)(LINE) is FILTERS[text]


@pytest.mark.parametrize(
    "text", ["status", "=1", "status=", "a b=1", "x" * 501, " ".join(["a=1"] * 11), "A=1"]
)
def test_what_is_no_filter(text):
    with pytest.raises(BadFilter):
        read_filter(text)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def lines(data):
    return [json.loads(each)["uri"] for each in data]


def line(uri, domain="shop"):
    return {"domain": domain, "uri": uri}


def test_only_domains_that_somebody_reads_are_wanted():
    clock = Clock()
    tail = Tail(clock)
    every = read_filter("")
    assert tail.wanted("production") == ()
    reader = tail.read("production", "shop", every, "t")
    assert tail.wanted("production") == ("shop",)
    assert tail.wanted("staging") == ()
    tail.leave("production", "shop", reader)
    assert tail.wanted("production") == ()
    assert tail.recent("production", "blog", every, 10, 60.0) == []
    assert tail.wanted("production") == ("blog",)
    clock.now = WANTED_FOR_S + 1
    assert tail.wanted("production") == ()


def test_a_reader_gets_the_lines_it_asked_for():
    async def scenario():
        tail = Tail(Clock())
        reader = tail.read("production", "shop", read_filter("uri~a"), "t")
        tail.take(
            "production", "n1", [line("/a"), line("/b"), line("/a2"), line("/a", "blog"), {"uri": "/a"}]
        )
        tail.take("staging", "n2", [line("/a3")])
        assert lines((await reader.take(1))[0]) == ["/a", "/a2"]
        assert lines(tail.recent("production", "shop", read_filter(""), 2, 60.0)) == ["/a2", "/b"]

    asyncio.run(scenario())


def test_a_slow_reader_is_told_how_much_it_missed_and_a_stuck_one_is_ended():
    async def scenario():
        clock = Clock()
        tail = Tail(clock)
        reader = tail.read("production", "shop", read_filter(""), "t")
        tail.take("production", "n1", [line("/")] * (QUEUE + 5))
        got, lost = await reader.take(1)
        assert (len(got), lost, reader.ended) == (QUEUE, 5, False)
        tail.take("production", "n1", [line("/")] * QUEUE)
        clock.now = STUCK_S + 1
        tail.take("production", "n1", [line("/")])
        assert reader.ended

    asyncio.run(scenario())


def test_a_quiet_log_returns_after_the_wait():
    async def scenario():
        tail = Tail(Clock())
        reader = tail.read("production", "shop", read_filter(""), "t")
        assert await reader.take(0.01) == ([], 0)

    asyncio.run(scenario())


def test_lines_that_are_no_json_are_left_out():
    tail = Tail(Clock())
    tail.read("production", "shop", read_filter(""), "t")
    tail.take("production", "n1", [{**line("/"), "x": object()}, line("/" + "x" * 40_000), line("/ok")])
    assert tail.dropped == 2
    assert lines(tail.recent("production", "shop", read_filter(""), 9, 60.0)) == ["/ok"]


def test_lines_of_a_domain_that_had_the_name_before_are_not_shown():
    clock = Clock()
    tail = Tail(clock)
    every = read_filter("")
    tail.read("production", "shop", every, "t")
    tail.take("production", "n1", [line("/of-the-old-one")])
    clock.now += 10.0
    tail.take("production", "n1", [line("/of-the-new-one")])
    assert lines(tail.recent("production", "shop", every, 9, 5.0)) == ["/of-the-new-one"]


def test_readers_are_bounded():
    tail = Tail(Clock())
    for _ in range(MAX_READERS):
        tail.read("production", "shop", read_filter(""), "t")
    with pytest.raises(Overloaded):
        tail.read("production", "shop", read_filter(""), "t")


def test_who_reads_with_a_token_that_is_revoked_is_ended_and_others_read_on():
    async def scenario():
        tail = Tail(Clock())
        mine, other = (tail.read("production", "shop", read_filter(""), token) for token in ("t1", "t2"))
        waiting = asyncio.create_task(mine.take(60))
        await asyncio.sleep(0)
        assert tail.tokens() == {"t1", "t2"}
        tail.end({"t1", "t9"})
        assert await asyncio.wait_for(waiting, 5) == ([], 0)
        assert (mine.ended, other.ended) == (True, False)
        tail.end()
        assert other.ended

    asyncio.run(scenario())
