"""What is known about an item, cut into facts a writer may use: nothing is inferred, nothing is added."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mmstudio.features.texts.quotes import review_sentences, source_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmstudio.library import Item, Review

FactKind = Literal[
    "title",
    "category",
    "price",
    "attribute",
    "point",
    "sentence",
    "review",
    "sku",
    "flag",
    "rating",
    "figure",
]

# columns of shop exports that describe the listing, not the product
_PLUMBING = re.compile(
    r"(^|_)(id|sku|code|url|image|images|qty|stock|tax|website|websites|store|online|created|updated"
    r"|visibility|status|type|set|links?|samples?|position|meta|weight_type|configurable|additional|thumbnail|has|is|use"
    r"|min|max|notify|enable|manage|allow|backorders|increments|categories|default|gift|options)($|_)"
)
_YES = {"yes", "true", "1", "是"}
_NO = {"no", "false", "0", "n/a", "none", "null", "-", "", "否", "无"}
_SPLIT = re.compile(r"\s*[|;、]\s*")
_BULLET = re.compile(r"^\s*(?:[-*•·▪●]|\d+[.)])\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)]*\s+|(?<=[。！？])")
_UNSPOKEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]{0,200}>")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known: ``key`` says from where (``title``, ``material``, ``review by B. L., 5/5``)."""

    kind: FactKind
    key: str
    text: str
    rating: float | None = None

    @property
    def label(self) -> str:
        """The fact as it is kept beside a line of copy."""
        return f"{self.key}: {self.text}"


def plain(text: str) -> str:
    """Text without markup, entities, control characters and runs of white space."""
    text = html.unescape(_TAGS.sub(" ", _UNSPOKEN.sub(" ", text)))
    return _SPACE.sub(" ", "".join(c if c >= " " else " " for c in text)).strip()


def attributes_of(item: Item) -> dict[str, list[str]]:
    """The item's attributes that describe the product: name → values, yes/no answers left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in item.attributes.items():
        if key == "additional_attributes":
            pairs += [(k, v) for k, _, v in (part.partition("=") for part in value.split(",")) if v]
        else:
            pairs.append((key, value))
    found: dict[str, list[str]] = {}
    for raw_key, raw_value in pairs:
        key = _SPACE.sub(" ", raw_key.strip().lower().replace("_", " "))
        if not key or _PLUMBING.search(key.replace(" ", "_")) or len(key) > 40:
            continue
        values = [plain(part) for part in _SPLIT.split(html.unescape(raw_value))]
        kept = [v for v in values if v.lower() not in _NO | _YES and len(v) <= 60 and "=" not in v]
        if kept:
            found.setdefault(key, []).extend(v for v in kept if v not in found.get(key, []))
    return found


def category_of(item: Item) -> str:
    """The last meaningful step of the category path (``Gear > Bags`` gives ``Bags``)."""
    path = item.category or item.attributes.get("categories", "").split(",")[0]
    steps = [plain(step) for step in re.split(r"\s*[>/|›»,]\s*", path)]
    for stop, step in enumerate(steps):
        if step.lower() in ("collections", "promotions"):
            steps = steps[:stop]
            break
    steps = [step for step in steps if step and not step.lower().startswith("default")]
    return steps[-1] if steps else ""


def facts_of(item: Item, reviews: Iterable[Review] = (), locale: str = "en") -> list[Fact]:
    """Every fact of an item in a stable order, in the locale's language where the catalogue has it."""
    item = item.in_locale(locale)
    facts: list[Fact] = []
    if title := plain(item.title):
        facts.append(Fact("title", "title", title))
    if category := category_of(item):
        facts.append(Fact("category", "category", category))
    if item.price is not None:
        facts.append(Fact("price", "price", f"{item.price:g} {item.currency}".strip()))
    for key, values in attributes_of(item).items():
        facts.extend(Fact("attribute", key, value) for value in values)
    for line in re.split(r"[\r\n]+|<br\s*/?>|</p>|</li>", _UNSPOKEN.sub(" ", item.description)):
        text = plain(_BULLET.sub("", line))
        if not text:
            continue
        if _BULLET.match(line):
            facts.append(Fact("point", "description", text))
        else:
            facts.extend(
                Fact("sentence", "description", s.strip()) for s in _SENTENCE.split(text) if s.strip()
            )
    for review in reviews:
        source = source_of(review)
        said = (plain(sentence) for sentence in review_sentences(review.text))
        facts.extend(Fact("review", source, sentence, review.rating) for sentence in said if sentence)
    return facts


def known_of(item: Item | None, reviews: Iterable[Review] = (), locale: str = "en") -> list[Fact]:
    """Everything that can support a text: :func:`facts_of`, and what no writer would say by itself.

    That is the sku, yes-answers (``waterproof: yes``), long attributes, the item's words in the library's
    other languages, and how its reviews rate it on the whole.
    """
    if item is None:
        return []
    reviews = list(reviews)
    found = facts_of(item, reviews, locale)
    said = {(fact.key, fact.text) for fact in found}
    for other in (item, *(item.in_locale(tag) for tag in ("en", "zh"))):
        found += [fact for fact in facts_of(other, (), "") if (fact.key, fact.text) not in said]
        said |= {(fact.key, fact.text) for fact in found}
    found.append(Fact("sku", "sku", item.sku))
    for raw_key, raw_value in item.attributes.items():
        for key, _, value in (
            [part.partition("=") for part in raw_value.split(",")]
            if raw_key == "additional_attributes"
            else [(raw_key, "", raw_value)]
        ):
            name, plain_value = _SPACE.sub(" ", key.strip().lower().replace("_", " ")), plain(value)
            if not name or len(name) > 40 or _PLUMBING.search(name.replace(" ", "_")):
                continue
            if plain_value.lower() in _YES:
                found.append(Fact("flag", name, name))
            elif len(plain_value) > 60 and "=" not in plain_value:
                found.append(Fact("attribute", name, plain_value))
    rated = [review.rating for review in reviews if review.rating is not None]
    if rated:
        mean = sum(rated) / len(rated)
        counts = " ".join(f"{n} reviews" for n in dict.fromkeys((len(reviews), len(rated))))
        # with and without its unit: a card says "★ 4.3 · 12 reviews"
        found.append(Fact("rating", "rating", f"{mean:.1f} stars, {mean:.1f}, {counts}", mean))
    return found
