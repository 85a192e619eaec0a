"""The node's log: one JSON object a line, at a bounded rate a kind."""

import json

import pytest

from runtime.observe.events import MAX_LINES_PER_S, EventLog


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
