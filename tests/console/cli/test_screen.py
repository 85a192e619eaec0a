"""What people see: columns that line up, lines that fit, and nothing that steers a terminal."""

import json

import pytest

from edgescript.cli.remote.screen import ago, columns, count, cut, moment, printable, show_json, span, table
from edgescript.cli.remote.waiting import next_text, nodes_text, rests, state_text


def lines(header, rows, most=None):
    first, *rest = table(header, rows, most)
    return [first.removeprefix("\x1b[1m").removesuffix("\x1b[0m"), *rest]


def test_a_table_lines_up():
    assert lines(("name", "n"), [("auth", 7), ("a", None)]) == ["name  n", "auth  7", "a     -"]


def test_wide_characters_take_two_columns():
    assert columns("登录a") == 5
    assert lines(("name", "n"), [("登录", 1), ("ab", 2)]) == ["name  n", "登录  1", "ab    2"]


def test_a_line_is_cut_at_the_width():
    assert lines(("a", "b"), [("x" * 10, "y" * 100)], 20)[1] == "xxxxxxxxxx  yyyyy..."
    assert cut("登录登录", 7) == "登录..."


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "\x9b31m", "a\rb", "\u202eevil", "a\nb"])
def test_nothing_steers_the_terminal(text, capsys):
    assert printable(text).isprintable()
    show_json({"text": text})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"text": text}
    assert all(char.isprintable() or char == "\n" for char in shown)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_spans(seconds, text):
    assert span(seconds) == text
    assert ago(1000.0 - seconds, 1000.0) == f"{text} ago"


def test_a_clock_that_is_behind_shows_no_future():
    assert ago(1001.0, 1000.0) == "0 seconds ago"


@pytest.mark.parametrize(
    ("at", "text"),
    [(0, "1970-01-01 00:00:00Z"), (1.5e9, "2017-07-14 02:40:00Z"), (None, "-"), (1e300, "1e+300")],
)
def test_moments(at, text):
    assert moment(at) == text


def test_counts():
    assert [count(n, "entry", "entries") for n in (0, 1, 1234)] == ["0 entries", "1 entry", "1,234 entries"]


def rollout(**changes):
    base = {
        "id": 12,
        "environment": "production",
        "state": "running",
        "percent": 5,
        "steps": [5, 25, 100],
        "hold_s": None,
        "reason": "",
        "progress": {"nodes": 98, "acked": 97, "failed": 0, "offline": 1},
    }
    return base | changes


def progress(nodes, acked, failed=0, offline=0):
    return {"nodes": nodes, "acked": acked, "failed": failed, "offline": offline}


NODES = [
    (progress(98, 97, 0, 1), "97 of 98 nodes, 1 offline"),
    (progress(98, 95, 2, 1), "95 of 98 nodes, 2 failed, 1 offline"),
    (progress(1, 1), "1 of 1 node"),
    (progress(0, 0), "no nodes yet"),
]


@pytest.mark.parametrize(("given", "text"), NODES)
def test_nodes(given, text):
    assert nodes_text(given) == text


RESTS = {
    # a rollout -> whether it is waited for no longer
    "all nodes answered, by hand from here": (rollout(), True),
    "a node is on its way": (rollout(progress=progress(98, 96, 0, 1)), False),
    "a node failed, all others have it": (rollout(progress=progress(98, 97, 1)), True),
    "the next step comes by itself": (rollout(hold_s=60.0), False),
    "held, but no step is left": (rollout(hold_s=60.0, percent=100), True),
    "completed, nodes on their way": (rollout(state="completed", progress=progress(2, 1)), False),
    "completed everywhere": (rollout(state="completed", progress=progress(2, 2)), True),
    "aborted, nodes on their way": (rollout(state="aborted", progress=progress(2, 1)), True),
    "cancelled": (rollout(state="cancelled", progress=progress(2, 0)), True),
    "there are no nodes": (rollout(state="completed", progress=progress(0, 0)), True),
}


@pytest.mark.parametrize("case", RESTS)
def test_a_rollout_rests(case):
    given, expected = RESTS[case]
    assert rests(given) is expected


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (rollout(), "5% on 97 of 98 nodes, 1 offline"),
        (
            rollout(state="aborted", reason="exceptions: 3.00% after, 0.10% before"),
            "aborted: exceptions: 3.00% after, 0.10% before",
        ),
        (rollout(state="cancelled"), "cancelled"),
    ],
)
def test_where_it_is(given, text):
    assert state_text(given) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (rollout(), "to go on: edgescript publish --production --to 25%"),
        (rollout(environment="staging", percent=25), "to go on: edgescript publish --to 100%"),
        (rollout(steps=[5]), "to go on: edgescript publish --production --to 100%"),
        (rollout(hold_s=60.0), "25% follows by itself after 1 minute"),
        (
            rollout(percent=100),
            "for these pools and regions only: edgescript rollouts promote 12 takes it everywhere",
        ),
    ],
)
def test_how_it_goes_on(given, text):
    assert next_text(given) == text
