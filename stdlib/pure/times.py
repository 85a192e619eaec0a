"""
Moments as text and back (reference section 7.9). A moment is a number of seconds since 1970-01-01 00:00:00 UTC.

Local time is UTC+8, as in every sample of the reference, and knows no daylight saving. Years go from 1 to 9999;
a moment outside gives false.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from edgescript.builtins import Cost, Effect, Family, Int, Num, Str
from edgescript.types import to_number

times = Family("times", effect=Effect.PURE)

LOCAL_OFFSET_S: Final = 8 * 3600
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(_MONTHS, 1)}
_TWO_DIGIT_PIVOT: Final = 70
"""Two-digit years below it are of this century, as nginx has it."""

_DASHED_OR_SPACED: Final = re.compile(
    r"[A-Za-z]{3,9}, ?(\d\d)([ -])([A-Z][a-z]{2})\2(\d{4}|\d\d) (\d\d):(\d\d):(\d\d)(?!\d)", re.ASCII
)
"""RFC 9110 section 5.6.7: IMF-fixdate and rfc850-date; the cookie form is the latter with a short weekday."""
_ASCTIME: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})(?!\d)", re.ASCII
)


def moment(seconds: float) -> datetime | None:
    """The moment in UTC, whole seconds; None outside the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(seconds=int(seconds // 1))
    except (OverflowError, ValueError):
        return None


def date_and_time(at: datetime) -> str:
    """`yyyy-mm-dd hh:mm:ss`."""
    return f"{date_text(at)} {at.hour:02}:{at.minute:02}:{at.second:02}"


def date_text(at: datetime) -> str:
    """`yyyy-mm-dd`."""
    return f"{at.year:04}-{at.month:02}-{at.day:02}"


@times.builtin(cost=Cost(24, makes=lambda _: 32))
def cookie_time(sec: Num) -> str | Literal[False]:
    """
    Return a moment as cookies' Expires has it, in GMT; false outside the years 1 to 9999.

    cookie_time(0) => 'Thu, 01-Jan-70 00:00:00 GMT'
    """
    at = moment(sec)
    return _gmt(at, "-", f"{at.year % 100:02}") if at else False


@times.builtin(cost=Cost(24, makes=lambda _: 32))
def http_time(sec: Num) -> str | Literal[False]:
    """
    Return a moment as HTTP header fields have it (RFC 9110 section 5.6.7); false outside the years 1 to 9999.

    http_time(0) => 'Thu, 01 Jan 1970 00:00:00 GMT'
    """
    at = moment(sec)
    return _gmt(at, " ", f"{at.year:04}") if at else False


def _gmt(at: datetime, joint: str, year: str) -> str:
    day = f"{at.day:02}{joint}{_MONTHS[at.month - 1]}{joint}{year}"
    return f"{_WEEKDAYS[at.weekday()]}, {day} {at.hour:02}:{at.minute:02}:{at.second:02} GMT"


@times.builtin(cost=Cost(24))
def parse_http_time(str_: Str) -> int | Literal[False]:
    """
    Return the moment a date of RFC 9110 section 5.6.7 or of a cookie names, or false if it is none.

    Whatever zone follows is taken for GMT.

    parse_http_time('Thu, 01 Jan 1970 00:01:00 GMT') => 60
    parse_http_time('Thu, 01-Jan-70 00:01:00 GMT')   => 60
    parse_http_time('Thu Jan  1 00:01:00 1970')      => 60
    parse_http_time('x')                             => false
    """
    if match := _DASHED_OR_SPACED.match(str_):
        day, _, month, year, hour, minute, second = match.groups()
    elif match := _ASCTIME.match(str_):
        month, day, hour, minute, second, year = match.groups()
    else:
        return False
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < _TWO_DIGIT_PIVOT else 1900
    try:
        at = datetime(
            number, _MONTH_NUMBERS.get(month, 0), int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return False
    return int((at - _EPOCH).total_seconds())


@times.builtin(cost=Cost(16))
def unixtime(year: Int, month: Int, day: Int, hour: Int, min_: Int, sec: Int) -> int | float | Literal[False]:
    """
    Return the moment of a local (UTC+8) date and time.

    Fields may run over, as in Lua's os.time: month 13 is January, day 0 the last of the month before. False if that
    leaves the years 1 to 9999.

    unixtime(1970, 1, 1, 8, 0, 1)    => 1
    unixtime(2024, 2, 30, 0, 0, 0)   => 1709222400
    """
    carried, month_index = divmod(month - 1, 12)
    if not 1 <= year + carried <= 9999:
        return False
    days = date(year + carried, month_index + 1, 1).toordinal() - _EPOCH_DAY + day - 1
    seconds = days * 86400 + hour * 3600 + min_ * 60 + sec - LOCAL_OFFSET_S
    return to_number(seconds) if moment(seconds + LOCAL_OFFSET_S) else False
