"""
Whether a server is asked: what the node's own checks say (active), and what requests ran into (passive).

Passive is nginx's max_fails and fail_timeout: after `max_fails` failures, each within `fail_timeout_s` of the one
before, a server is left alone for `fail_timeout_s`; then one request tries it, and the next only after as long again,
until one succeeds. Times are monotonic seconds.
"""

from typing import Final

from runtime.upstreams.upstream import HealthCheck

JITTER: Final = 0.2
"""Of an interval: checks of many nodes and servers must not fall into step."""


class Passive:
    """Failures of requests, as one worker saw them."""

    __slots__ = ("_checked_s", "_fail_timeout_s", "_failed_s", "_fails", "_max_fails")

    def __init__(self, max_fails: int, fail_timeout_s: float) -> None:
        """`max_fails` 0 never leaves a server alone."""
        self._max_fails = max_fails
        self._fail_timeout_s = fail_timeout_s
        self._fails = 0
        self._failed_s = 0.0
        self._checked_s = 0.0
        """When it last failed or, after a rest, was last tried."""

    def is_up(self, now: float) -> bool:
        """Whether a request may try the server."""
        return (
            self._fails < self._max_fails
            or not self._max_fails
            or now - self._checked_s > self._fail_timeout_s
        )

    def tried(self, now: float) -> None:
        """A request is sent there: after a rest it is the only one for `fail_timeout_s`."""
        if self._fails and now - self._checked_s > self._fail_timeout_s:
            self._checked_s = now

    def failed(self, now: float) -> bool:
        """A request failed; whether the server is left alone from now on."""
        if self._fails < self._max_fails and now - self._failed_s > self._fail_timeout_s:
            self._fails = 0
        self._fails += 1
        self._failed_s = self._checked_s = now
        return self._fails == self._max_fails

    def succeeded(self) -> None:
        """A request was answered. One that was under way when another failed proves nothing."""
        if self._fails and self._failed_s < self._checked_s:
            self._fails = 0


class Active:
    """Answers to the node's own checks. A server counts as up until `fall` checks in a row have failed."""

    __slots__ = ("_check", "_in_a_row", "up")

    def __init__(self, check: HealthCheck) -> None:
        self._check = check
        self._in_a_row = 0
        """Results against the present state."""
        self.up = True

    def heard(self, healthy: bool) -> bool:
        """A check ended; whether the state changed."""
        if healthy == self.up:
            self._in_a_row = 0
            return False
        self._in_a_row += 1
        if self._in_a_row < (self._check.rise if healthy else self._check.fall):
            return False
        self.up = healthy
        self._in_a_row = 0
        return True


def is_healthy(check: HealthCheck, status: int) -> bool:
    """Whether a check that was answered with `status` passed."""
    first, last = check.statuses
    return first <= status <= last


def pause_s(check: HealthCheck, chance: float) -> float:
    """Seconds to the next check; `chance` is from 0 to 1."""
    return check.interval_s * (1 + JITTER * (chance - 0.5))
