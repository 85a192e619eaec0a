"""Updating and invalidating what is stored (RFC 9111 §3.2, §4.3.4, §4.4)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.update import merge_304, needs_invalidation
from tests.http.notation import fields, table, text


@table(
    "stored fresh merged",
    [
        ("3.2 replaces", "ETag: 1 | X: a", "X: b", "ETag: 1 | X: b"),
        ("3.2 all lines of a name", "X: a | x: b | Y: c", "X: d | X: e", "Y: c | X: d | X: e"),
        ("3.2 adds", "X: a", "Y: b", "X: a | Y: b"),
        ("3.2 keeps", "X: a", "", "X: a"),
        ("3.2 not Content-Length", "Content-Length: 9", "Content-Length: 0", "Content-Length: 9"),
        (
            "3.2 what the body depends on",
            "Content-Encoding: gzip",
            "Content-Encoding: br",
            "Content-Encoding: gzip",
        ),
        (
            "3.2 what the body depends on",
            "Content-Type: a/b",
            "Content-Type: c/d | X: y",
            "Content-Type: a/b | X: y",
        ),
        (
            "3.1 not hop-by-hop",
            "X: a",
            "Connection: close | Keep-Alive: 1 | Transfer-Encoding: chunked",
            "X: a",
        ),
        ("4.2.3 Age was another response's", "Age: 50 | X: a", "Age: 2", "X: a"),
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
