"""What the words of a brief ask for, in English and Chinese, by rules that a person can look up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mmstudio.features.texts.words import is_stop_word

_CURRENCY = (
    r"(?:€|\$|£|¥|eur(?:os?)?|usd|dollars?|bucks|gbp|pounds?|rmb|cny|yuan"
    r"|元|块钱?|欧元|美元|英镑|人民币)"
)
_AMOUNT = r"(\d{1,3}(?:[ ,.]\d{3})+(?![\d.,])|\d+(?:[.,]\d{1,2})?)"
_BELOW = (
    r"(?:under|below|less than|cheaper than|up to|at most|max(?:imum)?(?: of)?|no more than|not over|within)"
)
_ABOVE = r"(?:over|above|more than|at least|from|starting at|min(?:imum)?(?: of)?)"
_PEOPLE = re.compile(
    r"(?:people|women|men|girls|boys|adults?|anyone|everyone|those|aged?|shoppers|customers|kids|children)\s*$",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\s*(?:years?|yrs?|y/o|months?|岁)", re.IGNORECASE)
_NOT_PRICE = re.compile(
    r"\s*(?:%|kg|g\b|km|cm|mm|m\b|ml|l\b|min|hours?|days?|weeks?|pieces?|items?|公斤|天|分钟)"
)
_ZH_BELOW = re.compile(
    rf"(?:低于|不超过|少于|不高于|最多|预算)\s*{_CURRENCY}?\s*{_AMOUNT}\s*({_CURRENCY})?"
    rf"|{_AMOUNT}\s*({_CURRENCY})?\s*(?:以下|以内|之内)", re.IGNORECASE)  # fmt: skip
_ZH_ABOVE = re.compile(
    rf"(?:高于|超过|不低于|至少|最低)\s*{_CURRENCY}?\s*{_AMOUNT}\s*({_CURRENCY})?"
    rf"|{_AMOUNT}\s*({_CURRENCY})?\s*(?:以上|起)", re.IGNORECASE)  # fmt: skip
_NOT = re.compile(
    r"\b(?:no|without|not|never|nothing with|avoids?|hates?|dislikes?|allergic to|free of"
    r"|(?:don't|do not|doesn't|does not) (?:like|want|wear|eat))\s+"
    r"((?:any |made of |wear(?:ing)? |eat(?:ing)? )*)"
    r"([\w-]+(?:\s+(?!or\b|nor\b|and\b)[\w-]+)?(?:(?:\s*,\s*|\s+(?:or|nor|and)\s+)[\w-]+)*)"
    r"|\b([\w]+)-free\b"
    r"|(?:不要|不含|没有|无|拒绝|讨厌|不喜欢|不吃|不穿|避免|过敏[:：]?)([\u4e00-\u9fff、]{1,12})",
    re.IGNORECASE,
)
_FOR: dict[str, str] = {
    "kids": r"\bkids?\b|\bchild(?:ren)?\b|儿童|孩子|小朋友",
    "babies": r"\bbab(?:y|ies)\b|\btoddlers?\b|婴儿|宝宝",
    "teenagers": r"\bteens?\b|\bteenagers?\b|青少年",
    "women": r"\bwom[ae]n\b|\bladies\b|女性|女士|女生",
    "men": r"\bm[ae]n\b|\bguys\b|男性|男士|男生",
    "parents": r"\bparents?\b|\bmothers?\b|\bfathers?\b|父母|妈妈|爸爸|家长",
    "seniors": r"\bseniors?\b|\bretired\b|\belderly\b|老年|长辈|退休",
    "students": r"\bstudents?\b|学生",
    "beginners": r"\bbeginners?\b|\bnovices?\b|初学者|新手",
    "professionals": r"\bprofessionals?\b|专业人士",
    "dogs": r"\bdogs?\b|\bpupp(?:y|ies)\b|狗",
    "cats": r"\bcats?\b|猫",
}
_NEED: dict[str, str] = {
    "organic": r"\borganic\b|有机",
    "vegetarian": r"\bvegetarian\b|素食",
    "waterproof": r"\bwaterproof\b|防水",
    "recycled": r"\brecycled\b|再生|回收",
    "handmade": r"\bhand-?made\b|手工",
    "fair trade": r"\bfair[- ]trade\b|公平贸易",
    "gluten-free": r"\bgluten[- ]free\b|无麸质",
    "halal": r"\bhalal\b|清真",
    "kosher": r"\bkosher\b|犹太洁食",
}
_VEGAN = re.compile(r"\bvegans?\b|纯素|全素", re.IGNORECASE)
_ANIMAL = (
    "leather",
    "wool",
    "silk",
    "down",
    "fur",
    "suede",
    "cashmere",
    "honey",
    "meat",
    "皮革",
    "羊毛",
    "真丝",
    "羽绒",
)
_MARKETS: dict[str, str] = {
    "DE": r"Germany|German\b|德国",
    "FR": r"France|French\b|法国",
    "US": r"United States|USA|US\b|美国",
    "GB": r"United Kingdom|UK\b|Britain|英国",
    "CN": r"China|中国",
    "JP": r"Japan|日本",
    "ES": r"Spain|西班牙",
    "IT": r"Italy|意大利",
    "NL": r"Netherlands|荷兰",
    "AT": r"Austria|奥地利",
    "CH": r"Switzerland|瑞士",
    "PL": r"Poland|波兰",
    "SE": r"Sweden|瑞典",
    "CA": r"Canada|加拿大",
    "AU": r"Australia|澳大利亚",
}
# angle → (words in the brief, words or facts that make it likely)
ANGLES: dict[str, str] = {
    "price": r"\bcheap|afford|budget|bargain|\bsave\b|saving|\bdeal|便宜|实惠|省钱|性价比|预算",
    "quality": r"durab|last(?:s|ing)? long|quality|sturdy|robust|耐用|质量|品质|结实",
    "comfort": r"comfort|comfy|soft|cosy|cozy|relax|舒适|舒服|柔软|放松",
    "planet": r"sustainab|eco|recycl|organic|green|planet|vegan|环保|可持续|有机|再生",
    "gift": r"gift|present for|birthday|christmas|送礼|礼物|生日|节日",
    "time": r"quick|fast|busy|save time|easy|simple|快捷|忙|省时|简单|方便",
    "health": r"health|fit\b|fitness|wellness|yoga|sport|健康|健身|瑜伽|运动",
    "style": r"style|stylish|fashion|design|elegant|trend|looks? good|时尚|设计|优雅|好看",
    "adventure": r"adventure|outdoor|hik(?:e|ing)|travel|explor|camp|户外|徒步|旅行|露营|探险",
    "safety": r"\bsafe|kids?\b|child|bab(?:y|ies)|安全|儿童|宝宝",
}
_NOTHING = frozenset(
    [
        "time",
        "doubt",
        "matter",
        "problem",
        "more",
        "longer",
        "one",
        "only",
        "just",
        "need",
        "idea",
        "to",
        "the",
        "a",
        "an",
        "of",
        "be",
        "too",
        "very",
        "so",
        "much",
        "many",
    ]
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a brief says: `part` "trait", "rule", "tag" or "angle"; `words` are the brief's own."""

    part: str
    key: str
    value: Any
    words: str


def heard(brief: str, tags: Iterable[str]) -> list[Heard]:
    """Everything the rules find in a brief.

    Args:
        tags: lower-case tags, categories and facts of the catalogue: only these become rules about tags.
    """
    known = {tag for tag in tags if 1 < len(tag) <= 40}
    found = [*_prices(brief), *_refused(brief, known), *_needed(brief, known), *_people(brief)]
    found += _places(brief)
    barred = " ".join(one.words.casefold() for one in found if one.key in ("must_not", "avoids"))
    asked = {str(v) for one in found if one.key in ("must", "must_not") for v in one.value}
    found += [
        Heard("tag", "", tag, tag) for tag in _named(brief, known) if tag not in asked and tag not in barred
    ]
    for angle, pattern in ANGLES.items():
        if match := re.search(pattern, brief, re.IGNORECASE):
            found.append(Heard("angle", "", angle, match.group()))
    seen: dict[tuple[str, str, str], Heard] = {}
    for one in found:
        seen.setdefault((one.part, one.key, str(one.value)), one)
    return list(seen.values())


def amount(text: str) -> float:
    """``1,200``, ``39.90`` or ``39,90`` as a number."""
    text = text.replace(" ", "")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text):
        return float(re.sub(r"[.,]", "", text))
    return float(text.replace(",", "."))


def _prices(brief: str) -> Iterator[Heard]:
    for key, words in (("price_under", _BELOW), ("price_over", _ABOVE)):
        for match in re.finditer(
            rf"\b{words}\s*({_CURRENCY})?\s*{_AMOUNT}\s*({_CURRENCY})?", brief, re.IGNORECASE
        ):
            money = match.group(1) or match.group(3)
            after, before = brief[match.end() :], brief[: match.start()]
            if _YEARS.match(after) or (not money and _PEOPLE.search(before.rstrip())):
                said = "under" if key == "price_under" else "over"
                yield Heard("trait", "age", f"{said} {amount(match.group(2)):g}", match.group().strip())
            elif money or (key == "price_under" and not _NOT_PRICE.match(after)):
                yield Heard("rule", key, amount(match.group(2)), match.group().strip())
    for key, pattern in (("price_under", _ZH_BELOW), ("price_over", _ZH_ABOVE)):
        for match in pattern.finditer(brief):
            number = match.group(1) or match.group(3)
            if _YEARS.match(brief[match.end() :]) or "岁" in match.group():
                continue
            if match.group(2) or match.group(4) or "预算" in match.group():
                yield Heard("rule", key, amount(number), match.group().strip())


def _refused(brief: str, known: set[str]) -> Iterator[Heard]:
    for match in _NOT.finditer(brief):
        listed = match.group(2) or match.group(3) or match.group(4) or ""
        words = [
            word.strip().casefold() for word in re.split(r",|、|和|或|与|\bor\b|\bnor\b|\band\b", listed)
        ]
        for word in filter(None, words):
            first = word.split()[0]
            if is_stop_word(first):
                continue
            tag = next((one for one in (word, *_forms(word), first, *_forms(first)) if one in known), "")
            if not tag and not word.isascii():
                tag = next((one for one in sorted(known, key=len, reverse=True) if word.startswith(one)), "")
            if tag:
                yield Heard("rule", "must_not", [tag], match.group().strip())
            elif first not in _NOTHING and match.group().lower().split()[0] not in ("not", "never"):
                yield Heard("trait", "avoids", word if not word.isascii() else first, match.group().strip())


def _forms(word: str) -> tuple[str, ...]:
    return (word.removesuffix("s"), word + "s", word.removesuffix("es"))


def _needed(brief: str, known: set[str]) -> Iterator[Heard]:
    if match := _VEGAN.search(brief):
        animal = [word for word in _ANIMAL if word in known]
        yield Heard("trait", "diet", "vegan", match.group())
        if "vegan" in known:
            yield Heard("rule", "must", ["vegan"], match.group())
        elif animal:
            yield Heard("rule", "must_not", animal, match.group())
    for tag, pattern in _NEED.items():
        if match := re.search(pattern, brief, re.IGNORECASE):
            if tag in known:
                yield Heard("rule", "must", [tag], match.group())
            else:
                yield Heard("trait", "wants", tag, match.group())
    for match in re.finditer(
        r"\b(?:only|must (?:be|have)|made of|nothing but)\s+([\w-]+)", brief, re.IGNORECASE
    ):
        word = match.group(1).casefold()
        before = brief[: match.start()].casefold().rstrip()
        if word in known and not before.endswith(("not", "no", "without", "never")):
            yield Heard("rule", "must", [word], match.group())
    if match := re.search(r"rights?[ -]cleared|cleared rights|版权清晰|已授权", brief, re.IGNORECASE):
        yield Heard("rule", "rights", "cleared", match.group())


def _people(brief: str) -> Iterator[Heard]:
    for group, pattern in _FOR.items():
        if match := re.search(pattern, brief, re.IGNORECASE):
            yield Heard("trait", "for", group, match.group())
    between = re.search(
        r"\b(\d{1,2})\s*(?:-|–|to|至|到)\s*(\d{1,2})\s*(?:years?|yrs?|岁)|\baged?\s*(\d{1,2})\s*(?:-|–|to)\s*(\d{1,2})\b",
        brief, re.IGNORECASE)  # fmt: skip
    if between:
        low, high = [group for group in between.groups() if group]
        yield Heard("trait", "age", f"{low}-{high}", between.group())
    elif match := re.search(r"\bin (?:their|her|his) (\d0)s\b", brief, re.IGNORECASE):
        yield Heard("trait", "age", f"{match.group(1)}-{int(match.group(1)) + 9}", match.group())
    elif match := re.search(r"(\d{1,2})\s*岁(以上|以下|左右)?", brief):
        said = {"以上": "over ", "以下": "under ", "左右": "about "}.get(match.group(2) or "", "")
        yield Heard("trait", "age", f"{said}{match.group(1)}", match.group())


def _places(brief: str) -> Iterator[Heard]:
    for code, names in _MARKETS.items():
        english = "|".join(one for one in names.split("|") if one.isascii())
        chinese = "|".join(one for one in names.split("|") if not one.isascii())
        pattern = (
            rf"\b(?:in|to|for|from)\s+(?:the\s+)?(?:{english})"
            rf"|\b(?:{english})\s+(?:customers|market|shoppers)"
        )
        if match := re.search(rf"{pattern}|(?:{chinese})(?:市场|客户|顾客|用户|消费者)", brief):
            yield Heard("rule", "market", code, match.group())


def _named(brief: str, known: set[str]) -> list[str]:
    """Tags of the catalogue that the brief names, in its order."""
    folded = brief.casefold()
    found: list[tuple[int, str]] = []
    for tag in known:
        place = folded.find(tag) if not tag.isascii() else -1
        if tag.isascii() and (match := re.search(rf"\b{re.escape(tag)}(?:s|es)?\b", folded)):
            place = match.start()
        if place >= 0 and len(tag) > (1 if not tag.isascii() else 2):
            found.append((place, tag))
    return [tag for _, tag in sorted(found)][:8]
