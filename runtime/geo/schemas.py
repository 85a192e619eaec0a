"""
Records of databases, whatever their keys, to the codes that scripts compare with.

A database's schema is recognised by its first records and then holds for all of it. A record is data of unknown origin:
any part of it may be missing or of another type, and then counts as unknown.

| schema | keys of a record |
| --- | --- |
| own codes | `country` `region` `city` `isp` and no others: the codes themselves, taken as they are |
| nested | `country.iso_code`, `subdivisions[0]`, `city.names`, `traits`: MaxMind's GeoIP2 and GeoLite2, DB-IP's files in that form |
| flat | `country_code` or `country`, `state1` or `region`, `city`, and the carrier by number or name: DB-IP tables, ISP and ASN databases |
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from edgescript.services import GeoRecord
from runtime.geo.carriers import carrier_code
from runtime.geo.cities import city_code
from runtime.geo.regions import country_code, region_code

Record: TypeAlias = Mapping[Any, Any]

_OWN_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_LANGUAGES: Final = ("en", "zh-CN", "zh")
_COUNTRY: Final = ("country_code", "country")
_SUBDIVISION: Final = ("region_code", "state1_code")
_REGION_NAME: Final = ("state1", "region", "state", "region_name")
_CARRIER: Final = (
    "isp",
    "organization",
    "autonomous_system_organization",
    "as_organization",
    "as_name",
    "org",
)
_SYSTEM: Final = ("autonomous_system_number", "asn", "as_number")
_FLAT: Final = frozenset((*_COUNTRY, *_REGION_NAME, *_CARRIER, *_SYSTEM))
_NESTED: Final = frozenset(("country", "registered_country", "subdivisions", "city", "traits", "continent"))


class Schema(NamedTuple):
    """How records of one kind of database are told and read."""

    name: str
    recognises: Callable[[Record], bool]
    read: Callable[[Record], GeoRecord]


def recognise(record: object) -> Schema | None:
    """The schema of a database with this record, or None."""
    if not isinstance(record, dict) or not record:
        return None
    return next((schema for schema in SCHEMAS if schema.recognises(record)), None)


def _is_own(record: Record) -> bool:
    return record.keys() <= set(GeoRecord._fields) and all(_own_code(value) for value in record.values())


def _is_nested(record: Record) -> bool:
    return any(isinstance(record.get(key), dict | list) for key in _NESTED)


def _is_flat(record: Record) -> bool:
    return any(isinstance(record.get(key), str | int) for key in _FLAT)


def _read_own(record: Record) -> GeoRecord:
    return GeoRecord(*(_own_code(record.get(field)) for field in GeoRecord._fields))


def _read_nested(record: Record) -> GeoRecord:
    subdivisions = record.get("subdivisions")
    subdivision = _table(subdivisions[0] if isinstance(subdivisions, list) and subdivisions else None)
    traits = _table(record.get("traits"))
    return _place(
        _text(_table(record.get("country")).get("iso_code")),
        _text(subdivision.get("iso_code")),
        [*_names(subdivision)],
        [*_names(_table(record.get("city")))],
        _carrier(traits),
    )


def _read_flat(record: Record) -> GeoRecord:
    return _place(
        _first(record, _COUNTRY),
        _first(record, _SUBDIVISION),
        [_first(record, _REGION_NAME)],
        [_first(record, ("city",))],
        _carrier(record),
    )


def _place(
    country: str, subdivision: str, region_names: list[str], city_names: list[str], isp: str
) -> GeoRecord:
    """The codes of what a database calls by ISO codes and names."""
    code = country_code(country)
    tried = (region_code(country, subdivision, name) for name in region_names or [""])
    region = next(filter(None, tried), "")
    city = ""
    if code == "CN" and city_names:
        city = next(filter(None, (city_code(region, name) for name in city_names)), "")
    return GeoRecord(code, region, city, isp)


def _carrier(record: Record) -> str:
    number = next(filter(None, (_number(record.get(key)) for key in _SYSTEM)), 0)
    return carrier_code(number, *(_text(record.get(key)) for key in _CARRIER))


def _first(record: Record, keys: tuple[str, ...]) -> str:
    return next(filter(None, (_text(record.get(key)) for key in keys)), "")


def _names(record: Record) -> Iterator[str]:
    names = _table(record.get("names"))
    return filter(None, (_text(names.get(language)) for language in _LANGUAGES))


def _own_code(value: object) -> str:
    """A code as it stands; files made from tables may hold it as a number."""
    text = str(value) if type(value) is int and abs(value) < 1 << 63 else _text(value)
    return text if _OWN_CODE.fullmatch(text) else ""


def _number(value: object) -> int:
    """An autonomous system's number, also written `AS4134`; 0 for anything else."""
    if type(value) is int:
        return value
    digits = _text(value).upper().removeprefix("AS")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(value: object) -> Record:
    return value if isinstance(value, dict) else {}


SCHEMAS: Final = (
    Schema("own codes", _is_own, _read_own),
    Schema("nested", _is_nested, _read_nested),
    Schema("flat", _is_flat, _read_flat),
)
