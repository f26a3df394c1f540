"""Units and currencies: what stands behind or before a number, and how much of the base unit it is."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """``factor`` base units of ``dimension`` (metres, grams, millilitres, seconds …) plus ``offset``."""

    dimension: str
    factor: float
    offset: float = 0.0


# dimension → (factor, words). International yard and pound (1959); US fluid ounce; Chinese market units.
_UNITS: dict[str, list[tuple[float, str]]] = {
    "length": [
        (0.001, "mm|millimet(?:er|re)s?|毫米"),
        (0.01, "cm|centimet(?:er|re)s?|厘米|公分"),
        (1.0, "m|met(?:er|re)s?|米"),
        (1000.0, "km|kilomet(?:er|re)s?|公里|千米"),
        (0.0254, "inch(?:es)?|英寸|寸"),
        (0.3048, "ft|foot|feet|英尺"),
        (0.9144, "yards?|yd"),
        (1609.344, "miles?|mi|英里"),
    ],
    "mass": [
        (0.001, "mg|milligrams?|毫克"),
        (1.0, "g|grams?|grammes?|克(?!拉)"),
        (1000.0, "kg|kgs|kilos?|kilograms?|千克|公斤"),
        (28.349523125, "oz|ounces?|盎司"),
        (453.59237, "lbs?|pounds?|磅"),
        (500.0, "斤"),
        (50.0, "两"),
        (1e6, "tons?|tonnes?|吨"),
        (0.2, "carats?|克拉"),
    ],
    "volume": [
        (1.0, "ml|millilit(?:er|re)s?|毫升"),
        (10.0, "cl|centilit(?:er|re)s?"),
        (1000.0, "l|lit(?:er|re)s?|升(?!级)"),
        (29.5735295625, r"fl\.?\s?oz\.?|fluid\sounces?|液量盎司"),
        (3785.411784, "gal|gallons?|加仑"),
        (473.176473, "pints?|品脱"),
        (236.5882365, "cups?"),
    ],
    "time": [
        (1.0, "s|secs?|seconds?|秒"),
        (60.0, "mins?|minutes?|分钟"),
        (3600.0, "h|hrs?|hours?|个?小时|钟头"),
        (86400.0, "days?|天|日"),
        (604800.0, "weeks?|周|个?星期"),
        (2629800.0, "months?|个月"),
        (31557600.0, "years?|yrs?|年"),
    ],
    "power": [(1.0, "w|watts?|瓦(?!楞)"), (1000.0, "kw|kilowatts?|千瓦")],
    "voltage": [(1.0, "v|volts?|伏")],
    "charge": [(1.0, "mah|毫安时?"), (1000.0, "ah")],
    "energy": [(1.0, "kcal|calories|大卡|千卡"), (0.239, "kj")],
    "data": [(1.0, "kb"), (1e3, "mb"), (1e6, "gb|gigabytes?"), (1e9, "tb|terabytes?")],
    "frequency": [(1.0, "hz|hertz|赫兹"), (1e3, "khz"), (1e6, "mhz"), (1e9, "ghz")],
    "light": [(1.0, "lumens?|lm|流明")],
    "pixels": [(1.0, "px|pixels?|像素"), (1e6, "mp|megapixels?"), (1e4, "万像素")],
    "density": [(1.0, r"gsm|g/m2|g/m²|克/平方米")],
    "thread": [(1.0, r"denier|旦")],
    "area": [
        (1.0, "m²|m2|square\\smet(?:er|re)s?|平方米|平米"),
        (0.09290304, "square\\s(?:feet|foot)|sq\\.?\\s?ft"),
    ],
    "stars": [(1.0, r"★|stars?|颗星|星级?|out\sof\s(?:5|five)|/\s?5(?!\d)")],
}
_TEMPERATURES = [
    (r"°\s?c|℃|degrees?\s(?:celsius|c\b)|摄氏度", Unit("temperature", 1.0)),
    (r"°\s?f|℉|degrees?\s(?:fahrenheit|f\b)|华氏度", Unit("temperature", 5 / 9, -160 / 9)),
    (r"°|degrees?|度", Unit("angle", 1.0)),
]
TABLE: list[tuple[re.Pattern[str], Unit]] = [
    (re.compile(pattern + r"(?![a-z])"), unit) for pattern, unit in _TEMPERATURES
]
TABLE += [
    (re.compile(rf"(?:{words})(?![a-z²])"), Unit(dimension, factor))
    for dimension, rows in _UNITS.items()
    for factor, words in rows
]
_INCH = re.compile(r"\"|''|in(?:\.(?!\w)|(?=\s*[x×)/,;]|\s*$|\s*\n))")
_ATTACHED_INCH = re.compile(r"in(?![a-z])")
_FOOT = re.compile(r"'(?![a-z'])")
_GAP = re.compile(r"\s?-?\s?")
PERCENT = re.compile(r"\s?(?:%|percent\b|per\scent\b|pct\b)")

_DOLLARS = frozenset(["USD", "CAD", "AUD", "NZD", "HKD", "TWD", "SGD", "MXN"])
CODES = {
    "usd": "USD",
    "eur": "EUR",
    "gbp": "GBP",
    "cny": "CNY",
    "rmb": "CNY",
    "jpy": "JPY",
    "krw": "KRW",
    "inr": "INR",
    "cad": "CAD",
    "aud": "AUD",
    "nzd": "NZD",
    "hkd": "HKD",
    "twd": "TWD",
    "sgd": "SGD",
    "mxn": "MXN",
    "brl": "BRL",
    "rub": "RUB",
    "chf": "CHF",
    "sek": "SEK",
    "nok": "NOK",
    "dkk": "DKK",
    "pln": "PLN",
    "thb": "THB",
    "try": "TRY",
}
_SIGNS: list[tuple[str, frozenset[str]]] = [
    (r"us\s?\$|u\.s\.\s?\$", frozenset({"USD"})),
    (r"ca\$|c\$", frozenset({"CAD"})),
    (r"au?\$", frozenset({"AUD"})),
    (r"nz\$", frozenset({"NZD"})),
    (r"hk\$", frozenset({"HKD"})),
    (r"nt\$", frozenset({"TWD"})),
    (r"s\$", frozenset({"SGD"})),
    (r"mx\$", frozenset({"MXN"})),
    (r"r\$", frozenset({"BRL"})),
    (r"\$", _DOLLARS),
    (r"€", frozenset({"EUR"})),
    (r"£", frozenset({"GBP"})),
    (r"cn¥", frozenset({"CNY"})),
    (r"jp¥", frozenset({"JPY"})),
    (r"[¥￥]", frozenset({"CNY", "JPY"})),
    (r"₩", frozenset({"KRW"})),
    (r"₹", frozenset({"INR"})),
    (r"₽", frozenset({"RUB"})),
    (r"₺", frozenset({"TRY"})),
    (r"฿", frozenset({"THB"})),
    (r"zł", frozenset({"PLN"})),
]
_WORDS: list[tuple[str, frozenset[str]]] = [
    (r"us\sdollars?|美元|美金", frozenset({"USD"})),
    (r"dollars?|bucks", _DOLLARS),
    (r"euros?|欧元", frozenset({"EUR"})),
    (r"pounds?\ssterling|英镑|quid", frozenset({"GBP"})),
    (r"yuan|renminbi|人民币|块钱?|元", frozenset({"CNY"})),
    (r"yen|日元|円", frozenset({"JPY"})),
    (r"won|韩元", frozenset({"KRW"})),
    (r"rupees?|卢比", frozenset({"INR"})),
    (r"francs?", frozenset({"CHF"})),
    (r"港币|港元", frozenset({"HKD"})),
    (r"cents?\b", _DOLLARS),
]
_BEFORE = [(re.compile(rf"(?:{sign})\s?$"), codes) for sign, codes in _SIGNS]
_BEFORE.append((re.compile(r"(?:rmb|人民币)\s?$"), frozenset({"CNY"})))
_AFTER = [(re.compile(rf"\s?(?:{sign})"), codes) for sign, codes in _SIGNS if sign not in (r"s\$", r"r\$")]
_AFTER += [(re.compile(rf"[\s-]?(?:{word})(?![a-z])"), codes) for word, codes in _WORDS]
_CODE_AFTER = re.compile(r"\s?([a-z]{3})(?![a-z])")
_CODE_BEFORE = re.compile(r"(?<![a-z])([a-z]{3})\s?$")


def currency_at(folded: str, start: int, end: int) -> tuple[frozenset[str], int, int] | None:
    """Currency codes a number at ``start:end`` may be in, and where the price then starts and ends."""
    head = folded[max(start - 8, 0) : start]
    for pattern, codes in _BEFORE:
        if found := pattern.search(head):
            code = _CODE_AFTER.match(folded, end)
            if code and code[1] in CODES and CODES[code[1]] in codes:
                return frozenset({CODES[code[1]]}), start - len(head) + found.start(), code.end()
            return codes, start - len(head) + found.start(), end
    if (code := _CODE_BEFORE.search(head)) and code[1] in CODES:
        return frozenset({CODES[code[1]]}), start - len(head) + code.start(), end
    if (code := _CODE_AFTER.match(folded, end)) and code[1] in CODES:
        return frozenset({CODES[code[1]]}), start, code.end()
    for pattern, codes in _AFTER:
        if found := pattern.match(folded, end):
            return codes, start, found.end()
    return None


def unit_at(folded: str, end: int, spelled: bool = False) -> tuple[Unit, int] | None:
    """The unit that follows a number ending at ``end``, and where it ends."""
    if not spelled:
        if found := _INCH.match(folded, end) or _ATTACHED_INCH.match(folded, end):
            return Unit("length", 0.0254), found.end()
        if found := _FOOT.match(folded, end):
            return Unit("length", 0.3048), found.end()
    gap = _GAP.match(folded, end)
    after = gap.end() if gap else end
    if not spelled and folded.startswith("in", after) and (found := _INCH.match(folded, after)):
        return Unit("length", 0.0254), found.end()
    best: tuple[Unit, int] | None = None
    for pattern, unit in TABLE:
        found = pattern.match(folded, after)
        if found and (best is None or found.end() > best[1]):
            best = unit, found.end()
    return best


def unit_named(words: str) -> Unit | None:
    """The unit a column says its numbers are in: ``weight (g)``, ``length_cm``."""
    last = re.split(r"[\s_(),]+", words.strip(" )"))[-1]
    for pattern, unit in TABLE:
        if pattern.fullmatch(last) and last not in ("m", "l", "s", "h", "w", "v"):
            return unit
    return Unit("length", 0.0254) if last == "in" else None
