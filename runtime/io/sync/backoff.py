"""How long to wait before asking again what failed: longer each time, and not all nodes at once."""

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
MAX_ASKED_S: Final = 300.0
"""What a Retry-After is obeyed up to: a wrong one must not end a node's following."""


class Backoff:
    """`chance` gives numbers from 0 to 1."""

    def __init__(self, chance: Callable[[], float], longest_s: float = LONGEST_S) -> None:
        self._chance = chance
        self._longest_s = longest_s
        self._failures = 0

    def failed(self, asked_s: float = 0.0) -> float:
        """
        Seconds to wait after one more failure: between half of the doubled time and all of it.

        `asked_s` is what the other side asks for at least.
        """
        most_s = min(FIRST_S * 2.0 ** min(self._failures, 16), self._longest_s)
        self._failures += 1
        pause_s = most_s * (0.5 + self._chance() / 2)
        # A little more than what was asked, or all who were turned away come back together.
        asked_s = min(max(asked_s, 0.0), MAX_ASKED_S) * (1 + self._chance() / 10)
        return max(pause_s, asked_s)

    def succeeded(self) -> None:
        """The next failure is a first one."""
        self._failures = 0
