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
    one_range,
    part_of,
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


@table(
    "value one",
    [
        ("14.1.2", "bytes=0-3", "0-3"),
        ("14.1.2 open end", "Bytes = 7-", "7-"),
        ("14.1.2 end", "bytes=-3", "-3"),
        ("the same, otherwise written", "bytes= 007-08 ", "7-8"),
        ("several", "bytes=0-1,3-4", None),
        ("14.1.1 last before first", "bytes=3-2", None),
        ("14.2 other unit", "items=0-1", None),
        ("nothing", "bytes=", None),
        ("nothing", "bytes", None),
        ("long", "bytes=" + "0" * 600 + "-1", None),
    ],
)
def test_the_one_range_asked_for(value, one):
    found = one_range(fields(f"Range: {value}"))
    assert found == (None if one is None else one.encode())


@table(
    "value asked part",
    [
        ("14.4", "bytes 0-3/10", "0-3", "0-3/10"),
        ("14.4 unit in any case", "BYTES 0-3/10", "0-3", "0-3/10"),
        ("14.4 the end", "bytes 7-9/10", "-3", "7-9/10"),
        ("14.4 to the end", "bytes 7-9/10", "7-", "7-9/10"),
        ("14.4 no more than there is", "bytes 7-9/10", "7-99", "7-9/10"),
        ("15.3.7 less than was asked for", "bytes 0-2/10", "0-3", "0-2/10"),
        ("more", "bytes 0-4/10", "0-3", None),
        ("from another place", "bytes 1-3/10", "0-3", None),
        ("of another end", "bytes 6-9/10", "-3", None),
        ("all of it", "bytes 0-9/10", "0-3", None),
        ("14.4 the total unknown", "bytes 0-3/*", "0-3", None),
        ("14.4 the last behind the total", "bytes 0-10/10", "0-", None),
        ("14.4 the last before the first", "bytes 3-0/10", "3-", None),
        ("14.4 nothing", "bytes */10", "0-3", None),
        ("another unit", "items 0-3/10", "0-3", None),
        ("signs", "bytes +0-3/10", "0-3", None),
        ("spaces", "bytes  0-3/10", "0-3", None),
        ("two", "bytes 0-3/10 | Content-Range: bytes 0-3/10", "0-3", None),
        ("14.6 several parts", "bytes 0-3/10 | Content-Type: multipart/byteranges; boundary=a", "0-3", None),
        ("beyond what is there", "bytes 0-3/10", "20-", None),
    ],
)
def test_what_a_206_is_a_part_of(value, asked, part):
    found = part_of(fields(f"Content-Range: {value}"), asked.encode())
    assert (None if found is None else f"{found.span.first}-{found.span.last}/{found.size}") == part


def test_a_206_without_content_range_is_a_part_of_nothing():
    assert part_of([], b"0-3") is None
