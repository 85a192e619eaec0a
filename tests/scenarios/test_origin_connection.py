"""What one connection to an origin tells of the bytes that come: rows of bytes and events."""

import asyncio

import pytest

from runtime.http.framing import Chunked, Length, NoBody
from runtime.io.upstream.connection import MAX_INTERIM_RESPONSES, UpstreamConnection
from runtime.proxy.messages import (
    UpstreamAnswered,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamSwitched,
)
from tests.support.raworigin import CLOSE, RESET, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import scenario

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n"
HEAD = UpstreamHead(200, [(b"Content-Length", b"2")], Length(2))
WHOLE = [HEAD, UpstreamBody(b"ok"), UpstreamCompleted()]
FAILED = [UpstreamFailed(silent=False, may_have_acted=True)]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED_HEAD = UpstreamHead(200, [(b"Transfer-Encoding", b"chunked")], Chunked())
EMPTY = UpstreamHead(204, [], NoBody())


class Keeper:
    """Whose connection it is; says what became of it."""

    class timeouts:  # noqa: N801 - it stands for an object
        connect_s = response_s = idle_s = 5.0

    def __init__(self):
        self.kept = 0
        self.in_use = 0
        self.lent_away = []
        self.clock = asyncio.get_running_loop().time

    def opened(self, connection):
        self.open = connection

    def forget(self, connection):
        assert connection is self.open
        self.open = None

    def began(self):
        self.in_use += 1

    def ended(self):
        self.in_use -= 1

    def heard(self):
        pass

    def lent(self, transport):
        self.lent_away.append(transport)

    def give_back(self, connection):
        assert connection is self.open
        self.kept += 1

    def answered(self, connection, _now):
        self.in_use -= 1
        self.give_back(connection)


class User:
    def __init__(self, connection):
        self.events = []
        self.connection = connection
        self.switched = None

    def on_upstream(self, event):
        if isinstance(event, UpstreamAnswered):
            self.events += [event.head, UpstreamBody(event.content), UpstreamCompleted()]
        else:
            self.events.append(event)
        if isinstance(event, UpstreamSwitched):
            self.switched = self.connection.switch()

    def on_upstream_writable(self, writable):
        pass

    def hold(self):
        pass

    def release(self):
        pass


def ends(events):
    return events and isinstance(
        events[-1], UpstreamCompleted | UpstreamCut | UpstreamFailed | UpstreamSwitched
    )


async def ask(steps, method=b"GET", upgrade=b"", pieces=0):
    """The events that `steps` of an origin lead to, and the keeper; in `pieces` of so many bytes, if not 0."""
    if pieces:
        steps = [
            part
            for step in steps
            for part in (
                [step[at : at + pieces] for at in range(0, len(step), pieces)]
                if isinstance(step, bytes)
                else [step]
            )
        ]
        steps = [part for step in steps for part in (step, 0)]
    async with RawOrigin(lambda _: steps) as origin:
        keeper = Keeper()
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: UpstreamConnection(keeper, origin.host), origin.host, origin.port
        )
        user = User(connection)
        connection.begin(user, method, upgrade)
        connection.send(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n", last=True)
        await eventually(lambda: ends(user.events))
        connection.close()
        for transport in keeper.lent_away:
            transport.abort()
        return user.events, keeper, user.switched


ROWS = {
    "a length": ([OK], WHOLE, True),
    "no content": ([b"HTTP/1.1 204 No Content\r\n\r\n"], [EMPTY, UpstreamCompleted()], True),
    "space before a colon": (
        [b"HTTP/1.1 200 OK\r\nX \t: a\r\nContent-Length: 2\r\n\r\nok"],
        [UpstreamHead(200, [(b"X", b"a"), (b"Content-Length", b"2")], Length(2)), *WHOLE[1:]],
        True,
    ),
    "space before the colon of what frames": (
        [b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"],
        FAILED,
        False,
    ),
    "trailers": (
        [CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nY:  2 \r\n\r\n"],
        [CHUNKED_HEAD, UpstreamBody(b"ok"), UpstreamCompleted([(b"X-Sum", b"1"), (b"Y", b"2")])],
        True,
    ),
    "ever so many trailers": (
        [CHUNKED + b"0\r\n" + b"X: 1\r\n" * 65 + b"\r\n"],
        [CHUNKED_HEAD, UpstreamCut()],
        False,
    ),
    "100": ([b"HTTP/1.1 100 Continue\r\n\r\n" + OK], WHOLE, True),
    "103": (
        [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK],
        [UpstreamInterim(103, [(b"Link", b"</a>")]), *WHOLE],
        True,
    ),
    "103 with what is no field": ([b"HTTP/1.1 103 Early Hints\r\nX\r\n\r\n" + OK], FAILED, False),
    "as many interim heads as may be": (
        [b"HTTP/1.1 102 Processing\r\n\r\n" * MAX_INTERIM_RESPONSES + OK],
        [UpstreamInterim(102, [])] * MAX_INTERIM_RESPONSES + WHOLE,
        True,
    ),
    "one more": (
        [b"HTTP/1.1 102 Processing\r\n\r\n" * (MAX_INTERIM_RESPONSES + 1) + OK],
        [UpstreamInterim(102, [])] * MAX_INTERIM_RESPONSES + FAILED,
        False,
    ),
    "interim heads of many bytes": (
        [(b"HTTP/1.1 103 Early Hints\r\nX: " + b"a" * 30_000 + b"\r\n\r\n") * 3 + OK],
        [UpstreamInterim(103, [(b"X", b"a" * 30_000)])] * 2 + FAILED,
        False,
    ),
    "101 that nobody asked for": ([SWITCH], FAILED, False),
    "until close": (
        [b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE],
        [UpstreamHead(200, [], None), UpstreamBody(b"ok"), UpstreamCompleted()],
        False,
    ),
    "until reset": (
        [b"HTTP/1.1 200 OK\r\n\r\nok", 0.02, RESET],
        [UpstreamHead(200, [], None), UpstreamBody(b"ok"), UpstreamCut()],
        False,
    ),
    "nothing": ([CLOSE], [UpstreamFailed(silent=False, may_have_acted=False)], False),
    "half a head": ([b"HTTP/1.1 200", 0.02, CLOSE], FAILED, False),
    "said close": (
        [b"HTTP/1.1 204 No\r\nConnection: foo, Close\r\n\r\n"],
        [UpstreamHead(204, [(b"Connection", b"foo, Close")], NoBody()), UpstreamCompleted()],
        False,
    ),
    "named close, but not that": (
        [b"HTTP/1.1 204 No\r\nConnection: x-close\r\n\r\n"],
        [UpstreamHead(204, [(b"Connection", b"x-close")], NoBody()), UpstreamCompleted()],
        True,
    ),
}


def plain(events):
    """Bodies joined, and a head's framing left out where it is the end of the connection."""
    out = []
    for event in events:
        if isinstance(event, UpstreamBody) and out and isinstance(out[-1], UpstreamBody):
            out[-1] = UpstreamBody(out[-1].data + event.data)
        elif isinstance(event, UpstreamHead) and type(event.framing).__name__ == "UntilClose":
            out.append(event._replace(framing=None))
        else:
            out.append(event)
    return out


@pytest.mark.parametrize("pieces", [0, 7], ids=["at once", "in pieces"])
@pytest.mark.parametrize("name", ROWS)
def test_events(name, pieces):
    steps, events, kept = ROWS[name]
    if pieces and sum(len(step) for step in steps if isinstance(step, bytes)) > 2000:
        pieces = 1500

    @scenario
    async def play():
        seen, keeper, _ = await ask(steps, pieces=pieces)
        assert plain(seen) == events
        assert keeper.kept == kept
        assert (keeper.in_use, keeper.open) == (0, None)

    play()


@scenario
async def test_a_switch_that_was_asked_for():
    events, keeper, switched = await ask([SWITCH + b"early"], upgrade=b"websocket")
    (event,) = events
    assert (b"Upgrade", b"WebSocket") in event.fields
    assert switched.early == b"early"
    assert len(keeper.lent_away) == 1
    assert keeper.kept == 0


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_a_switch_to_something_else(head):
    @scenario
    async def play():
        events, keeper, _ = await ask([head], upgrade=b"websocket")
        assert events == FAILED
        assert keeper.kept == 0

    play()


@scenario
async def test_a_switch_that_is_refused_is_an_answer():
    events, keeper, _ = await ask([OK], upgrade=b"websocket")
    assert events == WHOLE
    assert keeper.kept == 1


@pytest.mark.parametrize("heard", ["told by the system", "read", "ended"])
def test_a_request_that_waits_is_not_written_to_what_is_not_silent(heard):
    """It failed without having been heard, so it may go another way."""

    @scenario
    async def play():
        async with RawOrigin(lambda _: [OK]) as origin:
            keeper = Keeper()
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: UpstreamConnection(keeper, origin.host), origin.host, origin.port
            )
            user = User(connection)
            connection.ask(user, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", keeper.clock())
            if heard == "read":
                connection.data_received(OK)
            elif heard == "ended":
                connection.connection_lost(None)
            connection.flush(heard == "told by the system")
            assert user.events == [UpstreamFailed(silent=False, may_have_acted=False)]
            assert connection.failure == "cut"
            assert (keeper.open, keeper.kept, keeper.in_use) == (None, 0, 0)
            await asyncio.sleep(0.02)
            assert origin.asked == []

    play()


@scenario
async def test_a_request_that_waits_is_written_once():
    async with RawOrigin(lambda _: [OK]) as origin:
        keeper = Keeper()
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: UpstreamConnection(keeper, origin.host), origin.host, origin.port
        )
        user = User(connection)
        connection.ask(user, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", keeper.clock())
        for _ in range(2):
            connection.flush(False)
        await eventually(lambda: ends(user.events))
        assert (plain(user.events), len(origin.asked), keeper.kept) == (WHOLE, 1, 1)
        connection.close()
