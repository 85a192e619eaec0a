"""The requests of a case as a node takes them, each with what the origin answers."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from edgescript.services import GeoRecord
from edgescript.source import to_bytes_text
from edgescript.testing.cases import (
    Before,
    Case,
    Lines,
    OriginSays,
    Sending,
    Suite,
    each_line,
)
from edgescript.testing.reading import FormatError, Problem
from runtime.geo.addresses import parse_address
from runtime.geo.stated import StatedPlaces
from runtime.proxy.messages import UpstreamFailed
from runtime.proxy.simulate import Incoming, Origin
from runtime.trial import origin as origins
from runtime.trial.stated import connection, read_client, read_field, read_method, read_url, with_host

_Value = TypeVar("_Value")


class Shot(NamedTuple):
    """A request made of a `Sending`; `after_s` seconds pass after the last of it."""

    incoming: Incoming
    origin: Origin
    geo: GeoRecord | None
    repeat: int
    every_s: float
    after_s: float


def shots_of(suite: Suite) -> tuple[tuple[Shot, ...], ...]:
    """The requests of every case. Raises FormatError."""
    problems: list[Problem] = []
    shots: list[tuple[Shot, ...]] = []
    for index, case in enumerate(suite.cases):
        made: list[Shot] = []
        for within, sending in _sendings(case):
            try:
                made.append(_shot(suite, sending))
            except _WrongError as wrong:
                problems.append(Problem(suite.line_of(index, *within, wrong.key), str(wrong)))
        for name in case.places:
            if parse_address(name) is None:
                line = suite.line_of(index, "places")
                problems.append(Problem(line, f"case.places: got {name!r}, want an IP address"))
        shots.append(tuple(made))
    if problems:
        raise FormatError(suite.name, problems)
    return tuple(shots)


def _sendings(case: Case) -> Iterator[tuple[tuple[str | int, ...], Sending]]:
    """Each request of a case, the looked-at one last, and where it stands within the case."""
    for number, before in enumerate(case.before):
        yield ("before", number), before
    yield (), case


class _WrongError(Exception):
    """The value under `key` of a request means nothing."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        super().__init__(f"{key}: {reason}")


def _value(key: str, read: Callable[[str], _Value], text: str) -> _Value:
    """As the command line reads it. Raises _WrongError."""
    try:
        return read(text)
    except ValueError as error:
        raise _WrongError(key, str(error)) from None


def _shot(suite: Suite, sending: Sending) -> Shot:
    url = _value("url", read_url, sending.url)
    client = _value("client_ip", read_client, sending.client_ip)
    method = _value("method", read_method, sending.method)
    fields = with_host(url, _fields("headers", sending.headers))
    named = {name.lower() for name, _ in fields}
    if sending.body and not named & {"content-length", "transfer-encoding"}:
        fields.append(("Content-Length", str(len(sending.body.encode()))))
    return Shot(
        Incoming(method, url.target, fields, connection(url, client), ""),
        _origin(suite.origin_of(sending)),
        None if sending.geo is None else sending.geo.record(),
        sending.repeat,
        sending.every_s,
        sending.after_s if isinstance(sending, Before) else 0.0,
    )


def _fields(key: str, table: Mapping[str, Lines]) -> list[tuple[str, str]]:
    """The lines of a table of headers. Raises _WrongError."""
    fields: list[tuple[str, str]] = []
    for name, value in table.items():
        for line in each_line(value):
            field = _value(key, read_field, f"{name}: {line}")
            if field[0] != name:
                raise _WrongError(key, f"{name!r}: want the name of a header")
            fields.append(field)
    return fields


def _origin(says: OriginSays) -> Origin:
    """Raises _WrongError."""
    if says.down or says.timeout:
        return lambda _forward: UpstreamFailed(silent=says.timeout, may_have_acted=True)
    return origins.stated(says.status, _fields("origin", says.headers), to_bytes_text(says.body))


class Places:
    """Knows where the client of the request under way is, and the addresses a case names."""

    def __init__(self, case: Case) -> None:
        self._named = {address: place.record() for address, place in case.places.items()}
        self._known = StatedPlaces(self._named, None)

    def set_client(self, address: str, record: GeoRecord | None) -> None:
        """The client of the next request; a place of its own goes before one the case names."""
        self._known = StatedPlaces({**self._named, **({} if record is None else {address: record})}, None)

    def lookup(self, address: str, /) -> GeoRecord | None:
        return self._known.lookup(address)
