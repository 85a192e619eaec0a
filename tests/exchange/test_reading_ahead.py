"""How far an object is collected ahead of the client it goes through, and who waits for it meanwhile."""

from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.http.framing import Chunked, Length
from runtime.proxy.messages import (
    OpenUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamHead,
    UpstreamOpened,
    Wake,
)
from tests.exchange.asking import AHEAD_BYTES, FRESH, KEY, asking

MEMORY_BYTES = 100


def begun(framing):
    """A cache, who fetches, and who waits, once the head is there."""
    cache = Cache(MemoryStore(1 << 20, MEMORY_BYTES))
    leader, follower = asking(cache), asking(cache)
    assert leader.start() == [OpenUpstream(fresh=False)]
    assert follower.start() == []
    leader.handle(UpstreamOpened(reused=False), 0.0)
    said = leader.handle(UpstreamHead(200, FRESH, framing), 0.0)
    return cache, leader, said


def wakes(commands):
    return [command.event for command in commands if isinstance(command, Wake)]


def test_a_short_object_is_read_at_once_and_waited_for():
    _, leader, said = begun(Length(AHEAD_BYTES))
    assert wakes(said) == []
    assert wakes(leader.handle(UpstreamBody(b"a" * AHEAD_BYTES), 0.0)) == []
    assert leader.collects
    (woken,) = wakes(leader.handle(UpstreamCompleted(), 0.0))
    assert woken.stored.body == b"a" * AHEAD_BYTES


def test_of_a_long_one_nobody_waits_for_the_client_of_another():
    cache, leader, _ = begun(Chunked())
    (woken,) = wakes(leader.handle(UpstreamBody(b"a" * (AHEAD_BYTES + 1)), 0.0))
    assert woken.stored is None
    assert not leader.collects, "it comes as its client takes it"
    assert len(cache.flights) == 0
    assert wakes(leader.handle(UpstreamCompleted(), 0.0)) == []
    assert cache.store.get(KEY, []).body == b"a" * (AHEAD_BYTES + 1), "but it is stored"


def test_what_no_tier_takes_is_not_collected():
    cache, leader, said = begun(Length(MEMORY_BYTES + 1))
    assert [woken.stored for woken in wakes(said)] == [None]
    assert not leader.collects
    leader.handle(UpstreamBody(b"a" * (MEMORY_BYTES + 1)), 0.0)
    leader.handle(UpstreamCompleted(), 0.0)
    assert cache.store.get(KEY, []) is None
    assert cache.uncacheable.covers(KEY, 1.0)


def test_a_purge_while_it_is_fetched_keeps_it_from_all_who_wait():
    cache, leader, _ = begun(Length(2))
    leader.handle(UpstreamBody(b"hi"), 0.0)
    cache.store.delete(KEY)
    (woken,) = wakes(leader.handle(UpstreamCompleted(), 0.0))
    assert woken.stored is None
    assert cache.store.get(KEY, []) is None
    assert not cache.uncacheable.covers(KEY, 1.0), "the next one may be stored"
