"""
The `Geo` of a node: databases in layers, and a bounded memory of the addresses asked for.

The first database that knows a part of a place says it; what it leaves open, the next may fill in, unless the two
speak of different countries or regions. So a database of cities and one of carriers make one, and a small file of one's
own put first corrects both. Private addresses, if no database has them, are the vendor's `IANA` and `local`.

Measured (CPython 3.11): an address asked for before 0.1 µs, a new one 17 µs in a database of own codes and 110 in
one that names every place in eight languages, nearly all of it reading the record; text that is no address 3 µs.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from edgescript.services import GeoRecord
from runtime.geo.addresses import MAX_ADDRESS, is_private, parse_address
from runtime.geo.carriers import LOCAL
from runtime.geo.database import UNKNOWN, Database, open_database
from runtime.geo.regions import UNASSIGNED

REMEMBERED: Final = 32_768
"""Addresses: some 10 MB when full."""
_PRIVATE: Final = GeoRecord(country=UNASSIGNED, isp=LOCAL)


class Databases:
    """Places by databases, the first one first."""

    def __init__(self, databases: Sequence[Database], remembered: int = REMEMBERED) -> None:
        self._databases = tuple(databases)
        self._find_remembered = lru_cache(remembered)(self._find)

    def lookup(self, address: str, /) -> GeoRecord | None:
        """What is known of an address; None for text that is none, and for an address nothing is known of."""
        if len(address) > MAX_ADDRESS:  # the memory holds no long texts
            return None
        return self._find_remembered(address)

    def _find(self, text: str) -> GeoRecord | None:
        address = parse_address(text)
        if address is None:
            return None
        found = UNKNOWN
        for database in self._databases:
            found = filled(found, database.lookup(address))
            if all(found):
                return found
        found = filled(found, _PRIVATE if is_private(address) else UNKNOWN)
        return found if any(found) else None

    def __repr__(self) -> str:
        return f"<{len(self._databases)} databases: {', '.join(map(repr, self._databases))}>"


def open_databases(paths: Iterable[str]) -> Databases:
    """The databases in these files as one. Raises DatabaseError."""
    return Databases([open_database(path) for path in paths])


def filled(known: GeoRecord, more: GeoRecord) -> GeoRecord:
    """`known` with what `more` adds to it, as far as both are about one place."""
    country, region, city, isp = known
    if not country or not more.country or country == more.country:
        country = country or more.country
        if not region or not more.region or region == more.region:
            region = region or more.region
            city = city or more.city
    return GeoRecord(country, region, city, isp or more.isp)
