"""How old a response is (RFC 9111 §4.2.3, §5.1)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.cache.store import StoredResponse
from runtime.http.reuse import UNKNOWN_AGE_S, current_age, initial_age
from tests.http.notation import NOW, fields, table

DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
A_MINUTE_AGO = "Sun, 09 Sep 2001 01:45:40 GMT"
IN_A_MINUTE = "Sun, 09 Sep 2001 01:47:40 GMT"


@table(
    "field_text request_time age",
    [
        ("4.2.3 made now", f"Date: {DATE}", NOW, 0),
        ("4.2.3 apparent_age", f"Date: {A_MINUTE_AGO}", NOW, 60),
        ("4.2.3 clock of the origin is ahead", f"Date: {IN_A_MINUTE}", NOW, 0),
        ("4.2.3 no Date", "", NOW, 0),
        ("4.2.3 response_delay", "", NOW - 2.5, 2.5),
        ("4.2.3 corrected_age_value", "Age: 10", NOW - 2, 12),
        ("4.2.3 the greater", f"Age: 10 | Date: {A_MINUTE_AGO}", NOW - 2, 60),
        ("4.2.3 the greater", f"Age: 100 | Date: {A_MINUTE_AGO}", NOW, 100),
        ("4.2.3 clock set back meanwhile", "Age: 10", NOW + 5, 10),
        ("4.2.1 a list", "Age: 10, 20", NOW, UNKNOWN_AGE_S),
        ("4.2.1 two lines", "Age: 10 | Age: 20", NOW, UNKNOWN_AGE_S),
        ("4.2.1 below 0", "Age: -5", NOW, UNKNOWN_AGE_S),
        ("4.2.1 a fraction", "Age: 1.5", NOW, UNKNOWN_AGE_S),
        ("4.2.1 nothing", "Age:", NOW, UNKNOWN_AGE_S),
        ("4.2.1 a parameter", "Age: 10;a=b", NOW, UNKNOWN_AGE_S),
        ("1.2.2 overflow", "Age: 99999999999999", NOW, 2**31),
    ],
)
def test_initial_age(field_text, request_time, age):
    assert initial_age(fields(field_text), request_time, NOW) == age


def response(initial_age_s):
    return StoredResponse(200, (), b"", request_time=NOW, response_time=NOW, initial_age_s=initial_age_s)


@given(st.floats(0, 1e9), st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_age_never_falls_and_never_below_what_it_was(initial_age_s, elapsed, more):
    stored = response(initial_age_s)
    age = current_age(stored, NOW + elapsed)
    assert age >= initial_age_s
    assert current_age(stored, NOW + elapsed + more) >= age
    assert stored.age(NOW + elapsed) == int(age)
