"""When two values of a selecting field mean the same (RFC 9111 §4.1)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.vary import normalised
from tests.http.notation import table


@table(
    "name one other same",
    [
        ("5.6.1 white space of a list", "accept", "a,b", " a ,  b", True),
        ("5.6.1 empty elements", "accept", "a, ,b,", "a,b", True),
        ("5.6.1 order counts", "accept", "a, b", "b, a", False),
        ("5.6.1 case counts", "accept", "a", "A", False),
        ("5.6.1 inside quotes", "accept", 'a="x,y"', 'a="x, y"', False),
        ("5.3 an unknown field is read as a list", "foo", "1,2", "1,   2", True),
        ("5.3 case of an unknown field counts", "foo", "a", "A", False),
        ("5.5 a known field that is no list", "user-agent", "a,b", "a, b", False),
        ("5.5 white space around", "user-agent", "a b", " a b\t", True),
        ("12.5.4 languages: case", "accept-language", "en-GB", "EN-gb", True),
        ("12.5.4 languages: order of the same weight", "accept-language", "en, de", "de, en", True),
        ("12.4.2 languages: weights", "accept-language", "en;q=1, de;q=0.50", "de;q=0.5,en", True),
        ("12.4.2 languages: other weights", "accept-language", "en, de;q=0.5", "de, en;q=0.5", False),
        ("12.4.2 languages: no weight", "accept-language", "en;level=1", "EN;level=1", False),
        ("12.4.2 languages: not a weight", "accept-language", "en;q=2", "en", False),
        ("12.5.3 codings", "accept-encoding", "gzip, br", "br,GZIP", True),
        ("12.5.3 codings: none at all", "accept-encoding", "", "gzip", False),
        ("12.5.3 codings: refused", "accept-encoding", "gzip;q=0", "gzip", False),
    ],
)
def test_same(name, one, other, same):
    values = [normalised(name.encode(), value.encode()) for value in (one, other)]
    assert (values[0] == values[1]) is same


@given(st.sampled_from([b"accept-language", b"accept", b"foo", b"user-agent"]), st.binary(max_size=40))
def test_a_form_is_its_own_form(name, value):
    once = normalised(name, value)
    assert normalised(name, once) == once
