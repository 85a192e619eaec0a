"""HTTP-date (RFC 9110 §5.6.7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.dates import MAX_DATE, format_http_date, parse_http_date
from tests.http.notation import NOW, table

EXAMPLE = 784_111_777  # 1994-11-06 08:49:37


@table(
    "value seconds",
    [
        ("IMF-fixdate", b"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE),
        ("rfc850-date", b"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE),
        ("rfc850-date, the longest", b"Wednesday, 16-Nov-94 08:49:37 GMT", EXAMPLE + 10 * 86400),
        ("asctime-date", b"Sun Nov  6 08:49:37 1994", EXAMPLE),
        ("any case: RFC 9111 4.2", b"sUN, 06 nOV 1994 08:49:37 gmt", EXAMPLE),
        ("epoch", b"Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("before the epoch", b"Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("leap day", b"Thu, 29 Feb 1996 00:00:00 GMT", 825_552_000),
        ("leap second", b"Sun, 06 Nov 1994 08:49:60 GMT", EXAMPLE + 23),
        ("asctime, two digits", b"Wed Nov 16 08:49:37 1994", EXAMPLE + 10 * 86400),
    ],
)
def test_three_formats(value, seconds):
    assert parse_http_date(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"0",
        b"-1",
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 06 Nov 1994 08:49:37 GMT ",
        b" Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun 06 Nov 1994 08:49:37 GMT",
        b"Son, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 94 08:49:37 GMT",
        b"Sun, 06 Nox 1994 08:49:37 GMT",
        b"Sun, 31 Nov 1994 08:49:37 GMT",
        b"Sun, 00 Nov 1994 08:49:37 GMT",
        b"Wed, 29 Feb 1995 00:00:00 GMT",
        b"Sun, 06 Nov 0000 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:00:00 GMT",
        b"Sun, 06 Nov 1994 08:60:37 GMT",
        b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 06 Nov 1994 8:49:37 GMT",
        b"Sunday, 06-Nov-1994 08:49:37 GMT",
        b"Sun Nov 6 08:49:37 1994",
        b"1994-11-06T08:49:37Z",
        b"Sun, 06 Nov 1994 08:49:37 GMT" * 1000,
        "Sun, ٠٦ Nov 1994 08:49:37 GMT".encode(),
    ],
)
def test_no_date(value):
    assert parse_http_date(value, NOW) is None


IN_1999, IN_2001, IN_2051 = 920_000_000, NOW, 2_560_000_000


@table(
    "now value seconds",
    [
        ("most recent past", IN_1999, b"Friday, 01-Jan-99 00:00:00 GMT", 915_148_800),
        ("50 years ahead is future", IN_2001, b"Sunday, 01-Jan-51 00:00:00 GMT", 2_556_144_000),
        ("51 years ahead is past", IN_2001, b"Tuesday, 01-Jan-52 00:00:00 GMT", -568_080_000),
        ("to the second: in", IN_2001, b"Saturday, 09-Sep-51 01:46:40 GMT", 2_577_836_800),
        ("to the second: out", IN_2001, b"Saturday, 09-Sep-51 01:46:41 GMT", 2_577_836_801 - 36525 * 86400),
        ("next century is near", IN_2051, b"Friday, 01-Jan-00 00:00:00 GMT", 4_102_444_800),
        ("leap day of a leap year", IN_2001, b"Tuesday, 29-Feb-00 00:00:00 GMT", 951_782_400),
        ("no leap day", IN_2001, b"Thursday, 29-Feb-01 00:00:00 GMT", None),
        ("a clock that lost itself", 1e300, b"Friday, 01-Jan-99 00:00:00 GMT", 253_370_764_800),
    ],
)
def test_two_digit_years_are_at_most_50_years_ahead(now, value, seconds):
    assert parse_http_date(value, now) == seconds


def test_format():
    assert format_http_date(EXAMPLE) == b"Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize("seconds", [-1, MAX_DATE + 1])
def test_years_without_four_digits_have_no_date(seconds):
    with pytest.raises(ValueError, match="no HTTP-date"):
        format_http_date(seconds)


@given(st.integers(0, MAX_DATE), st.floats(0, 4e9))
def test_what_is_written_is_read(seconds, now):
    assert parse_http_date(format_http_date(seconds), now) == seconds


@given(st.binary(max_size=40), st.floats(allow_nan=False, allow_infinity=False))
def test_any_bytes_are_a_date_or_none(value, now):
    assert parse_http_date(value, now) is None or len(value) <= 33


shaped = st.from_regex(
    rb"(Mon|Sunday), [0-3][0-9][- ](Feb|Nov)[- ]([0-9]{2}){1,2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT"
)


@given(shaped, st.floats(0, 4e9))
def test_two_digit_years_never_end_up_far_ahead(value, now):
    seconds = parse_http_date(value, now)
    if seconds is not None and b"-" in value:
        assert now - 51 * 366 * 86400 < seconds <= now + 51 * 366 * 86400
