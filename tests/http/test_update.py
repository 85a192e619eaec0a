"""Updating and invalidating what is stored (RFC 9111 §3.2, §4.3.4, §4.4)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.conditional import Validators
from runtime.http.update import (
    head_effect,
    invalidated_keys,
    merge_304,
    needs_invalidation,
    represents_target,
)
from tests.http.notation import fields, table, text


@table(
    "stored fresh merged",
    [
        ("3.2 replaces", "ETag: 1 | X: a", "X: b", "ETag: 1 | X: b"),
        ("3.2 all lines of a name", "X: a | x: b | Y: c", "X: d | X: e", "Y: c | X: d | X: e"),
        ("3.2 adds", "X: a", "Y: b", "X: a | Y: b"),
        ("3.2 keeps", "X: a", "", "X: a"),
        ("3.1 not what its Connection names", "X: a", "Connection: X, Y | X: b | Y: c", "X: a"),
        ("9110 7.6.1 which names no field for all", "ETag: 1", "Connection: ETag | ETag: 2", "ETag: 2"),
        ("3.2 not Content-Length", "Content-Length: 9", "Content-Length: 0", "Content-Length: 9"),
        (
            "3.2 what the body depends on",
            "Content-Encoding: gzip",
            "Content-Encoding: br",
            "Content-Encoding: gzip",
        ),
        (
            "3.2 what is said of the body",
            "Content-Type: a/b",
            "Content-Type: c/d | X: y",
            "Content-Type: c/d | X: y",
        ),
        (
            "3.1 not hop-by-hop",
            "X: a",
            "Connection: close | Keep-Alive: 1 | Transfer-Encoding: chunked",
            "X: a",
        ),
        ("4.2.3 Age was another response's", "Age: 50 | X: a", "Age: 2", "X: a"),
        ("4.3.4 nor is its Date the fresh one's", "Date: 1 | X: a", "X: b", "X: b"),
        ("7.3 not a cookie for all", "X: a", "Set-Cookie: s=1", "X: a"),
        (
            "4.3.4",
            "Cache-Control: max-age=1 | Date: 1",
            "Cache-Control: max-age=2 | Date: 2",
            "Cache-Control: max-age=2 | Date: 2",
        ),
    ],
)
def test_merge_304(stored, fresh, merged):
    assert text(merge_304(fields(stored), fields(fresh))) == merged


messages = st.lists(
    st.tuples(st.sampled_from([b"X", b"x", b"Y", b"Age", b"Set-Cookie", b"ETag"]), st.binary(max_size=3))
)


@given(messages, messages)
def test_merging_twice_is_merging_once(stored, fresh):
    once = merge_304(stored, fresh)
    assert merge_304(once, fresh) == once


@table(
    "method status answer",
    [
        ("4.4", b"POST", 200, True),
        ("4.4", b"PUT", 204, True),
        ("4.4", b"DELETE", 302, True),
        ("4.4 unknown method", b"FROBNICATE", 200, True),
        ("4.4 error", b"POST", 404, False),
        ("4.4 error", b"DELETE", 500, False),
        ("4.4 interim", b"POST", 100, False),
        ("4.4 safe", b"GET", 200, False),
        ("4.4 safe", b"HEAD", 200, False),
        ("4.4 safe", b"OPTIONS", 200, False),
        ("4.4 safe", b"TRACE", 200, False),
    ],
)
def test_invalidation(method, status, answer):
    assert needs_invalidation(method, status) is answer


KEY = "http://a.test/x/y?q=1"


@table(
    "key answer invalid",
    [
        ("4.4 relative", KEY, "Location: z", ["http://a.test/x/z"]),
        ("4.4 absolute path", KEY, "Location: /z?p", ["http://a.test/z?p"]),
        ("4.4 dots", KEY, "Content-Location: ../../z", ["http://a.test/z"]),
        ("4.4 both", KEY, "Location: /1 | Content-Location: /2", ["http://a.test/1", "http://a.test/2"]),
        ("4.4 URI", KEY, "Location: HTTP://A.TEST/z#part", ["http://a.test/z"]),
        ("4.4 no path", KEY, "Location: http://a.test?b", ["http://a.test/?b"]),
        ("4.4 the target itself", KEY, "Location: y?q=1", []),
        ("4.4 another host", KEY, "Location: http://b.test/z", []),
        ("4.4 another port", KEY, "Location: http://a.test:81/z", []),
        ("4.4 another scheme", KEY, "Location: https://a.test/z", []),
        ("4.4 a host that begins so", KEY, "Location: http://a.test.evil/z", []),
        ("4.4 a user", KEY, "Location: http://u@a.test/z", []),
        ("4.4 no URI", KEY, "Location: http://[a/z", []),
        ("4.4 none", KEY, "", []),
        ("4.4 twice is none", KEY, "Location: http://b.test/z | Location: /z", []),
        ("4.4 of the same upstream", KEY + " @b", "Location: /z", ["http://a.test/z @b"]),
        ("4.4 under a key of a script's", "http://a.test shop", "Location: /z", ["http://a.test/z"]),
    ],
)
def test_what_else_is_out_of_date(key, answer, invalid):
    assert invalidated_keys(key, b"/x/y?q=1", fields(answer)) == invalid


@table(
    "answer same",
    [
        ("8.7 itself", "Content-Location: /x/y?q=1", True),
        ("8.7 as a URI", "Content-Location: http://a.test/x/y?q=1", True),
        ("8.7 another", "Content-Location: /x/y", False),
        ("8.7 none", "", False),
    ],
)
def test_content_that_represents_the_target(answer, same):
    assert represents_target(KEY, b"/x/y?q=1", fields(answer)) is same


@table(
    "stored headed length effect",
    [
        ("4.3.5 same tag", ('"a"', None), ('"a"', None), None, "update"),
        ("4.3.5 same tag, same length", ('"a"', None), ('"a"', None), "4", "update"),
        ("4.3.5 same tag, other length", ('"a"', None), ('"a"', None), "5", "forget"),
        ("4.3.5 other tag", ('"a"', 9), ('"b"', 9), None, "forget"),
        ("4.3.5 same time", (None, 9), (None, 9), None, "update"),
        ("4.3.5 other time", (None, 9), (None, 8), None, "forget"),
        ("4.3.5 same tag, other time", ('"a"', 9), ('"a"', 8), None, "forget"),
        ("4.3.5 only one has a tag", ('"a"', 9), (None, 9), None, "nothing"),
        ("4.3.5 nothing to compare", (None, None), (None, None), "4", "nothing"),
        ("4.3.5 no length", ('"a"', None), ('"a"', None), "x", "update"),
    ],
)
def test_head(stored, headed, length, effect):
    old, new = (Validators(tag and tag.encode(), time) for tag, time in (stored, headed))
    assert head_effect(old, 4, new, length and length.encode()) == effect
