"""Where an origin's response ends (RFC 9112 §6.3); `502` where that is in doubt."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.framing import Chunked, Length, NoBody, UntilClose, decide_response_framing
from runtime.http.refusal import Refuse
from tests.http.notation import fields, table


@table(
    "method status version field_text decision",
    [
        ("6.3.1", b"HEAD", 200, b"1.1", "Content-Length: 5", NoBody()),
        ("6.3.1", b"HEAD", 200, b"1.1", "Transfer-Encoding: chunked", NoBody()),
        ("6.3.1", b"GET", 204, b"1.1", "", NoBody()),
        ("6.3.1", b"GET", 304, b"1.1", "Content-Length: 5", NoBody()),
        ("6.3.1", b"GET", 103, b"1.1", "", NoBody()),
        ("6.3.4", b"GET", 200, b"1.1", "Transfer-Encoding: Chunked", Chunked()),
        ("6.3.6", b"GET", 200, b"1.1", "Content-Length: 5", Length(5)),
        ("6.3.6", b"GET", 200, b"1.0", "Content-Length: 0", Length(0)),
        ("6.3.8", b"GET", 200, b"1.1", "", UntilClose()),
        ("6.3.8", b"POST", 500, b"1.0", "X: y", UntilClose()),
        ("6.3.3", b"GET", 200, b"1.1", "Content-Length: 5 | Transfer-Encoding: chunked", 502),
        ("6.3.5", b"GET", 200, b"1.1", "Content-Length: 5 | Content-Length: 6", 502),
        ("6.3.5", b"GET", 200, b"1.1", "Content-Length: 5 | Content-Length: 5", 502),
        ("6.3.5", b"GET", 200, b"1.1", "Content-Length: 5, 5", 502),
        ("6.3.5", b"GET", 200, b"1.1", "Content-Length: five", 502),
        ("6.3.5", b"GET", 200, b"1.1", "Content-Length: 99999999999999999999", 502),
        ("6.1", b"GET", 200, b"1.1", "Transfer-Encoding: gzip", 502),
        ("6.1", b"GET", 200, b"1.1", "Transfer-Encoding: gzip, chunked", 502),
        ("6.1", b"GET", 200, b"1.0", "Transfer-Encoding: chunked", 502),
        ("2.3", b"GET", 200, b"2.0", "Content-Length: 5", 502),
        ("9110 15", b"GET", 100, b"1.1", "", NoBody()),
        ("9110 15", b"GET", 599, b"1.1", "Content-Length: 5", Length(5)),
        ("9110 15", b"GET", 99, b"1.1", "Content-Length: 5", 502),
        ("9110 15", b"GET", 600, b"1.1", "Content-Length: 5", 502),
        ("9110 5.5", b"GET", 200, b"1.1", "Content-Length: 5 | X: \x00", 502),
        ("5.1", b"GET", 200, b"1.1", "Content-Length: 5 | X y: z", 502),
    ],
)
def test_response_framing(method, status, version, field_text, decision):
    decided = decide_response_framing(method, status, version, fields(field_text))
    assert (decided.status if isinstance(decided, Refuse) else decided) == decision


names = st.one_of(st.sampled_from([b"Content-Length", b"Transfer-Encoding"]), st.binary(max_size=5))
values = st.one_of(st.sampled_from([b"chunked", b"3"]), st.binary(max_size=8))


@given(st.integers(0, 700), st.lists(st.tuples(names, values), max_size=4))
def test_any_response_is_framed_or_refused_with_502(status, found):
    decided = decide_response_framing(b"GET", status, b"1.1", found)
    assert not isinstance(decided, Refuse) or decided.status == 502
