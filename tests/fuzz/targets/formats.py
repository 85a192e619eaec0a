"""Any format with any arguments, as C's printf by way of Python's `%` where the two agree; and any numeral."""

import re

from edgescript.faults import ScriptFault
from edgescript.meter import Meter
from stdlib.pure.formats import format_
from stdlib.pure.numbers import tonumber
from tests.fuzz.reader import Reader

NUMBERS = (0, 1, -1, 7, 255, -300, 2**40, 0.5, -2.25, 1e20, 1e-7, 123456.789)
SHARED = re.compile(r"(?:[^%]|%%|%[-+ 0]{0,3}[0-9]{0,2}(?:d|(?:\.[0-9]{1,2})?[eEfgG]))*")
"""Formats that mean the same to Python."""


def run(data: bytes) -> None:
    take = Reader(data)
    values = [take.pick(NUMBERS) for _ in range(take.below(6))]
    fmt, numeral = take.text(), take.text()
    try:
        text = format_(Meter(), fmt, *values)
    except ScriptFault:
        pass
    else:
        if SHARED.fullmatch(fmt):
            directives = len(re.findall("%[^%]*?[deEfgG]", fmt.replace("%%", "")))
            whole = tuple(values[:directives])
            assert text == fmt % whole, (fmt, values)
    for base in (10, 2, 16, 36):
        _numeral(numeral, base)


def _numeral(text: str, base: int) -> None:
    number = tonumber(text, base)
    try:
        expected = float(text) if base == 10 else int(text, base)
    except (ValueError, OverflowError):
        return
    if number is not False and "_" not in text and abs(expected) < 2**53:
        assert number == expected, text
