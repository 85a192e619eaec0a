"""
What a node tells the console every few seconds, and what it is answered.

Counts are totals since `started`, by which a node that began anew is known; a report may have only those that changed since
the last one that was answered. So a report that is lost or comes twice changes nothing.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from runtime.bundles.wire import Count, DomainName, Environment, NodeName, Place, ScriptName, decode, encode

MAX_REPORT_BYTES: Final = 1 << 20
"""What the console takes as a body."""
MAX_ANSWER_BYTES: Final = 1 << 20
MAX_COUNTERS: Final = 2_500
MAX_SITES: Final = 1_500
MAX_LOGS: Final = 200
MAX_TROUBLE: Final = 20
MAX_REFUSED: Final = 1_000
MAX_WHY: Final = 200
MAX_TAILED: Final = 1_000
MAX_INTERVAL_S: Final = 300.0
STATES: Final = ("NonExecution", "ExecutedAndHit", "ExecutedButNotHit", "Exception")

Text = Annotated[str, Meta(max_length=2_000)]


class ScriptCounter(msgspec.Struct, array_like=True, frozen=True):
    domain: DomainName
    release: Count
    script: ScriptName
    version: Count
    states: Annotated[dict[Annotated[str, Meta(max_length=32)], Count], Meta(max_length=8)]
    """Runs by the state they came to, of `STATES`."""
    fuel: Count = 0
    time_us: Annotated[float, Meta(ge=0)] = 0.0


class SiteCounter(msgspec.Struct, array_like=True, frozen=True):
    domain: DomainName
    release: Count
    requests: Count = 0
    errors_5xx: Count = 0
    aborted: Count = 0


class RefusedDomain(msgspec.Struct, array_like=True, frozen=True):
    """A domain of the generation served whose newest state this node cannot load: what it served before, it serves on."""

    domain: DomainName
    why: Annotated[str, Meta(max_length=MAX_WHY)]


class Report(msgspec.Struct, array_like=True, frozen=True):
    node: NodeName
    version: Annotated[str, Meta(max_length=64)]
    """Of the node's program."""
    started: Annotated[float, Meta(ge=0)]
    """Unix seconds, by the node's clock."""
    environment: Environment
    pool: Place = ""
    region: Place = ""
    generation: Count = 0
    """Served by all workers; 0 for none of the console's."""
    refused: Count = 0
    """The latest generation that could not be served, because of `error`; 0 for none."""
    error: Text = ""
    """Why the newest that was offered is not served; '' where it is."""
    counters: Annotated[tuple[ScriptCounter, ...], Meta(max_length=MAX_COUNTERS)] = ()
    sites: Annotated[tuple[SiteCounter, ...], Meta(max_length=MAX_SITES)] = ()
    logs: Annotated[tuple[dict[str, Any], ...], Meta(max_length=MAX_LOGS)] = ()
    """Lines of the access log of the domains that are tailed: its keys, and `domain`."""
    trouble: Annotated[tuple[Text, ...], Meta(max_length=MAX_TROUBLE)] = ()
    refused_domains: Annotated[tuple[RefusedDomain, ...], Meta(max_length=MAX_REFUSED)] = ()
    """Of the generation served."""


class ReportAnswer(msgspec.Struct, array_like=True, frozen=True):
    interval_s: Annotated[float, Meta(ge=0.1, le=MAX_INTERVAL_S)] = 5.0
    """Until the next report."""
    tail: Annotated[tuple[DomainName, ...], Meta(max_length=MAX_TAILED)] = ()
    """Domains whose access log somebody reads."""


_REPORT: Final = msgspec.msgpack.Decoder(Report)
_ANSWER: Final = msgspec.msgpack.Decoder(ReportAnswer)


def encode_report(report: Report) -> bytes:
    """The bytes of a report, without the oldest of its log lines where it were too long otherwise. Raises BundleError."""
    return encode(_shortened(report), MAX_REPORT_BYTES, "report")


def decode_report(data: bytes) -> Report:
    """Raises BundleError."""
    return decode(data, _REPORT, MAX_REPORT_BYTES, "report")


def encode_answer(answer: ReportAnswer) -> bytes:
    """Raises BundleError."""
    return encode(answer, MAX_ANSWER_BYTES, "answer")


def decode_answer(data: bytes) -> ReportAnswer:
    """Raises BundleError."""
    return decode(data, _ANSWER, MAX_ANSWER_BYTES, "answer")


def _shortened(report: Report) -> Report:
    if not report.logs:
        return report
    without = msgspec.structs.replace(report, logs=())
    room = MAX_REPORT_BYTES - len(msgspec.msgpack.encode(without)) - 8
    return msgspec.structs.replace(report, logs=_newest(report.logs[-MAX_LOGS:], room))


def _newest(lines: Sequence[dict[str, Any]], room: int) -> tuple[dict[str, Any], ...]:
    """As many of the last lines as there is room for, in bytes."""
    kept: list[dict[str, Any]] = []
    for line in reversed(lines):
        room -= len(msgspec.msgpack.encode(line))
        if room < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
