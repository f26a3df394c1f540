"""Numbers as people write them: 1,299.50 · 1 1/2 · ½ · twenty-five · a dozen · 二十五 · 两百."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_TIMES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_MULTIPLES = {
    "half": 0.5, "quarter": 0.25, "double": 2.0, "twice": 2.0,
    "dual": 2.0, "twin": 2.0, "triple": 3.0, "threefold": 3.0, "twofold": 2.0, "quadruple": 4.0,
    "一半": 0.5, "两倍": 2.0, "双倍": 2.0, "翻倍": 2.0, "加倍": 2.0, "双层": 2.0, "三倍": 3.0,
}  # fmt: skip
_GLYPHS = {
    "½": 0.5,
    "¼": 0.25,
    "¾": 0.75,
    "⅓": 1 / 3,
    "⅔": 2 / 3,
    "⅛": 0.125,
    "⅜": 0.375,
    "⅝": 0.625,
    "⅞": 0.875,
}
_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3}
_HAN_TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
# Han numerals that count nothing.
_IDIOMS = (
    "十分", "万一", "千万别", "百搭", "四季", "五彩", "七夕", "三明治", "百货",
    "千变万化", "四周", "五金", "一般",
    "一样", "一起", "一直", "一些", "一定", "一切", "一边", "一点",
    "统一", "唯一", "第一", "万能", "百变", "四肢", "五官",
    "三文鱼", "一如既往", "百叶", "千层", "八角", "一体",
    "一流", "双十一", "十足", "一旦", "一致", "一生", "一身",
)  # fmt: skip
_WORD = "|".join(sorted([*_ONES, *_TIMES], key=len, reverse=True))
_NUMERAL = re.compile(
    r"(?P<mixed>\d+\s+\d/\d{1,2}(?!\d)|\d+\s?[½¼¾⅓⅔⅛⅜⅝⅞])"
    r"|(?P<glyph>[½¼¾⅓⅔⅛⅜⅝⅞])"
    r"|(?P<fraction>(?<![\d/])[1-9]/[1-9]\d?(?![\d/]))"
    r"|(?P<three>\bthree[- ]quarters?\b)"
    r"|(?P<digits>\d{1,3}(?:[,.\u202f' ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?|(?<!\d)\.\d+)"
    rf"|(?P<word>\b(?:(?:half\s+)?an?\s+(?=dozen|hundred|thousand|million))?(?:{_WORD})"
    rf"(?:[\s-]+(?:and\s+)?(?:{_WORD}))*(?:s(?=\s+of\b))?\b)"
    r"|(?P<multiple>\b(?:half|quarter|double|twice(?=[ -](?:as|the|more)\b)|dual|twin|triple"
    r"|threefold|twofold|quadruple)\b"
    r"|一半|两倍|双倍|翻倍|加倍|双层|三倍)"
    r"|(?P<idiom>" + "|".join(_IDIOMS) + ")"
    r"|(?P<han>[零〇一二三四五六七八九十百千万亿两俩仨]+(?:点[零〇一二三四五六七八九]+)?)"
)

_LABEL = re.compile(r"(?:us|ca|[^a-z][lwhd])$|(?:rmb|usd|eur|gbp|cny)$")  # W13", usd45


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number at ``start:end`` of a folded text.

    Attributes:
        values: what it may mean: ``1.299`` is a little over one, or a German thousand.
        step: half a unit of its last digit, for what was rounded.
        form: digits, word, han, multiple or fraction.
    """

    start: int
    end: int
    values: tuple[float, ...]
    step: float
    form: str


def numerals(folded: str) -> list[Numeral]:
    """Every number in a folded text, in order, none within a Latin word (``MB01`` is a code)."""
    found: list[Numeral] = []
    for match in _NUMERAL.finditer(folded):
        kind, text, start = match.lastgroup or "", match.group(), match.start()
        if kind == "idiom":
            continue
        if kind in ("digits", "fraction", "mixed") and start and _is_latin(folded[start - 1]):
            times = folded[start - 1] == "x" and start > 1 and not _is_latin(folded[start - 2])
            if not times and not _LABEL.search(folded[max(start - 3, 0) : start]):
                continue
        values, step = _value(kind, text)
        if values:
            form = "fraction" if kind in ("mixed", "glyph", "fraction", "three") else kind
            found.append(Numeral(start, match.end(), values, step, form))
    return found


def _is_latin(character: str) -> bool:
    return character.isalpha() and character.isascii()


def _value(kind: str, text: str) -> tuple[tuple[float, ...], float]:
    match kind:
        case "mixed":
            whole = re.match(r"\d+", text)
            rest = text[whole.end() :].strip() if whole else text
            return (float(whole.group() if whole else 0) + _fraction(rest),), 0.0
        case "glyph" | "fraction":
            return (_fraction(text),), 0.0
        case "multiple":
            return (_MULTIPLES[text],), 0.0
        case "three":
            return (0.75,), 0.0
        case "word":
            return (_spelled(text),), 0.0
        case "han":
            return (_han(text),), 0.0
    return _digits(text)


def _fraction(text: str) -> float:
    if text in _GLYPHS:
        return _GLYPHS[text]
    above, _, below = text.partition("/")
    return int(above) / int(below)


def _digits(text: str) -> tuple[tuple[float, ...], float]:
    bare = re.sub(r"[ '\u202f]", "", text)
    points = [c for c in bare if c in ".,"]
    if not points:
        return (float(bare),), 0.5
    last = max(bare.rfind("."), bare.rfind(","))
    whole, decimals = re.sub(r"[.,]", "", bare[:last]), bare[last + 1 :]
    fraction = float(f"{whole or 0}.{decimals}")
    joined = float(whole + decimals)
    if len(points) > 1 and bare[last] in bare[:last]:
        return (joined,), 0.5  # 1,234,567
    if len(points) > 1 or len(decimals) != 3 or not whole or whole == "0":
        return (fraction,), 0.5 * 10.0 ** -len(decimals)
    # 1,299 is a thousand to most readers, 1.299 to some of them
    return ((joined, fraction) if bare[last] == "," else (fraction, joined)), 0.5


def _spelled(text: str) -> float:
    half = text.startswith("half ")
    total = current = 0.0
    for word in re.split(r"[\s-]+", text):
        word = word if word in _ONES or word in _TIMES else word.removesuffix("s")
        if word in _ONES:
            current += _ONES[word]
        elif word in _TIMES:
            times = _TIMES[word]
            current = max(current, 1.0) * times
            if times >= 1000:
                total, current = total + current, 0.0
    return (total + current) * (0.5 if half else 1.0)


def _han(text: str) -> float:
    whole, _, decimals = text.partition("点")
    if not any(c in _HAN_TIMES for c in whole):
        value = float("".join(str(_HAN_DIGITS[c]) for c in whole))
    else:
        total = section = digit = 0
        for c in whole:
            if c in _HAN_DIGITS:
                digit = _HAN_DIGITS[c]
            elif _HAN_TIMES[c] >= 10_000:
                total += (section + digit or 1) * _HAN_TIMES[c]
                section = digit = 0
            else:
                section += (digit or 1) * _HAN_TIMES[c]
                digit = 0
        value = float(total + section + digit)
    if decimals:
        value += float("0." + "".join(str(_HAN_DIGITS[c]) for c in decimals))
    return value
