"""What is counted and logged of a request that was not answered at once."""

from typing import TYPE_CHECKING, Final

from edgescript.request import Request
from runtime.http.refusal import Refuse
from runtime.proxy.header_block import HeaderBlock

if TYPE_CHECKING:
    from runtime.io.worker import Worker

SERVER_FAILED: Final = 500
"""Statuses from here on say that a server failed (RFC 9110 section 15.6)."""
CLIENT_CLOSED: Final = 499
"""nginx's status for a request whose client left before there was an answer."""


def account(
    worker: "Worker",
    request: Request,
    block: HeaderBlock,
    status: int,
    label: str,
    sent_bytes: int,
    started_s: float,
    server: str,
    response_s: float,
    refused: Refuse | None,
    whole: bool,
) -> None:
    """
    Count and log: that it was `refused`, else its answer, with `status` 0 if there was none. The client has the `whole` of
    it, as far as we know. `server` is the one that was asked last, and took `response_s`.
    """
    now = worker.clock()
    if refused is not None:
        status, label = refused.status, "SYNTH"
    if status:
        worker.counters.answered_late(label, status, sent_bytes, now - started_s)
    else:
        status = CLIENT_CLOSED
    counts = block.served.counts
    if status >= SERVER_FAILED:
        counts.errors_5xx += 1
    if not whole:
        worker.counters.aborted += 1
        counts.aborted += 1
    if worker.access is not None:
        reason = "" if refused is None else refused.reason
        worker.access.add(request, status, label, sent_bytes, started_s, now, server, response_s, reason)
