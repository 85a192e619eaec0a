"""Long work, watched: a rollout until it rests, a log that goes on, and what happens when the console is away meanwhile."""

import contextlib
import json

import pytest

from edgescript.cli.remote.commands.logs import AWAY_S, line_text
from edgescript.cli.remote.commands.logs import follow as follow_logs
from edgescript.cli.remote.waiting import Watch, follow
from runtime.console.client import ConsoleError
from runtime.console.events import Event

DOWN = ConsoleError("unreachable", "cannot reach it")


class Console:
    """
    Answers one after the other; the last one for ever. An exception is raised. Time passes by sleeping, and in a stream
    by a number of seconds.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.now = 0.0
        self.slept = []

    def get(self, path):
        assert path == "/rollouts/12"
        return self._next()

    @contextlib.contextmanager
    def events(self, path, **asked):
        assert (path, asked) == ("/logs", {"filter": "status=500"})
        yield self._stream(self._next())

    def _stream(self, answer):
        for each in answer:
            if isinstance(each, Exception):
                raise each
            if isinstance(each, float):
                self.now += each
            else:
                yield each

    def _next(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def sleep(self, seconds):
        self.now += seconds
        self.slept.append(seconds)

    def watch(self):
        return Watch(self, "/rollouts/12", lambda: self.now, self.sleep)


def rollout(percent, acked, state="running", nodes=4, **more):
    progress = {"nodes": nodes, "acked": acked, "failed": 0, "offline": 0}
    base = {"id": 12, "state": state, "percent": percent, "steps": [5, 100], "hold_s": 1.0, "reason": ""}
    return base | {"progress": progress} | more


def test_each_change_is_a_line_where_no_terminal_is(capsys):
    console = Console(
        rollout(5, 2),
        rollout(5, 2),
        rollout(5, 4),
        rollout(100, 3, "completed"),
        rollout(100, 4, "completed"),
    )
    last, rested = console.watch().until_rest(rollout(5, 0), 60)
    assert (last, rested) == (rollout(100, 4, "completed"), True)
    assert capsys.readouterr().err.splitlines() == [
        "5% on 0 of 4 nodes",
        "5% on 2 of 4 nodes",
        "5% on 4 of 4 nodes",
        "100% on 3 of 4 nodes",
    ]


def test_on_a_terminal_one_line_changes(capsys):
    watch = Console(rollout(5, 2), rollout(100, 4, "completed")).watch()
    watch._live = True
    watch.until_rest(rollout(5, 0), 60)
    assert capsys.readouterr().err == "5% on 0 of 4 nodes\r\x1b[K5% on 2 of 4 nodes\r\x1b[K"


def test_what_rests_already_is_not_asked_for():
    console = Console(AssertionError("nobody asks"))
    assert console.watch().until_rest(rollout(5, 0, "aborted"), 60) == (rollout(5, 0, "aborted"), True)


def test_time_runs_out():
    console = Console(rollout(5, 2))
    assert console.watch().until_rest(rollout(5, 0), 10) == (rollout(5, 2), False)
    assert console.now == 10


def test_a_console_that_restarts_is_waited_for(capsys):
    console = Console(DOWN, ConsoleError("store-unavailable", "no store", 503), rollout(100, 4, "completed"))
    last, rested = console.watch().until_rest(rollout(5, 0), 60)
    assert (last["state"], rested) == ("completed", True)
    assert "waiting for the console: cannot reach it" in capsys.readouterr().err


def test_a_console_that_stays_away_is_told():
    with pytest.raises(ConsoleError):
        Console(DOWN).watch().until_rest(rollout(5, 0), 600)


def test_a_no_is_told_at_once():
    console = Console(ConsoleError("unauthorized", "revoked", 401))
    with pytest.raises(ConsoleError):
        console.watch().until_rest(rollout(5, 0), 600)
    assert console.now < 1


def test_one_who_leaves_is_told_that_the_rollout_goes_on(capsys, monkeypatch):
    monkeypatch.setattr("edgescript.cli.remote.waiting.POLL_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        follow(Console(KeyboardInterrupt()), "/rollouts/12", rollout(5, 0), 60)
    assert capsys.readouterr().err.endswith("the rollout goes on without you: edgescript rollouts show 12\n")


def line(**keys):
    return Event("message", json.dumps(keys), "")


def tail(console, number):
    lines = follow_logs(console, "/logs", {"filter": "status=500"}, lambda: console.now, console.sleep)
    return [next(lines) for _ in range(number)]


def test_a_tail_that_breaks_off_is_asked_for_again(capsys):
    console = Console([line(n=1), 60.0, DOWN], DOWN, DOWN, [line(n=2), 60.0], [line(n=3)])
    assert tail(console, 3) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert console.slept == [1, 2, 4, 1]
    assert capsys.readouterr().err.splitlines() == [
        "connection lost, retrying: cannot reach it",
        "following again, after 7 seconds",
        "connection lost, retrying: the console ended the stream",
        "following again, after 1 second",
    ]


def test_pauses_grow_while_the_console_is_away():
    console = Console([], *[DOWN] * 6, [line(n=1)])
    assert tail(console, 1) == [{"n": 1}]
    assert console.slept == [1, 2, 4, 8, 15, 15, 15]


def test_pauses_grow_while_every_stream_breaks_off():
    console = Console(*[[]] * 5, [line(n=1)])
    assert tail(console, 1) == [{"n": 1}]
    assert console.slept == [1, 2, 4, 8, 15]


def test_a_tail_of_a_console_that_stays_away_ends():
    console = Console([line(n=1)], DOWN)
    with pytest.raises(ConsoleError, match="cannot reach it"):
        tail(console, 2)
    assert AWAY_S <= console.now < AWAY_S + 60


def test_a_console_that_was_never_there_is_told_at_once():
    console = Console(DOWN)
    with pytest.raises(ConsoleError):
        tail(console, 1)
    assert console.slept == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_tail_that_is_refused_ends(status):
    with pytest.raises(ConsoleError):
        tail(Console(ConsoleError("no", "no", status)), 1)


def test_what_was_left_out_is_said(capsys):
    dropped = Event("notice", '{"code": "dropped", "count": 12}', "")
    console = Console([dropped, Event("message", "{", ""), Event("message", "[1]", ""), line(n=1)])
    assert tail(console, 1) == [{"n": 1}]
    assert capsys.readouterr().err == "12 lines left out\n"


LINES = [
    (
        {
            "time": 1.5e9,
            "status": 403,
            "cache": "SYNTH",
            "client": "192.0.2.1",
            "method": "GET",
            "host": "shop.example",
            "uri": "/a?b",
            "scripts": [{"name": "auth", "version": 7, "state": "ExecutedAndHit"}],
        },
        "02:40:00Z 403 SYNTH 192.0.2.1 GET shop.example/a?b [auth@7: hit]",
    ),
    (
        {"status": 500, "scripts": [{"name": "auth", "state": "Exception", "code": 404, "line": 3}]},
        "500 [auth: exception 404 line 3]",
    ),
    ({"uri": "/\x1b[31m"}, "/\N{REPLACEMENT CHARACTER}[31m"),
    ({}, ""),
]


@pytest.mark.parametrize(("given", "text"), LINES)
def test_a_log_line(given, text):
    assert line_text(given) == text
