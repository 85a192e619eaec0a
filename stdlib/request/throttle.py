"""Bandwidth of a response (reference section 7.7), and the rate of requests, an extension."""

import hashlib
import math
import re
from collections.abc import Callable
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Int, Num, Str, Text, refused
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import MAX_EXACT_INT, value_text
from stdlib.pure.numbers import parse_number

throttle = Family("throttle", effect=Effect.WRITES)

MIN_RATE_BYTES_PER_S: Final = 4 * 1024
"""U-20: most pages of the reference have 4 KB/s."""
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_RATE: Final = re.compile(r"([0-9.]{1,20})r/([sm])")
_RATE_PERIOD_S: Final = {"s": 1, "m": 60}
_MAX_KEY_BYTES: Final = 128


def _bytes(n: int, unit: str) -> int | None:
    """`n` units in bytes, cut to what a number holds exactly; None for a negative count or unknown unit."""
    factor = _UNITS.get(unit.lower()) if len(unit) <= 1 else None
    return min(n * factor, MAX_EXACT_INT) if factor is not None and n >= 0 else None


@throttle.builtin(cost=Cost(1))
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


@throttle.builtin(cost=Cost(1))
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


@throttle.builtin(cost=Cost(60, per="key", shift=6), effect=Effect.AMBIENT, extension=True)
def limit_req(ctx: Context, key: Text, rate: Text, burst: Num = 0) -> bool:
    """
    Count this request under `key` and return whether it keeps to `rate`: a number a second, or '10r/s', '90r/m'.

    `burst` requests more may come at once. A node counts for itself, from its start. A rate that is not above 0 or not
    of this form, and a negative burst, are error 499.

    limit_req(client_addr(), '10r/s')    => true
    limit_req('login', '90r/m', 5)       => true
    limit_req('all', 1000)               => true
    """
    return _admit(ctx, key, _rate_per_s(rate), burst)


@throttle.specialised(limit_req, "rate")
def _limit_req_constant(rate: str | float) -> Callable[..., bool]:
    rate_per_s = _rate_per_s(rate)

    def admit(ctx: Context, key: str | float, burst: float = 0) -> bool:
        return _admit(ctx, key, rate_per_s, burst)

    return admit


def _admit(ctx: Context, key: str | float, rate_per_s: float, burst: float) -> bool:
    if not 0 <= burst < math.inf:
        raise ScriptFault(FaultCode.OTHER, f"limit_req: got burst {burst:g}, want 0 or more")
    text = key if isinstance(key, str) else value_text(key)
    if len(text) > _MAX_KEY_BYTES:
        # Keys come from clients; the limiter's memory per key stays bounded.
        text = "sha256:" + hashlib.sha256(text.encode("latin-1")).hexdigest()
    return ctx.services.limiter.admit(text, rate_per_s, float(burst), ctx.now_s)


def _rate_per_s(rate: str | float) -> float:
    period_s = 1
    if isinstance(rate, str) and (match := _RATE.fullmatch(rate)):
        rate, period_s = match[1], _RATE_PERIOD_S[match[2]]
    number = parse_number(rate)
    if number is False or not 0 < number < math.inf:
        raise ScriptFault(
            FaultCode.OTHER,
            f"limit_req: got rate {str(rate)[:20]!r}, want requests a second or '10r/s', '90r/m'",
        )
    return number / period_s
