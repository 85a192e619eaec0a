"""The request's side of an exchange: its head and body on their way to the origin, and whether they may go again."""

from collections.abc import Sequence
from typing import Final

from runtime.http.fields import Field
from runtime.http.framing import NO_BODY, Chunked, Length, NoBody
from runtime.http.trailers import forwardable, trailer_section
from runtime.http.update import SAFE_METHODS
from runtime.proxy.forward import Forward
from runtime.proxy.messages import Command, OpenUpstream, SendUpstream, UpstreamFailed

_NOTHING: Final = b""


class TowardsOrigin:
    """`forward` goes out in the framing that the client's body came in."""

    __slots__ = (
        "_body_sent",
        "_framing",
        "_pending",
        "_pooled",
        "_retried",
        "_unsent_head",
        "forward",
        "request_done",
    )

    def __init__(self, forward: Forward, framing: NoBody | Length | Chunked) -> None:
        self.forward = forward
        self._framing = framing
        self.request_done = framing is NO_BODY or isinstance(framing, NoBody)
        """The client's body is complete."""
        self._pending: list[bytes] = []
        """Body that came before there was a connection."""
        self._unsent_head = _NOTHING
        """The forwarded head while it waits for the first of a chunked body."""
        self._body_sent = False
        self._pooled = False
        self._retried = False

    def opened(self, reused: bool) -> list[Command]:
        """A connection is there; `reused` when it came from the pool."""
        self._pooled = reused and not self._retried
        head = self.forward.head(self._framing)
        if self._framing is NO_BODY:
            return [SendUpstream(head, True)]  # by position: on the way of each miss
        pending, self._pending = self._pending, []
        if pending:
            self._body_sent = True
        elif isinstance(self._framing, Chunked) and not self.request_done:
            # Nothing of the body has been found well formed yet: until then the origin hears nothing of the request.
            self._unsent_head = head
            return []
        return [SendUpstream(head + b"".join(pending), last=self.request_done)]

    def body(self, data: bytes, *, flowing: bool) -> list[Command]:
        """The client's next piece; `flowing` when it can go straight on."""
        if not data or self.request_done:
            return []
        framed = b"%x\r\n%b\r\n" % (len(data), data) if isinstance(self._framing, Chunked) else data
        return self._send(framed, flowing=flowing)

    def completed(self, trailers: Sequence[Field], *, flowing: bool) -> list[Command]:
        """The client's body is complete."""
        if self.request_done:
            return []
        self.request_done = True
        end = trailer_section(forwardable(trailers)) if isinstance(self._framing, Chunked) else _NOTHING
        return self._send(end, flowing=flowing)

    def _send(self, data: bytes, *, flowing: bool) -> list[Command]:
        if not flowing:
            self._pending.append(data)
            return []
        self._body_sent = True
        head, self._unsent_head = self._unsent_head, _NOTHING
        return [SendUpstream(head + data, last=self.request_done)]

    def may_retry(self, event: UpstreamFailed) -> bool:
        """Whether the request may go once more, on a new connection (RFC 9110 section 9.2.2)."""
        unheard = self._pooled and not event.silent and not event.may_have_acted
        repeatable = not self._body_sent and (self._unsent_head or self.forward.method in SAFE_METHODS)
        return bool(unheard and repeatable and not self._retried)

    def retry(self) -> list[Command]:
        """Ask for that connection."""
        self._retried = True
        self._pooled = False
        return [OpenUpstream(fresh=True)]
