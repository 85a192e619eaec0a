"""Lines for somebody who looks on: those of the sites that are followed, the newest, whatever a file is told."""

from types import SimpleNamespace

import pytest

from edgescript.context import Context
from edgescript.pipeline import InstalledScript, ScriptResult, ScriptState
from edgescript.request import Connection, Headers, Request
from runtime.observe.access_log import AccessLog
from runtime.observe.tail import MAX_LINES, Tail

SCRIPT = InstalledScript("auth", "head", lambda _: True, "deny", digest="abc", version=7)


def tail(file=None, *sites):
    made = Tail(file, AccessLog(query=False), lambda host: host.partition(".")[0])
    made.sites = frozenset(sites)
    return made


def ask(log, host, number="1", path="/a?token=s3cret"):
    """A request to `host`, answered."""
    request = Request("GET", path, "HTTP/1.1", host, id=number)
    log.record(Context(request), [ScriptResult(SCRIPT, ScriptState.HIT, None, 31, 4.0)])
    log.add(request, 200, "HIT", 10, 1.0, 1.5)


def test_lines_are_of_the_sites_that_are_followed():
    log = tail(None, "shop")
    for number, host in enumerate(["shop.example", "blog.example", "shop.example"]):
        ask(log, host, str(number))
    lines = log.take()
    assert [(line["domain"], line["id"], line["uri"]) for line in lines] == [
        ("shop", "0", "/a"),
        ("shop", "2", "/a"),
    ]
    assert lines[0]["scripts"] == [
        {"name": "auth", "state": "ExecutedAndHit", "fuel": 31, "time_us": 4.0, "version": "7"}
    ]
    assert log.take() == []


def test_the_newest_are_kept_and_the_others_counted():
    log = tail(None, "shop")
    for number in range(MAX_LINES + 5):
        ask(log, "shop.example", str(number))
    lines = log.take()
    assert (len(lines), lines[0]["id"], log.left_out) == (MAX_LINES, "5", 5)


@pytest.mark.parametrize("followed", [(), ("shop",), ("blog",)])
def test_the_file_has_every_line_all_the_same(followed):
    file = AccessLog()
    log = tail(file, *followed)
    ask(log, "shop.example")
    log.add_begun(Connection(), b"GET / HTTP/9\r\n", 505, "version", 10, 1.0)
    written = b"".join(file.take()).decode().splitlines()
    assert len(written) == 2
    assert '"scripts":[{"name":"auth"' in written[0]
    assert '"status":505' in written[1]
    assert len(log.take()) == ("shop" in followed)


@pytest.mark.parametrize("followed", [(), ("shop",), ("blog",)])
def test_an_answer_at_once_is_told_like_any_other(followed):
    file = AccessLog()
    log = tail(file, *followed)
    block = SimpleNamespace(host="shop.example", headers=Headers())
    log.add_at_once(Connection(), block, "/a?token=s3cret", (b"x" * 10, "HIT", 200, "1", None), 1.0)
    assert b'"host":"shop.example","uri":"/a?token=s3cret"' in b"".join(file.take())
    assert [(line["domain"], line["uri"], line["bytes"]) for line in log.take()] == [
        ("shop", "/a", 10) for name in followed if name == "shop"
    ]


def test_what_is_not_followed_leaves_nothing_behind():
    log = tail(None, "blog")
    for number in range(10):
        ask(log, "shop.example", str(number))
    assert (log.take(), len(log._lines), log._lines._results) == ([], 0, {})
