"""
The time now (reference section 7.9): `Context.now_s`, which stands still during a run.

So everything one request does is at one moment, and tests and `edgescript run --now` choose it.
"""

from typing import Literal

from edgescript.builtins import Cost, Effect, Family
from edgescript.context import Context
from edgescript.reads import Part
from stdlib.pure.times import LOCAL_OFFSET_S, date_and_time, date_text, moment

clock = Family("clock", effect=Effect.AMBIENT)


@clock.builtin(cost=Cost(20, makes=lambda _: 32), reads=(Part.SECOND,))
def today(ctx: Context) -> str | Literal[False]:
    """
    Return the local (UTC+8) date as yyyy-mm-dd.

    today() => '2019-05-29'
    """
    at = moment(ctx.now_s + LOCAL_OFFSET_S)
    return date_text(at) if at else False


@clock.builtin(cost=Cost(1), reads=(Part.TIME, Part.SECOND))
def time(ctx: Context) -> int:
    """
    Return Unix time in whole seconds.

    time() => 1559109761
    """
    return int(ctx.now_s // 1)


@clock.builtin(cost=Cost(1), reads=(Part.TIME, Part.MILLISECOND))
def now(ctx: Context) -> int | float:
    """
    Return Unix time in seconds, with milliseconds.

    now() => 1559109761.644
    """
    seconds = (ctx.now_s * 1000 // 1) / 1000
    return seconds if seconds % 1 else int(seconds)


@clock.builtin(cost=Cost(28, makes=lambda _: 32), reads=(Part.SECOND,))
def localtime(ctx: Context) -> str | Literal[False]:
    """
    Return the local (UTC+8) date and time as yyyy-mm-dd hh:mm:ss.

    localtime() => '2019-05-29 14:02:41'
    """
    at = moment(ctx.now_s + LOCAL_OFFSET_S)
    return date_and_time(at) if at else False


@clock.builtin(cost=Cost(28, makes=lambda _: 32), reads=(Part.SECOND,))
def utctime(ctx: Context) -> str | Literal[False]:
    """
    Return the UTC date and time as yyyy-mm-dd hh:mm:ss.

    utctime() => '2019-05-29 06:02:41'
    """
    at = moment(ctx.now_s)
    return date_and_time(at) if at else False
