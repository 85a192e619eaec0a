"""Places that somebody stated: for a try on the desk, for tests."""

from collections.abc import Mapping

from edgescript.services import Geo, GeoRecord
from runtime.geo.addresses import Address, parse_address


class StatedPlaces:
    """Places that somebody stated, address by address; every other address is looked up `behind`."""

    def __init__(self, places: Mapping[str, GeoRecord], behind: Geo | None = None) -> None:
        self._places = {_canonical(text): record for text, record in places.items()}
        self._behind = behind

    def lookup(self, address: str, /) -> GeoRecord | None:
        """What was stated of an address, else what `behind` knows."""
        parsed = parse_address(address)
        if parsed in self._places:
            return self._places[parsed]
        return None if self._behind is None else self._behind.lookup(address)


def _canonical(text: str) -> Address:
    """Raises ValueError for what is no address."""
    address = parse_address(text)
    if address is None:
        raise ValueError(f"want an IP address, got {text!r}")
    return address
