"""What a request head looks like byte by byte (RFC 9112 §2.2, §3, §5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.framing import HeadLimits
from runtime.http.raw import scan_head
from tests.http.notation import table


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"M-SEARCH * HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t b c : d \xff\t\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ],
)
def test_well_formed(head):
    assert scan_head(head) is None


@table(
    "head reason",
    [
        ("2.2", b"GET / HTTP/1.1\nHost: a\n\n", "bare LF"),
        ("2.2", b"GET / HTTP/1.1\r\nHost: a\n\r\n", "bare LF"),
        ("2.2", b"GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n", "bare CR"),
        ("2.2", b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "bare CR"),
        ("2.2", b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", "more than one empty line"),
        ("2.2", b"\r\n\r\n", "more than one empty line"),
        ("2.2", b" GET / HTTP/1.1\r\n\r\n", "white space before the request line"),
        ("2.2", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "folded"),
        ("3", b"GET /  HTTP/1.1\r\n\r\n", "three words"),
        ("3", b"GET  / HTTP/1.1\r\n\r\n", "three words"),
        ("3", b"GET\t/\tHTTP/1.1\r\n\r\n", "request line does not end"),
        ("3", b"GET / HTTP/1.1 \r\n\r\n", "request line does not end"),
        ("3", b"GET /\r\n\r\n", "request line does not end"),
        ("3", b"GET / http/1.1\r\n\r\n", "request line does not end"),
        ("3", b"GET / HTTP/1.10\r\n\r\n", "request line does not end"),
        ("3.2", b"GET /\xe4 HTTP/1.1\r\n\r\n", "malformed"),
        ("5.1", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "before the colon"),
        ("5.1", b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", "before the colon"),
        ("5.1", b"GET / HTTP/1.1\r\nHost a\r\n\r\n", "without a colon"),
        ("5.1", b"GET / HTTP/1.1\r\n: a\r\n\r\n", "malformed"),
        ("5.1", b"GET / HTTP/1.1\r\nX(y): a\r\n\r\n", "malformed"),
        ("5.2", b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", "folded"),
        ("5.2", b"GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n", "folded"),
        ("9110 5.5", b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n", "NUL"),
        ("9110 5.5", b"GET / HTTP/1.1\r\nX: \x0b\r\n\r\n", "control"),
        ("9110 5.5", b"GET / HTTP/1.1\r\nX: \x7f\r\n\r\n", "control"),
        ("no end", b"GET / HTTP/1.1\r\nX: a\r\n", "malformed"),
        ("more than a head", b"GET / HTTP/1.1\r\n\r\nbody", "malformed"),
        ("nothing", b"", "three words"),
    ],
)
def test_refused(head, reason):
    refusal = scan_head(head)
    assert refusal is not None
    assert refusal.status == 400
    assert reason in refusal.reason


def test_a_head_over_the_limits_is_431():
    limits = HeadLimits(target_bytes=30, head_bytes=30)
    head = b"GET / HTTP/1.1\r\nX: %b\r\n\r\n"
    assert scan_head(head % (b"a" * 25), limits) is None
    refusal = scan_head(head % (b"a" * 26), limits)
    assert refusal is not None
    assert refusal.status == 431


def test_a_request_line_that_holds_too_long_a_target_is_414():
    refusal = scan_head(b"GET /%b HTTP/1.1\r\nX: a\r\n\r\n" % (b"a" * 100), HeadLimits(target_bytes=30))
    assert refusal is not None
    assert refusal.status == 414


@pytest.mark.parametrize("filler", [b"a", b"a:", b": ", b"\r\n", b"\r\na:b", b" :", b"\t", b"\r"])
def test_no_head_takes_long(filler):
    limits = HeadLimits(head_bytes=1 << 20)
    for start in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX:"):
        scan_head(start + filler * (500_000 // len(filler)), limits)


@given(st.binary(max_size=60))
def test_any_bytes_are_judged(head):
    refusal = scan_head(head)
    assert refusal is None or refusal.status == 400


octets = st.sampled_from([b"\r", b"\n", b"\x00", b"\x01", b"\x7f", b"\r\n ", b"\r\n\t", b"\xa0\n"])


@given(st.integers(0, 50), octets)
def test_no_line_break_or_control_character_gets_in(position, octet):
    head = b"GET /index.html HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
    assert scan_head(head) is None
    assert scan_head(head[:position] + octet + head[position:]) is not None
