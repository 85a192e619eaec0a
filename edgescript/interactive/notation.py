"""Values and effects as text for people: values as a script would write them, effects line by line."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from edgescript.effects import Answer, Effects, HeaderOp
from edgescript.types import Function, Table, Value, value_text

MAX_TEXT: Final = 2000
"""Bytes of a string that are shown."""
MAX_ENTRIES: Final = 100
"""Entries shown of one dictionary."""
MAX_LEVELS: Final = 4
"""Dictionaries inside each other; one may hold itself."""
MAX_SHOWN: Final = 1000
"""Values shown in all."""
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(value: Value) -> str:
    r"""
    The value much as a script writes it, bounded: `['a', 2, 'k' = true]`.

    Bytes that are no text are `\xNN`, which a script could not write. What is left out is `...`.
    """
    return _Writer().value(value, 0)


class _Writer:
    def __init__(self) -> None:
        self.left = MAX_SHOWN

    def value(self, value: Value, level: int) -> str:
        self.left -= 1
        if isinstance(value, str):
            return _quoted(value)
        if isinstance(value, Table):
            return self._table(value, level)
        if isinstance(value, Function):
            return f"function {value.name}"
        return "undef" if value is None else value_text(value)

    def _table(self, table: Table, level: int) -> str:
        if level == MAX_LEVELS or self.left <= 0:
            return "[...]" if len(table) else "[]"
        parts: list[str] = []
        for place, (key, value) in enumerate(table.items(), 1):
            if place > MAX_ENTRIES or self.left <= 0:
                parts.append("...")
                break
            shown = self.value(value, level + 1)
            is_positional = place <= len(table.array)
            parts.append(shown if is_positional else f"{self.value(key, level + 1)} = {shown}")
        return f"[{', '.join(parts)}]"


def _quoted(text: str) -> str:
    cut = text[:MAX_TEXT]
    decoded = cut.encode("latin-1").decode("utf-8", "surrogateescape")
    inner = "".join(_ESCAPES.get(char) or _printable(char) for char in decoded)
    return f"'{inner}'" if len(cut) == len(text) else f"'{inner}'... ({len(text)} bytes)"


def _printable(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte that is no part of UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char if char.isprintable() else char.encode("unicode_escape").decode()


class Line(NamedTuple):
    """What was asked for, and the particulars."""

    label: str
    text: str


def effect_lines(effects: Effects) -> list[Line]:
    """Every wish so far, in the order a node carries them out; none without wishes."""
    return [
        *_header_lines("request header", effects.request_headers),
        *_rewrite_lines(effects),
        *_header_lines("response header", effects.response_headers),
        *_setting_lines(effects),
        *([Line("output", _quoted("".join(effects.output)))] if effects.output else []),
        *([] if effects.end is None else [Line("end", ending(effects))]),
    ]


def ending(effects: Effects) -> str:
    """How the request was ended: `answer 403, body 'no'` or `redirect 302 to '/x'`; '' if it was not."""
    end = effects.end
    if end is None:
        return ""
    if not isinstance(end, Answer):
        return f"redirect {end.status} to {_quoted(end.location)}"
    return f"answer {end.status}" + ("" if end.body is None else f", body {_quoted(end.body)}")


def _header_lines(label: str, wishes: Sequence[HeaderOp]) -> Iterator[Line]:
    for wish in wishes:
        value = "" if wish.action == "delete" else f" = {_quoted(wish.value)}"
        yield Line(label, f"{wish.action} {_plain(wish.name)}{value}")


def _rewrite_lines(effects: Effects) -> Iterator[Line]:
    if effects.path is not None:
        yield Line("path", _quoted(effects.path))
    if effects.query_replaced:
        yield Line("query", "none" if effects.query is None else _quoted(effects.query))


def _setting_lines(effects: Effects) -> Iterator[Line]:
    if effects.ttl_s is not None:
        yield Line("cache", f"{effects.ttl_s} s")
    for status, ttl_s in (effects.ttl_s_by_status or {}).items():
        yield Line("cache", f"{ttl_s} s for status {status}")
    if effects.rate_bytes_per_s is not None:
        yield Line("speed", f"{effects.rate_bytes_per_s} bytes/s")
    if effects.rate_after_bytes is not None:
        yield Line("speed", f"limited after {effects.rate_after_bytes} bytes")
    yield from extension_lines(effects)


def extension_lines(effects: Effects) -> Iterator[Line]:
    """Wishes that the vendor's functions do not have: what the cache and the limits are asked, and which origin."""
    if effects.cache_key is not None:
        yield Line("cache key", _quoted(effects.cache_key))
    if effects.cache_tags:
        yield Line("cache tags", ", ".join(effects.cache_tags))
    for when, grace_s in (
        ("while a fresh one is fetched", effects.stale_while_revalidate_s),
        ("if that fails", effects.stale_if_error_s),
    ):
        if grace_s is not None:
            yield Line("cache grace", f"{grace_s} s {when}")
    if effects.bypass:
        yield Line("cache", "left out")
    if effects.origin is not None:
        yield Line("origin", _quoted(effects.origin))
    if effects.delay_s:
        yield Line("limit_req", f"waits {effects.delay_s:.3g} s")
    if effects.shadow_refusals:
        yield Line("limit_req", f"would have refused, {effects.shadow_refusals} in shadow mode")


def _plain(text: str) -> str:
    return _quoted(text)[1:-1]
