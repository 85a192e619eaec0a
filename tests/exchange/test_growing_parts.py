"""A range that is all of a long object (`bytes=0-`): kept in a file as the whole, and read along by who asks for the same."""

import pytest

from runtime.cache.cache import Cache
from runtime.http.framing import Length
from runtime.proxy.exchange import Exchange
from runtime.proxy.messages import (
    FinishResponse,
    FlightGrows,
    Follow,
    Grow,
    OpenUpstream,
    SendClient,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamHead,
    UpstreamOpened,
    Wake,
)
from runtime.proxy.plan import Plan, Settings
from tests.exchange.asking import FRESH, KEY, asking
from tests.support.files import WithFiles

MEMORY_BYTES = 3
CONTENT = b"0123456789"


def asking_for_a_part(cache, span):
    plan = asking(cache).plan
    fields = [(b"Range", b"bytes=" + span.encode())]
    forward = plan.forward._replace(fields=[*plan.forward.fields, *fields])
    plan: Plan = plan._replace(request_fields=fields, forward=forward, part=span)
    return Exchange(plan, cache, Settings(MEMORY_BYTES), 0.0)


def told(exchange, *events):
    return [command for event in events for command in exchange.handle(event, 0.0)]


@pytest.fixture
def cache():
    return Cache(WithFiles(MEMORY_BYTES, 100))


def head_of(status, place=b"bytes 0-9/10"):
    fields = [*FRESH, (b"Content-Range", place)] if status == 206 else FRESH
    return UpstreamHead(status, fields, Length(len(CONTENT)))


def test_it_is_read_along_and_stored_as_the_whole(cache):
    leader, follower = asking_for_a_part(cache, "0-"), asking_for_a_part(cache, "0-")
    assert leader.start() == [OpenUpstream(fresh=False)]
    assert follower.start() == []
    said = told(leader, UpstreamOpened(reused=False), head_of(206))
    assert [type(each) for each in said] == [SendUpstream, SendClient, Follow, FinishResponse, Grow]
    sent, follow, finish = told(follower, FlightGrows(said[-1].growing))
    assert sent.data.startswith(b"HTTP/1.1 206 ")
    assert b"\r\nContent-Range: bytes 0-9/10\r\n" in sent.data
    assert b"\r\nContent-Length: 10\r\n" in sent.data
    assert (follow.offset, finish) == (0, FinishResponse(keep_alive=True))
    told(leader, UpstreamBody(CONTENT), UpstreamCompleted())
    stored = cache.store.get(KEY, [])
    assert (stored.status, stored.body) == (200, CONTENT)
    assert b"Content-Range" not in dict(stored.fields)
    assert len(cache.flights) == 0


def test_where_the_origin_sends_the_whole_who_waits_gets_the_part(cache):
    leader, follower = asking_for_a_part(cache, "2-3"), asking_for_a_part(cache, "2-3")
    leader.start()
    follower.start()
    grow = told(leader, UpstreamOpened(reused=False), head_of(200))[-1]
    assert told(follower, FlightGrows(grow.growing)) == []
    (wake,) = [
        each for each in told(leader, UpstreamBody(CONTENT), UpstreamCompleted()) if isinstance(each, Wake)
    ]
    sent, body, _ = told(follower, wake.event)
    assert b"\r\nContent-Range: bytes 2-3/10\r\n" in sent.data
    assert body.data == b"23"


def test_a_part_too_long_for_memory_that_is_not_all_is_passed_on(cache):
    leader, follower = asking_for_a_part(cache, "0-8"), asking_for_a_part(cache, "0-8")
    leader.start()
    follower.start()
    head = UpstreamHead(206, [*FRESH, (b"Content-Range", b"bytes 0-8/10")], Length(9))
    said = told(leader, UpstreamOpened(reused=False), head)
    assert [each.event.stored for each in said if isinstance(each, Wake)] == [None]
    told(leader, UpstreamBody(CONTENT[:9]), UpstreamCompleted())
    assert cache.store.get(KEY, []) is None
