"""Cache lifetimes (reference section 7.8)."""

from collections.abc import Callable, Mapping
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Str, Text, refused
from edgescript.context import Context
from stdlib.pure.numbers import parse_number

cache = Family("cache", effect=Effect.WRITES)

MAX_TTL_S: Final = 2**31 - 1
"""RFC 9111 section 1.2.2: the most that delta-seconds must be able to hold; longer is cut to it."""
_MAX_LIST_BYTES: Final = 4_096


@cache.builtin(cost=Cost(3, per="ttl", shift=0), stages=("foot",))
def set_cache_ttl(ctx: Context, type_: Str, ttl: Text) -> bool:
    """
    Set how long the response may be kept: of `path`, seconds for answers of 200, 301 and 302; of `code`, a list of
    `status=seconds`, which goes first. 0 keeps nothing, of `path` whatever the status. The last call of each type counts.

    Return false, and change nothing, for another type or a `ttl` that is not of its form.

    set_cache_ttl('path', 50)              => true
    set_cache_ttl('code', '404=1,302=0')   => true
    set_cache_ttl('code', '404')           => false
    """
    setter = _setter(type_, ttl)
    if setter is None:
        return False
    setter(ctx)
    return True


@cache.specialised(set_cache_ttl, "type", "ttl")
def _set_constant(type: str, ttl: str | float) -> Callable[[Context], bool]:  # noqa: A002 - the parameter's name
    setter = _setter(type, ttl)
    if setter is None:
        return refused

    def set_ttl(ctx: Context) -> bool:
        setter(ctx)
        return True

    return set_ttl


def _setter(kind: str, ttl: str | float) -> Callable[[Context], None] | None:
    if kind == "path" and (seconds := _seconds(ttl)) is not None:
        return lambda ctx: setattr(ctx.effects, "ttl_s", seconds)
    if kind == "code" and isinstance(ttl, str) and (by_status := _by_status(ttl)) is not None:
        return lambda ctx: setattr(ctx.effects, "ttl_s_by_status", by_status)
    return None


def _seconds(ttl: str | float) -> int | None:
    number = parse_number(ttl)
    return int(min(number, MAX_TTL_S)) if number is not False and number >= 0 else None


def _by_status(text: str) -> Mapping[int, int] | None:
    if len(text) > _MAX_LIST_BYTES:
        return None
    ttls: dict[int, int] = {}
    for item in text.split(","):
        status, _, seconds = (part.strip(" \t") for part in item.partition("="))
        if not (_is_digits(status) and _is_digits(seconds) and 100 <= int(status) <= 599):
            return None
        ttls[int(status)] = min(int(seconds), MAX_TTL_S)
    return ttls


def _is_digits(text: str) -> bool:
    return 0 < len(text) <= 20 and text.isascii() and text.isdigit()
