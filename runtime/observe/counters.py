"""
What a worker counts while it serves. Counting is all that happens on the per-request path; naming, summing up and
rendering are for whoever asks (`metrics`).

Measured (CPython 3.11): `answered` 0.07 µs, `answered_late` 0.15 µs.
"""

from collections import Counter, defaultdict
from typing import Final

BUCKETS: Final = 18
"""Of the histogram of waiting: the one numbered n has what took less than 2**n milliseconds, the last all the rest."""

_STATUSES: Final = 1000
"""Three digits are all a status line has room for (RFC 9112 section 4)."""


class Counters:
    """Since the worker started. `label` is what X-Cache says of an answer."""

    __slots__ = (
        "_answers",
        "aborted",
        "connections_refused",
        "late",
        "late_s",
        "refused",
        "script_faults",
        "sent_bytes",
    )

    def __init__(self) -> None:
        self._answers: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _STATUSES)
        """Answers by label, and in each list by status: a pair as a key would be made for each answer."""
        self.sent_bytes = 0
        """Of answers, heads and bodies, as they were handed to the system."""
        self.late: list[int] = [0] * BUCKETS
        """Answers that had to wait for something, by how long they took in all."""
        self.late_s = 0.0
        self.aborted = 0
        """Requests whose client went before its answer was complete."""
        self.refused: Counter[int] = Counter()
        """Requests not accepted, by the status they were answered with."""
        self.connections_refused = 0
        """Connections closed at once because `max_connections` were open."""
        self.script_faults = 0
        """Script runs that raised."""

    @property
    def answers(self) -> dict[tuple[str, int], int]:
        """Answers by label and status."""
        return {
            (label, status): count
            for label, counts in self._answers.items()
            for status, count in enumerate(counts)
            if count
        }

    def answered(self, label: str, status: int, sent_bytes: int) -> None:
        """An answer that was made in the call that read its request."""
        self._answers[label][status] += 1
        self.sent_bytes += sent_bytes

    def answered_late(self, label: str, status: int, sent_bytes: int, seconds: float) -> None:
        """An answer that waited, `seconds` after its request was read."""
        self._answers[label][status] += 1
        self.sent_bytes += sent_bytes
        bucket = int(seconds * 1000).bit_length() if seconds > 0.0 else 0
        self.late[bucket if bucket < BUCKETS else BUCKETS - 1] += 1
        self.late_s += seconds
