"""Where addresses are, as the command line says it: `--geo`, `--geo-database`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from edgescript.services import Geo, GeoRecord
from edgescript.source import to_bytes_text


class StatedPlace(NamedTuple):
    """A place somebody stated; `address` is '' for the client's."""

    address: str
    record: GeoRecord


class PlaceType(click.ParamType[StatedPlace]):
    """`country=CN,region=440000,city=440400,isp=100017`, any of them, and another address than the client's before it."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StatedPlace:
        from runtime.geo.addresses import parse_address

        if isinstance(value, StatedPlace):
            return value
        first, equals, rest = value.partition("=")
        address, colon, key = first.rpartition(":")
        address = address.strip().removeprefix("[").removesuffix("]")
        if colon and parse_address(address) is None:
            self.fail(f"{value!r}: want an IP address before {key.strip()!r}, got {address!r}", param, ctx)
        given: dict[str, str] = {}
        for part in f"{key}{equals}{rest}".split(","):
            name, mark, code = part.partition("=")
            if not mark or name.strip() not in GeoRecord._fields:
                wanted = ", ".join(f"{field}=CODE" for field in GeoRecord._fields)
                self.fail(f"{part!r}: want {wanted}", param, ctx)
            given[name.strip()] = to_bytes_text(code.strip())
        return StatedPlace(address, GeoRecord(**given))


def places(stated: Sequence[StatedPlace], client_addr: str, files: Sequence[str]) -> Geo:
    """What was stated, and behind it the databases in `files`. Raises click.ClickException."""
    from runtime.geo.stated import StatedPlaces

    return StatedPlaces(
        {place.address or client_addr: place.record for place in stated}, databases(files) if files else None
    )


def databases(files: Sequence[str]) -> Geo:
    """The databases in `files` as one. Raises click.ClickException."""
    from runtime.geo.database import DatabaseError
    from runtime.geo.places import open_databases

    try:
        return open_databases(files)
    except DatabaseError as error:
        raise click.ClickException(str(error)) from None
