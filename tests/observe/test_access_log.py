"""Lines of the access log: what is in them, what never is, and what happens when there are too many."""

import json

from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.pipeline import InstalledScript, ScriptResult, ScriptState
from edgescript.request import Connection, Headers, Request
from runtime.observe.access_log import AccessLog
from runtime.observe.trace import ids_of

SCRIPT = InstalledScript("auth.es", "head", lambda _context: True, "deny")
CONNECTION = Connection("192.0.2.7", 40_000, "192.0.2.1", 443, "https")
SECRETS = Headers((("authorization", "Bearer s3cret"), ("cookie", "id=s3cret"), ("user-agent", "curl")))


def request(target="/a?token=t0p", number="1"):
    return Request("GET", target, "HTTP/1.1", "shop.example", SECRETS, CONNECTION, number)


def lines(log):
    return [json.loads(line) for line in log.lines(log.take()).splitlines()]


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
    text = log.lines(log.take())
    assert b"s3cret" not in text
    assert b"t0p" not in text
    assert b'"uri":"/a"' in text


def test_no_value_ends_a_line_or_reaches_a_terminal_raw():
    log = AccessLog()
    hostile = Request(
        "GET", '/\n{"status":200}\r\x1b[2J"\\\x00', "HTTP/1.1", "a\nb", SECRETS, CONNECTION, "1"
    )
    log.add(hostile, 400, "SYNTH", 1, 0.0, 0.0)
    text = log.lines(log.take())
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
