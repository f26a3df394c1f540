"""Materials and colours by name, in English and Chinese, and the few nouns that both languages count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

# name: (wider names, words). What is a kind of another supports it: organic cotton is cotton, not the reverse.
_MATERIALS: dict[str, tuple[str, str]] = {
    "cotton": ("", "cotton|纯棉|全棉|棉质|棉布|棉花|棉"), "organic cotton": ("cotton", "organic cotton|有机棉"),
    "pima cotton": ("cotton", "pima cotton|supima|匹马棉"), "egyptian cotton": ("cotton", "egyptian cotton|埃及棉|长绒棉"),
    "recycled cotton": ("cotton", "recycled cotton|再生棉"),
    "wool": ("", "wool|woollen|woolen|羊毛"), "merino wool": ("wool", "merino(?: wool)?|美利奴(?:羊毛)?"),
    "lambswool": ("wool", "lambswool|lamb's wool|羔羊毛"), "cashmere": ("wool", "cashmere|羊绒|山羊绒"),
    "alpaca": ("wool", "alpaca|羊驼毛"), "mohair": ("wool", "mohair|马海毛"), "silk": ("", "silk|mulberry silk|真丝|丝绸|桑蚕丝|蚕丝"),
    "linen": ("", "linen|flax|亚麻"), "hemp": ("", "hemp|大麻纤维|汉麻"), "jute": ("", "jute|burlap|黄麻"),
    "ramie": ("", "ramie|苎麻"), "nylon": ("", "nylon|尼龙|锦纶"), "ripstop nylon": ("nylon", "ripstop nylon|防撕裂尼龙"),
    "polyester": ("", "polyester|涤纶|聚酯纤维|聚酯"), "recycled polyester": ("polyester", "recycled polyester|rpet|再生涤纶|再生聚酯"),
    "rayon": ("", "rayon|人造丝"), "viscose": ("rayon", "viscose|粘胶|粘纤"), "modal": ("", "modal|莫代尔"),
    "lyocell": ("", "lyocell|莱赛尔"), "tencel": ("lyocell", "tencel|天丝"), "acrylic": ("", "acrylic|腈纶|亚克力"),
    "spandex": ("", "spandex|elastane|lycra|氨纶|莱卡"), "polypropylene": ("plastic", "polypropylene|聚丙烯"),
    "polyethylene": ("plastic", "polyethylene|聚乙烯"), "polyurethane": ("plastic", "polyurethane|聚氨酯"),
    "polycarbonate": ("plastic", "polycarbonate|聚碳酸酯"), "leather": ("", "leather|皮革|真皮|牛皮|羊皮|皮质"),
    "full-grain leather": ("leather", "full[- ]grain leather|头层牛皮"), "suede": ("leather", "suede|麂皮|绒面革"),
    "nubuck": ("leather", "nubuck|磨砂革"), "nappa": ("leather", "nappa(?: leather)?|纳帕皮"),
    "faux leather": ("", "(?:faux|vegan|imitation|synthetic|artificial|pu)[- ]leather|leatherette|人造革|人造皮革|仿皮|pu皮"),
    "fur": ("", "(?<!faux )fur|皮草|毛皮"), "faux fur": ("", "(?:faux|fake|vegan) fur|人造毛|仿毛皮"),
    "shearling": ("", "shearling|sherpa|羊羔绒"), "canvas": ("", "canvas|帆布"), "denim": ("", "denim|牛仔布|丹宁"),
    "corduroy": ("", "corduroy|灯芯绒"), "velvet": ("", "velvet|天鹅绒|丝绒"), "satin": ("", "satin|缎面|色丁"),
    "chiffon": ("", "chiffon|雪纺"), "lace": ("", "lace(?! up|-up|s)|蕾丝"), "tweed": ("", "tweed|粗花呢"), "flannel": ("", "flannel|法兰绒"),
    "terry": ("", "terry(?: ?cloth)?|毛巾布|毛圈布"), "fleece": ("", "fleece|抓绒|摇粒绒"), "mesh": ("", "mesh|网布|网眼布"),
    "microfiber": ("", "micro-?fib(?:er|re)|超细纤维"), "neoprene": ("", "neoprene|氯丁橡胶"), "jersey": ("", "jersey(?= (?:fabric|knit))|针织布"),
    "twill": ("", "twill|斜纹布"), "down": ("", r"(?:goose|duck|white|grey|gray)[- ]down|down[- ](?:fill(?:ed)?|insulat\w+|feathers?|jacket)|羽绒|鹅绒|鸭绒"),
    "felt": ("", r"wool felt|(?:of|in|from) felt|felt (?:bag|case|sleeve|hat|pad|lining|insert)s?|毛毡"), "gore-tex": ("", "gore-?tex"),
    "kevlar": ("", "kevlar|凯夫拉"), "plastic": ("", "plastic|塑料"), "recycled plastic": ("plastic", "recycled plastic|再生塑料"),
    "pvc": ("plastic", "pvc|vinyl|聚氯乙烯"), "abs": ("plastic", "abs plastic|abs(?= (?:shell|body|housing))"), "silicone": ("", "silicone|硅胶"),
    "rubber": ("", "rubber(?!y)|橡胶"), "natural rubber": ("rubber", "natural rubber|天然橡胶"), "latex": ("rubber", "latex|乳胶"),
    "foam": ("", "foam|泡棉|海绵"), "eva": ("foam", "eva(?: foam)?"), "memory foam": ("foam", "memory foam|记忆棉|记忆海绵"),
    "cork": ("", "cork|软木"), "wood": ("", "wood(?:en)?|hardwood|实木|木质|木制|木头|木材"), "oak": ("wood", "oak|橡木"), "walnut": ("wood", "walnut(?: wood)?|胡桃木"),
    "beech": ("wood", "beech(?: ?wood)?|榉木"), "maple": ("wood", "maple(?: wood)?|枫木"), "pine": ("wood", "pine(?: ?wood)?|松木"),
    "teak": ("wood", "teak|柚木"), "mahogany": ("wood", "mahogany|桃花心木"), "birch": ("wood", "birch|桦木"), "acacia": ("wood", "acacia|相思木"),
    "bamboo": ("", "bamboo|竹制|竹子|竹纤维|竹质"), "rattan": ("", "rattan|wicker|藤编|藤条"), "paper": ("", "(?:kraft |recycled )paper|cardboard|纸质|牛皮纸"),
    "metal": ("", "metal(?:lic hardware)?|金属"), "steel": ("metal", "steel|钢制|钢材"), "stainless steel": ("steel", "stainless(?:[- ]steel)?|不锈钢"),
    "carbon steel": ("steel", "carbon steel|碳钢"), "iron": ("metal", r"cast[- ]iron|wrought[- ]iron|(?:of|from) iron|铸铁|铁制"),
    "aluminium": ("metal", "alumini?um|铝合金|铝"), "titanium": ("metal", "titanium|钛合金|钛"), "copper": ("metal", "copper|紫铜|红铜"),
    "brass": ("metal", "brass|黄铜"), "bronze": ("metal", "bronze|青铜"), "zinc": ("metal", "zinc(?: alloy)?|锌合金"), "pewter": ("metal", "pewter"),
    "alloy": ("metal", "alloy|合金"), "sterling silver": ("silver", "sterling silver|925银|纯银"), "silver": ("", "solid silver|silver-plated|银质|银制"),
    "gold": ("", r"\d+[- ]?(?:k|karat|carat)[- ]gold|solid gold|gold-plated|镀金|纯金|足金"), "platinum": ("", "platinum|铂金"),
    "glass": ("", "glass(?!es)|玻璃"), "borosilicate": ("glass", "borosilicate(?: glass)?|高硼硅(?:玻璃)?"), "crystal": ("", "crystal(?! clear|-clear)|水晶"),
    "ceramic": ("", "ceramic|陶瓷"), "porcelain": ("ceramic", "porcelain|bone china|瓷器|骨瓷"), "stoneware": ("ceramic", "stoneware|炻器|粗陶"),
    "terracotta": ("ceramic", "terracotta|赤陶"), "earthenware": ("ceramic", "earthenware|陶土"), "marble": ("", "marble|大理石"),
    "granite": ("", "granite|花岗岩"), "concrete": ("", "concrete(?= (?:base|pot|planter|lamp))|水泥"), "carbon fibre": ("", "carbon fib(?:er|re)|碳纤维"),
    "fibreglass": ("", "fib(?:er|re)glass|玻璃纤维|玻纤"), "wax": ("", "(?:soy|bees|paraffin)[- ]?wax|大豆蜡|蜂蜡"), "pearl": ("", "pearls?(?! white)|珍珠"),
    "diamond": ("", "diamonds?(?= (?:ring|stud|earring|necklace|set))|钻石"),
    "lacquer": ("", "lacquer|漆器"), "resin": ("", "resin|树脂"), "vegan sherpa": ("shearling", "vegan sherpa"),
}  # fmt: skip

_COLOURS: dict[str, tuple[str, str]] = {
    "red": ("", "red|红色|大红|正红"), "crimson": ("red", "crimson|scarlet|深红|绯红"), "burgundy": ("red", "burgundy|maroon|酒红|酒红色|栗色"),
    "blue": ("", "blue|蓝色"), "navy": ("blue", "navy(?: blue)?|藏青|藏青色|海军蓝|藏蓝"), "teal": ("", "teal|青色|蓝绿色|凫蓝"),
    "turquoise": ("", "turquoise|aqua(?:marine)?|绿松石色|湖蓝"), "indigo": ("blue", "indigo|靛蓝"), "cyan": ("", "cyan"),
    "green": ("", "green|绿色"), "olive": ("green", "olive|橄榄绿|橄榄色"), "lime": ("green", "lime green|青柠色"), "emerald": ("green", "emerald|祖母绿|翠绿"),
    "khaki": ("", "khaki|卡其|卡其色"), "mint": ("green", "mint(?: green)?|薄荷绿|薄荷色"), "yellow": ("", "yellow|黄色"), "mustard": ("yellow", "mustard|芥末黄|姜黄"),
    "orange": ("", "orange|橙色|橘色|橘红"), "coral": ("", "coral|珊瑚色"), "peach": ("", "peach|蜜桃色"), "purple": ("", "purple|紫色"), "violet": ("purple", "violet|紫罗兰色"),
    "lavender": ("purple", "lavender|lilac|薰衣草色|淡紫"), "magenta": ("pink", "magenta|fuchsia|品红|玫红|玫红色"), "pink": ("", "pink|粉色|粉红|粉红色"),
    "rose": ("pink", "rose|玫瑰色"), "black": ("", "black|jet black|黑色"), "charcoal": ("gray", "charcoal|炭灰|炭黑"), "white": ("", "white|白色"), "ivory": ("white", "ivory|off-white|象牙白|米白"),
    "cream": ("", "cream|奶油色|奶白"), "gray": ("", "gr[ae]y|灰色"), "silver": ("", "silver|银色"), "brown": ("", "brown|棕色|褐色|咖啡色"), "tan": ("brown", "tan|棕褐色|浅棕"),
    "chocolate": ("brown", "chocolate brown|巧克力色"), "beige": ("", "beige|sand-coloured|米色|杏色"), "gold": ("", "gold(?:en)?|金色"),
}  # fmt: skip
# Names of colours that mean something else more often: read as one only where a colour is spoken of.
_OFTEN_ELSE = {
    "rose", "mint", "peach", "coral", "olive", "tan", "cream", "orange", "lavender", "mustard", "charcoal", "gold",
    "silver", "ivory", "violet", "emerald", "indigo", "aqua", "golden", "lilac",
}  # fmt: skip
_NOT_COLOUR = re.compile(
    r"\b(?:black friday|red[- ]eye|green (?:light|tea|thumb)|blue(?:tooth|print|s\b)|white (?:noise|water|label)"
    r"|red tape|out of the blue|golden (?:hour|rule)|silver lining|gold standard|black belt|white board|grey area"
    r"|caught red|in the (?:black|red)|red carpet|red hot|cream of|cork board|think pink)\b"
    r"|红包|红茶|绿茶|黑科技|黑夜|白天|明白|空白|白白|黑白分明|网红|黑马|分红|红利|灰心|红枣|蓝牙|红外|绿植|黑暗|黑五|口红|白领|蓝图|绿道"
)
_COLOUR_SPOKEN = re.compile(
    r"(?:\b(?:in|in a|colou?rs?|shades? of|tones? of|hues? of|and|or|with|,|/|dyed|painted|deep|bright|light|dark|pale|soft|dusty)\s?)$"
)
_COLOUR_GOES_ON = re.compile(r"\s?(?:/|-?colou?r|-?tone|\band\b (?:black|white|blue|red|gr[ae]y|pink|green))")

# Nouns that are counted in both languages, so that "three colours" meets 三种颜色.
NOUNS: dict[str, str] = {
    "颜色": "color", "色": "color", "配色": "color", "口袋": "pocket", "袋": "pocket", "件": "piece", "层": "layer", "向": "way", "面": "way",
    "肩带": "strap", "带": "strap", "轮": "wheel", "码": "size", "尺码": "size", "提手": "handle", "把手": "handle", "隔层": "compartment",
    "夹层": "compartment", "拉链": "zip", "块": "piece", "片": "piece", "支": "piece", "季": "season", "粒": "piece", "档": "setting",
    "挡": "setting", "门": "door", "孔": "hole", "人": "person", "位": "person", "扣": "buckle", "按钮": "button", "球": "ball", "瓶": "bottle",
    "包": "pack", "盒": "box", "款": "style", "级": "level", "章": "chapter", "集": "episode", "页": "page", "口味": "flavor",
}  # fmt: skip

Kind = Literal["material", "colour"]


@dataclass(frozen=True, slots=True)
class Named:
    """A material or colour named at ``start:end``."""

    start: int
    end: int
    name: str


def _compiled(table: dict[str, tuple[str, str]]) -> tuple[re.Pattern[str], dict[str, str]]:
    groups: dict[str, str] = {}
    parts: list[tuple[int, str]] = []
    for number, (name, (_, words)) in enumerate(table.items()):
        group = f"g{number}"
        groups[group] = name
        longest = max(map(len, re.sub(r"\(\?[^)]*\)|[\\?]", "", words).split("|")))
        han = [w for w in words.split("|") if re.search("[\u3400-\u9fff]", w)] if "(" not in words else []
        latin = [w for w in words.split("|") if w not in han] if "(" not in words else [words]
        pieces = [rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])"] if latin and "(" not in words else []
        if "(" in words:
            pieces = [rf"(?<![a-z])(?:{words})(?![a-z])"]
        if han:
            pieces.append("|".join(sorted(han, key=len, reverse=True)))
        parts.append((longest + (8 if " " in name else 0), f"(?P<{group}>{'|'.join(pieces)})"))
    parts.sort(key=lambda part: -part[0])
    return re.compile("|".join(part for _, part in parts)), groups


@cache
def _patterns(kind: Kind) -> tuple[re.Pattern[str], dict[str, str]]:
    return _compiled(_MATERIALS if kind == "material" else _COLOURS)


def named(folded: str, kind: Kind) -> list[Named]:
    """Every material or colour a folded text names; what it is free of ("leather-free") is none."""
    pattern, groups = _patterns(kind)
    found: list[Named] = []
    for match in pattern.finditer(folded):
        name = groups[match.lastgroup or ""]
        if kind == "colour" and not _is_colour(folded, match):
            continue
        if re.match(r"[\s-]free\b", folded[match.end() : match.end() + 6]) or _without(folded, match.start()):
            continue
        found.append(Named(match.start(), match.end(), name))
    return found


def _without(folded: str, start: int) -> bool:
    return (
        re.search(
            r"(?:\bno|\bwithout(?: any)?|\bfree (?:of|from)|不含|无)\s?$", folded[max(start - 16, 0) : start]
        )
        is not None
    )


def _is_colour(folded: str, match: re.Match[str]) -> bool:
    around = folded[max(match.start() - 14, 0) : match.end() + 12]
    if any(match.group() in elsewhere.group() for elsewhere in _NOT_COLOUR.finditer(around)):
        return False
    if match.group() not in _OFTEN_ELSE:
        return True
    before = folded[max(match.start() - 16, 0) : match.start()]
    return bool(_COLOUR_SPOKEN.search(before) or _COLOUR_GOES_ON.match(folded, match.end()))


def is_kind_of(name: str, other: str, kind: Kind) -> bool:
    """Whether ``name`` is ``other`` or a kind of it: merino wool is wool, wool is not merino."""
    table = _MATERIALS if kind == "material" else _COLOURS
    while name:
        if name == other:
            return True
        name = table[name][0] if name in table else ""
    return False
