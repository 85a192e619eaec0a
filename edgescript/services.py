"""What a host offers to builtins beyond the request: randomness, places of addresses, counting, the site's own data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from edgescript.faults import FaultCode, ScriptFault


class GeoRecord(NamedTuple):
    """Where an address is, in the codes of reference section 13; '' where unknown."""

    country: str = ""
    region: str = ""
    city: str = ""
    isp: str = ""


class Geo(Protocol):
    """Looks addresses up; None when the address is unknown or no database is there."""

    def lookup(self, address: str, /) -> GeoRecord | None: ...


class RequestLimiter(Protocol):
    """Counts requests. State outlives requests and belongs to the host."""

    def wait(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> float:
        """
        Seconds, >= 0, after which the rate alone would admit one more request under `key`; below 0 it is refused: it does not
        keep to `rate_per_s` with `burst` to spare. Counts it if it does.
        """
        ...

    def admit_in_window(self, key: str, most: int, window_s: float, now_s: float, /) -> bool:
        """Whether one more request makes no more than `most` in any `window_s` seconds; counts it if so."""
        ...

    def shadow_refused(self) -> None:
        """Note that a limit which is only tried out would have refused a request."""
        ...


class Lease(Protocol):
    """A place among the requests in progress under a key."""

    def release(self) -> None:
        """Give the place back; once is as good as often."""
        ...


class ConnectionLimiter(Protocol):
    """Counts requests in progress."""

    def acquire(self, key: str, most: int, /) -> Lease | None:
        """A place among at most `most` under `key`; None when all are taken. `key` with another `most` is another."""
        ...


class Metrics(Protocol):
    """Counts what scripts name, for whoever watches the node."""

    def increase(self, name: str, by: float, /) -> bool:
        """Add `by`, >= 0; false, and nothing counted, when there are as many names as there may be."""
        ...


class Random(Protocol):
    """The part of `random.Random` that builtins use."""

    def random(self) -> float: ...
    def randint(self, a: int, b: int, /) -> int: ...
    def randbytes(self, n: int, /) -> bytes: ...
    def seed(self, a: Any = None, /) -> None: ...


Dictionaries: TypeAlias = Mapping[str, Mapping[str, str]]
"""Dictionaries by name; keys and values as scripts hold strings, one code point a byte."""


class _NoGeo:
    def lookup(self, _address: str, /) -> GeoRecord | None:
        return None


class _NoCount:
    """Counts nothing and refuses nothing."""

    def wait(self, _key: str, _rate_per_s: float, _burst: float, _now_s: float, /) -> float:
        return 0.0

    def admit_in_window(self, _key: str, _most: int, _window_s: float, _now_s: float, /) -> bool:
        return True

    def shadow_refused(self) -> None:
        """Nothing is counted."""

    def release(self) -> None:
        """No place was taken."""

    def acquire(self, _key: str, _most: int, /) -> Lease | None:
        return self

    def increase(self, _name: str, _by: float, /) -> bool:
        return True


class _NoRandom:
    """For runs that are given no randomness: fails rather than invents some."""

    def _refuse(self, *_: Any) -> Any:
        raise ScriptFault(FaultCode.OTHER, "this run was given no source of randomness")

    random = randint = randbytes = seed = _refuse


MAX_METRICS: Final = 100
"""Names a site's scripts may count under: each is a time series for whoever collects them."""


class ScriptMetrics:
    """One process's `Metrics` of one site."""

    def __init__(self, max_names: int = MAX_METRICS) -> None:
        self.max_names = max_names
        self.totals: dict[str, float] = {}
        """By name, in the order they were first counted."""
        self.dropped = 0
        """Increases that found no room for their name."""

    def increase(self, name: str, by: float, /) -> bool:
        total = self.totals.get(name)
        if total is None:
            if len(self.totals) >= self.max_names:
                self.dropped += 1
                return False
            total = 0.0
        self.totals[name] = total + by
        return True


_NO_RANDOM: Final = _NoRandom()
_NO_GEO: Final = _NoGeo()
_NO_COUNT: Final = _NoCount()


@dataclass(frozen=True, slots=True)
class Services:
    """What a host offers to builtins; shared by all requests of a site."""

    random: Random = _NO_RANDOM
    geo: Geo = _NO_GEO
    limiter: RequestLimiter = _NO_COUNT
    connections: ConnectionLimiter = _NO_COUNT
    metrics: Metrics = _NO_COUNT
    origins: Collection[str] = frozenset()
    """Names that `set_origin` may choose among."""
    dictionaries: Dictionaries = field(default_factory=dict)
    """What `dict_get` reads."""


NO_SERVICES: Final = Services()
