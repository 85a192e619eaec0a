"""Where a request ends (RFC 9112 §6), or the status it is refused with."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.framing import (
    HAS_AUTHORIZATION,
    HAS_CACHE_DIRECTIVE,
    HAS_PRECONDITION,
    HAS_RANGE,
    Chunked,
    HeadLimits,
    Length,
    NoBody,
    RequestHead,
    accept_request,
    decide_request_framing,
)
from runtime.http.refusal import Refuse
from tests.http.notation import fields, table


def framing(line, field_text, limits=None):
    method, target, version = line.encode("latin-1").split(b" ")
    decided = decide_request_framing(
        method, target, version.removeprefix(b"HTTP/"), fields(field_text), limits or HeadLimits()
    )
    return decided.status if isinstance(decided, Refuse) else decided


@table(
    "line field_text decision",
    [
        ("6.3.7", "GET / HTTP/1.1", "Host: a", NoBody()),
        ("6.3.7", "POST / HTTP/1.1", "Host: a", NoBody()),
        ("6.3.7", "GET / HTTP/1.0", "", NoBody()),
        ("6.3.6", "POST / HTTP/1.1", "Host: a | Content-Length: 5", Length(5)),
        ("6.3.6", "GET / HTTP/1.1", "Host: a | Content-Length: 5", Length(5)),
        ("6.3.6", "POST / HTTP/1.0", "Content-Length: 005", Length(5)),
        ("6.3.6", "POST / HTTP/1.1", "Host: a | Content-Length: 0", NoBody()),
        ("6.3.4", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: chunked", Chunked()),
        ("7 case", "POST / HTTP/1.1", "Host: a | transfer-encoding: CHUNKED", Chunked()),
    ],
)
def test_accepted(line, field_text, decision):
    assert framing(line, field_text) == decision


@table(
    "line field_text status",
    [
        # Content-Length
        ("6.3.5 differing", "POST / HTTP/1.1", "Host: a | Content-Length: 5 | Content-Length: 6", 400),
        ("6.3.5 agreeing", "POST / HTTP/1.1", "Host: a | Content-Length: 5 | content-length: 5", 400),
        ("6.3.5 list", "POST / HTTP/1.1", "Host: a | Content-Length: 5, 5", 400),
        ("6.2 sign", "POST / HTTP/1.1", "Host: a | Content-Length: +5", 400),
        ("6.2 sign", "POST / HTTP/1.1", "Host: a | Content-Length: -5", 400),
        ("6.2 hex", "POST / HTTP/1.1", "Host: a | Content-Length: 0x5", 400),
        ("6.2 underscore", "POST / HTTP/1.1", "Host: a | Content-Length: 1_0", 400),
        ("6.2 inner space", "POST / HTTP/1.1", "Host: a | Content-Length: 1 0", 400),
        ("6.2 superscript", "POST / HTTP/1.1", "Host: a | Content-Length: \xb2", 400),
        ("6.2 empty", "POST / HTTP/1.1", "Host: a | Content-Length:", 400),
        ("6.2 huge", "POST / HTTP/1.1", "Host: a | Content-Length: 9999999999999999999", 413),
        ("6.2 huge", "POST / HTTP/1.1", "Host: a | Content-Length: " + "9" * 5000, 413),
        ("6.2 above the limit", "POST / HTTP/1.1", "Host: a | Content-Length: 9999999999999999", 413),
        # Transfer-Encoding
        ("6.3.3", "POST / HTTP/1.1", "Host: a | Content-Length: 5 | Transfer-Encoding: chunked", 400),
        ("6.3.3", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: chunked | Content-Length:", 400),
        ("6.1 in 1.0", "POST / HTTP/1.0", "Host: a | Transfer-Encoding: chunked", 400),
        ("6.1 below chunked", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: gzip, chunked", 501),
        (
            "6.1 below, two lines",
            "POST / HTTP/1.1",
            "Host: a | Transfer-Encoding: gzip | Transfer-Encoding: chunked",
            501,
        ),
        ("6.3.4.3 not last", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: chunked, gzip", 400),
        ("6.3.4.3 none", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: gzip", 400),
        ("6.3.4.3 none", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: identity", 400),
        ("6.1 twice", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: chunked, chunked", 400),
        (
            "6.1 twice",
            "POST / HTTP/1.1",
            "Host: a | Transfer-Encoding: chunked | Transfer-Encoding: chunked",
            400,
        ),
        ("6.1 empty", "POST / HTTP/1.1", "Host: a | Transfer-Encoding:", 400),
        ("6.1 empty element", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: ,chunked", 400),
        ("6.1 parameter", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: chunked;x=y", 400),
        ("6.1 quoted", "POST / HTTP/1.1", 'Host: a | Transfer-Encoding: "chunked"', 400),
        ("6.1 garbage", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: x\x0bchunked", 400),
        ("6.1 malformed below", "POST / HTTP/1.1", "Host: a | Transfer-Encoding: a b, chunked", 400),
        # The rest of the head
        ("9110 9.3.8", "TRACE / HTTP/1.1", "Host: a | Content-Length: 5", 400),
        ("9110 9.3.8", "TRACE / HTTP/1.1", "Host: a | Transfer-Encoding: chunked", 400),
        ("2.3 version", "GET / HTTP/1.2", "Host: a", 505),
        ("2.3 version", "GET / HTTP/2.0", "Host: a", 505),
        ("2.3 version", "GET / HTTP/0.9", "Host: a", 505),
        ("2.3 version", "GET / HTTP/1.1.", "Host: a", 505),
        ("9110 9.3.6", "CONNECT a:443 HTTP/1.1", "Host: a:443", 501),
        ("3.1 method", "G@T / HTTP/1.1", "Host: a", 400),
        ("3.1 method", "\xc4 / HTTP/1.1", "Host: a", 400),
        ("3.1 method", "A" * 33 + " / HTTP/1.1", "Host: a", 501),
        ("9110 9.1 another case", "get / HTTP/1.1", "Host: a", 501),
        ("9110 9.1 another case", "Head / HTTP/1.1", "Host: a", 501),
        ("9113 11.6", "PRI / HTTP/1.1", "Host: a", 501),
        ("9110 10.1.1", "POST / HTTP/1.1", "Host: a | Content-Length: 1 | Expect: a-miracle", 417),
        ("9110 10.1.1", "POST / HTTP/1.1", "Host: a | Content-Length: 1 | Expect: 100-continue, x", 417),
        ("5.1 space before colon", "GET / HTTP/1.1", "Host: a | X(y): b", 400),
        ("9110 5.5", "GET / HTTP/1.1", "Host: a | X: a\rb", 400),
        ("9110 5.5", "GET / HTTP/1.1", "Host: a | X: a\nY: b", 400),
        ("9110 5.5", "GET / HTTP/1.1", "Host: a | X: \x00", 400),
    ],
)
def test_refused(line, field_text, status):
    assert framing(line, field_text) == status


def test_names_with_space_before_the_colon_are_no_names():
    assert decide_request_framing(b"GET", b"/", b"1.1", [(b"Host", b"a"), (b"X ", b"y")]).status == 400
    assert decide_request_framing(b"GET", b"/", b"1.1", [(b"Host", b"a"), (b"", b"y")]).status == 400
    assert decide_request_framing(b"GET", b"/", b"1.1", [(b"Host", b"a"), (b" folded", b"y")]).status == 400


LIMITS = HeadLimits(target_bytes=10, head_bytes=40, fields=3, body_bytes=100)


@table(
    "line field_text decision",
    [
        ("target_bytes", "GET /23456789a HTTP/1.1", "Host: a", NoBody()),
        ("target_bytes", "GET /23456789ab HTTP/1.1", "Host: a", 414),
        ("fields", "GET / HTTP/1.1", "Host: a | B: c | D: e", NoBody()),
        ("fields", "GET / HTTP/1.1", "Host: a | B: c | D: e | F: g", 431),
        ("head_bytes", "GET / HTTP/1.1", "Host: a | B: " + "x" * 32, NoBody()),
        ("head_bytes", "GET / HTTP/1.1", "Host: a | B: " + "x" * 33, 431),
        ("body_bytes", "PUT / HTTP/1.1", "Host: a | Content-Length: 100", Length(100)),
        ("body_bytes", "PUT / HTTP/1.1", "Host: a | Content-Length: 101", 413),
    ],
)
def test_limits(line, field_text, decision):
    assert framing(line, field_text, LIMITS) == decision


def head(line, field_text) -> RequestHead:
    method, target, version = line.encode("latin-1").split(b" ")
    accepted = accept_request(method, target, version.removeprefix(b"HTTP/"), fields(field_text))
    assert isinstance(accepted, RequestHead)
    return accepted


@table(
    "line field_text keep_alive",
    [
        ("9.3", "GET / HTTP/1.1", "Host: a", True),
        ("9.3", "GET / HTTP/1.1", "Host: a | Connection: Close", False),
        ("9.3", "GET / HTTP/1.1", "Host: a | Connection: x, close", False),
        ("9.3", "GET / HTTP/1.1", "Host: a | Connection: keep-alive | Connection: close", False),
        ("9.3", "GET / HTTP/1.0", "", False),
        ("9.3", "GET / HTTP/1.0", "Connection: Keep-Alive", True),
        ("9.3", "GET / HTTP/1.0", "Connection: keep-alive, close", False),
    ],
)
def test_persistence(line, field_text, keep_alive):
    assert head(line, field_text).keep_alive is keep_alive


@table(
    "line field_text waits",
    [
        ("9110 10.1.1", "POST / HTTP/1.1", "Host: a | Content-Length: 3 | Expect: 100-Continue", True),
        (
            "9110 10.1.1",
            "POST / HTTP/1.1",
            "Host: a | Transfer-Encoding: chunked | Expect: 100-continue",
            True,
        ),
        ("9110 10.1.1", "POST / HTTP/1.1", "Host: a | Content-Length: 3", False),
        (
            "9110 10.1.1 nothing to send",
            "POST / HTTP/1.1",
            "Host: a | Content-Length: 0 | Expect: 100-continue",
            False,
        ),
        ("9110 10.1.1 from 1.0", "POST / HTTP/1.0", "Content-Length: 3 | Expect: 100-continue", False),
    ],
)
def test_expectation(line, field_text, waits):
    assert head(line, field_text).expects_continue is waits


def test_marks_say_which_fields_are_there():
    marks = head("GET / HTTP/1.1", "Host: a | If-None-Match: * | PRAGMA: x").marks
    assert marks & HAS_PRECONDITION
    assert marks & HAS_CACHE_DIRECTIVE
    assert not marks & (HAS_RANGE | HAS_AUTHORIZATION)


words = st.sampled_from([b"chunked", b"5", b"gzip", b"a", b"close", b"", b"100-continue", b"0"])
values = st.one_of(words, st.binary(max_size=12))
known = st.sampled_from([b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"X"])
names = st.one_of(known, st.binary(max_size=6))


@given(
    st.sampled_from([b"GET", b"POST", b"TRACE", b"OPTIONS", b"CONNECT"]),
    st.one_of(st.just(b"/"), st.binary(max_size=12)),
    st.sampled_from([b"1.1", b"1.0", b"2.0"]),
    st.lists(st.tuples(names, values), max_size=6),
)
def test_whatever_comes_is_judged_and_two_readings_are_never_accepted(method, target, version, found):
    judged = accept_request(method, target, version, found)
    if isinstance(judged, Refuse):
        assert 400 <= judged.status < 600
        return
    seen = [name.lower() for name, _ in found]
    assert seen.count(b"host") == 1 or (version == b"1.0" and b"host" not in seen)
    assert seen.count(b"content-length") + seen.count(b"transfer-encoding") <= 1
    assert isinstance(judged.framing, Chunked) is (b"transfer-encoding" in seen)
