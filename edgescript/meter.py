"""
The bounds of a run: named limits, and the meter that holds a script to them.

Both tiers charge the meter at the same points with the same amounts, so a program uses the same fuel in either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edgescript.faults import FaultCode, ScriptFault


@dataclass(frozen=True, slots=True)
class Limits:
    """The named limits of a run; every one configurable per site."""

    fuel: int = 500_000
    """Units of work; one is at most some 50 ns of translated code, 30 in the middle of scripts (`loadtest`)."""
    wall_clock_s: float = 0.05
    """Fault 407 (reference section 5). Looked at every `FUEL_STRIDE` units and after work fuel cannot measure."""
    calls: int = 10_000
    """Calls of custom functions, callbacks included: fault 408."""
    loop_rounds: int = 10_000
    """Rounds of one loop: fault 409."""
    total_loop_rounds: int = 50_000
    """Rounds of all loops of a run: fault 410."""
    call_depth: int = 50
    """Custom functions inside each other: fault 408."""
    value_bytes: int = 1 << 20
    """One string."""
    regex_bytes: int = 64 << 10
    """A subject of a regex: what the slowest accepted pattern works off in some 50 ms. No header is longer."""
    total_bytes: int = 16 << 20
    """All strings above `SMALL_BYTES` made in a run; smaller ones are paid for by fuel."""
    dictionary_entries: int = 20_000
    """Entries made in all dictionaries of a run."""
    output_bytes: int = 1 << 20
    """Body made by say, print and exit."""
    header_operations: int = 256
    """Header and cookie operations of a run."""


DEFAULT_LIMITS: Final = Limits()
FUEL_STRIDE: Final = 20_000
"""Fuel between two looks at the wall clock: about a millisecond."""
SMALL_BYTES: Final = 256


class Meter:
    """
    The bounds of one run.

    `left` counts down and is the only field translated code touches: `left = m.left = m.left - n`, and `refuel()`
    when it falls below zero. `refuel` grants the next stride or raises. `granted - left` is what the run has used.
    """

    __slots__ = (
        "_deadline_mono_s",
        "_entries",
        "_first_stride",
        "_monotonic",
        "_string_bytes",
        "_total_rounds",
        "_wall_clock_s",
        "calls",
        "depth",
        "granted",
        "left",
        "limits",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS, monotonic: Callable[[], float] | None = None) -> None:
        self.limits = limits
        self._first_stride = min(FUEL_STRIDE, limits.fuel)
        self._wall_clock_s = limits.wall_clock_s
        self._monotonic = monotonic
        self.refill()

    def refill(self) -> None:
        """Give the next script a full measure: limits count per script run, not per request."""
        self.granted = self.left = self._first_stride
        self._deadline_mono_s = 0.0 if self._monotonic is None else self._monotonic() + self._wall_clock_s
        self.calls = 0
        self.depth = 0
        self._total_rounds = 0
        self._string_bytes = 0
        self._entries = 0

    @property
    def fuel_used(self) -> int:
        """Units charged since `refill`, >= 0."""
        return self.granted - self.left

    @property
    def elapsed_s(self) -> float:
        """Seconds since `refill`; 0 without a clock."""
        if self._monotonic is None:
            return 0.0
        return self._monotonic() - self._deadline_mono_s + self._wall_clock_s

    def charge(self, units: int) -> None:
        """Charge work whose size is known only at run time. Raises 407."""
        left = self.left = self.left - units
        if left < 0:
            self.refuel()

    def refuel(self) -> None:
        """Grant the next stride. Raises 407 when fuel or wall clock is used up."""
        while self.left < 0:
            grant = min(FUEL_STRIDE, self.limits.fuel - self.granted)
            if grant <= 0:
                raise ScriptFault(
                    FaultCode.TIMEOUT, f"script used up its fuel of {self.limits.fuel}", limit="fuel"
                )
            self.granted += grant
            self.left += grant
        self.look_at_clock()

    def look_at_clock(self) -> None:
        """For work that fuel cannot measure. Raises 407 when the wall clock is used up."""
        if self._monotonic is not None and self._monotonic() > self._deadline_mono_s:
            milliseconds = self.limits.wall_clock_s * 1000
            raise ScriptFault(
                FaultCode.TIMEOUT, f"script ran longer than {milliseconds:g} ms", limit="wall_clock_s"
            )

    def bound(self, limit: str, size: int) -> None:
        """Hold `size` bytes of an argument to the named limit. Raises 499."""
        self.look_at_clock()  # large arguments are where time goes that fuel measures badly
        most: int = getattr(self.limits, limit)
        if size > most:
            raise ScriptFault(FaultCode.OTHER, f"argument of {size} bytes, more than {most}", limit=limit)

    def enter_call(self) -> None:
        """Count a call of a custom function. Raises 408."""
        self.calls += 1
        self.depth += 1
        if self.calls > self.limits.calls:
            raise ScriptFault(
                FaultCode.CALL_LIMIT, f"more than {self.limits.calls} function calls", limit="calls"
            )
        if self.depth > self.limits.call_depth:
            raise ScriptFault(
                FaultCode.CALL_LIMIT,
                f"functions call each other more than {self.limits.call_depth} deep",
                limit="call_depth",
            )

    def leave_call(self) -> None:
        self.depth -= 1

    def loop(self, rounds: int) -> None:
        """Count `rounds` of one loop before it starts. Raises 409 or 410."""
        if rounds > self.limits.loop_rounds:
            raise ScriptFault(
                FaultCode.LOOP_LIMIT,
                f"loop over {rounds} entries, more than {self.limits.loop_rounds}",
                limit="loop_rounds",
            )
        self._total_rounds += rounds
        if self._total_rounds > self.limits.total_loop_rounds:
            raise ScriptFault(
                FaultCode.TOTAL_LOOP_LIMIT,
                f"more than {self.limits.total_loop_rounds} loop rounds in all",
                limit="total_loop_rounds",
            )

    def string(self, size: int) -> None:
        """Account for a string of `size` bytes, before it is made where that is possible. Raises 499."""
        if size <= SMALL_BYTES:
            return
        if size > self.limits.value_bytes:
            raise ScriptFault(
                FaultCode.OTHER,
                f"string of {size} bytes, more than {self.limits.value_bytes}",
                limit="value_bytes",
            )
        self._string_bytes += size
        if self._string_bytes > self.limits.total_bytes:
            raise ScriptFault(
                FaultCode.OTHER,
                f"more than {self.limits.total_bytes} bytes of strings",
                limit="total_bytes",
            )

    def entries(self, count: int) -> None:
        """Account for `count` new dictionary entries. Raises 499."""
        self._entries += count
        if self._entries > self.limits.dictionary_entries:
            raise ScriptFault(
                FaultCode.OTHER,
                f"more than {self.limits.dictionary_entries} dictionary entries",
                limit="dictionary_entries",
            )
