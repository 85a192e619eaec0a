"""
Prints what every pattern of `redos` costs: `python -m tests.regex.evidence`; with `--write`, into tests/regex/README.md.

Each row is a search for all groups and a test, in milliseconds, the best of five, for texts of 1 to 256 KiB (a run takes
64 at most); the exponent of growth up to 64 and from there on (1 is linear, 2 quadratic); and what `gsub_re` does with
64 KiB in a run with the usual limits: its milliseconds, and the limit that ended it, if one did.
"""

import contextlib
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edgescript.faults import ScriptFault
from edgescript.meter import Meter
from edgescript.regex import Pattern, RegexError, RegexLimitError, compile_pattern
from stdlib.pure.patterns import gsub_re
from tests.regex.redos import ATTACKS, Attack

README = Path(__file__).parent / "README.md"
KIB = (1, 4, 16, 64, 256)
ROUNDS = 5
FLOOR_MS = 0.02
"""Below it a clock tells nothing of growth."""
MOST_MS = 50
"""For 64 KiB: the wall clock of a run."""
MOST_GROWTH = 1.4
"""Past 64 KiB, where RE2 has made its changes of ways."""
MARK = "<!-- made by `python -m tests.regex.evidence --write` -->\n"


class Row(NamedTuple):
    attack: Attack
    verdict: str
    milliseconds: tuple[float, ...] = ()
    replacing: str = ""

    def exponent(self, small_kib: int, large_kib: int) -> float:
        """Of the growth between two sizes."""
        small, large = (max(self.milliseconds[KIB.index(kib)], FLOOR_MS) for kib in (small_kib, large_kib))
        return math.log(large / small) / math.log(large_kib / small_kib)

    @property
    def is_linear(self) -> bool:
        return self.milliseconds[KIB.index(64)] < MOST_MS and self.exponent(64, 256) < MOST_GROWTH


def verdict(attack: Attack) -> str:
    """`re`, `re2`, or `refused: ` and why."""
    try:
        return compile_pattern(attack.pattern, attack.options).engine
    except RegexError as error:
        return f"refused: {error.reason}"


def measure(attack: Attack, rounds: int = ROUNDS) -> Row:
    found = verdict(attack)
    if found.startswith("refused"):
        return Row(attack, found)
    pattern = compile_pattern(attack.pattern, attack.options)
    times = tuple(best_ms(pattern, attack.subject(kib << 10), rounds) for kib in KIB)
    return Row(attack, found, times, replace(attack))


def best_ms(pattern: Pattern, subject: str, rounds: int = ROUNDS) -> float:
    """Milliseconds of a search and a test, the best of so many rounds. A refusal of the length counts as an answer."""
    return best_of(lambda: (pattern.search(subject), pattern.test(subject)), rounds)


def best_of(work: Callable[[], object], rounds: int) -> float:
    best = math.inf
    for _ in range(rounds):
        begin = time.perf_counter()
        with contextlib.suppress(RegexLimitError):
            work()
        best = min(best, time.perf_counter() - begin)
    return best * 1000


def replace(attack: Attack) -> str:
    """What `gsub_re` does with the largest text a run takes, under the limits of a run."""
    subject = attack.subject((64 << 10) - 256)
    ended = ""
    begin = time.perf_counter()
    try:
        gsub_re(Meter(monotonic=time.monotonic), subject, attack.pattern, "-", attack.options)
    except ScriptFault as fault:
        ended = f" {fault.limit}"
    return f"{(time.perf_counter() - begin) * 1000:.1f}{ended}"


def shown(row: Row) -> list[str]:
    """What names the row in the table: attack, pattern, verdict."""
    attack = row.attack
    pattern = f"(?{attack.options}){attack.pattern}" if attack.options else attack.pattern
    return [
        attack.name,
        "`{}`".format(pattern.replace("|", r"\|").replace("`", "'")),
        row.verdict,
    ]


def table() -> str:
    """The rows in Markdown."""
    lines = ["| attack | pattern | verdict | 1 | 4 | 16 | 64 | 256 KiB | 1 to 64 | 64 to 256 | gsub_re |"]
    lines.append("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for row in map(measure, ATTACKS):
        cells = shown(row)
        if row.milliseconds:
            exponents = (row.exponent(1, 64), row.exponent(64, 256))
            cells += [
                *(f"{each:.3f}" for each in row.milliseconds),
                *(f"{each:.2f}" for each in exponents),
                row.replacing,
            ]
        else:
            cells += [""] * (len(KIB) + 3)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    made = table()
    sys.stdout.write(made)
    if "--write" in sys.argv:
        before = README.read_text().partition(MARK)[0]
        README.write_text(before + MARK + "\n" + made)
