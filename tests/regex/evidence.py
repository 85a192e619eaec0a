"""
Prints what every pattern of `redos` costs: `python -m tests.regex.evidence`.

Columns: engine, milliseconds for texts of 1, 8 and 64 KiB (the best of three), and the growth from 8 to 64, which is
about 8 where time is linear and 64 where it is quadratic. RE2 has a matcher for short texts and another for
long ones, so a row may jump once by a factor of 5 or fall.
"""

import sys
import time
from collections.abc import Iterator

from edgescript.regex import Pattern, RegexError, compile_pattern
from tests.regex.redos import ATTACKS


def best_ms(pattern: Pattern, subject: str, rounds: int = 3) -> float:
    """Milliseconds of a search and a test, the best of so many rounds."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        pattern.search(subject)
        pattern.test(subject)
        best = min(best, time.perf_counter() - begin)
    return best * 1000


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield f"{'pattern':44} {'engine':7} {'1K':>8} {'8K':>8} {'64K':>8} {'growth':>7}"
    for attack in ATTACKS:
        try:
            pattern = compile_pattern(attack.pattern)
        except RegexError as error:
            yield f"{attack.name:44} refused: {error.reason}"
            continue
        small, middle, large = (best_ms(pattern, attack.subject(size << 10)) for size in (1, 8, 64))
        growth = large / middle
        yield f"{attack.name:44} {pattern.engine:7} {small:8.3f} {middle:8.3f} {large:8.3f} {growth:7.1f}"


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(row + "\n")
