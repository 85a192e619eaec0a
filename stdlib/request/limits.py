"""
How many requests, an extension: by rate (`limit_req`) and at one time (`limit_conn`).

The counting is the host's (`Services.limiter`, `.connections`): the same for all workers of a node.
"""

import hashlib
import math
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from edgescript.builtins import Cost, Effect, Family, Int, Num, Str, Text
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.reads import Part
from edgescript.types import value_text
from stdlib.pure.numbers import parse_number

limits = Family("limits", effect=Effect.AMBIENT, extension=True)

MAX_DELAY_S: Final = 30.0
"""A request that waits costs a connection; most clients and load balancers give up after a minute or less."""
MAX_CONNECTIONS: Final = 65_535
"""What a worker's count of one key holds."""
_RATE: Final = re.compile(r"([0-9.]{1,20})r/([sm])")
_RATE_PERIOD_S: Final = {"s": 1, "m": 60}
_MAX_KEY_BYTES: Final = 128
_OPTIONS: Final = frozenset({"delay", "sliding", "shadow"})
_MAX_OPTIONS_BYTES: Final = 64
_MAX_COUNT: Final = 1 << 31
"""Of a window; its counters are whole numbers of bounded size."""


class _Rate(NamedTuple):
    requests: float
    period_s: int

    @property
    def per_s(self) -> float:
        return self.requests / self.period_s


_Ask = Callable[[Context, str, float], bool]
"""Whether the request under this key may pass, with this burst."""


@limits.builtin(cost=Cost(60, per="key", shift=6), reads=(Part.LIMIT,))
def limit_req(ctx: Context, key: Text, rate: Text, burst: Num = 0, options: Str = "") -> bool:
    """
    Count this request under `key` and return whether it keeps to `rate`: a number a second, or '10r/s', '90r/m'.

    `burst` requests more may come at once. `options` has any of these words, with spaces between them. With `delay`
    those of the burst wait until the rate alone would let them pass, at most 30 seconds. With `sliding` the rate holds in
    every second ('r/m': every minute), with no more than `burst` above it; it cannot be combined with `delay`. With
    `shadow` the answer is true and nothing waits, and what would have been refused is counted.

    A rate that is not above 0 or not of this form, a negative burst, and other options are error 499.

    limit_req(client_addr(), '10r/s')         => true
    limit_req('login', '90r/m', 5, 'delay')   => true
    limit_req('api', '1000r/m', 0, 'sliding') => true
    limit_req('all', 1000, 50, 'shadow')      => true
    """
    return _limited(ctx, key, burst, _ask(rate, options))


@limits.specialised(limit_req, "rate", "options")
def _limit_req_constant(rate: str | float, options: str = "") -> Callable[..., bool]:
    ask = _ask(rate, options)

    def limit(ctx: Context, key: str | float, burst: float = 0) -> bool:
        return _limited(ctx, key, burst, ask)

    if options.strip(" "):
        return limit
    rate_per_s = _rate(rate).per_s

    def limit_at_once(ctx: Context, key: str | float, burst: float = 0) -> bool:
        # As above in one step, for what most limits are.
        if isinstance(key, str) and len(key) <= _MAX_KEY_BYTES and 0 <= burst < math.inf:
            return ctx.services.limiter.wait(key, rate_per_s, burst, ctx.now_s) >= 0
        return _limited(ctx, key, burst, ask)

    return limit_at_once


@limits.specialised(limit_req, "rate")
def _limit_req_constant_rate(rate: str | float) -> Callable[..., bool]:
    _rate(rate)  # is reported at compile time, whatever the options turn out to be

    def limit(ctx: Context, key: str | float, burst: float = 0, options: str = "") -> bool:
        return _limited(ctx, key, burst, _ask(rate, options))

    return limit


@limits.builtin(cost=Cost(100, per="key", shift=6))
def limit_conn(ctx: Context, key: Text, n: Int) -> bool:
    """
    Count this request under `key` until it ends, and return whether no more than `n` are in progress there.

    A request is counted once under a key and an `n`, however often it asks, and hears the same answer each time. An `n`
    outside 1 to 65535, and more than 16 keys in a request, are error 499.

    limit_conn(client_addr(), 20) => true
    limit_conn('downloads', 500)  => true
    """
    if not 1 <= n <= MAX_CONNECTIONS:
        raise ScriptFault(FaultCode.OTHER, f"limit_conn: got {n}, want 1 to {MAX_CONNECTIONS}")
    return ctx.acquire(_bounded(key), n)


def _limited(ctx: Context, key: str | float, burst: float, ask: _Ask) -> bool:
    if not 0 <= burst < math.inf:
        raise ScriptFault(FaultCode.OTHER, f"limit_req: got burst {burst:g}, want 0 or more")
    return ask(ctx, _bounded(key), float(burst))


def _bounded(key: str | float) -> str:
    """The key, or a digest of it: keys come from clients, and the memory for each is bounded."""
    text = key if isinstance(key, str) else value_text(key)
    if len(text) > _MAX_KEY_BYTES:
        return "sha256:" + hashlib.sha256(text.encode("latin-1")).hexdigest()
    return text


def _ask(rate_text: str | float, options: str) -> _Ask:
    """How a limit of this rate and these options is asked. Raises 499."""
    rate = _rate(rate_text)
    words = frozenset(options[:_MAX_OPTIONS_BYTES].split(" ")) - {""}
    if len(options) > _MAX_OPTIONS_BYTES or not words <= _OPTIONS or {"delay", "sliding"} <= words:
        raise ScriptFault(
            FaultCode.OTHER,
            f"limit_req: got options {options[:40]!r}, want 'delay' or 'sliding', and 'shadow'",
        )
    if "sliding" in words:
        ask = _sliding(rate)
    elif "delay" in words and "shadow" not in words:
        ask = _delaying(rate.per_s)
    else:
        ask = _at_once(rate.per_s)
    return _in_shadow(ask) if "shadow" in words else ask


def _at_once(rate_per_s: float) -> _Ask:
    def ask(ctx: Context, key: str, burst: float) -> bool:
        return ctx.services.limiter.wait(key, rate_per_s, burst, ctx.now_s) >= 0

    return ask


def _delaying(rate_per_s: float) -> _Ask:
    def ask(ctx: Context, key: str, burst: float) -> bool:
        ctx.changes_each_time()  # the wait is this request's own
        # Whoever is `burst` requests ahead waits burst / rate seconds.
        wait_s = ctx.services.limiter.wait(key, rate_per_s, min(burst, MAX_DELAY_S * rate_per_s), ctx.now_s)
        if wait_s < 0:
            return False
        effects = ctx.effects
        if wait_s > effects.delay_s:
            effects.delay_s = min(wait_s, MAX_DELAY_S)
        return True

    return ask


def _sliding(rate: _Rate) -> _Ask:
    if rate.requests < 1:
        raise ScriptFault(
            FaultCode.OTHER,
            f"limit_req: got {rate.requests:g} in {rate.period_s} s, want 1 or more with 'sliding': say it a minute",
        )

    def ask(ctx: Context, key: str, burst: float) -> bool:
        most = int(min(rate.requests + burst, _MAX_COUNT))
        return ctx.services.limiter.admit_in_window(key, most, float(rate.period_s), ctx.now_s)

    return ask


def _in_shadow(ask: _Ask) -> _Ask:
    def ask_in_shadow(ctx: Context, key: str, burst: float) -> bool:
        # Under a name of its own: what is tried out takes nothing from the limit that is in force.
        if not ask(ctx, f"shadow\0{key}", burst):
            ctx.services.limiter.shadow_refused()
            ctx.effects.shadow_refusals += 1
        return True

    return ask_in_shadow


def _rate(text: str | float) -> _Rate:
    number: str | float = text
    period_s = 1
    if isinstance(text, str) and (match := _RATE.fullmatch(text)):
        number, period_s = match[1], _RATE_PERIOD_S[match[2]]
    requests = parse_number(number)
    if requests is False or not 0 < requests < math.inf:
        raise ScriptFault(
            FaultCode.OTHER,
            f"limit_req: got rate {str(text)[:20]!r}, want requests a second or '10r/s', '90r/m'",
        )
    return _Rate(requests, period_s)
