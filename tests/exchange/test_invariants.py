"""Whatever happens in whatever order: nothing raises, nobody is answered twice, and nobody is left waiting."""

import gc
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edgescript.effects import Effects
from edgescript.request import Request
from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.cache.store import StoredResponse
from runtime.http.framing import Chunked, Length, NoBody, UntilClose
from runtime.http.storage import decide_storage
from runtime.proxy.exchange import Exchange
from runtime.proxy.forward import build
from runtime.proxy.messages import (
    AnswerClient,
    BecomeTunnel,
    ClientClosed,
    CloseUpstream,
    CutClient,
    FinishResponse,
    FlightGrows,
    FlightSettled,
    Follow,
    Grow,
    NobodyReads,
    OpenUpstream,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendUpstream,
    UpstreamAnswered,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamOpened,
    UpstreamSwitched,
    Wake,
)
from runtime.proxy.plan import Plan, Settings
from runtime.upstreams.upstream import Upstream
from tests.support.files import WithFiles

KEY = "http://a/"
MAX_OBJECT_BYTES = 6

booleans = st.booleans()
response_fields = st.lists(
    st.sampled_from(
        [
            (b"Cache-Control", b"max-age=60"),
            (b"Cache-Control", b"no-store"),
            (b"Cache-Control", b"no-cache"),
            (b"ETag", b'"1"'),
            (b"ETag", b'"2"'),
            (b"Vary", b"Accept"),
            (b"Connection", b"close"),
        ]
    ),
    max_size=3,
)
framings = st.one_of(
    st.just(NoBody()), st.builds(Length, st.integers(0, 9)), st.just(Chunked()), st.just(UntilClose())
)
heads = st.builds(
    UpstreamHead, st.sampled_from([200, 204, 206, 304, 404, 500, 503]), response_fields, framings
)
contents = st.sampled_from([b"", b"a", b"abcd"])
events = st.one_of(
    st.builds(UpstreamOpened, booleans),
    st.builds(UpstreamFailed, booleans, booleans),
    heads,
    heads,
    st.builds(UpstreamBody, contents),
    st.builds(UpstreamCompleted, st.sampled_from([(), [(b"X-Sum", b"1"), (b"Content-Length", b"9")]])),
    st.builds(UpstreamInterim, st.sampled_from([102, 103]), st.just([(b"Link", b"</a>")])),
    st.just(UpstreamSwitched([(b"Upgrade", b"websocket")])),
    st.just(UpstreamCut()),
    st.builds(RequestBody, contents),
    st.just(RequestCompleted()),
    st.just(ClientClosed()),
    st.builds(FlightSettled, st.none(), st.sampled_from([0, 502, 504]), booleans),
    st.just(NobodyReads()),
)
requests = st.tuples(
    st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "DELETE"]),
    st.sampled_from(["HTTP/1.1", "HTTP/1.0"]),
    st.sampled_from([NoBody(), NoBody(), Length(4), Chunked()]),
    st.lists(st.sampled_from([(b"Accept", b"x"), (b"If-None-Match", b'"1"')]), max_size=2),
    booleans,
    booleans,
    booleans,
)


@dataclass
class Seen:
    """What one exchange was told to do so far."""

    opened: int = 0
    heads: int = 0
    ends: int = 0
    wakes: int = 0
    commands: list = field(default_factory=list)
    followed: list = field(default_factory=list)
    grown: list = field(default_factory=list)

    def note(self, commands):
        for command in commands:
            self.commands.append(command)
            match command:
                case OpenUpstream():
                    self.opened += 1
                case SendClient(data, paced=False) if data.startswith((b"HTTP/1.1 102", b"HTTP/1.1 103")):
                    assert self.heads == 0, "an interim response after the head"
                case SendClient(paced=False):
                    self.heads += 1
                    assert self.ends == 0, "a head after the end"
                case SendClient():
                    assert self.heads == 1, "a body before the head"
                    assert self.ends == 0, "a body after the end"
                case FinishResponse() | CutClient() | BecomeTunnel():
                    assert self.heads == 1, "an end without a head"
                    self.ends += 1
                case Follow():
                    assert self.heads == 1, "content before the head"
                    assert self.ends == 0, "content after the end"
                    self.followed.append(command.growing)
                case Grow():
                    self.grown.append(command.growing)
                    assert len(self.grown) == 1
                case Wake():
                    self.wakes += 1
                case SendUpstream() | CloseUpstream():
                    pass
        assert self.heads <= 1
        assert self.ends <= 1
        assert self.opened <= 3, "opened, retried and asked for the whole at most"


def stored():
    fields = [(b"ETag", b'"1"'), (b"Cache-Control", b"max-age=1")]
    decision = decide_storage(b"GET", [], 200, fields, 0.0)
    return StoredResponse.from_origin(
        200, fields, b"old", decision, request_fields=[], request_time=0.0, response_time=0.0
    )


def planned(asked):
    method, protocol, framing, fields, is_stale, in_background, upgrade = asked
    request = Request(method=method, target="/", protocol=protocol, host="a", id="id")
    coalesce = method == "GET" and isinstance(framing, NoBody)
    return Plan(
        origin=Upstream.single("127.0.0.1", 1),
        request=request,
        request_fields=[(b"Host", b"a"), *fields],
        vary_fields=[(b"Host", b"a"), *fields],
        framing=framing,
        effects=Effects(),
        forward=build(request, fields, "/", ()),
        keep_alive=protocol == "HTTP/1.1",
        cache_key=KEY,
        continuation=None,
        coalesce=coalesce,
        stale=stored() if coalesce and is_stale else None,
        fallback=stored() if is_stale else None,
        background=coalesce and in_background,
        upgrade=upgrade and not coalesce,
        plain=not fields and not upgrade,
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(requests, min_size=1, max_size=4), booleans, st.data())
def test_any_events_in_any_order(asked, files, data):
    cache = Cache(WithFiles(3, 8) if files else MemoryStore(1 << 20, MAX_OBJECT_BYTES))
    seen = {}
    gone = set()

    def tell(exchange, commands, now):
        seen[exchange].note(commands)
        for command in commands:
            if isinstance(command, Wake):
                for waiter in command.waiters:
                    tell(waiter, waiter.handle(command.event, now), now)
            elif isinstance(command, Grow):
                for waiter in command.waiters:
                    tell(waiter, waiter.handle(FlightGrows(command.growing), now), now)

    for request in asked:
        exchange = Exchange(planned(request), cache, Settings(MAX_OBJECT_BYTES), 2.0)
        seen[exchange] = Seen()
        tell(exchange, exchange.start(), 2.0)
    everyone = list(seen)
    for step in range(data.draw(st.integers(0, 25))):
        exchange = data.draw(st.sampled_from(everyone))
        event = data.draw(events)
        if isinstance(event, FlightSettled) and exchange._storing.sharing.leads:
            continue  # a leader waits for nobody
        if isinstance(event, ClientClosed):
            gone.add(exchange)
        tell(exchange, exchange.handle(event, 3.0 + step), 3.0 + step)

    # Then every origin fails: all must come to an end, and tell those who wait for them.
    for _ in range(12):
        for exchange in everyone:
            for event in (UpstreamOpened(reused=False), UpstreamFailed(False, True), UpstreamCut()):
                tell(exchange, exchange.handle(event, 50.0), 50.0)
    assert [exchange for exchange in everyone if not exchange.done] == []
    assert len(cache.flights) == 0, "a flight nobody will settle"
    for exchange, record in seen.items():
        assert record.wakes <= 1
        assert not any(each.grows for each in (*record.followed, *record.grown)), "a body without an end"
        if exchange.plan.background:
            assert (record.heads, record.ends) == (0, 0), record.commands
        elif exchange not in gone:
            assert record.ends == 1, record.commands


def test_what_grows_is_read_along_by_all_who_can_use_it():
    """Whatever is sent directly and whatever is read, it is the whole; and what breaks off is whole for nobody."""
    for end in (UpstreamCompleted(), UpstreamCut()):
        cache = Cache(WithFiles(3, 100))
        plan = planned(("GET", "HTTP/1.1", NoBody(), [], False, False, False))
        leader, follower, late = (Exchange(plan, cache, Settings(MAX_OBJECT_BYTES), 2.0) for _ in range(3))
        leader.start()
        assert follower.start() == []
        leader.handle(UpstreamOpened(reused=False), 3.0)
        leader.handle(UpstreamHead(200, [(b"Cache-Control", b"max-age=60")], Chunked()), 3.0)
        assert leader.handle(UpstreamBody(b"abc"), 3.0) == [SendClient(b"3\r\nabc\r\n", paced=True)]
        follow, finish, grow = leader.handle(UpstreamBody(b"def"), 3.0)
        growing = follow.growing
        assert (follow.offset, follow.chunked, finish) == (3, True, FinishResponse(keep_alive=True))
        assert grow == Grow(growing, [follower])
        head, *rest = follower.handle(FlightGrows(growing), 4.0)
        assert b"\r\nTransfer-Encoding: chunked\r\n" in head.data
        assert b"\r\nX-Cache: HIT\r\n" in head.data
        assert b"\r\nAge: 2\r\n" in head.data
        assert rest == [Follow(growing, 0, chunked=True, trailers=False), finish]
        assert [type(each) for each in late.start()] == [SendClient, Follow, FinishResponse]
        assert leader.handle(UpstreamBody(b"ghi"), 4.0) == []
        assert leader.handle(end, 4.0) == []
        assert (growing.read(0, 100), growing.is_whole) == (b"abcdefghi", end == UpstreamCompleted())
        stored = cache.store.get(KEY, [])
        assert (stored and stored.body) == (b"abcdefghi" if growing.is_whole else None)
        assert len(cache.flights) == 0


class Owner:
    """Who runs an exchange is who is woken for it."""

    def __init__(self, cache):
        self.exchange = Exchange(
            planned(("GET", "HTTP/1.1", NoBody(), [], False, False, False)),
            cache,
            Settings(MAX_OBJECT_BYTES),
            2.0,
            waiter=self,
        )

    def play(self):
        events = UpstreamOpened(reused=False), UpstreamHead(200, [], Length(1)), UpstreamBody(b"a")
        for event in (*events, UpstreamCompleted()):
            self.exchange.handle(event, 3.0)


def test_what_is_done_leaves_nothing_to_the_garbage_collector():
    gc.collect()
    cache = Cache(MemoryStore(1 << 20, MAX_OBJECT_BYTES))
    leader, follower, leaver = Owner(cache), Owner(cache), Owner(cache)
    leader.exchange.start()
    follower.exchange.start()
    leaver.exchange.start()
    leaver.exchange.handle(ClientClosed(), 2.0)
    follower.exchange.handle(FlightSettled(None), 2.0)
    follower.play()
    leader.play()
    del leader, follower, leaver
    assert [each for each in gc.get_objects() if isinstance(each, Exchange | Owner)] == []


def spelled_out(commands):
    """What the client and the origin's connection see of `commands`, and who is woken with what."""
    seen, woken = [], []
    for command in commands:
        match command:
            case AnswerClient(head, content, keep_alive, status, label):
                assert head.startswith(b"HTTP/1.1 %d " % status)
                assert b"\r\nX-Cache: %b\r\n" % label.encode() in head
                seen += [head, content, FinishResponse(keep_alive)]
            case SendClient(data):
                seen.append(data)
            case Wake(waiters, event):
                woken.append((len(waiters), event.failed_status, event.stored and event.stored.body))
            case _:
                seen.append(command)
    return [each for each in seen if each], woken


@settings(max_examples=400, deadline=None)
@given(requests, st.sampled_from([200, 206, 304, 404, 503]), response_fields, contents, booleans, booleans)
def test_an_answer_at_once_is_the_same_as_in_pieces(asked, status, fields, content, waited_for, gone):
    head = UpstreamHead(status, fields, Length(len(content)))

    def play(*answer):
        cache = Cache(MemoryStore(1 << 20, MAX_OBJECT_BYTES))
        exchange = Exchange(planned(asked), cache, Settings(MAX_OBJECT_BYTES), 2.0)
        commands = exchange.start()
        if waited_for:
            Exchange(planned(asked), cache, Settings(MAX_OBJECT_BYTES), 2.0).start()
        commands += exchange.handle(RequestCompleted(), 2.0)
        commands += exchange.handle(UpstreamOpened(reused=True), 2.0)
        if gone:
            commands += exchange.handle(ClientClosed(), 2.0)
        for event in answer:
            commands += exchange.handle(event, 3.0)
        found = cache.store.get(KEY, [])
        return (
            spelled_out(commands),
            exchange.done,
            found and (found.status, found.fields, found.body, found.fresh_until),
            len(cache.flights),
            cache.uncacheable.covers(KEY, 3.0),
        )

    at_once = play(UpstreamAnswered(head, content))
    assert at_once == play(head, UpstreamBody(content), UpstreamCompleted())
