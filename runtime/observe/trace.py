"""
W3C Trace Context, level 1: which trace a request belongs to, and what the origin is told of it.

A `traceparent` is `version-traceid-parentid-flags` in lower-case hexadecimal. A node is a span of its own: it keeps
the trace and its flags, and puts its own id in the parent's place. What is not valid is as if it were not there
(section 3.2), and then `tracestate` means nothing either (section 3.3.1.1).
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_PARENT: Final = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)
_SPREAD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""2**128 divided by the golden ratio: neighbours land far from each other."""
_ALL: Final = (1 << 128) - 1
_ROOM: Final = "0" * 32
_SAMPLED: Final = 1
"""The one flag that version 00 defines; the others are not passed on (section 3.2.2.5)."""
MAX_STATE_BYTES: Final = 512
"""Of `tracestate`: what every implementation must at least pass on (section 3.3.1.5)."""


class Trace(NamedTuple):
    """A request's place in its trace. `span_id` is the node's own."""

    trace_id: str
    span_id: str
    flags: int
    state: bytes = b""

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """What the origin is told."""
        parent = f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"
        fields = [(b"traceparent", parent.encode("ascii"))]
        if self.state:
            fields.append((b"tracestate", self.state))
        return fields


def ids_of(request_id: str) -> tuple[str, str]:
    """
    A trace's and a span's id for a request whose own id has 32 hexadecimal digits, a random beginning and a counter.

    The same for the same request, and spread over all their digits: who samples traces looks at the last ones
    (sections 3.2.2.3 and 5.1). Multiplying by an odd number maps no two to one.
    """
    mixed = int(request_id, 16) * _SPREAD & _ALL
    return f"{mixed:032x}", f"{(mixed * _SPREAD & _ALL) >> 64:016x}"


def new_trace_ids(request_ids: Sequence[str]) -> list[str]:
    """
    The first of `ids_of` of each request, for the log: a quarter of the time.

    All numbers are multiplied as one, each in 64 digits of its own, which is what a product has.
    """
    digits = 64 * len(request_ids)
    if not digits:
        return []
    products = int(_ROOM + _ROOM.join(request_ids), 16) * _SPREAD
    text = f"{products:0{digits}x}"
    return [text[start : start + 32] for start in range(32, digits, 64)]


def continued(fields: Sequence[tuple[bytes, bytes]], request_id: str) -> Trace:
    """
    The trace that the request's `fields` (names in any case) name, else a new one, with the request as a new span.

    A new trace is not sampled: that is for those who collect spans to begin.
    """
    trace_id, span_id = ids_of(request_id)
    parents = [value for name, value in fields if name.lower() == b"traceparent"]
    found = _read(parents[0]) if len(parents) == 1 else None
    if found is None:
        return Trace(trace_id, span_id, 0)
    state = b",".join(value for name, value in fields if name.lower() == b"tracestate")
    return Trace(found[0], span_id, found[1], state if len(state) <= MAX_STATE_BYTES else b"")


def told_of(fields: Sequence[tuple[bytes, bytes]], request_id: str) -> Sequence[tuple[bytes, bytes]]:
    """The fields of the trace of a request that has `fields`: as `continued`, and at once where there are none."""
    if fields:
        return continued(fields, request_id).fields
    mixed = int(request_id, 16) * _SPREAD & _ALL
    return ((b"traceparent", b"00-%032x-%016x-00" % (mixed, (mixed * _SPREAD & _ALL) >> 64)),)


def _read(value: bytes) -> tuple[str, int] | None:
    """The trace's id and flags, None when `value` is not valid."""
    found = _PARENT.fullmatch(value.strip(b" \t"))
    if found is None or found["version"] == b"ff":
        return None
    if found["version"] == b"00" and found["rest"] is not None:
        return None  # only a later version may have more (section 3.2.4)
    if not found["trace"].strip(b"0") or not found["parent"].strip(b"0"):
        return None
    return found["trace"].decode("ascii"), int(found["flags"], 16) & _SAMPLED
