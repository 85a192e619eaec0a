"""
Codes of China's cities: six digits, the first two the region's, the next two the prefecture's (GB/T 2260).

The reference names three of them and says that no full table is published (section 13). This one has the municipalities,
prefecture-level cities, prefectures, leagues and autonomous prefectures of the mainland. Counties and districts
have no row: a database that names those leaves the city unknown.
"""

from collections.abc import Iterator
from typing import Final

from runtime.geo.names import folded

_CITIES: Final = {
    "11": "01 Beijing 北京",
    "12": "01 Tianjin 天津",
    "13": "01 Shijiazhuang 石家庄, 02 Tangshan 唐山, 03 Qinhuangdao 秦皇岛, 04 Handan 邯郸, 05 Xingtai 邢台, "
    "06 Baoding 保定, 07 Zhangjiakou 张家口, 08 Chengde 承德, 09 Cangzhou 沧州, 10 Langfang 廊坊, 11 Hengshui 衡水",
    "14": "01 Taiyuan 太原, 02 Datong 大同, 03 Yangquan 阳泉, 04 Changzhi 长治, 05 Jincheng 晋城, 06 Shuozhou 朔州, "
    "07 Jinzhong 晋中, 08 Yuncheng 运城, 09 Xinzhou 忻州, 10 Linfen 临汾, 11 Lvliang/Lüliang 吕梁",
    "15": "01 Hohhot/Huhehaote 呼和浩特, 02 Baotou 包头, 03 Wuhai 乌海, 04 Chifeng 赤峰, 05 Tongliao 通辽, "
    "06 Ordos/Eerduosi 鄂尔多斯, 07 Hulunbuir/Hulunbeier 呼伦贝尔, 08 Bayannur/Bayannaoer/Bayannao'er 巴彦淖尔, "
    "09 Ulanqab/Wulanchabu 乌兰察布, 22 Hinggan/Xing'an 兴安, 25 Xilingol/Xilinguole 锡林郭勒, 29 Alxa/Alashan 阿拉善",
    "21": "01 Shenyang 沈阳, 02 Dalian 大连, 03 Anshan 鞍山, 04 Fushun 抚顺, 05 Benxi 本溪, 06 Dandong 丹东, "
    "07 Jinzhou 锦州, 08 Yingkou 营口, 09 Fuxin 阜新, 10 Liaoyang 辽阳, 11 Panjin 盘锦, 12 Tieling 铁岭, "
    "13 Chaoyang 朝阳, 14 Huludao 葫芦岛",
    "22": "01 Changchun 长春, 02 Jilin 吉林, 03 Siping 四平, 04 Liaoyuan 辽源, 05 Tonghua 通化, 06 Baishan 白山, "
    "07 Songyuan 松原, 08 Baicheng 白城, 24 Yanbian 延边",
    "23": "01 Harbin/Haerbin 哈尔滨, 02 Qiqihar/Qiqihaer 齐齐哈尔, 03 Jixi 鸡西, 04 Hegang 鹤岗, 05 Shuangyashan 双鸭山, "
    "06 Daqing 大庆, 07 Yichun 伊春, 08 Jiamusi 佳木斯, 09 Qitaihe 七台河, 10 Mudanjiang 牡丹江, 11 Heihe 黑河, "
    "12 Suihua 绥化, 27 Daxinganling/DaHinggan 大兴安岭",
    "31": "01 Shanghai 上海",
    "32": "01 Nanjing 南京, 02 Wuxi 无锡, 03 Xuzhou 徐州, 04 Changzhou 常州, 05 Suzhou 苏州, 06 Nantong 南通, "
    "07 Lianyungang 连云港, 08 Huaian 淮安, 09 Yancheng 盐城, 10 Yangzhou 扬州, 11 Zhenjiang 镇江, 12 Taizhou 泰州, "
    "13 Suqian 宿迁",
    "33": "01 Hangzhou 杭州, 02 Ningbo 宁波, 03 Wenzhou 温州, 04 Jiaxing 嘉兴, 05 Huzhou 湖州, 06 Shaoxing 绍兴, "
    "07 Jinhua 金华, 08 Quzhou 衢州, 09 Zhoushan 舟山, 10 Taizhou 台州, 11 Lishui 丽水",
    "34": "01 Hefei 合肥, 02 Wuhu 芜湖, 03 Bengbu 蚌埠, 04 Huainan 淮南, 05 Maanshan 马鞍山, 06 Huaibei 淮北, "
    "07 Tongling 铜陵, 08 Anqing 安庆, 10 Huangshan 黄山, 11 Chuzhou 滁州, 12 Fuyang 阜阳, 13 Suzhou 宿州, "
    "15 Luan/Lu'an 六安, 16 Bozhou 亳州, 17 Chizhou 池州, 18 Xuancheng 宣城",
    "35": "01 Fuzhou 福州, 02 Xiamen 厦门, 03 Putian 莆田, 04 Sanming 三明, 05 Quanzhou 泉州, 06 Zhangzhou 漳州, "
    "07 Nanping 南平, 08 Longyan 龙岩, 09 Ningde 宁德",
    "36": "01 Nanchang 南昌, 02 Jingdezhen 景德镇, 03 Pingxiang 萍乡, 04 Jiujiang 九江, 05 Xinyu 新余, 06 Yingtan 鹰潭, "
    "07 Ganzhou 赣州, 08 Jian/Ji'an 吉安, 09 Yichun 宜春, 10 Fuzhou 抚州, 11 Shangrao 上饶",
    "37": "01 Jinan/Ji'nan 济南, 02 Qingdao 青岛, 03 Zibo 淄博, 04 Zaozhuang 枣庄, 05 Dongying 东营, 06 Yantai 烟台, "
    "07 Weifang 潍坊, 08 Jining 济宁, 09 Taian/Tai'an 泰安, 10 Weihai 威海, 11 Rizhao 日照, 13 Linyi 临沂, "
    "14 Dezhou 德州, 15 Liaocheng 聊城, 16 Binzhou 滨州, 17 Heze 菏泽",
    "41": "01 Zhengzhou 郑州, 02 Kaifeng 开封, 03 Luoyang 洛阳, 04 Pingdingshan 平顶山, 05 Anyang 安阳, 06 Hebi 鹤壁, "
    "07 Xinxiang 新乡, 08 Jiaozuo 焦作, 09 Puyang 濮阳, 10 Xuchang 许昌, 11 Luohe 漯河, 12 Sanmenxia 三门峡, "
    "13 Nanyang 南阳, 14 Shangqiu 商丘, 15 Xinyang 信阳, 16 Zhoukou 周口, 17 Zhumadian 驻马店",
    "42": "01 Wuhan 武汉, 02 Huangshi 黄石, 03 Shiyan 十堰, 05 Yichang 宜昌, 06 Xiangyang/Xiangfan 襄阳, 07 Ezhou 鄂州, "
    "08 Jingmen 荆门, 09 Xiaogan 孝感, 10 Jingzhou 荆州, 11 Huanggang 黄冈, 12 Xianning 咸宁, 13 Suizhou 随州, "
    "28 Enshi 恩施",
    "43": "01 Changsha 长沙, 02 Zhuzhou 株洲, 03 Xiangtan 湘潭, 04 Hengyang 衡阳, 05 Shaoyang 邵阳, 06 Yueyang 岳阳, "
    "07 Changde 常德, 08 Zhangjiajie 张家界, 09 Yiyang 益阳, 10 Chenzhou 郴州, 11 Yongzhou 永州, 12 Huaihua 怀化, "
    "13 Loudi 娄底, 31 Xiangxi 湘西",
    "44": "01 Guangzhou 广州, 02 Shaoguan 韶关, 03 Shenzhen 深圳, 04 Zhuhai 珠海, 05 Shantou 汕头, 06 Foshan 佛山, "
    "07 Jiangmen 江门, 08 Zhanjiang 湛江, 09 Maoming 茂名, 12 Zhaoqing 肇庆, 13 Huizhou 惠州, 14 Meizhou 梅州, "
    "15 Shanwei 汕尾, 16 Heyuan 河源, 17 Yangjiang 阳江, 18 Qingyuan 清远, 19 Dongguan 东莞, 20 Zhongshan 中山, "
    "51 Chaozhou 潮州, 52 Jieyang 揭阳, 53 Yunfu 云浮",
    "45": "01 Nanning 南宁, 02 Liuzhou 柳州, 03 Guilin 桂林, 04 Wuzhou 梧州, 05 Beihai 北海, 06 Fangchenggang 防城港, "
    "07 Qinzhou 钦州, 08 Guigang 贵港, 09 Yulin 玉林, 10 Baise/Bose 百色, 11 Hezhou 贺州, 12 Hechi 河池, 13 Laibin 来宾, "
    "14 Chongzuo 崇左",
    "46": "01 Haikou 海口, 02 Sanya 三亚, 03 Sansha 三沙, 04 Danzhou 儋州",
    "50": "01 Chongqing 重庆",
    "51": "01 Chengdu 成都, 03 Zigong 自贡, 04 Panzhihua 攀枝花, 05 Luzhou 泸州, 06 Deyang 德阳, 07 Mianyang 绵阳, "
    "08 Guangyuan 广元, 09 Suining 遂宁, 10 Neijiang 内江, 11 Leshan 乐山, 13 Nanchong 南充, 14 Meishan 眉山, "
    "15 Yibin 宜宾, 16 Guangan/Guang'an 广安, 17 Dazhou 达州, 18 Yaan/Ya'an 雅安, 19 Bazhong 巴中, 20 Ziyang 资阳, "
    "32 Aba/Ngawa 阿坝, 33 Garze/Ganzi/Garzê 甘孜, 34 Liangshan 凉山",
    "52": "01 Guiyang 贵阳, 02 Liupanshui 六盘水, 03 Zunyi 遵义, 04 Anshun 安顺, 05 Bijie 毕节, 06 Tongren 铜仁, "
    "23 Qianxinan 黔西南, 26 Qiandongnan 黔东南, 27 Qiannan 黔南",
    "53": "01 Kunming 昆明, 03 Qujing 曲靖, 04 Yuxi 玉溪, 05 Baoshan 保山, 06 Zhaotong 昭通, 07 Lijiang 丽江, "
    "08 Puer/Pu'er 普洱, 09 Lincang 临沧, 23 Chuxiong 楚雄, 25 Honghe 红河, 26 Wenshan 文山, "
    "28 Xishuangbanna 西双版纳, 29 Dali 大理, 31 Dehong 德宏, 33 Nujiang 怒江, 34 Diqing/Deqen 迪庆",
    "54": "01 Lhasa/Lasa 拉萨, 02 Shigatse/Rikaze/Xigaze/Xigazê 日喀则, 03 Qamdo/Changdu 昌都, "
    "04 Nyingchi/Linzhi 林芝, 05 Shannan 山南, 06 Nagqu/Naqu 那曲, 25 Ngari/Ali 阿里",
    "61": "01 Xian/Xi'an 西安, 02 Tongchuan 铜川, 03 Baoji 宝鸡, 04 Xianyang 咸阳, 05 Weinan 渭南, 06 Yanan/Yan'an 延安, "
    "07 Hanzhong 汉中, 08 Yulin 榆林, 09 Ankang 安康, 10 Shangluo 商洛",
    "62": "01 Lanzhou 兰州, 02 Jiayuguan 嘉峪关, 03 Jinchang 金昌, 04 Baiyin 白银, 05 Tianshui 天水, 06 Wuwei 武威, "
    "07 Zhangye 张掖, 08 Pingliang 平凉, 09 Jiuquan 酒泉, 10 Qingyang 庆阳, 11 Dingxi 定西, 12 Longnan 陇南, "
    "29 Linxia 临夏, 30 Gannan 甘南",
    "63": "01 Xining 西宁, 02 Haidong 海东, 22 Haibei 海北, 23 Huangnan 黄南, 25 Hainan 海南, 26 Golog/Guoluo 果洛, "
    "27 Yushu 玉树, 28 Haixi 海西",
    "64": "01 Yinchuan 银川, 02 Shizuishan 石嘴山, 03 Wuzhong 吴忠, 04 Guyuan 固原, 05 Zhongwei 中卫",
    "65": "01 Urumqi/Wulumuqi 乌鲁木齐, 02 Karamay/Kelamayi 克拉玛依, 04 Turpan/Tulufan 吐鲁番, 05 Hami/Kumul 哈密, "
    "23 Changji 昌吉, 27 Bortala/Boertala 博尔塔拉, 28 Bayingolin/Bayinguoleng 巴音郭楞, 29 Aksu/Akesu 阿克苏, "
    "30 Kizilsu/Kezilesu 克孜勒苏, 31 Kashgar/Kashi 喀什, 32 Hotan/Hetian 和田, 40 Ili/Yili 伊犁, "
    "42 Tacheng 塔城, 43 Altay/Aletai 阿勒泰",
}
"""By the region's first two digits: the prefecture's two digits, its names in Latin letters, its Chinese name."""

_CHINESE_KINDS: Final = ("自治州", "地区", "盟", "市")
"""What follows a city's own name in Chinese; between an autonomous prefecture's name and the word are its peoples."""
_LATIN_KINDS: Final = ("city", "shi", "prefecture", "diqu", "league", "meng")
_MAX_OWN_NAME: Final = 5
"""Characters of the longest Chinese name of a row."""


def all_cities() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every city's code and names, the last of them the Chinese one."""
    for region, row in _CITIES.items():
        for city in row.split(", "):
            digits, latin, chinese = city.split(" ")
            yield f"{region}{digits}00", (*latin.split("/"), chinese)


def _index() -> dict[tuple[str, str], str]:
    """City code by region code and folded name; under '' the names that only one city of all regions has."""
    named: dict[tuple[str, str], str] = {}
    anywhere: dict[str, set[str]] = {}
    for code, names in all_cities():
        for name in names:
            key = folded(name)
            named[f"{code[:2]}0000", key] = code
            anywhere.setdefault(key, set()).add(code)
    return named | {("", key): codes.pop() for key, codes in anywhere.items() if len(codes) == 1}


_BY_NAME: Final = _index()


def city_code(region: str, name: str) -> str:
    """
    The code of a Chinese city by its English, pinyin or Chinese name; '' when it has no row.

    `region` is the region's code; with '' only a name that one city alone has is known.
    """
    key = folded(name.partition("(")[0])
    for form in _forms(key):
        found = _BY_NAME.get((region, form))
        if found is not None:
            return found
    return ""


def _forms(key: str) -> Iterator[str]:
    """The name as it is, then without the words for what kind of place it is."""
    yield key
    for kind in _LATIN_KINDS:
        if key.endswith(kind):
            yield key[: -len(kind)]
    for kind in _CHINESE_KINDS:
        if key.endswith(kind):
            own = key[: -len(kind)]
            yield own
            yield from (own[:length] for length in range(_MAX_OWN_NAME, 1, -1) if kind == "自治州")
