"""
The body of a request as it is received: taken apart, counted, and hurried.

A body may be slow, but not for ever: beside the time between two reads there is a least rate on average, as Apache's
`RequestReadTimeout ... MinRate` has, or one byte now and then would hold a connection for days. Only time in which the
origin would have taken more counts.
"""

from collections.abc import Sequence
from typing import Final

from runtime.http.body import BodyError, decoder_for
from runtime.http.fields import Field
from runtime.http.framing import RequestFraming
from runtime.http.refusal import Refuse

FREE_OVERHEAD_BYTES: Final = 65_536
OVERHEAD_PER_BYTE: Final = 16
"""Wire bytes for each byte of content, beyond the free ones. Chunks of one byte take six."""


class BodyReception:
    """
    One body, `wanted` while the origin can take more of it. Times are seconds of a clock that does not jump.

    Each read may take `timeout_s`; and after that long `bytes_per_s` must have come on average.
    """

    __slots__ = (
        "_bytes_per_s",
        "_content_bytes",
        "_decoder",
        "_max_bytes",
        "_since",
        "_spent_s",
        "_timeout_s",
        "_wire_bytes",
        "expects_continue",
        "wanted",
    )

    def __init__(
        self,
        framing: RequestFraming,
        *,
        max_bytes: int,
        timeout_s: float,
        bytes_per_s: int,
        expects_continue: bool,
    ) -> None:
        self._decoder = decoder_for(framing)
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._bytes_per_s = bytes_per_s
        self._content_bytes = 0
        self._wire_bytes = 0
        self._since = 0.0
        """When it came to be wanted."""
        self._spent_s = 0.0
        """How long it was wanted before that."""
        self.wanted = False
        self.expects_continue = expects_continue
        """The client still waits for 100 (RFC 9110 section 10.1.1)."""

    @property
    def done(self) -> bool:
        """It is whole."""
        return self._decoder.done

    @property
    def trailers(self) -> Sequence[Field]:
        """The fields behind a body that is done (RFC 9112 section 7.1.2)."""
        return self._decoder.trailers

    def want(self, wanted: bool, now_mono_s: float) -> None:
        """Whether the origin can take more now."""
        if wanted == self.wanted:
            return
        self.wanted = wanted
        if wanted:
            self._since = now_mono_s
        else:
            self._spent_s += now_mono_s - self._since

    def deadline(self, now_mono_s: float) -> float:
        """When more must have come of a body that is wanted."""
        spent_s = self._spent_s + now_mono_s - self._since
        ahead_s = self._wire_bytes / self._bytes_per_s - spent_s
        return now_mono_s + self._timeout_s + min(ahead_s, 0.0)

    def feed(self, data: bytes) -> tuple[bytes, int] | Refuse:
        """The content in `data` and how much of it was body, or what to answer to a body that cannot go on."""
        self.expects_continue = False
        try:
            fed = self._decoder.feed(data)
        except BodyError as error:
            return Refuse(400, str(error))
        self._content_bytes += len(fed.content)
        self._wire_bytes += fed.used
        if self._content_bytes + self._decoder.left > self._max_bytes:
            return Refuse(413, "body too long")
        if self._wire_bytes > FREE_OVERHEAD_BYTES + OVERHEAD_PER_BYTE * self._content_bytes:
            return Refuse(400, "chunks of the body are all but empty")
        return fed
