"""The node's log: one JSON object a line, at a bounded rate a kind."""

import json

import pytest

from edgescript.faults import FaultCode, ScriptFault
from edgescript.pipeline import InstalledScript, ScriptResult, ScriptState
from runtime.observe.events import MAX_LINES_PER_S, EventLog, fault_facts


class Log:
    """What an EventLog wrote; its clock is `now`."""

    def __init__(self):
        self.now = 1_700_000_000.25
        self.lines = []
        self.events = EventLog(self.lines.append, lambda: self.now)

    def read(self):
        """The lines since the last look."""
        lines, self.lines[:] = [json.loads(line) for line in self.lines], []
        return lines


@pytest.fixture
def log():
    return Log()


def test_a_line_has_the_event_the_time_and_the_facts(log):
    log.events.note("origin-failed", origin="a:80", count=2)
    assert log.read() == [{"event": "origin-failed", "time": 1_700_000_000.25, "origin": "a:80", "count": 2}]


def test_text_stays_on_its_line(log):
    log.events.note("x", message="a\nb\x1b")
    assert not set(log.lines[0]) & {"\n", "\x1b"}
    assert log.read()[0]["message"] == "a\nb\x1b"


def test_each_kind_has_so_many_lines_a_second(log):
    for _ in range(MAX_LINES_PER_S + 7):
        log.events.note("a")
    log.events.note("b")
    assert [line["event"] for line in log.read()] == ["a"] * MAX_LINES_PER_S + ["b"]


def test_the_next_line_says_how_many_were_left_out(log):
    for _ in range(MAX_LINES_PER_S + 7):
        log.events.note("a")
    log.read()
    log.now += 1
    log.events.note("a")
    log.events.note("a")
    assert [line.get("left_out") for line in log.read()] == [7, None]


def test_a_line_that_cannot_be_written_is_counted():
    written, full = [], True

    def write(line):
        if full:
            raise OSError("no room")
        written.append(json.loads(line))

    events = EventLog(write, lambda: 1_700_000_000.25)
    events.note("a")
    events.note("a")
    full = False
    events.note("a")
    events.note("a")
    assert [line.get("left_out") for line in written] == [2, None]


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        (
            "hmac: got digest 'se\\'cret', want one of md5, sha1",
            "hmac: got digest '...', want one of md5, sha1",
        ),
        ('trim: got location "sec\'ret", want both', "trim: got location '...', want both"),
        ("exit: got status 77, want 200 to 599", "exit: got status ..., want 200 to 599"),
        ("format: got -1.5, want a whole number", "format: got ..., want a whole number"),
        ("upper: s: got undef, want string", "upper: s: got undef, want string"),
        ("script used up its fuel of 10", "script used up its fuel of 10"),
    ],
)
def test_a_fault_is_logged_without_the_values_it_quotes(message, logged):
    fault = ScriptFault(FaultCode.OTHER, message)
    fault.line, fault.column = 3, 5
    script = InstalledScript("a.es", "head", lambda _: False, "deny")
    result = ScriptResult(script, ScriptState.EXCEPTION, fault, 7, 0.0)
    assert fault_facts("id", result) == {
        "request_id": "id",
        "script": "a.es",
        "line": 3,
        "column": 5,
        "code": 499,
        "message": logged,
        "fuel": 7,
    }
