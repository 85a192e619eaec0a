"""What a host offers to builtins beyond the request: randomness, places of addresses, counting of requests."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

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

    def admit(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> bool:
        """Whether one more request under `key` keeps to `rate_per_s` with `burst` to spare; counts it if so."""
        ...


class Random(Protocol):
    """The part of `random.Random` that builtins use."""

    def random(self) -> float: ...
    def randint(self, a: int, b: int, /) -> int: ...
    def randbytes(self, n: int, /) -> bytes: ...
    def seed(self, a: Any = None, /) -> None: ...


class _NoGeo:
    def lookup(self, _address: str, /) -> GeoRecord | None:
        return None


class _NoLimiter:
    def admit(self, _key: str, _rate_per_s: float, _burst: float, _now_s: float, /) -> bool:
        return True


class _NoRandom:
    """For runs that are given no randomness: fails rather than invents some."""

    def _refuse(self, *_: Any) -> Any:
        raise ScriptFault(FaultCode.OTHER, "this run was given no source of randomness")

    random = randint = randbytes = seed = _refuse


_NO_RANDOM: Final = _NoRandom()
_NO_GEO: Final = _NoGeo()
_NO_LIMITER: Final = _NoLimiter()


@dataclass(frozen=True, slots=True)
class Services:
    """What a host offers to builtins; shared by all requests of a site."""

    random: Random = _NO_RANDOM
    geo: Geo = _NO_GEO
    limiter: RequestLimiter = _NO_LIMITER


NO_SERVICES: Final = Services()
