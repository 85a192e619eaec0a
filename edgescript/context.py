"""
What a script run is given and what it leaves behind: the border between the language and its host.

A host (the edge node, `edgescript run`, a test) makes one `Context` per request and runs scripts on it. Builtins
read `request`, ask `services`, and record wishes in `effects`; nothing here reaches a socket, file or clock. The
host carries the effects out afterwards.

`Meter` bounds the run. Both tiers charge it at the same points with the same amounts, so a program uses the same
fuel in either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

from edgescript.faults import FaultCode, ScriptFault


@dataclass(frozen=True, slots=True)
class Limits:
    """The named limits of a run (design section 4); every one configurable per site."""

    fuel: int = 500_000
    """Units of work; one is about 50 ns of translated code."""
    wall_clock_s: float = 0.05
    """Fault 407 (reference section 5). Looked at every `FUEL_STRIDE` units."""
    calls: int = 10_000
    """Calls of custom functions, callbacks included: fault 408."""
    loop_rounds: int = 10_000
    """Rounds of one loop: fault 409."""
    total_loop_rounds: int = 50_000
    """Rounds of all loops of a run: fault 410."""
    call_depth: int = 50
    """Custom functions inside each other: fault 408."""
    value_bytes: int = 1 << 20
    """One string."""
    total_bytes: int = 16 << 20
    """All strings above `SMALL_BYTES` made in a run; smaller ones are paid for by fuel."""
    dictionary_entries: int = 20_000
    """Entries made in all dictionaries of a run."""
    output_bytes: int = 1 << 20
    """Body made by say, print and exit."""
    header_operations: int = 256
    """Header and cookie operations of a run."""


DEFAULT_LIMITS: Final = Limits()
FUEL_STRIDE: Final = 20_000
"""Fuel between two looks at the wall clock: about a millisecond."""
SMALL_BYTES: Final = 256


class Meter:
    """
    The bounds of one run.

    `left` counts down and is the only field translated code touches: `left = m.left = m.left - n`, and `refuel()`
    when it falls below zero. `refuel` grants the next stride or raises.
    """

    __slots__ = (
        "_deadline_mono_s",
        "_entries",
        "_first_stride",
        "_granted",
        "_monotonic",
        "_string_bytes",
        "_total_rounds",
        "calls",
        "depth",
        "left",
        "limits",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS, monotonic: Callable[[], float] | None = None) -> None:
        self.limits = limits
        self._first_stride = min(FUEL_STRIDE, limits.fuel)
        self._monotonic = monotonic
        self.refill()

    def refill(self) -> None:
        """Give the next script a full measure: limits count per script run, not per request."""
        self._granted = self.left = self._first_stride
        self._deadline_mono_s = 0.0
        self.calls = 0
        self.depth = 0
        self._total_rounds = 0
        self._string_bytes = 0
        self._entries = 0

    @property
    def fuel_used(self) -> int:
        """Units charged since `refill`, >= 0."""
        return self._granted - self.left

    def charge(self, units: int) -> None:
        """Charge work whose size is known only at run time. Raises 407."""
        left = self.left = self.left - units
        if left < 0:
            self.refuel()

    def refuel(self) -> None:
        """Grant the next stride. Raises 407 when fuel or wall clock is used up."""
        while self.left < 0:
            grant = min(FUEL_STRIDE, self.limits.fuel - self._granted)
            if grant <= 0:
                raise ScriptFault(
                    FaultCode.TIMEOUT, f"script used up its fuel of {self.limits.fuel}", limit="fuel"
                )
            self._granted += grant
            self.left += grant
        if self._monotonic is not None:
            now = self._monotonic()
            if self._deadline_mono_s == 0.0:
                # The first stride is about a millisecond: starting the clock at its end costs nothing for the
                # many scripts that never get here, and lets none run noticeably longer.
                self._deadline_mono_s = now + self.limits.wall_clock_s
            elif now > self._deadline_mono_s:
                milliseconds = self.limits.wall_clock_s * 1000
                raise ScriptFault(
                    FaultCode.TIMEOUT, f"script ran longer than {milliseconds:g} ms", limit="wall_clock_s"
                )

    def enter_call(self) -> None:
        """Count a call of a custom function. Raises 408."""
        self.calls += 1
        self.depth += 1
        if self.calls > self.limits.calls:
            raise ScriptFault(
                FaultCode.CALL_LIMIT, f"more than {self.limits.calls} function calls", limit="calls"
            )
        if self.depth > self.limits.call_depth:
            raise ScriptFault(
                FaultCode.CALL_LIMIT,
                f"functions call each other more than {self.limits.call_depth} deep",
                limit="call_depth",
            )

    def leave_call(self) -> None:
        self.depth -= 1

    def loop(self, rounds: int) -> None:
        """Count `rounds` of one loop before it starts. Raises 409 or 410."""
        if rounds > self.limits.loop_rounds:
            raise ScriptFault(
                FaultCode.LOOP_LIMIT,
                f"loop over {rounds} entries, more than {self.limits.loop_rounds}",
                limit="loop_rounds",
            )
        self._total_rounds += rounds
        if self._total_rounds > self.limits.total_loop_rounds:
            raise ScriptFault(
                FaultCode.TOTAL_LOOP_LIMIT,
                f"more than {self.limits.total_loop_rounds} loop rounds in all",
                limit="total_loop_rounds",
            )

    def string(self, size: int) -> None:
        """Account for a string of `size` bytes, before it is made where that is possible. Raises 499."""
        if size <= SMALL_BYTES:
            return
        if size > self.limits.value_bytes:
            raise ScriptFault(
                FaultCode.OTHER,
                f"string of {size} bytes, more than {self.limits.value_bytes}",
                limit="value_bytes",
            )
        self._string_bytes += size
        if self._string_bytes > self.limits.total_bytes:
            raise ScriptFault(
                FaultCode.OTHER,
                f"more than {self.limits.total_bytes} bytes of strings",
                limit="total_bytes",
            )

    def entries(self, count: int) -> None:
        """Account for `count` new dictionary entries. Raises 499."""
        self._entries += count
        if self._entries > self.limits.dictionary_entries:
            raise ScriptFault(
                FaultCode.OTHER,
                f"more than {self.limits.dictionary_entries} dictionary entries",
                limit="dictionary_entries",
            )


class Headers:
    """
    Header fields of a message: ordered (name, value) pairs, names in lower case.

    Immutable, so requests that share a header block may share one `Headers`.
    """

    __slots__ = ("_first", "pairs")

    def __init__(self, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        self.pairs = pairs
        self._first: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """The first value under `name` (lower case), or None."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.pairs))
        return first.get(name)

    def get_all(self, name: str) -> list[str]:
        """Every value under `name` (lower case), in order."""
        return [value for key, value in self.pairs if key == name]


class Connection:
    """Where a request came in: shared by the requests of a client's connection."""

    __slots__ = ("client_addr", "client_port", "scheme", "server_addr", "server_port")

    def __init__(
        self,
        client_addr: str = "127.0.0.1",
        client_port: int = 0,
        server_addr: str = "127.0.0.1",
        server_port: int = 80,
        scheme: str = "http",
    ) -> None:
        self.client_addr = client_addr
        self.client_port = client_port
        self.server_addr = server_addr
        self.server_port = server_port
        self.scheme = scheme


_LOOPBACK: Final = Connection()
_NO_HEADERS: Final = Headers()


class Request:
    """
    The client's request as scripts see it. Facts only; never changed by a script.

    Paths, queries and values are as they came on the wire, not percent-decoded (U-12).
    """

    __slots__ = (
        "_arguments",
        "_cookies",
        "_identified_arguments",
        "_identified_cookies",
        "connection",
        "headers",
        "host",
        "id",
        "method",
        "path",
        "protocol",
        "query",
        "target",
    )

    def __init__(
        self,
        method: str = "GET",
        target: str = "/",
        protocol: str = "HTTP/1.1",
        host: str = "",
        headers: Headers = _NO_HEADERS,
        connection: Connection = _LOOPBACK,
        id: str = "",  # noqa: A002 - the field's name
    ) -> None:
        self.method = method
        self.target = target
        """Path, and `?` with the query where there is one: `$request_uri`."""
        self.protocol = protocol
        self.host = host
        self.headers = headers
        self.connection = connection
        self.id = id
        path, mark, query = target.partition("?")
        self.path = path
        self.query: str | None = query if mark else None
        self._arguments: dict[str, str] | None = None
        self._cookies: dict[str, str] | None = None
        self._identified_arguments: dict[str, str] | None = None
        self._identified_cookies: dict[str, str] | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return self.connection.scheme

    @property
    def client_addr(self) -> str:
        return self.connection.client_addr

    @property
    def client_port(self) -> int:
        return self.connection.client_port

    @property
    def server_addr(self) -> str:
        return self.connection.server_addr

    @property
    def server_port(self) -> int:
        return self.connection.server_port

    @property
    def arguments(self) -> dict[str, str]:
        """Query arguments, the first of each name; `?uid` without `=` counts as absent (reference 7.13)."""
        if self._arguments is None:
            arguments: dict[str, str] = {}
            if self.query:
                for part in self.query.split("&"):
                    name, mark, value = part.partition("=")
                    if mark and name not in arguments:
                        arguments[name] = value
            self._arguments = arguments
        return self._arguments

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name, the first of each name."""
        if self._cookies is None:
            cookies: dict[str, str] = {}
            for field in self.headers.get_all("cookie"):
                for part in field.split(";"):
                    name, mark, value = part.strip(" \t").partition("=")
                    if mark and name not in cookies:
                        cookies[name] = value
            self._cookies = cookies
        return self._cookies

    @property
    def identified_arguments(self) -> dict[str, str]:
        """`arguments` under names in which `_` stands for `-`, as identifiers must write them (U-10)."""
        if self._identified_arguments is None:
            self._identified_arguments = _identified(self.arguments)
        return self._identified_arguments

    @property
    def identified_cookies(self) -> dict[str, str]:
        """`cookies`, likewise."""
        if self._identified_cookies is None:
            self._identified_cookies = _identified(self.cookies)
        return self._identified_cookies


def _identified(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in reversed(fields.items())}


HeaderAction = Literal["set", "add", "delete"]


class HeaderOp(NamedTuple):
    """One wish about a header field: `set` replaces all lines of the name, `add` appends a line."""

    action: HeaderAction
    name: str
    value: str = ""


class Answer(NamedTuple):
    """The script ended the request with `exit`: status, and its body or None for the node's default page."""

    status: int
    body: str | None


class Redirect(NamedTuple):
    """The script ended the request with a redirect: 301, 302, 303, 307 or 308, and the Location value."""

    status: int
    location: str


class Effects:
    """
    What the scripts of a request asked for so far.

    The defaults are class attributes: a request whose scripts ask for little pays for little.
    """

    request_headers: list[HeaderOp] | tuple[()] = ()
    response_headers: list[HeaderOp] | tuple[()] = ()
    path: str | None = None
    """Rewritten path for origin and cache key, or None for the request's own."""
    query: str | None = None
    """Rewritten query; counts only when `query_replaced`."""
    query_replaced: bool = False
    end: Answer | Redirect | None = None
    output: list[str] | tuple[()] = ()
    """Texts of say and print, in order; any at all means the node answers itself (U-19)."""
    output_bytes: int = 0
    ttl_s: int | None = None
    """set_cache_ttl('path', n)."""
    ttl_s_by_status: Mapping[int, int] | None = None
    """set_cache_ttl('code', '404=1,302=0')."""
    rate_bytes_per_s: int | None = None
    rate_after_bytes: int | None = None

    def add_header(self, side: Literal["request_headers", "response_headers"], op: HeaderOp) -> int:
        """Record a header wish; the number of wishes on that side so far."""
        ops = getattr(self, side)
        if ops == ():
            ops = []
            setattr(self, side, ops)
        ops.append(op)
        return len(ops)

    def write(self, text: str) -> None:
        """Append to the output."""
        if self.output == ():
            self.output = []
        self.output.append(text)  # type: ignore[union-attr]
        self.output_bytes += len(text)

    def snapshot(self) -> "Effects":
        """An independent copy: what to go back to when a script raises."""
        copy = Effects()
        for name, value in self.__dict__.items():
            copy.__dict__[name] = list(value) if type(value) is list else value
        return copy


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


class Context(Meter):
    """One request under way: the meter, the request's facts, the services, the effects so far."""

    __slots__ = ("_fresh", "effects", "ended", "faults", "now_s", "request", "response_headers", "services")

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
        self.renew(request, now_s)

    def renew(self, request: Request, now_s: float) -> None:
        """Begin with another request. Services and limits stay: a host may keep one context for each site."""
        self.request = request
        self.now_s = now_s
        """Unix time of the request, seconds; the same for every clock builtin of a run."""
        self.effects = Effects()
        self._fresh = True
        self.ended = False
        """`exit` or a redirect has ended the request: nothing of any script runs any more."""
        self.faults: tuple[Any, ...] = ()
        """Results of the scripts that raised, in order; kept by `pipeline`."""
        self.response_headers: Headers | None = None
        """The origin's or stored response's fields, once there are any (U-17)."""

    def start_script(self) -> Effects | None:
        """Ready the meter for the next script; what `abandon_script` needs should it raise."""
        self.refill()
        if self._fresh:
            self._fresh = False
            return None
        return self.effects.snapshot()

    def abandon_script(self, saved: Effects | None) -> None:
        """Undo everything the script did."""
        self.effects = Effects() if saved is None else saved
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
