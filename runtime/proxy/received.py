"""
An origin's fields, and what follows from them alone.

Answers of one origin are often headed alike, byte for byte; whoever reads heads gives such answers the same `Received`.
What is worked out for the first, each step notes there for the others: the lines the client gets, and whether the
answer may be stored.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edgescript.effects import HeaderOp
from edgescript.request import Request
from runtime.http.dates import format_http_date
from runtime.http.fields import HOP_BY_HOP, Field, hop_by_hop
from runtime.proxy.client_framing import BodyMode, framing_fields
from runtime.proxy.header_ops import Fields, has_template
from runtime.proxy.messages import UpstreamHead
from runtime.proxy.respond import (
    MADE_ANEW,
    CacheStatus,
    field_lines,
    named_own,
    node_fields,
    status_line,
    with_script_ops,
)

MAX_NOTES: Final = 16
"""Of one head; beyond it they are begun anew."""
_NOT_PASSED_ON: Final = HOP_BY_HOP | MADE_ANEW
_OWN_ID: Final = frozenset({b"x-request-id"})


class Received(list[Field]):
    """Fields as received; never changed."""

    __slots__ = ("dated", "notes", "passed_on", "straight", "unstored")

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__(fields)
        dropped = hop_by_hop(fields)
        dropped = _NOT_PASSED_ON if dropped is HOP_BY_HOP else dropped | MADE_ANEW
        self.passed_on: Fields = [field for field in fields if field[0].lower() not in dropped]
        """Those a client gets."""
        self.dated = any(name.lower() == b"date" for name, _ in self.passed_on)
        self.straight: tuple[int, int, bytes, bytes, bytes] | None = None
        self.unstored: tuple[int, int, bool, bool] | None = None
        """Notes of `straight`, which are found without a key being made."""
        self.notes: dict[Any, Any] = {}
        """What was worked out before, by whatever it depends on besides the fields."""

    def note(self, key: Any, found: Any) -> None:
        """Keep `found` for the next answer with this head."""
        if len(self.notes) >= MAX_NOTES:
            self.notes.clear()
        self.notes[key] = found


def received(fields: Sequence[Field]) -> Received:
    """`fields` with their notes; new ones if they have none."""
    return fields if isinstance(fields, Received) else Received(fields)


class Lines(NamedTuple):
    """A head, but for the request's id between its two parts."""

    start: bytes
    end: bytes
    id_named: bool
    """A script had a wish about it: it is in `start`, or is not to be there."""

    def of(self, request: Request) -> bytes:
        """The whole."""
        start, end, id_named = self
        if id_named:
            return start + end
        return b"%bX-Request-Id: %b\r\n%b" % (start, request.id.encode("ascii"), end)


def passing_lines(
    head: UpstreamHead,
    status: int,
    mode: BodyMode,
    label: CacheStatus,
    ops: Sequence[HeaderOp],
    request: Request,
    tail: bytes,
    now: float,
) -> Lines:
    """
    The head a client gets of an answer that is passed on, with Date where the origin sent none (RFC 9110 section
    6.6.1); `tail` has the connection's own field.
    """
    fields = received(head.fields)
    # A date of our own holds for a second.
    key = (status, mode, label, request.method, tail, fields.dated or int(now), *ops)
    lines: Lines | None = fields.notes.get(key)
    if lines is None:
        named = named_own(ops)
        passed = list(fields.passed_on)
        if not fields.dated:
            passed.append((b"Date", format_http_date(int(now))))
        shown = with_script_ops(passed, ops, request) + node_fields(named | _OWN_ID, label)
        end = field_lines(framing_fields(mode, request.method, status, head.framing, fields)) + tail + b"\r\n"
        lines = Lines(status_line(status) + field_lines(shown), end, named >= _OWN_ID)
        if not has_template(ops):
            fields.note(key, lines)
    return lines
