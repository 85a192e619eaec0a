"""Lines of the access log: what is in them, what never is, and what happens when there are too many."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.pipeline import InstalledScript, ScriptResult, ScriptState
from edgescript.request import Connection, Headers, Request
from runtime.observe.access_log import BATCH, MADE, MAX_TEXT, AccessLog, Line, ScriptLine
from runtime.observe.request_line import MAX_BEGUN, told_of
from runtime.observe.trace import ids_of

SCRIPT = InstalledScript("auth.es", "head", lambda _context: True, "deny")
CONNECTION = Connection("192.0.2.7", 40_000, "192.0.2.1", 443, "https")
BLOCK = SimpleNamespace(host="shop.example", headers=Headers())
SECRETS = Headers((("authorization", "Bearer s3cret"), ("cookie", "id=s3cret"), ("user-agent", "curl")))


def request(target="/a?token=t0p", number="1"):
    return Request("GET", target, "HTTP/1.1", "shop.example", SECRETS, CONNECTION, number)


def written(log):
    return b"".join(log.take())


def lines(log):
    return [json.loads(line) for line in written(log).splitlines()]


def test_a_line_has_what_was_asked_and_answered():
    log = AccessLog()
    log.add(request(), 200, "HIT", 1234, 1000.0, 1000.25)
    assert lines(log) == [
        {
            "time": 1000.0,
            "id": "1",
            "client": "192.0.2.7",
            "method": "GET",
            "scheme": "https",
            "host": "shop.example",
            "uri": "/a?token=t0p",
            "protocol": "HTTP/1.1",
            "status": 200,
            "bytes": 1234,
            "duration": 0.25,
            "cache": "HIT",
        }
    ]


def test_upstream_and_scripts_stand_in_the_line_where_there_are_any():
    log = AccessLog()
    fault = ScriptFault(FaultCode.OTHER, "it broke")
    fault.line = 7
    asked = request()
    results = [
        ScriptResult(SCRIPT, ScriptState.HIT, None, 31, 4.26),
        ScriptResult(SCRIPT, ScriptState.EXCEPTION, fault, 5, 1.0),
    ]
    log.record(Context(asked), results)
    log.add(asked, 502, "MISS", 10, 1000.0, 1001.0, "10.0.0.1:80", 0.5)
    (line,) = lines(log)
    assert (line["upstream"], line["upstream_time"]) == ("10.0.0.1:80", 0.5)
    assert line["scripts"] == [
        {"name": "auth.es", "state": "ExecutedAndHit", "fuel": 31, "time_us": 4.3},
        {
            "name": "auth.es",
            "state": "Exception",
            "fuel": 5,
            "time_us": 1.0,
            "code": int(FaultCode.OTHER),
            "line": 7,
        },
    ]


def test_scripts_of_one_request_are_not_told_of_another():
    log = AccessLog()
    log.record(Context(request(number="1")), [ScriptResult(SCRIPT, ScriptState.HIT, None, 1, 0.0)])
    log.add(request(number="2"), 200, "HIT", 1, 0.0, 0.0)
    log.add(request(number="1"), 200, "HIT", 1, 0.0, 0.0)
    assert ["scripts" in line for line in lines(log)] == [False, True]


def test_credentials_of_headers_are_never_written_and_queries_only_if_wanted():
    log = AccessLog(query=False)
    log.add(request(), 200, "HIT", 1, 0.0, 0.0)
    text = written(log)
    assert b"s3cret" not in text
    assert b"t0p" not in text
    assert b'"uri":"/a"' in text


def test_no_value_ends_a_line_or_reaches_a_terminal_raw():
    log = AccessLog()
    hostile = Request(
        "GET", '/\n{"status":200}\r\x1b[2J"\\\x00', "HTTP/1.1", "a\nb", SECRETS, CONNECTION, "1"
    )
    log.add(hostile, 400, "SYNTH", 1, 0.0, 0.0)
    text = written(log)
    assert text.count(b"\n") == 1
    assert not set(text[:-1]) & set(range(32))
    assert json.loads(text)["uri"] == hostile.target


def test_answers_beyond_the_bound_are_left_out_and_counted():
    log = AccessLog(max_waiting=3)
    for _ in range(5):
        log.add(request(), 200, "HIT", 1, 0.0, 0.0)
    assert (len(log), log.left_out) == (3, 2)
    assert len(lines(log)) == 3
    log.add(request(), 200, "HIT", 1, 0.0, 0.0)
    assert (len(log), log.left_out) == (1, 2)


@pytest.mark.parametrize("room", [1, MADE - 1, MADE, MADE + 1, 2 * MADE, 2 * MADE + 7])
def test_the_bound_is_in_answers_however_they_came(room):
    log = AccessLog(max_waiting=room)
    for number in range(2 * room + 1):
        if number % 3:
            log.add(request(number=str(number)), 200, "HIT", 1, 0.0, 0.0)
        else:
            log.add_at_once(CONNECTION, BLOCK, "/a", (b"x", "HIT", 200, f"{number}", None), 0.0)
    assert (len(log), log.left_out) == (room, room + 1)
    assert [line["id"] for line in lines(log)] == [str(number) for number in range(room)]


def test_who_writes_is_told_when_a_batch_waits_and_until_it_is_taken():
    log = AccessLog()
    told = []
    log.on_batch = lambda: told.append(len(log))
    for _ in range(BATCH + 2 * MADE):
        log.add(request(), 200, "HIT", 1, 0.0, 0.0)
    assert told == [BATCH, BATCH + MADE, BATCH + 2 * MADE]
    assert sum(map(len, (chunk.splitlines() for chunk in log.take()))) == BATCH + 2 * MADE
    log.add(request(), 200, "HIT", 1, 0.0, 0.0)
    assert len(told) == 3


TEXT = st.text(
    st.characters(max_codepoint=0x3FF) | st.sampled_from('"\\/<&\x00\x1b\x7f\x9b\r\n\u2028\ufffe'),
    max_size=40,
)
PARENTS = st.sampled_from(["", "00-" + "ab" * 16 + "-b7ad6b7169203331-01", "no parent"])
RESULT = st.builds(
    ScriptResult,
    st.builds(
        InstalledScript,
        TEXT,
        st.just("head"),
        st.none(),
        st.just("deny"),
        digest=st.sampled_from(["", "abc"]),
        version=st.integers(0, 3),
    ),
    st.sampled_from([ScriptState.HIT, ScriptState.NO_HIT, ScriptState.NON_EXECUTION]),
    st.none(),
    st.integers(0, 10**6),
    st.just(0.0),
    st.booleans(),
)


@given(
    st.booleans(),
    st.booleans(),
    TEXT,
    TEXT,
    st.lists(PARENTS, max_size=2),
    TEXT.map(lambda text: "/" + text) | st.just("/" + "a?" * MAX_TEXT),
    st.lists(RESULT, max_size=2),
    st.lists(st.floats(1.6e9, 2e9) | st.integers(0, 9999).map(lambda part: 1.7e9 + part / 2000), min_size=1),
)
def test_a_line_of_the_short_way_is_that_of_the_long_way(
    query, traces, client, host, parents, target, results, times
):
    short, long = (AccessLog(query=query, traces=traces) for _ in range(2))
    connection = Connection(client, 1, "192.0.2.1", 443, "https")
    headers = Headers((("cookie", host), *(("traceparent", parent) for parent in parents)))
    decision = SimpleNamespace(results=results, told=None)
    for number, now in enumerate(times):
        asked = Request("GET", target, "HTTP/1.1", host, headers, connection, f"{number:032x}")
        long.record(Context(asked), results)
        long.add(asked, 200, "HIT", 7, now, now)
        answer = (b"1234567", "HIT", 200, f"{number:032x}", decision if results else None)
        short.add_at_once(connection, SimpleNamespace(host=host, headers=headers), target, answer, now)
    made = written(short)
    assert made == written(long)
    assert [line["time"] for line in map(json.loads, made.splitlines())] == [round(now, 3) for now in times]


def test_results_of_requests_that_are_never_answered_do_not_pile_up(monkeypatch):
    monkeypatch.setattr("runtime.observe.access_log.MAX_RESULTS", 4)
    log = AccessLog()
    for number in range(10):
        log.record(
            Context(request(number=str(number))), [ScriptResult(SCRIPT, ScriptState.HIT, None, 1, 0.0)]
        )
    assert len(log._results) == 4


def test_a_line_names_the_trace_that_the_origin_was_told_of():
    log = AccessLog(traces=True)
    trace = "0af7651916cd43dd8448eb211c80319c"
    told = Headers((("traceparent", f"00-{trace}-b7ad6b7169203331-01"),))
    log.add(Request(id="1" * 32, headers=told), 200, "HIT", 1, 0.0, 0.0)
    log.add(Request(id="1" * 32), 200, "HIT", 1, 0.0, 0.0)
    assert [line["trace"] for line in lines(log)] == [trace, ids_of("1" * 32)[0]]


def test_the_script_that_ended_the_request_is_marked():
    log = AccessLog()
    results = [
        ScriptResult(SCRIPT, ScriptState.HIT, None, 31, 4.26),
        ScriptResult(SCRIPT, ScriptState.HIT, None, 5, 1.0, ended=True),
    ]
    asked = request()
    log.record(Context(asked), results)
    log.add(asked, 403, "SYNTH", 10, 1000.0, 1000.0)
    assert [script.get("ended", False) for script in lines(log)[0]["scripts"]] == [False, True]


def test_a_request_refused_as_it_began_has_what_is_known_of_it():
    log = AccessLog(traces=True)
    log.add_begun(
        CONNECTION, b"GET /a?b HTTP/1.1\r\nAuthorization: s3cret\r\n\r\n", 400, "no Host", 300, 1000.0
    )
    assert lines(log) == [
        {
            "time": 1000.0,
            "id": "",
            "client": "192.0.2.7",
            "method": "GET",
            "scheme": "https",
            "host": "",
            "uri": "/a?b",
            "protocol": "HTTP/1.1",
            "status": 400,
            "bytes": 300,
            "duration": 0.0,
            "cache": "SYNTH",
            "refused": "no Host",
        }
    ]


def test_a_whole_request_that_is_refused_says_why():
    log = AccessLog()
    log.add(request(), 421, "SYNTH", 300, 1000.0, 1000.0, refused="no site for this host")
    (line,) = lines(log)
    assert (line["host"], line["uri"], line["refused"]) == (
        "shop.example",
        "/a?token=t0p",
        "no site for this host",
    )


def test_refused_requests_are_bounded_in_number_and_in_bytes():
    log = AccessLog(max_waiting=2)
    for _ in range(3):
        log.add_begun(CONNECTION, b"GET /" + b"a" * 100_000, 414, "too long", 1, 0.0)
    assert (len(log), log.left_out) == (2, 1)
    assert [len(line["uri"]) for line in lines(log)] == [MAX_BEGUN - len("GET ")] * 2


@pytest.mark.parametrize(
    ("begun", "method", "target", "protocol"),
    [
        (b"GET /a?token=t HTTP/1.1\r\nX: y\r\n\r\n", "GET", "/a?token=t", "HTTP/1.1"),
        (b"\r\nGET /a HTTP/1.1\r\n", "GET", "/a", "HTTP/1.1"),
        (b"PURGE /a", "PURGE", "/a", ""),
        (b"OPTIONS * HTTP/2.0\r\n", "OPTIONS", "*", "HTTP/2.0"),
        (b"GET http://a.test/b HTTP/1.1\r\n", "GET", "http://a.test/b", "HTTP/1.1"),
        (b"GET http://u:p4ss@a.test/b HTTP/1.1\r\n", "GET", "http://a.test/b", "HTTP/1.1"),
        (b"GET http://u:p4ss@x@a.test HTTP/1.1\r\n", "GET", "http://a.test", "HTTP/1.1"),
        (b"GET /a@b HTTP/1.1\r\n", "GET", "/a@b", "HTTP/1.1"),
        (b"GET /\xc3\xa4\x1b[2J\x9b HTTP/1.1\r\n", "GET", "/%C3%A4%1B[2J%9B", "HTTP/1.1"),
        (b"GET /a\nX: y HTTP/1.1\r\n", "GET", "/a", ""),
        (b"GET /a HTTP/1.x\r\n", "GET", "/a", ""),
        (b"GET /a HTTP/1.1 s3cret\r\n", "GET", "/a", ""),
        # Anything else is not repeated.
        (b"", "", "", ""),
        (b"GET", "", "", ""),
        (b"Authorization: Bearer s3cret\r\n", "", "", ""),
        (b"root s3cret\r\n", "", "", ""),
        (b"GET u:p4ss@a.test:80 HTTP/1.1\r\n", "", "", ""),
        (b"GET ftp://u:p4ss@a.test/ HTTP/1.1\r\n", "", "", ""),
        (b"GET http:\\\\u:p4ss@a.test/ HTTP/1.1\r\n", "", "", ""),
        (b"G" * 33 + b" / HTTP/1.1\r\n", "", "", ""),
        (b"\x16\x03\x01\x02\x00\x01\x00", "", "", ""),
    ],
)
def test_what_is_told_of_a_request_that_was_not_understood(begun, method, target, protocol):
    assert told_of(begun, query=True) == (method, target, protocol)


@pytest.mark.parametrize(
    "target", [b"/a?token=t0p", b"/a#t0p", b"/a?b#c?t0p", b"http://u@h/a?t0p", b"/a??t0p"]
)
def test_without_queries_nothing_behind_a_path_is_told(target):
    assert told_of(b"GET " + target + b" HTTP/1.1\r\n", query=False).target.rpartition("/")[2] == "a"


def test_every_field_is_in_the_table_of_the_design():
    text = (Path(__file__).parents[2] / "runtime" / "observe" / "DESIGN.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \|", text.partition("A line of the access log")[2], re.MULTILINE
    )
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {*Line.__struct_fields__, *ScriptLine.__struct_fields__}
