"""Cache lifetimes (reference section 7.8); extensions: keys, tags, grace, bypass."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Num, Str, Text, refused
from edgescript.context import Context
from edgescript.types import value_text
from stdlib.pure.numbers import parse_number

cache = Family("cache", effect=Effect.WRITES)

MAX_TTL_S: Final = 2**31 - 1
"""RFC 9111 section 1.2.2: the most that delta-seconds must be able to hold; longer is cut to it."""
_MAX_LIST_BYTES: Final = 4_096
_KEY: Final = re.compile(r"[^\x00-\x1f\x7f]{1,2048}")
"""No control character: the node puts the parts of a key together with one between them."""
_TAG: Final = re.compile(r"[!-+\--~]{1,128}")
"""Visible ASCII without the comma: a tag can stand in a header's list."""
MAX_TAGS: Final = 32
"""Of a response: each is an entry in the index that purges go through."""


@cache.builtin(cost=Cost(3, per="ttl", shift=0), stages=("foot",), reads=())
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


@cache.builtin(cost=Cost(5, per="key"), extension=True, reads=())
def set_cache_key(ctx: Context, key: Text) -> bool:
    """
    Set what the response is stored and found under, in place of path and query: requests with one key share a response.

    The host and what Vary names count as before. For an empty key, one of more than 2048 bytes, or one with a control
    character, return false and leave the cache out of this request, as `cache_bypass` does: under the key of its path it
    could be given to others. Of calls that return true the last counts.

    set_cache_key('/a')                      => true
    set_cache_key(concat($uri, '?mobile'))   => true
    set_cache_key('')                        => false
    """
    text = key if isinstance(key, str) else value_text(key)
    if _KEY.fullmatch(text) is None:
        ctx.effects.bypass = True
        return False
    ctx.effects.cache_key = text
    return True


@cache.builtin(cost=Cost(6, per="tag"), extension=True, reads=())
def add_cache_tag(ctx: Context, tag: Str) -> bool:
    """
    Add a name under which the response can be purged, beside those that the origin gives it.

    A tag has 1 to 128 visible ASCII characters and no comma; a response gets at most 32. Return false, and change
    nothing, for anything else.

    add_cache_tag('product-17') => true
    add_cache_tag('two words')  => false
    """
    if _TAG.fullmatch(tag) is None:
        return False
    effects = ctx.effects
    if tag in effects.cache_tags:
        return True
    if len(effects.cache_tags) >= MAX_TAGS:
        return False
    # A new list: one that a snapshot or a stored response holds does not change.
    effects.cache_tags = [*effects.cache_tags, tag]
    return True


@cache.builtin(cost=Cost(4), extension=True, reads=())
def set_cache_grace(ctx: Context, while_revalidate: Num, if_error: Num) -> bool:
    """
    Set for how many seconds after its lifetime a response may still be sent: `while_revalidate` while a fresh one is
    fetched, `if_error` when that fails. Both are in place of what the origin says; 0 is not at all. Neither
    holds where it forbids stale responses: with must-revalidate, proxy-revalidate, s-maxage or no-cache.

    Return false, and change nothing, for a negative number. The last call counts.

    set_cache_grace(30, 86400) => true
    set_cache_grace(-1, 0)     => false
    """
    if not (while_revalidate >= 0 and if_error >= 0):
        return False
    effects = ctx.effects
    effects.stale_while_revalidate_s = int(min(while_revalidate, MAX_TTL_S))
    effects.stale_if_error_s = int(min(if_error, MAX_TTL_S))
    return True


@cache.builtin(cost=Cost(1), extension=True, reads=())
def cache_bypass(ctx: Context) -> bool:
    """
    Leave the cache out of this request: it is answered by the origin, and the response is not stored.

    cache_bypass() => true
    """
    ctx.effects.bypass = True
    return True
