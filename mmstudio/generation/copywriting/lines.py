"""Copy written from facts alone: every line says which facts it rests on, and nothing is made up.

A line is a phrase of the item's own description, a list of its attributes, or a whole sentence of a positive
review. The few words added around them ("Shop now") claim nothing about the item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.features.texts.lexicon import polarity
from mmstudio.features.texts.quotes import LONGEST, choose_quotes
from mmstudio.generation.copywriting.facts import Fact, facts_of
from mmstudio.generation.price import format_price

if TYPE_CHECKING:
    from mmstudio.library import Audience, Item, Review

HEADLINE, LINE, CALL, QUOTE = 64, 110, 22, LONGEST  # longest texts in characters; Han counts double

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[a-z][a-z'-]{2,}|[\u3400-\u9fff]")
CARE = re.compile(r"\b(wash|dry|bleach|iron|hand wash|tumble|imported|warranty)\b|洗|熨", re.IGNORECASE)
DANGLING = re.compile(
    r"^(it|its|it's|they|this|these|that|those|he|she|and|or|also|but|plus|so)\b", re.IGNORECASE
)
LISTED = (
    "material", "fabric", "features", "features bags", "feature", "style", "style bags", "style general",
    "style bottom", "color", "colour", "pattern", "finish", "size", "activity", "climate", "材质", "面料",
    "颜色", "款式", "功能", "尺寸", "特点", "风格",
)  # fmt: skip

CHINESE_WORDS = {
    "cotton": "棉", "organic cotton": "有机棉", "wool": "羊毛", "nylon": "尼龙", "polyester": "涤纶",
    "leather": "皮革", "linen": "亚麻", "silk": "真丝", "canvas": "帆布", "plastic": "塑料", "rubber": "橡胶",
    "metal": "金属", "steel": "钢", "stainless steel": "不锈钢", "wood": "木", "oak": "橡木", "bamboo": "竹",
    "ceramic": "陶瓷", "glass": "玻璃", "fleece": "抓绒", "spandex": "氨纶", "mesh": "网布", "foam": "泡棉",
    "red": "红色", "blue": "蓝色", "green": "绿色", "yellow": "黄色", "orange": "橙色", "purple": "紫色",
    "pink": "粉色", "black": "黑色", "white": "白色", "gray": "灰色", "grey": "灰色", "brown": "棕色",
    "teal": "青色", "navy": "藏青", "beige": "米色", "gold": "金色", "silver": "银色", "waterproof": "防水",
    "adjustable": "可调节", "lockable": "可上锁", "solid": "纯色", "striped": "条纹", "gym": "健身",
    "yoga": "瑜伽", "travel": "旅行", "outdoor": "户外", "indoor": "室内", "coral": "珊瑚色",
    "mint": "薄荷绿", "stoneware": "炻器", "brass": "黄铜", "cork": "软木", "felt": "毛毡",
    "recycled": "再生材料",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CopyLine:
    """A line of copy and the facts it rests on; ``text`` is empty when the facts give nothing."""

    text: str
    facts: list[str] = field(default_factory=list)


def is_chinese(locale: str) -> bool:
    """Whether an audience reads Chinese."""
    return locale.replace("-", "_").lower().split("_")[0] in ("zh", "cmn", "yue")


def _locale(audience: Audience | None) -> str:
    return audience.locale if audience is not None and audience.locale else "en"


def weight(text: str) -> int:
    """Length for limits: a Han character takes the room of two Latin ones."""
    return len(text) + len(HAN.findall(text))


class FactsWriter:
    """Writes copy for an item and an audience; the same input gives the same lines.

    Args:
        judge: sentence → -1 (complaint) … 1 (praise), learned from the library's ratings where it can be; a
            lexicon by default.
    """

    def __init__(self, judge: Callable[[str], float] | None = None) -> None:
        self._judge = judge or polarity

    def headline(
        self, item: Item, reviews: Sequence[Review] = (), audience: Audience | None = None
    ) -> CopyLine:
        """The item's own name, cut at a word when it is too long; its sku when it has none."""
        facts = [f for f in facts_of(item, (), _locale(audience)) if f.kind == "title"]
        if not facts:
            return CopyLine(item.sku[:HEADLINE], [f"sku: {item.sku}"])
        name = re.sub(r"\s*[-–|,(]\s*(sku|art(icle)?|ref|model)\b.*$", "", facts[0].text, flags=re.IGNORECASE)
        return CopyLine(shorten(name or facts[0].text, HEADLINE), [facts[0].label])

    def one_liner(
        self, item: Item, reviews: Sequence[Review] = (), audience: Audience | None = None
    ) -> CopyLine:
        """One line: the description's best phrases, or the attributes, or a review, whichever suits most.

        Phrases that share words with the audience's brief and traits come first.
        """
        locale = _locale(audience)
        facts = facts_of(item, (), locale)
        interest = interest_of(audience)
        candidates = [*self._points(facts, interest, locale), *self._sentences(facts, interest, locale)]
        candidates += self._attributes(facts, interest, locale)
        best = max(candidates, key=lambda c: c[0], default=None)
        if best is not None:
            return best[1]
        quote = self.quote(item, reviews, audience)
        if quote.text:
            return CopyLine(f"“{quote.text}”", quote.facts)
        return CopyLine("")

    def several(
        self, item: Item, audience: Audience | None = None, count: int = 4, used: Iterable[str] = ()
    ) -> list[CopyLine]:
        """Up to ``count`` lines that rest on different facts, the best first; ``used``: facts already told.

        Lines that name a colour are left out: the pictures beside them may show another variant.
        """
        locale = _locale(audience)
        facts = facts_of(item, (), locale)
        interest = interest_of(audience)
        told, found = set(used), []
        candidates = self._sentences(facts, interest, locale)
        for fact in facts:
            if fact.kind == "point":
                candidates += self._points([fact], interest, locale)
        candidates = candidates or self._attributes(facts, interest, locale)
        for _, line in sorted(candidates, key=lambda entry: -entry[0]):
            if told.isdisjoint(line.facts) and not _coloured(line.text) and weight(line.text) <= 84:
                found.append(line)
                told |= set(line.facts)
        return found[:count]

    def call_to_action(
        self, item: Item, reviews: Sequence[Review] = (), audience: Audience | None = None
    ) -> CopyLine:
        """What to do next: shop where there is a price, learn more where there is none."""
        locale = _locale(audience)
        chinese = is_chinese(locale)
        facts = {f.kind: f for f in facts_of(item, (), locale) if f.kind in ("price", "category")}
        if "price" not in facts:
            return CopyLine("了解更多" if chinese else "Learn more")
        rests_on = [facts["price"].label]
        category = facts.get("category")
        if category is not None and HAN.search(category.text) is not None and chinese:
            text = f"选购{category.text}"
            if weight(text) <= CALL:
                return CopyLine(text, [*rests_on, category.label])
        if category is not None and not chinese and re.fullmatch(r"[A-Za-z][A-Za-z &]{1,15}s", category.text):
            return CopyLine(f"Shop {category.text.lower()}", [*rests_on, category.label])
        return CopyLine("立即选购" if chinese else "Shop now", rests_on)

    def price(self, item: Item, audience: Audience | None = None) -> CopyLine:
        """The price as the audience writes prices; empty without one."""
        text = format_price(item.price, item.currency, _locale(audience))
        return CopyLine(text, [f"price: {item.price:g} {item.currency}".strip()] if text else [])

    def eyebrow(self, item: Item, audience: Audience | None = None) -> CopyLine:
        """The small line over the headline: the category, unless the headline says it already."""
        locale = _locale(audience)
        facts = [f for f in facts_of(item, (), locale) if f.kind == "category" and weight(f.text) <= 32]
        if not facts or facts[0].text.lower() in item.title.lower():
            return CopyLine("")
        if is_chinese(locale) and HAN.search(facts[0].text) is None:
            return CopyLine("")
        return CopyLine(facts[0].text, [facts[0].label])

    def quote(self, item: Item, reviews: Sequence[Review] = (), audience: Audience | None = None) -> CopyLine:
        """A whole sentence of a good review that says something good and nothing bad; "" without one.

        Its fact names the source: the author's initials, the rating and the day.
        """
        interest = interest_of(audience)

        def suits(text: str) -> float:
            return 0.3 * len(interest & set(_WORD.findall(text.lower())))

        found = choose_quotes(reviews, self._judge, is_chinese(_locale(audience)), suits)
        return CopyLine(found[0].text, [f"{found[0].source}: {found[0].text}"]) if found else CopyLine("")

    def _points(self, facts: Iterable[Fact], interest: set[str], locale: str) -> list[tuple[float, CopyLine]]:
        """Bullet points of the description, two at a time where they are short."""
        points = [
            f for f in facts if f.kind == "point" and usable(f.text, locale) and not CARE.search(f.text)
        ]
        points = [f for f in points if not re.search(r"\d+\s*[\"”]|\bx\b.*\d|%|/", f.text)]
        scored = sorted(
            (
                (shared_words(f.text, interest) + _length_value(f.text) - _coloured(f.text) - 0.02 * n, n, f)
                for n, f in enumerate(points)
            ),
            key=lambda entry: (-entry[0], entry[1]),
        )
        if not scored:
            return []
        first = scored[0]
        lines = [(first[0] + 1.0, CopyLine(stopped(first[2].text, locale), [first[2].label]))]
        for other in scored[1:]:
            liked = shared_words(first[2].text, interest) > 0
            pair = [first, other] if liked else sorted((first, other), key=lambda entry: entry[1])
            joiner = "" if is_chinese(locale) else " "
            text = joiner.join(stopped(entry[2].text, locale) for entry in pair)
            if weight(text) <= 68:
                lines.append((first[0] + other[0] * 0.4 + 1.25, CopyLine(text, [e[2].label for e in pair])))
                break
        return lines

    def _sentences(
        self, facts: Iterable[Fact], interest: set[str], locale: str
    ) -> list[tuple[float, CopyLine]]:
        found = []
        for number, fact in enumerate(f for f in facts if f.kind == "sentence"):
            if not usable(fact.text, locale) or DANGLING.match(fact.text) or CARE.search(fact.text):
                continue
            value = 0.75 + shared_words(fact.text, interest) + _length_value(fact.text) - 0.1 * number
            found.append((value, CopyLine(stopped(fact.text, locale), [fact.label])))
        return found

    def _attributes(
        self, facts: Iterable[Fact], interest: set[str], locale: str
    ) -> list[tuple[float, CopyLine]]:
        chinese = is_chinese(locale)
        listed = [f for f in facts if f.kind == "attribute" and f.key in LISTED and weight(f.text) <= 28]
        listed.sort(key=lambda f: (-shared_words(f.text, interest), LISTED.index(f.key)))
        kept: list[Fact] = []
        seen: dict[str, int] = {}
        words: list[str] = []
        for fact in listed:
            word = CHINESE_WORDS.get(fact.text.lower(), fact.text) if chinese else fact.text
            if chinese and HAN.search(word) is None:
                continue
            if seen.get(fact.key, 0) >= 2 or word.lower() in (w.lower() for w in words):
                continue
            seen[fact.key] = seen.get(fact.key, 0) + 1
            kept.append(fact)
            words.append(word)
            if len(kept) == 3:
                break
        if not kept:
            return []
        return [(0.45 + 0.1 * len(kept), CopyLine(" · ".join(words), [f.label for f in kept]))]


def shorten(text: str, limit: int) -> str:
    """Text within a limit, cut at a word and ended with an ellipsis."""
    if weight(text) <= limit:
        return text
    kept = text
    while kept and weight(kept) > limit - 1:
        kept = kept[:-1]
    if HAN.search(kept) is None and " " in kept[limit // 2 :]:
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip(" ,;:-–·") + "…"


def interest_of(audience: Audience | None) -> set[str]:
    """Words an audience is known by."""
    if audience is None:
        return set()
    words = f"{audience.brief} {' '.join(str(v) for v in audience.traits.values())}".lower()
    return {w for w in _WORD.findall(words) if w not in _STOP}


_STOP = {
    "the",
    "and",
    "for",
    "with",
    "who",
    "are",
    "that",
    "them",
    "their",
    "they",
    "from",
    "want",
    "like",
    "people",
}


def shared_words(text: str, interest: set[str]) -> float:
    return 0.35 * min(len(interest & set(_WORD.findall(text.lower()))), 3)


def _coloured(text: str) -> float:
    """A phrase that names a colour is held back: the picture shown may be another variant."""
    words = set(_WORD.findall(text.lower()))
    return 0.45 if any(w in words for w, han in CHINESE_WORDS.items() if han.endswith("色")) else 0.0


def usable(text: str, locale: str) -> bool:
    """Whether a phrase can stand alone in the audience's language, within the limit."""
    if not 8 <= weight(text) <= LINE or re.search(r"https?:|www\.|@|[{}<>\\]|\b(click|call us)\b", text):
        return False
    return (HAN.search(text) is not None) == is_chinese(locale) or (is_chinese(locale) and not text.isascii())


def _length_value(text: str) -> float:
    return 0.3 - abs(weight(text) - 48) / 160


def stopped(text: str, locale: str) -> str:
    text = text.strip().rstrip(",;:")
    first = text[:1].upper()
    text = (first if len(first) == 1 else text[:1]) + text[1:]  # "ß" would become two letters of no fact
    return text if text[-1:] in ".!?…。！？" else text + ("。" if is_chinese(locale) else ".")
