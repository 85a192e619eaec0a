"""
Which part of a representation a Range asks for (RFC 9110 §14).

A row is: Range of a representation of 10 bytes -> the parts, `whole`, or `none` for 416.
"""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.conditional import Validators
from runtime.http.ranges import (
    MAX_RANGES,
    Partial,
    Unsatisfiable,
    Whole,
    decide_range,
    multipart_heads,
)
from tests.http.notation import NOW, fields, table

STRONG = Validators(b'"a"', NOW - 60)


def asked(request, size=10, method="GET", stored=STRONG, dated=NOW):
    decided = decide_range(method, fields(request), stored, dated, size, NOW)
    match decided:
        case Whole():
            return "whole"
        case Unsatisfiable():
            return "none"
        case Partial(parts):
            return " ".join(f"{part.first}-{part.last}" for part in parts)


@table(
    "value parts",
    [
        ("14.1.2", "bytes=0-3", "0-3"),
        ("14.1.2 open end", "bytes=7-", "7-9"),
        ("14.1.2 end", "bytes=-3", "7-9"),
        ("14.1.2 beyond the end", "bytes=8-99", "8-9"),
        ("14.1.2 a longer end", "bytes=-99", "0-9"),
        ("14.1.2 last byte", "bytes=9-9", "9-9"),
        ("14.1.1 several, in the order asked", "bytes=5-6, 0-1 ,-1", "5-6 0-1 9-9"),
        ("14.1.1 those there are", "bytes=5-6,20-30", "5-6"),
        ("5.6.1 empty elements", "bytes=,0-1,,", "0-1"),
        ("14.1 unit in any case", "BYTES=0-1", "0-1"),
        ("15.5.17 behind the end", "bytes=10-", "none"),
        ("15.5.17 none of several", "bytes=10-11,99-", "none"),
        ("15.5.17 nothing of the end", "bytes=-0", "none"),
        ("14.2 other unit", "items=0-1", "whole"),
        ("14.2 no unit", "0-1", "whole"),
        ("14.1.1 last before first", "bytes=3-2", "whole"),
        ("14.1.1 one invalid of two", "bytes=0-1,3-2", "whole"),
        ("14.1.1 no number", "bytes=a-b", "whole"),
        ("14.1.1 nothing", "bytes=", "whole"),
        ("14.1.1 nothing", "bytes=-", "whole"),
        ("14.1.1 signs", "bytes=+0-1", "whole"),
        ("14.2 greedy", "bytes=0-9,0-9", "whole"),
        ("14.2 greedy", "bytes=" + ",".join(["0-0"] * (MAX_RANGES + 1)), "whole"),
        ("14.2 huge", "bytes=0-" + "9" * 600, "whole"),
        ("14.2 huge", "bytes=" + "9" * 19 + "-", "whole"),
    ],
)
def test_range(value, parts):
    assert asked(f"Range: {value}") == parts


@table(
    "request_ parts",
    [
        ("14.2 no Range", "", "whole"),
        ("13.1.5 same", 'Range: bytes=0-0 | If-Range: "a"', "0-0"),
        ("13.1.5 other", 'Range: bytes=0-0 | If-Range: "b"', "whole"),
        ("13.1.5 a list is none", 'Range: bytes=0-0 | If-Range: "a", "a"', "whole"),
        ("13.1.5 same date", "Range: bytes=0-0 | If-Range: Sun, 09 Sep 2001 01:45:40 GMT", "0-0"),
        ("13.1.5 later date", "Range: bytes=0-0 | If-Range: Sun, 09 Sep 2001 01:45:41 GMT", "whole"),
        ("13.1.5 no date", "Range: bytes=0-0 | If-Range: yesterday", "whole"),
    ],
)
def test_if_range(request_, parts):
    assert asked(request_) == parts


def test_validators_that_are_not_strong():
    condition = "Range: bytes=0-0 | If-Range: "
    assert asked(condition + 'W/"a"', stored=Validators(b'W/"a"')) == "whole"
    assert asked(condition + "Sun, 09 Sep 2001 01:45:40 GMT", dated=NOW - 60) == "whole"
    assert asked(condition + "Sun, 09 Sep 2001 01:45:40 GMT", dated=None) == "whole"
    assert asked(condition + '"a"', stored=Validators()) == "whole"


def test_only_for_get():
    assert asked("Range: bytes=0-0", method="HEAD") == "whole"


def test_of_nothing_there_is_no_part():
    assert asked("Range: bytes=0-", size=0) == "none"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=20), st.integers(0, 25))
def test_parts_lie_within_and_are_no_more_than_the_whole(specs, size):
    value = ",".join(f"{first}-{last}" for first, last in specs)
    decided = decide_range("GET", [(b"Range", b"bytes=" + value.encode())], STRONG, NOW, size, NOW)
    if isinstance(decided, Partial):
        assert all(0 <= part.first <= part.last < size for part in decided.ranges)
        assert sum(part.length for part in decided.ranges) <= size


def test_multipart():
    decided = decide_range("GET", fields("Range: bytes=0-1,8-"), STRONG, NOW, 10, NOW)
    heads, end = multipart_heads(decided.ranges, 10, b"text/plain", b"B")
    assert heads == [
        b"--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n",
        b"\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n",
    ]
    assert end == b"\r\n--B--\r\n"
    assert b"Content-Type" not in multipart_heads(decided.ranges, 10, None, b"B")[0][0]
