"""Files to places: every schema, several files as one, addresses of every form, files that are none."""

import os

import pytest

from edgescript.services import GeoRecord
from runtime.geo.database import DatabaseError, open_database
from runtime.geo.places import open_databases
from runtime.geo.stated import StatedPlaces
from tests.geo.files import ALL, ASN, NESTED, OWN, write

PLACES = {
    "own": {"223.5.5.5": ("CN", "330000", "330100", "1000323"), "2001:db8::1": ("US", "US_CA", "", "")},
    "nested": {"223.5.5.5": ("CN", "330000", "330100", ""), "2001:db8:ffff::": ("DE", "DE_BY", "", "")},
    "flat": {"223.5.5.5": ("CN", "330000", "330100", ""), "2001:db8::1": ("CN", "710000", "", "")},
    "asn": {"223.5.5.5": ("", "", "", "1000323"), "192.0.2.255": ("", "", "", "100026")},
}


@pytest.fixture
def own(tmp_path):
    return open_databases([write(tmp_path / "own.mmdb", OWN)])


@pytest.mark.parametrize("schema", PLACES)
def test_a_file_of_each_schema(tmp_path, schema):
    places = open_databases([write(tmp_path / "a.mmdb", ALL[schema])])
    for address, codes in PLACES[schema].items():
        assert places.lookup(address) == GeoRecord(*codes)
    assert places.lookup("203.0.113.1") is None


def test_a_file_of_ipv4_alone_knows_no_ipv6(tmp_path):
    records = {network: record for network, record in OWN.items() if ":" not in network}
    places = open_databases([write(tmp_path / "a.mmdb", records, ip_version=4)])
    assert places.lookup("223.5.5.5").city == "330100"
    assert places.lookup("::ffff:223.5.5.5").city == "330100"
    assert places.lookup("2001:db8::1") is None


@pytest.mark.parametrize(
    "address", ["223.5.5.5", "::ffff:223.5.5.5", "::FFFF:DF05:0505", "0:0:0:0:0:ffff:223.5.5.5"]
)
def test_an_ipv4_address_inside_ipv6_is_the_ipv4_address(own, address):
    assert own.lookup(address).isp == "1000323"


NO_ADDRESS = [
    "", " ", "223.5.5.5 ", " 223.5.5.5", "223.5.05.5", "223.5.5", "223.5.5.5.5", "223.5.5.256", "0xdf.5.5.5",
    "3741648133", "223.5.5.5/24", "223.5.5.5:80", "223.5.5.5\n", "223.5.5.5\0", "\uff12\uff12\uff13.5.5.5", "www.example.com",
    "localhost", "2001:db8::1%eth0", "[2001:db8::1]", "2001:db8:::1", ":", "::ffff:223.5.05.5", "x" * 1_000_000,
    "\xff\xfe", "1" * 46,
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESS, ids=lambda text: repr(text[:20]))
def test_no_address_is_nowhere(own, text):
    assert own.lookup(text) is None


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.31.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
    ],
)
def test_a_private_address_is_local(own, address):
    assert own.lookup(address) == GeoRecord(country="IANA", isp="local")


def test_a_database_may_say_where_a_private_address_is(tmp_path):
    places = open_databases(
        [write(tmp_path / "a.mmdb", {"10.1.0.0/16": {"country": "CN", "region": "110000"}})]
    )
    assert places.lookup("10.1.2.3") == GeoRecord("CN", "110000", "", "local")
    assert places.lookup("10.2.2.3") == GeoRecord(country="IANA", isp="local")


def test_a_second_database_fills_in_what_the_first_leaves_open(tmp_path):
    files = [write(tmp_path / "city.mmdb", NESTED), write(tmp_path / "isp.mmdb", ASN)]
    places = open_databases(files)
    assert places.lookup("223.5.5.5") == GeoRecord("CN", "330000", "330100", "1000323")
    assert places.lookup("198.51.100.1") == GeoRecord("CN", "810000", "", "")


def test_the_first_database_wins(tmp_path):
    one = write(tmp_path / "1.mmdb", {"192.0.2.1/32": {"country": "SG", "isp": "100026"}})
    two = write(tmp_path / "2.mmdb", OWN)
    places = open_databases([one, two])
    # Another country's region says nothing about this one.
    assert places.lookup("192.0.2.1") == GeoRecord("SG", "", "", "100026")
    assert places.lookup("192.0.2.2") == GeoRecord("CN", "440000", "440400", "100017")


def test_a_city_of_another_region_is_not_taken(tmp_path):
    one = write(tmp_path / "1.mmdb", {"192.0.2.0/24": {"country": "CN", "region": "330000"}})
    places = open_databases([one, write(tmp_path / "2.mmdb", OWN)])
    assert places.lookup("192.0.2.1") == GeoRecord("CN", "330000", "", "100017")


def test_addresses_asked_for_are_remembered_and_no_more_than_so_many(own):
    for number in range(40_000):
        own.lookup(f"198.18.{number >> 8 & 255}.{number & 255}/{number}")
    found = own._find_remembered.cache_info()
    assert found.currsize == found.maxsize == 32_768
    assert own.lookup("223.5.5.5") is own.lookup("223.5.5.5")


def test_stated_places_come_first(own):
    places = StatedPlaces({"192.0.2.9": GeoRecord("SG"), "2001:DB8::0": GeoRecord("CN")}, own)
    assert places.lookup("192.0.2.9") == GeoRecord("SG")
    assert places.lookup("::ffff:192.0.2.9") == GeoRecord("SG")
    assert places.lookup("2001:db8::") == GeoRecord("CN")
    assert places.lookup("192.0.2.8").city == "440400"
    assert places.lookup("nowhere") is None
    assert StatedPlaces({}).lookup("192.0.2.8") is None


def test_a_place_is_stated_of_an_address():
    with pytest.raises(ValueError, match=r"want an IP address, got '192\.0\.2'"):
        StatedPlaces({"192.0.2": GeoRecord("CN")})


def test_a_file_replaced_or_shortened_below_an_open_database_changes_nothing(tmp_path, own):
    os.truncate(tmp_path / "own.mmdb", 10)
    assert own.lookup("192.0.2.1").isp == "100017"


def half(path):
    write(path, OWN)
    os.truncate(path, path.stat().st_size // 2)


OTHER_RECORDS = (
    "its records (with keys 'threat', 'score') are neither our own codes (country, region, city, isp) nor of a schema"
    " that is known"
)
UNREADABLE = {
    "no such file": (lambda _path: None, "no such file or directory"),
    "a folder": (lambda path: path.mkdir(), "not a file"),
    "a pipe": (os.mkfifo, "not a file"),
    "an empty file": (lambda path: path.write_bytes(b""), "not a database in the MMDB format, or damaged"),
    "text": (
        lambda path: path.write_text("country,CN\n" * 100),
        "not a database in the MMDB format, or damaged",
    ),
    "half of one": (half, "not a database in the MMDB format, or damaged"),
    "no networks": (lambda path: write(path, {}), "no record in it"),
    "other records": (
        lambda path: write(path, {"192.0.2.0/24": {"threat": "high", "score": 7}}),
        OTHER_RECORDS,
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_is_no_database(tmp_path, case):
    make, message = UNREADABLE[case]
    path = tmp_path / "a.mmdb"
    make(path)
    with pytest.raises(DatabaseError) as raised:
        open_database(str(path))
    assert str(raised.value) == f"{path}: {message}"


def test_a_file_past_the_bound_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mmdb", OWN)
    monkeypatch.setattr("runtime.geo.database.MAX_DATABASE_BYTES", 100)
    with pytest.raises(DatabaseError, match="longer than 100 bytes"):
        open_database(path)


def test_a_name_with_a_zero_byte_is_refused():
    with pytest.raises(DatabaseError, match=r"no name of a file|no such file"):
        open_database("a\0b")


def test_databases_say_what_they_are(own):
    assert repr(own) == "<1 databases: <own.mmdb: own codes>>"
