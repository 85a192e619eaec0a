"""What is forwarded and stored (RFC 9110 §7.6.1): fields in, end-to-end fields out."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.fields import FIELD_FACTS, HOP_BY_HOP, end_to_end
from tests.http.notation import fields, table, text


@table(
    "received forwarded",
    [
        ("nothing to drop", "Host: a | X: y", "Host: a | X: y"),
        ("fixed set", "Host: a | Connection: close | Keep-Alive: 5 | TE: trailers", "Host: a"),
        ("fixed set", "Transfer-Encoding: chunked | Upgrade: h2c | Trailer: x | A: b", "A: b"),
        ("fixed set, any case", "PROXY-CONNECTION: close | proxy-AUTHORIZATION: x | A: b", "A: b"),
        ("nominated", "Connection: X-Hop, close | X-Hop: 1 | x-hop: 2 | X-Other: 3", "X-Other: 3"),
        ("nominated on a second line", "Connection: close | Connection: x-hop | X-Hop: 1 | A: b", "A: b"),
        (
            "nominating h2c upgrade data",
            "Connection: Upgrade, HTTP2-Settings | HTTP2-Settings: AA | A: b",
            "A: b",
        ),
        # §7.6.1: "MUST NOT send a connection option corresponding to a field intended for all recipients".
        ("Host cannot be nominated", "Connection: host | Host: a", "Host: a"),
        ("nor framing", "Connection: Content-Length | Content-Length: 3", "Content-Length: 3"),
        (
            "nor credentials",
            "Connection: authorization, cookie | Authorization: x | Cookie: y",
            "Authorization: x | Cookie: y",
        ),
        ("nor cache rules", "Connection: cache-control | Cache-Control: private", "Cache-Control: private"),
        (
            "nor who asked",
            "Connection: x-forwarded-for, x-real-ip | X-Forwarded-For: 1 | X-Real-IP: 2",
            "X-Forwarded-For: 1 | X-Real-IP: 2",
        ),
        ("nor cookies set", "Connection: set-cookie | Set-Cookie: a=b", "Set-Cookie: a=b"),
        ("empty options", "Connection: ,, | A: b", "A: b"),
    ],
)
def test_end_to_end(received, forwarded):
    assert text(end_to_end(fields(received))) == forwarded


names = st.sampled_from([*FIELD_FACTS, b"x-one", b"X-Two"])
messages = st.lists(st.tuples(names, st.one_of(names, st.binary(max_size=20))), max_size=12)


@given(messages)
def test_forwarded_fields_are_end_to_end_in_order_and_stay_so(received):
    forwarded = end_to_end(received)
    assert not {name.lower() for name, _ in forwarded} & HOP_BY_HOP
    remaining = iter(received)
    assert all(field in remaining for field in forwarded)
    assert end_to_end(forwarded) == forwarded


@given(messages)
def test_known_end_to_end_fields_always_survive(received):
    kept = [field for field in received if field[0] in FIELD_FACTS and field[0] not in HOP_BY_HOP]
    assert [field for field in end_to_end(received) if field[0] in FIELD_FACTS] == kept
