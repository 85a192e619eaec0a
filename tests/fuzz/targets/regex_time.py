"""Any pattern on a long text made to hurt it: each regex builtin ends in an answer or a fault, soon."""

import contextlib
import time

from edgescript.faults import ScriptFault
from edgescript.meter import DEFAULT_LIMITS, Meter
from stdlib.pure.patterns import capture_re, gsub_re, match_re
from tests.fuzz.reader import Reader

CORPUS = "pumps"
OPTIONS = ("", "i", "s", "m")
SIZES = (DEFAULT_LIMITS.regex_bytes, 4096)
MOST_S = 0.4
"""Seconds of this process' own time: the wall clock of a run, the slowest accepted pattern after it, and a machine that
measures coverage meanwhile."""


def run(data: bytes) -> None:
    take = Reader(data)
    option, size = take.pick(OPTIONS), take.pick(SIZES)
    pattern, prefix, pump, suffix, replacement = (take.text() for _ in range(5))
    subject = (prefix + (pump or "a") * size)[: size - len(suffix)] + suffix
    calls = (
        lambda meter: match_re(meter, subject, pattern, option),
        lambda meter: capture_re(meter, subject, pattern),
        lambda meter: gsub_re(meter, subject, pattern, replacement, option),
    )
    for call in calls:
        # What only once was slow was something else on the machine.
        assert (
            min(_seconds(call) for _ in range(1)) < MOST_S or min(_seconds(call) for _ in range(2)) < MOST_S
        )


def _seconds(call) -> float:
    begin = time.process_time()
    with contextlib.suppress(ScriptFault):
        call(Meter(DEFAULT_LIMITS, time.monotonic))
    return time.process_time() - begin
