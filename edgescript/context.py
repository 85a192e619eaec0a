"""
What a script run is given and what it leaves behind: the border between the language and its host.

A host (the edge node, `edgescript run`, a test) runs scripts on a `Context`. Builtins read `request`, ask `services`,
and record wishes in `effects`; nothing here reaches a socket, file or clock.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from edgescript.effects import Answer, Effects, HeaderOp, Redirect
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import DEFAULT_LIMITS, Limits, Meter
from edgescript.request import Headers, Request
from edgescript.services import NO_SERVICES, Lease, Services

_FOR_EVER: Final = float("inf")
_NUMBERS: Final = (int, float)
ROUNDING_S: Final = 0.001
"""Far more than clock builtins may round up by."""
_MAX_PLACES: Final = 16
"""Keys of `limit_conn` in one request: each is asked for under a lock that the node's workers share."""


class Place(NamedTuple):
    """What `limit_conn` was told in this request: a place that is held, or that there was none."""

    key: str
    most: int
    lease: Lease | None

    def release(self) -> None:
        """Give it back; a second time changes nothing."""
        if self.lease is not None:
            self.lease.release()


class Context(Meter):
    """One request under way: the meter, the request's facts, the services, the effects so far."""

    __slots__ = (
        "_before_replay",
        "_fresh",
        "effects",
        "ended",
        "faults",
        "holds_until",
        "leases",
        "now_s",
        "request",
        "response_headers",
        "services",
        "templates",
    )

    def __init__(
        self,
        request: Request,
        *,
        now_s: float = 0.0,
        services: Services = NO_SERVICES,
        limits: Limits = DEFAULT_LIMITS,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(limits, monotonic)
        self.services = services
        self.templates: frozenset[str] = frozenset()
        """The constants with placeholders of the script that runs: only these are filled in."""
        self._before_replay: Effects | None = None
        """While a run is replayed up to where it waited: the effects that it then goes on from."""
        self.renew(request, now_s)

    def renew(self, request: Request, now_s: float) -> None:
        """Begin with another request. Services and limits stay: a host may keep one context for each site."""
        self.request = request
        self.now_s = now_s
        """Unix time of the request, seconds; the same for every clock builtin of a run."""
        self.effects = Effects()
        self._fresh = True
        self.holds_until = _FOR_EVER
        """Unix time up to which the clock alone would not have changed what came of the runs so far."""
        self.ended = False
        """`exit` or a redirect has ended the request: nothing of any script runs any more."""
        self.faults: tuple[Any, ...] = ()
        """Results of the scripts that raised, in order; kept by `pipeline`."""
        self.leases: tuple[Place, ...] = ()
        """Held until the request ends, however it does: an error in a script takes none of them back."""
        self.response_headers: Headers | None = None
        """The response's fields, before any wish is carried out, once its head is made (U-17)."""

    def compare_time(self, time_s: Any, other: Any) -> None:
        """
        Note that `time_s`, which a clock builtin gave, is compared with `other`: from when on another order is possible.

        That time never runs ahead of `now_s` by more than rounding, so both keep their order until `now_s` is near
        `other`. What is no number has no order.
        """
        if other.__class__ in _NUMBERS and time_s.__class__ in _NUMBERS and time_s <= other:
            until = 0.0 if other == time_s else other - ROUNDING_S
            if until < self.holds_until:  # noqa: PLR1730 - half of what `min` takes
                self.holds_until = until

    def changes_at(self, at_s: float) -> None:
        """Note that what a builtin found depends on whether `now_s` is below `at_s`."""
        if self.now_s < at_s < self.holds_until:
            self.holds_until = at_s

    def changes_each_time(self) -> None:
        """Note that what came of the run is for this request alone."""
        self.holds_until = 0.0

    def acquire(self, key: str, most: int) -> bool:
        """
        Whether the request has one of `most` places under `key`; the same answer each time, for one place.

        Raises 499 past 16 keys.
        """
        for place in self.leases:
            if place.key == key and place.most == most:
                return place.lease is not None
        if len(self.leases) >= _MAX_PLACES:
            raise ScriptFault(FaultCode.OTHER, f"limit_conn: more than {_MAX_PLACES} keys in a request")
        lease = self.services.connections.acquire(key, most)
        self.leases = (*self.leases, Place(key, most, lease))
        return lease is not None

    def start_script(self) -> Effects | None:
        """Ready the meter for the next script; what `abandon_script` needs should it raise."""
        self.granted = self.left = (
            self._first_stride
        )  # as `refill`, which would be one more call for each script
        self._deadline_mono_s = 0.0 if self._monotonic is None else self._monotonic() + self._wall_clock_s
        self.calls = self.depth = self._total_rounds = self._string_bytes = self._entries = 0
        if self._fresh:
            self._fresh = False
            return None
        return self.effects.snapshot()

    def abandon_script(self, saved: Effects | None) -> None:
        """Undo everything the script did."""
        self.effects = Effects() if saved is None else saved
        self.ended = False

    def await_response(self) -> None:
        """
        For a builtin that needs the response's head: without one the run stops here, to be continued (U-17).

        The builtin's declaration says `awaits_response`; it returns at once when `ended` is set. `effects` may be
        other ones afterwards.
        """
        if self.response_headers is None:
            self.ended = True  # with nothing in `effects.end`: that is how a run that waits is told from one that ended
        elif self._before_replay is not None:
            self.effects, self._before_replay = self._before_replay, None

    @property
    def is_waiting(self) -> bool:
        """Whether the run that just stopped waits for the response's head."""
        return self.ended and self.effects.end is None

    def replay(self, before: Effects) -> None:
        """Ready the meter for a run from the start that had waited; what it asks for until there is in force already."""
        self.refill()
        self._before_replay, self.effects = self.effects, before
        self.ended = False

    def end_replay(self) -> None:
        """After a replayed run: if it never came to where it had waited, what it asked for is in force already."""
        if self._before_replay is not None:
            self.effects, self._before_replay = self._before_replay, None
            self.ended = False

    def end(self, how: Answer | Redirect) -> None:
        """End the request."""
        self.effects.end = how
        self.ended = True

    def header_op(self, side: Literal["request_headers", "response_headers"], op: HeaderOp) -> None:
        """Record a header wish. Raises 499 past `header_operations`."""
        if self.effects.add_header(side, op) > self.limits.header_operations:
            raise ScriptFault(
                FaultCode.OTHER,
                f"more than {self.limits.header_operations} header operations",
                limit="header_operations",
            )

    def write(self, text: str) -> None:
        """Append to the answer's body. Raises 499 past `output_bytes`."""
        self.effects.write(text)
        if self.effects.output_bytes > self.limits.output_bytes:
            raise ScriptFault(
                FaultCode.OTHER, f"more than {self.limits.output_bytes} bytes of output", limit="output_bytes"
            )
