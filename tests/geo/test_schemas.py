"""Records of every schema, sound and odd, as the codes that scripts see."""

import pytest

from edgescript.services import GeoRecord
from runtime.geo.schemas import SCHEMAS, recognise
from tests.geo.files import ASN, FLAT, NESTED, OWN

READ = [
    (OWN["192.0.2.0/24"], ("CN", "440000", "440400", "100017")),
    (OWN["198.51.100.0/25"], ("SG", "TW_01", "", "")),
    ({"isp": 100017}, ("", "", "", "100017")),
    (NESTED["223.5.5.0/24"], ("CN", "330000", "330100", "")),
    (NESTED["192.0.2.0/24"], ("CN", "450000", "450200", "")),
    (NESTED["198.51.100.0/25"], ("CN", "810000", "", "")),
    (NESTED["198.51.100.128/25"], ("US", "US_CA", "", "100017")),
    ({"country": {"iso_code": "CN"}, "city": {"names": {"zh-CN": "珠海"}}}, ("CN", "", "440400", "")),
    ({"country": {"iso_code": "CN"}}, ("CN", "", "", "")),
    ({"continent": {"code": "EU"}}, ("", "", "", "")),
    (FLAT["223.5.5.0/24"], ("CN", "330000", "330100", "")),
    (FLAT["198.51.100.0/25"], ("US", "US_NY", "", "")),
    (FLAT["2001:db8::/32"], ("CN", "710000", "", "")),
    (
        {"country": "CN", "region": "Guangdong", "city": "Guangzhou", "asn": "AS4134"},
        ("CN", "440000", "440100", "100017"),
    ),
    (ASN["223.5.5.0/24"], ("", "", "", "1000323")),
    (ASN["192.0.2.0/24"], ("", "", "", "100026")),
    (ASN["198.51.100.0/25"], ("", "", "", "")),
    (
        {"isp": "China Mobile", "organization": "China Telecom", "autonomous_system_number": 1},
        ("", "", "", "100025"),
    ),
]


@pytest.mark.parametrize(("record", "codes"), READ)
def test_read(record, codes):
    assert recognise(record).read(record) == GeoRecord(*codes)


@pytest.mark.parametrize("record", [None, 7, "CN", [], {}, {"asdf": 1}, {"country": None}, {"isp": 1.5}])
def test_what_no_schema_has(record):
    assert recognise(record) is None


ODD = [
    None,
    0,
    -1,
    1 << 200,
    1.5,
    True,
    "",
    "\0",
    "x" * 5000,
    "é",
    b"\xff",
    [],
    [[]],
    {},
    {"names": 7},
    {"iso_code": []},
]
KEYS = [
    "country", "region", "city", "isp", "subdivisions", "traits", "country_code", "state1", "asn", "organization",
    "autonomous_system_number", "autonomous_system_organization", "registered_country",
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
@pytest.mark.parametrize("key", KEYS)
def test_parts_of_any_type_are_unknown_and_no_error(schema, key):
    for value in [
        *ODD,
        *([value] for value in ODD),
        *({"names": {"en": value}, "iso_code": value} for value in ODD),
    ]:
        codes = schema.read({"country": {"iso_code": "CN"}, key: value})
        assert isinstance(codes, GeoRecord)
        assert all(isinstance(code, str) and code.isascii() and len(code) <= 32 for code in codes)
