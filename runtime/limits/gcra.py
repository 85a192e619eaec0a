"""
The generic cell rate algorithm as one function: what `requests` does inline and the shared table calls.

A key has one number, its theoretical arrival time (TAT): when its bucket is full again. A request is admitted while the
TAT is at most `burst` intervals ahead, and puts it one interval further. In any `W` seconds of a clock that does not
jump, at most `rate * W + burst + 1` requests are admitted, whoever asks, as long as they ask one after the other.
"""

from typing import Final

SLACK: Final = 1e-6
"""Part of an interval by which a request may be early: sums of doubles are not exact, a steady client is."""
REFUSED: Final = -1.0
SET_BACK_S: Final = 60.0
"""A moment that is further behind is that of a clock that was set; one less far may be that of a process that was stopped, or of
a request that came a while ago, and taking it for the clock's would give away what was counted since."""


def decide(tat_s: float, now_s: float, interval_s: float, burst: float) -> tuple[float, float]:
    """
    The wait and the new TAT. The wait is how far ahead of the rate the request is, seconds, >= 0; REFUSED beyond `burst`.

    A TAT further ahead than SET_BACK_S and what admissions leave (the clock was set back) is cut to the furthest that these do,
    so a key is never locked out longer than a minute and its burst. A TAT that is no number counts as past.
    """
    if not tat_s > now_s:
        return 0.0, now_s + interval_s
    spare_s = burst * interval_s if burst > 0 else 0.0
    ahead_s = tat_s - now_s
    if ahead_s <= spare_s + interval_s * SLACK:
        return ahead_s, tat_s + interval_s
    furthest_s = spare_s + interval_s
    return REFUSED, tat_s if ahead_s <= furthest_s + SET_BACK_S else now_s + furthest_s
