"""
Codes of countries and regions (reference section 13).

China's regions have six digits, and Hong Kong, Macao and Taiwan are among them. A region elsewhere is its country's code
and the subdivision's, `US_CA`. The reference says how these look, but not what they all are: here the second part
is that of ISO 3166-2, which for some countries (it has `DE_01` and `FR_A2`) is not the vendor's. A database of one's own
codes can say those.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from runtime.geo.names import folded


class Region(NamedTuple):
    """One of China's regions."""

    code: str
    iso: str
    """The part behind `CN-` in ISO 3166-2."""
    names: tuple[str, ...]
    """English or pinyin ones, then the Chinese one."""


REGIONS: Final = (
    Region("110000", "BJ", ("Beijing", "北京")),
    Region("120000", "TJ", ("Tianjin", "天津")),
    Region("130000", "HE", ("Hebei", "河北")),
    Region("140000", "SX", ("Shanxi", "山西")),
    Region("150000", "NM", ("Inner Mongolia", "Nei Mongol", "Neimenggu", "Nei Menggu", "内蒙古")),
    Region("210000", "LN", ("Liaoning", "辽宁")),
    Region("220000", "JL", ("Jilin", "吉林")),
    Region("230000", "HL", ("Heilongjiang", "黑龙江")),
    Region("310000", "SH", ("Shanghai", "上海")),
    Region("320000", "JS", ("Jiangsu", "江苏")),
    Region("330000", "ZJ", ("Zhejiang", "浙江")),
    Region("340000", "AH", ("Anhui", "安徽")),
    Region("350000", "FJ", ("Fujian", "福建")),
    Region("360000", "JX", ("Jiangxi", "江西")),
    Region("370000", "SD", ("Shandong", "山东")),
    Region("410000", "HA", ("Henan", "河南")),
    Region("420000", "HB", ("Hubei", "湖北")),
    Region("430000", "HN", ("Hunan", "湖南")),
    Region("440000", "GD", ("Guangdong", "广东")),
    Region("450000", "GX", ("Guangxi", "Guangxi Zhuang", "Guangxi Zhuangzu", "广西")),
    Region("460000", "HI", ("Hainan", "海南")),
    Region("500000", "CQ", ("Chongqing", "重庆")),
    Region("510000", "SC", ("Sichuan", "四川")),
    Region("520000", "GZ", ("Guizhou", "贵州")),
    Region("530000", "YN", ("Yunnan", "云南")),
    Region("540000", "XZ", ("Tibet", "Xizang", "西藏")),
    Region("610000", "SN", ("Shaanxi", "陕西")),
    Region("620000", "GS", ("Gansu", "甘肃")),
    Region("630000", "QH", ("Qinghai", "青海")),
    Region("640000", "NX", ("Ningxia", "Ningxia Hui", "Ningxia Huizu", "宁夏")),
    Region("650000", "XJ", ("Xinjiang", "Xinjiang Uyghur", "Xinjiang Uygur", "新疆")),
    Region("710000", "TW", ("Taiwan", "台湾")),
    Region("810000", "HK", ("Hong Kong", "香港")),
    Region("820000", "MO", ("Macao", "Macau", "澳门")),
)

_US_STATES: Final = (
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware, "
    "DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas, "
    "KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, "
    "MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, "
    "NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island, "
    "SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington, "
    "WV West Virginia, WI Wisconsin, WY Wyoming"
)
"""By name, for databases that have no codes of subdivisions."""

_CHINA: Final = "CN"
UNASSIGNED: Final = "IANA"
"""The vendor's country code of addresses that are private or nobody's."""

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SUBDIVISION: Final = re.compile(r"[A-Z0-9]{1,3}")
_OF_CHINA: Final = {region.iso: region.code for region in REGIONS if region.iso in ("HK", "MO", "TW")}
"""Country codes of ISO 3166 that are regions here."""
_COUNTRIES: Final[Mapping[str, str]] = {**dict.fromkeys(_OF_CHINA, _CHINA), "ZZ": UNASSIGNED}
"""Codes for countries that databases have and the vendor has not."""
_CHINA_BY_ISO: Final = {
    form: region.code for region in REGIONS for form in (region.iso, region.code[:2], region.code)
}
"""By letters, by the digits that stood in ISO 3166-2 until 2017, and by the code itself."""
_CHINA_BY_NAME: Final = {folded(name): region.code for region in REGIONS for name in region.names}
_US_BY_NAME: Final = {folded(row[3:]): row[:2] for row in _US_STATES.split(", ")}
_KINDS: Final = ("autonomousregion", "zizhiqu", "province", "sheng", "municipality", "shi", "sar")
_CHINESE_NAME: Final = slice(0, 2)
"""Of a region's Chinese name, what no other region's begins with: `广西壮族自治区` is found by `广西`."""
_CHINA_BY_CHINESE_START: Final = {region.names[-1][_CHINESE_NAME]: region.code for region in REGIONS}


def country_code(iso: str) -> str:
    """The vendor's code of an ISO 3166 country; '' for what is no two letters."""
    code = iso.strip().upper()
    return _COUNTRIES.get(code, code) if _COUNTRY.fullmatch(code) else ""


def region_code(country: str, subdivision: str = "", name: str = "") -> str:
    """
    The vendor's code of a region, or ''.

    `country` is the ISO 3166 code, `subdivision` that of ISO 3166-2 with or without the country before it, `name` a
    name of the region, which counts where the code is missing or not known.
    """
    country = country.strip().upper()
    if country in _OF_CHINA:
        return _OF_CHINA[country]
    part = subdivision.strip().upper().removeprefix(f"{country}-")
    if country == _CHINA:
        return _CHINA_BY_ISO.get(part) or _china_by_name(name)
    if not _COUNTRY.fullmatch(country):
        return ""
    if not _SUBDIVISION.fullmatch(part):
        part = _US_BY_NAME.get(folded(name), "") if country == "US" else ""
    return f"{country}_{part}" if part else ""


def _china_by_name(name: str) -> str:
    key = folded(name.partition("(")[0])
    found = _CHINA_BY_NAME.get(key) or _CHINA_BY_CHINESE_START.get(key[_CHINESE_NAME])
    if found is not None:
        return found
    for kind in _KINDS:
        if key.endswith(kind):
            return _CHINA_BY_NAME.get(key[: -len(kind)], "")
    return ""
