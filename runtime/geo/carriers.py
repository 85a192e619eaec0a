"""
Codes of carriers and clouds (reference section 13), found by autonomous system or by words of an organisation's name.

An autonomous system's number is the surer sign and is asked first; the words catch the provinces' many systems. Rows are
asked in order, so a row whose words appear in another's names stands before it.
"""

from typing import Final, NamedTuple

from runtime.geo.names import words

LOCAL: Final = "local"
"""Of a private address."""


class Carrier(NamedTuple):
    """A row of the vendor's list."""

    code: str
    name: str
    words: tuple[str, ...] = ()
    """Any of these in an organisation's name, as whole words; Chinese ones anywhere in it."""
    systems: tuple[int, ...] = ()
    """Numbers of its larger autonomous systems."""


CARRIERS: Final = (
    Carrier(
        "1000323",
        "Alibaba Cloud",
        ("alibaba cloud", "alibaba us technology", "aliyun", "alicloud", "阿里云"),
        (37963, 45102),
    ),
    Carrier("100098", "Alibaba", ("alibaba", "taobao", "阿里巴巴")),
    Carrier("1000401", "Tencent", ("tencent", "腾讯"), (45090, 132203, 132591)),
    Carrier("100099", "Baidu", ("baidu", "百度"), (38365, 38627, 45076, 55967)),
    Carrier("100093", "Wangsu", ("wangsu", "chinanetcenter", "quantil", "网宿"), (54994,)),
    Carrier("100080", "Gehua", ("gehua", "歌华"), (23844,)),
    Carrier("100061", "Great Wall Broadband", ("great wall broadband", "gwbn", "长城宽带"), (17964,)),
    Carrier(
        "100020", "Tietong", ("tietong", "china railcom", "china railway telecommunications", "铁通"), (9394,)
    ),
    Carrier("100016", "Netcom", ("netcom", "cncgroup", "网通")),
    Carrier(
        "100027",
        "Education network",
        ("cernet", "cernet2", "china education and research network", "教育网", "教育和科研"),
        (4538, 23910, 24348),
    ),
    Carrier(
        "1000139",
        "Broadcast network",
        (
            "china broadcasting network",
            "china broadnet",
            "china cable television network",
            "中国广电",
            "广电网",
        ),
    ),
    Carrier(
        "100017",
        "China Telecom",
        ("chinatelecom", "china telecom", "chinanet", "ctgnet", "中国电信"),
        (4134, 4809, 4811, 4812, 4816, 23724),
    ),
    Carrier(
        "100026",
        "China Unicom",
        ("china unicom", "china169", "unicom", "中国联通"),
        (4808, 4837, 9929, 10099, 17621, 17622, 17623, 17816),
    ),
    Carrier(
        "100025",
        "China Mobile",
        ("china mobile", "chinamobile", "cmnet", "中国移动"),
        (9231, 9808, 24400, 24444, 24445, 24547, 56040, 56041, 56042, 56044, 56046, 56047, 56048, 58453),
    ),
)

_BY_SYSTEM: Final = {number: carrier.code for carrier in CARRIERS for number in carrier.systems}
_PHRASES: Final = tuple(
    (phrase if not phrase.isascii() else f" {phrase} ", carrier.code)
    for carrier in CARRIERS
    for phrase in carrier.words
)


def carrier_code(system: int = 0, *names: str) -> str:
    """The code for an autonomous system's number or, where that is not known, for the first name that tells; or ''."""
    found = _BY_SYSTEM.get(system)
    if found is not None:
        return found
    return next((code for name in names if name and (code := _by_name(name))), "")


def _by_name(name: str) -> str:
    text = words(name)
    return next((code for phrase, code in _PHRASES if phrase in text), "")
