"""Bandwidth of a response (reference section 7.7)."""

from collections.abc import Callable
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Int, Str, refused
from edgescript.context import Context
from edgescript.types import MAX_EXACT_INT

throttle = Family("throttle", effect=Effect.WRITES)

MIN_RATE_BYTES_PER_S: Final = 4 * 1024
"""U-20: most pages of the reference have 4 KB/s."""
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _bytes(n: int, unit: str) -> int | None:
    """`n` units in bytes, cut to what a number holds exactly; None for a negative count or unknown unit."""
    factor = _UNITS.get(unit.lower()) if len(unit) <= 1 else None
    return min(n * factor, MAX_EXACT_INT) if factor is not None and n >= 0 else None


@throttle.builtin(cost=Cost(1), reads=())
def limit_rate_after(ctx: Context, n: Int, unit: Str = "") -> bool:
    """
    Set how much of the response is sent at full speed before `limit_rate` counts: `n` bytes, or units of k, m or g
    (1024, in either case). False for a negative `n` or another unit.

    limit_rate_after(2, 'm') => true
    limit_rate_after(2, 'x') => false
    """
    size = _bytes(n, unit)
    if size is None:
        return False
    ctx.effects.rate_after_bytes = size
    return True


@throttle.builtin(cost=Cost(1), reads=())
def limit_rate(ctx: Context, n: Int, unit: Str = "") -> bool:
    """
    Limit the response's speed to `n` bytes a second, or units of k, m or g (1024, in either case).

    Less than 4 KB a second is raised to that. False for an `n` that is not above 0 or another unit.

    limit_rate(300, 'k') => true
    limit_rate(0)        => false
    """
    size = _bytes(n, unit)
    if not size:
        return False
    ctx.effects.rate_bytes_per_s = max(size, MIN_RATE_BYTES_PER_S)
    return True


@throttle.specialised(limit_rate_after, "n", "unit")
def _after_constant(n: int, unit: str = "") -> Callable[[Context], bool]:
    size = _bytes(n, unit)
    if size is None:
        return refused

    def limit(ctx: Context) -> bool:
        ctx.effects.rate_after_bytes = size
        return True

    return limit


@throttle.specialised(limit_rate, "n", "unit")
def _rate_constant(n: int, unit: str = "") -> Callable[[Context], bool]:
    size = _bytes(n, unit)
    if not size:
        return refused
    rate = max(size, MIN_RATE_BYTES_PER_S)

    def limit(ctx: Context) -> bool:
        ctx.effects.rate_bytes_per_s = rate
        return True

    return limit
