"""Databases written for a test: networks and their records, in the MMDB format."""

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def write(path, records, *, ip_version=6, kind="Test"):
    """A database at `path` with `records`, {network: record}; gives the path as text."""
    writer = MMDBWriter(ip_version, kind, languages=["en"], ipv4_compatible=ip_version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


OWN = {
    "223.5.5.0/24": {"country": "CN", "region": "330000", "city": "330100", "isp": "1000323"},
    "192.0.2.0/24": {"country": "CN", "region": "440000", "city": "440400", "isp": "100017"},
    "198.51.100.0/25": {"country": "SG", "region": "TW_01"},
    "2001:db8::/32": {"country": "US", "region": "US_CA"},
}
"""In the vendor's codes: nothing is translated."""


def names(english, chinese=""):
    return {"en": english, **({"zh-CN": chinese} if chinese else {})}


NESTED = {
    "223.5.5.0/24": {
        "continent": {"code": "AS", "names": names("Asia")},
        "country": {"iso_code": "CN", "names": names("China")},
        "subdivisions": [{"iso_code": "ZJ", "names": names("Zhejiang")}],
        "city": {"names": names("Hangzhou", "杭州")},
        "location": {"latitude": 30.29, "longitude": 120.16},
    },
    "192.0.2.0/24": {
        "country": {"iso_code": "CN"},
        "subdivisions": [{"names": names("Guangxi Zhuangzu Zizhiqu")}],
        "city": {"names": names("Liuzhou Shi")},
    },
    "198.51.100.0/25": {"country": {"iso_code": "HK", "names": names("Hong Kong")}},
    "198.51.100.128/25": {
        "country": {"iso_code": "US"},
        "subdivisions": [{"iso_code": "CA"}],
        "city": {"names": names("Los Angeles")},
        "traits": {"isp": "China Telecom (Americas)"},
    },
    "2001:db8::/32": {"country": {"iso_code": "DE"}, "subdivisions": [{"iso_code": "BY"}]},
}
"""As MaxMind's City databases."""

FLAT = {
    "223.5.5.0/24": {"country_code": "CN", "state1": "Zhejiang", "city": "Hangzhou", "latitude": 30.2},
    "198.51.100.0/25": {"country_code": "US", "state1": "New York", "city": "New York"},
    "2001:db8::/32": {"country_code": "TW", "state1": "Taipei City", "city": "Taipei"},
}
"""As DB-IP's tables."""

ASN = {
    "223.5.5.0/24": {
        "autonomous_system_number": 37963,
        "autonomous_system_organization": "Hangzhou Alibaba Advertising Co.,Ltd.",
    },
    "192.0.2.0/24": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "China Unicom Guangxi province network",
    },
    "198.51.100.0/25": {
        "autonomous_system_number": 64501,
        "autonomous_system_organization": "Example Networks",
    },
}
"""As MaxMind's ASN databases."""

ALL = {"own": OWN, "nested": NESTED, "flat": FLAT, "asn": ASN}
