"""
Scripts' wishes about header fields, carried out on a field list.

Fields that frame the message or belong to the connection are the proxy's alone: a script that set `Content-Length`
could make one answer look like two (RFC 9112 section 11). Wishes about them are dropped.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from edgescript.effects import FRAMING_FIELDS, PLACEHOLDER, HeaderOp

Fields = list[tuple[bytes, bytes]]

MAX_RESOLVED_BYTES: Final = 16_384
"""One field value after its placeholders are filled in."""


class WireName(NamedTuple):
    """A field name of a script as it goes on the wire."""

    name: bytes
    folded: bytes
    """In lower case, for comparing."""
    protected: bool


@lru_cache(4096)
def wire_name(name: str) -> WireName:
    """What is to know of a name; scripts use few, and each on every request."""
    folded = name.lower()
    return WireName(name.encode("latin-1"), folded.encode("latin-1"), folded in FRAMING_FIELDS)


def has_template(ops: Sequence[HeaderOp]) -> bool:
    """Whether any value must be filled in per response."""
    for op in ops:  # noqa: SIM110 - a generator costs more than the few wishes there are
        if op.template:
            return True
    return False


def resolve(
    value: str, variable: Callable[[str], str | None], response_field: Callable[[str], str | None]
) -> str:
    """
    `value` with `${x}` replaced by nginx variable x and `@{y}` by response field y; what is absent becomes empty
    (reference section 7.6, add_rsp_header).
    """

    def fill(match: re.Match[str]) -> str:
        sigil, name = match.groups()
        found = variable(name) if sigil == "$" else response_field(name.lower())
        return found or ""

    filled = PLACEHOLDER.sub(fill, value) if "{" in value else value
    return _clean(filled)[:MAX_RESOLVED_BYTES]


def _clean(value: str) -> str:
    """Resolved text may hold request bytes: what could end a field line is dropped."""
    return value.translate(_LINE_BREAKERS)


_LINE_BREAKERS: Final = {0: None, 10: None, 13: None}


def apply(fields: Fields, ops: Sequence[HeaderOp], resolved: Callable[[str], str] | None = None) -> Fields:
    """A new field list with `ops` carried out in order. Names compare without case."""
    out = list(fields)
    for action, name, value, template in ops:
        wire, folded, protected = wire_name(name)
        if protected:
            continue
        if action != "add":
            for field in out:
                if field[0].lower() == folded:
                    out = [kept for kept in out if kept[0].lower() != folded]
                    break
        if action != "delete":
            text = resolved(value) if template and resolved is not None else value
            out.append((wire, text.encode("latin-1")))
    return out
