"""The code tables: each is whole and free of contradiction, and names lead to codes."""

import re

import pytest

from runtime.geo.carriers import CARRIERS, carrier_code
from runtime.geo.cities import all_cities, city_code
from runtime.geo.regions import REGIONS, country_code, region_code

REFERENCE_REGIONS = """
110000 120000 130000 140000 150000 210000 220000 230000 310000 320000 330000 340000 350000 360000 370000 410000 420000
430000 440000 450000 460000 500000 510000 520000 530000 540000 610000 620000 630000 640000 650000 710000 810000 820000
"""
REFERENCE_CARRIERS = """
100017 100025 100026 100016 100020 100061 100027 1000139 100080 100098 1000323 1000401 100099 100093
"""


def test_tables_have_the_codes_of_the_reference():
    assert [region.code for region in REGIONS] == REFERENCE_REGIONS.split()
    assert sorted(carrier.code for carrier in CARRIERS) == sorted(REFERENCE_CARRIERS.split())


def test_every_city_is_in_a_region_and_has_names_of_its_own_there():
    seen = {}
    regions = {region.code[:2] for region in REGIONS}
    for code, names in all_cities():
        assert re.fullmatch(r"\d{4}00", code)
        assert code[:2] in regions
        for name in names:
            assert seen.setdefault((code[:2], name), code) == code
            assert city_code(f"{code[:2]}0000", name) == code, name
    assert len(set(seen.values())) == 337


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.names[0])
def test_region_by_every_name(region):
    for form in (region.iso, region.iso.lower(), f"CN-{region.iso}", region.code, region.code[:2]):
        assert region_code("CN", form) == region.code
    for name in region.names:
        assert region_code("CN", "", name) == region.code
        assert region_code("CN", "", name.upper()) == region.code


REGION_ROWS = [
    # country, subdivision, name, code
    ("CN", "GD", "", "440000"),
    ("cn", "44", "", "440000"),
    ("CN", "", "Nei Mongol Zizhiqu", "150000"),
    ("CN", "", "Inner Mongolia Autonomous Region", "150000"),
    ("CN", "", "Guangxi Zhuangzu Zizhiqu", "450000"),
    ("CN", "", "Xinjiang Uyghur Autonomous Region", "650000"),
    ("CN", "", "Xizang Zizhiqu", "540000"),
    ("CN", "", "Zhejiang Sheng", "330000"),
    ("CN", "", "Beijing (Dongcheng Qu)", "110000"),
    ("CN", "", "广东省", "440000"),
    ("CN", "", "内蒙古自治区", "150000"),
    ("CN", "", "Shaanxi", "610000"),
    ("CN", "", "Shanxi", "140000"),
    ("CN", "XX", "Guangdong", "440000"),
    ("CN", "", "Atlantis", ""),
    ("CN", "", "", ""),
    ("HK", "", "", "810000"),
    ("HK", "HCW", "Central and Western", "810000"),
    ("MO", "", "", "820000"),
    ("TW", "TPE", "Taipei City", "710000"),
    ("US", "CA", "", "US_CA"),
    ("US", "US-CA", "", "US_CA"),
    ("US", "", "California", "US_CA"),
    ("US", "", "district of columbia", "US_DC"),
    ("US", "", "Atlantis", ""),
    ("DE", "BY", "Bavaria", "DE_BY"),
    ("TR", "39", "", "TR_39"),
    ("DE", "", "Bavaria", ""),
    ("DE", "B_Y", "", ""),
    ("", "CA", "", ""),
    ("USA", "CA", "", ""),
]


@pytest.mark.parametrize(("country", "subdivision", "name", "code"), REGION_ROWS)
def test_region(country, subdivision, name, code):
    assert region_code(country, subdivision, name) == code


@pytest.mark.parametrize(
    ("iso", "code"),
    [
        ("CN", "CN"),
        ("sg", "SG"),
        ("HK", "CN"),
        ("TW", "CN"),
        ("ZZ", "IANA"),
        ("EU", "EU"),
        ("", ""),
        ("C1", ""),
        ("CHN", ""),
    ],
)
def test_country(iso, code):
    assert country_code(iso) == code


CITY_ROWS = [
    # region, name, code
    ("440000", "Zhuhai", "440400"),
    ("440000", "珠海市", "440400"),
    ("330000", "Hangzhou (Xihu)", "330100"),
    ("330000", "hangzhou shi", "330100"),
    ("610000", "Xi'an", "610100"),
    ("610000", "Xi\u2019an", "610100"),
    ("650000", "Ürümqi", "650100"),
    ("230000", "Harbin", "230100"),
    ("110000", "Beijing", "110100"),
    ("320000", "Suzhou", "320500"),
    ("340000", "Suzhou", "341300"),
    ("", "Suzhou", ""),
    ("", "Shenzhen", "440300"),
    ("220000", "延边朝鲜族自治州", "222400"),
    ("540000", "阿里地区", "542500"),
    ("150000", "兴安盟", "152200"),
    ("440000", "Hangzhou", ""),
    ("330000", "Yiwu", ""),
    ("330000", "", ""),
    ("330000", "市", ""),
]


@pytest.mark.parametrize(("region", "name", "code"), CITY_ROWS)
def test_city(region, name, code):
    assert city_code(region, name) == code


CARRIER_ROWS = [
    # system, organisation, code
    (4134, "", "100017"),
    (0, "Chinanet", "100017"),
    (0, "CHINANET-BACKBONE No.31,Jin-rong Street", "100017"),
    (0, "China Telecom (Group)", "100017"),
    (0, "China Mobile communications corporation", "100025"),
    (9808, "", "100025"),
    (0, "CHINA UNICOM China169 Backbone", "100026"),
    (0, "China Unicom Beijing Province Network", "100026"),
    (0, "China TieTong Telecommunications Corporation", "100020"),
    (0, "Beijing Baidu Netcom Science and Technology Co., Ltd.", "100099"),
    (0, "China Netcom Corp.", "100016"),
    (0, "China Education and Research Network Center", "100027"),
    (0, "Shenzhen Tencent Computer Systems Company Limited", "1000401"),
    (37963, "Hangzhou Alibaba Advertising Co.,Ltd.", "1000323"),
    (0, "Hangzhou Alibaba Advertising Co.,Ltd.", "100098"),
    (0, "Aliyun Computing Co., LTD", "1000323"),
    (0, "Beijing Gehua CATV Network Co., Ltd", "100080"),
    (0, "Great Wall Broadband Network Service Co., Ltd", "100061"),
    (0, "ChinaNetCenter Ltd.", "100093"),
    (0, "中国电信集团", "100017"),
    (0, "中国移动通信", "100025"),
    (0, "Comcast Cable Communications", ""),
    (0, "Chinanetwork Ltd", ""),
    (64500, "", ""),
    (-1, "", ""),
]


@pytest.mark.parametrize(("system", "organisation", "code"), CARRIER_ROWS)
def test_carrier(system, organisation, code):
    assert carrier_code(system, organisation) == code


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.name)
def test_each_word_leads_to_its_row(carrier):
    for phrase in carrier.words:
        assert carrier_code(0, f"x {phrase} y") == carrier.code
    for number in carrier.systems:
        assert carrier_code(number) == carrier.code


def test_the_first_name_that_tells_counts():
    assert carrier_code(0, "", "Example Networks", "CMNET", "Chinanet") == "100025"


def test_long_names_are_looked_at_in_part():
    assert carrier_code(0, "x " * 1_000_000 + "chinanet") == ""
