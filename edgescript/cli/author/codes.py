"""`edgescript doc --codes`: the codes that questions about places are answered with."""

import json
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple


class CodeRow(NamedTuple):
    """A code and what it stands for."""

    code: str
    names: tuple[str, ...]


def _regions() -> Iterator[CodeRow]:
    from runtime.geo.regions import REGIONS

    return (CodeRow(region.code, region.names) for region in REGIONS)


def _cities() -> Iterator[CodeRow]:
    from runtime.geo.cities import all_cities

    return (CodeRow(code, names) for code, names in all_cities())


def _carriers() -> Iterator[CodeRow]:
    from runtime.geo.carriers import CARRIERS, LOCAL

    yield from (CodeRow(carrier.code, (carrier.name,)) for carrier in CARRIERS)
    yield CodeRow(LOCAL, ("a private address",))


TABLES: Final[dict[str, Callable[[], Iterator[CodeRow]]]] = {
    "region": _regions,
    "city": _cities,
    "isp": _carriers,
}
"""By the field of a place. Countries are those of ISO 3166 and have no table here."""


def code_table(field: str, *, as_json: bool) -> str:
    """The table of a field, one code a line, or as a JSON array; without a line feed at its end."""
    rows = list(TABLES[field]())
    if as_json:
        return json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=2)
    width = max(len(row.code) for row in rows)
    return "\n".join(f"{row.code:<{width}}  {', '.join(row.names)}" for row in rows)
