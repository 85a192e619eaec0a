"""Dates of any bytes: a moment that prints as a date which is read as the same moment, or false."""

from stdlib.pure.times import cookie_time, http_time, moment, parse_http_time, unixtime


def run(data: bytes) -> None:
    parsed = parse_http_time(data.decode("latin-1"))
    if parsed is not False:
        _prints_and_reads(parsed)
    seconds = int.from_bytes(data[:6], "big", signed=True)
    if moment(seconds) is not None:
        _prints_and_reads(seconds)
    fields = [int.from_bytes(data[at : at + 2], "big", signed=True) for at in range(0, 12, 2)]
    found = unixtime(*fields)
    assert found is False or moment(found + 8 * 3600) is not None


def _prints_and_reads(seconds: int) -> None:
    text = http_time(seconds)
    assert text is not False
    assert parse_http_time(text) == seconds
    cookie = cookie_time(seconds)
    assert cookie is not False
    assert parse_http_time(cookie) is not False
