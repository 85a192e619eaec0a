"""Answers the node makes itself: the quick way and the careful way say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgescript.context import Context
from edgescript.effects import Answer, HeaderOp, Redirect
from edgescript.request import Request
from runtime.proxy import own_answer

NAMES = [
    "X-A",
    "x-a",
    "X-B",
    "Content-Type",
    "Date",
    "Via",
    "X-Cache",
    "X-Request-Id",
    "Location",
    "Connection",
]
OPS = st.builds(
    HeaderOp,
    st.sampled_from(["set", "add", "delete"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "v", "w w", "${host}", "@{content-type}", "\xe9"]),
    st.booleans(),
)
ENDS = st.one_of(
    st.builds(Answer, st.sampled_from([200, 204, 304, 403]), st.sampled_from([None, "", "body"])),
    st.builds(Redirect, st.sampled_from([301, 302, 307]), st.just("/there?x=1")),
)


def parts(answer: own_answer.Immediate) -> tuple[bytes, list[bytes], bytes]:
    head, _, rest = answer.head.partition(b"\r\n\r\n")
    assert rest == b""
    line, *fields = head.split(b"\r\n")
    return line, sorted(fields), answer.body


@given(ENDS, st.lists(OPS, max_size=4), st.sampled_from(["GET", "HEAD"]), st.booleans())
def test_both_ways_say_the_same(
    end: Answer | Redirect, ops: list[HeaderOp], method: str, keep_alive: bool
) -> None:
    context = Context(Request(method, host="h", id="0" * 32), now_s=1e9)
    context.end(end)
    context.effects.response_headers = ops
    quick = own_answer.synthesise(context, keep_alive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_answer, "wish_lines", lambda _ops: None)
        careful = own_answer.synthesise(context, keep_alive)
    assert parts(quick) == parts(careful)


def test_content_is_framed_and_dated() -> None:
    context = Context(Request("GET", id="0" * 32), now_s=0.0)
    context.end(Answer(403, "no"))
    line, fields, body = parts(own_answer.synthesise(context, True))
    assert (line, body) == (b"HTTP/1.1 403 Forbidden", b"no")
    assert fields == [
        b"Content-Length: 2",
        b"Content-Type: text/plain",
        b"Date: Thu, 01 Jan 1970 00:00:00 GMT",
        b"Via: 1.1 edgescript",
        b"X-Cache: SYNTH",
        b"X-Request-Id: 00000000000000000000000000000000",
    ]
