"""What can be said of an item, piece by piece, each with its fact: the grammar's only words with meaning."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.features.texts.phrases import FROM_REVIEW, FROM_TITLE, description_fields, key_phrases
from mmstudio.features.texts.quotes import choose_quotes
from mmstudio.generation.copywriting.facts import Fact, facts_of, plain
from mmstudio.generation.copywriting.lines import (
    CARE,
    CHINESE_WORDS,
    DANGLING,
    HAN,
    LISTED,
    interest_of,
    is_chinese,
    shared_words,
    stopped,
    usable,
    weight,
)
from mmstudio.generation.copywriting.tables import table
from mmstudio.generation.copywriting.tones import tone_for
from mmstudio.generation.price import format_price

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief, Tone

_MOST_REVIEWS = 200  # of an item, that quotes and phrases are taken from
_VARIANT_MARK = re.compile(r"\s*[-–|,(]\s*(sku|art(icle)?|ref|model)\b.*$", re.IGNORECASE)
_NEEDS_THE = re.compile(r"^(the|a|an|my|our)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that are true, and the label of the fact they are."""

    text: str
    fact: str


class Told(str):
    """A text that knows the facts it rests on."""

    __slots__ = ("facts",)
    facts: tuple[str, ...]

    def __new__(cls, text: str, facts: Iterable[str] = ()) -> Told:
        made = super().__new__(cls, text)
        made.facts = tuple(dict.fromkeys(facts))
        return made


@dataclass(slots=True)
class Pieces:
    """An item's pieces for one brief, those that interest the audience first, the rest by chance."""

    chinese: bool
    tone: Tone
    rng: random.Random
    name: Piece | None
    category: Piece | None
    price: Piece | None
    points: list[Piece]
    attributes: list[tuple[str, Piece]]
    quotes: list[Piece]
    phrases: list[str] = field(default_factory=list)
    wide: bool = False  # whether neutral wordings mix with those of the tone

    def words(self, slot: str, **values: str) -> str:
        """A wording of a slot in the tone, filled in; "" where a value it needs is missing."""
        tones = self._book[slot]
        wordings = [
            *tones.get(self.tone, ()),
            *(tones["neutral"] if self.wide or self.tone not in tones else ()),
        ]
        choices = [w for w in wordings if all(values.get(k) for k in _needs(w))]
        if not choices:
            choices = [w for w in tones["neutral"] if all(values.get(k) for k in _needs(w))]
        return self.rng.choice(choices).format(**self._filled(values)) if choices else ""

    def every(self, slot: str, **values: str) -> list[str]:
        """All wordings of a slot in the tone, then the neutral ones, in an order by chance."""
        own = list(self._book[slot].get(self.tone, ()))
        rest = [w for w in self._book[slot]["neutral"] if w not in own]
        self.rng.shuffle(own)
        self.rng.shuffle(rest)
        filled = self._filled(values)
        return [w.format(**filled) for w in own + rest if all(values.get(k) for k in _needs(w))]

    def parts(self, slot: str) -> list[str]:
        """A wording of several parts (headings, names)."""
        tones = self._book[slot]
        return self.rng.choice(tones.get(self.tone, tones["neutral"])).split("|")

    @property
    def _book(self) -> dict[str, dict[str, list[str]]]:
        """slot → tone → wordings; a tone without its own takes the neutral ones."""
        book: dict[str, dict[str, list[str]]] = table("phrases_zh" if self.chinese else "phrases_en")
        return book

    def join(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other, as the language sets them."""
        kept = [s.strip() for s in sentences if s.strip()]
        return ("" if self.chinese else " ").join(kept)

    def _filled(self, values: dict[str, str]) -> dict[str, str]:
        name = values.get("name", "")
        the = "" if _NEEDS_THE.match(name) or not name else "the"
        return {**values, "the": the, "The": the.capitalize()} if the else _without_article(values)


def _without_article(values: dict[str, str]) -> dict[str, str]:
    return {**values, "the": "\b", "The": "\b"}


def tidy(text: str) -> str:
    """Text without the gaps that an article left out leaves."""
    return re.sub(r"\b[\x08] ?|[\x08] ?", "", text).strip()


def _needs(wording: str) -> list[str]:
    return [key for key in re.findall(r"\{(\w+)\}", wording) if key not in ("the", "The")]


def pieces_of(brief: Brief, rng: random.Random) -> Pieces:
    """Cut an item into pieces for a brief.

    An item with a sku alone has a name (the sku) and nothing else; a brief without an item has nothing.
    """
    locale, tone = brief.language, tone_for(brief)
    reads_chinese = is_chinese(locale)
    made = Pieces(reads_chinese, tone, rng, None, None, None, [], [], [])
    if brief.item is None:
        return made
    facts = facts_of(brief.item, (), locale)
    interest = interest_of(brief.audience) | {word.lower() for word in brief.words}
    by_kind = {fact.kind: fact for fact in reversed(facts)}
    if title := by_kind.get("title"):
        made.name = Piece(_VARIANT_MARK.sub("", title.text) or title.text, title.label)
    else:
        made.name = Piece(plain(brief.item.sku) or brief.item.sku, f"sku: {brief.item.sku}")
    if (category := by_kind.get("category")) and weight(category.text) <= 40:
        made.category = Piece(category.text, category.label)
    if shown := format_price(brief.item.price, brief.item.currency, locale):
        made.price = Piece(shown, by_kind["price"].label if "price" in by_kind else "price")
    reviews = brief.reviews[:_MOST_REVIEWS]
    fields = [(brief.item.title, FROM_TITLE), *description_fields(brief.item.description)]
    fields += [(review.text, FROM_REVIEW) for review in reviews[:50]]
    made.phrases = [phrase.text for phrase in key_phrases(fields, lambda _word: 1.0, 12)]
    telling = {word for phrase in made.phrases for word in phrase.lower().split()}
    made.points = _points(facts, interest, telling, locale, rng)
    made.attributes = _attributes(facts, interest, reads_chinese, rng)
    found = choose_quotes(reviews, chinese=reads_chinese, extra=lambda text: shared_words(text, interest))
    made.quotes = [Piece(q.text, f"{q.source}: {q.text}") for q in found[:6]]
    return made


def _points(
    facts: Sequence[Fact], interest: set[str], telling: set[str], locale: str, rng: random.Random
) -> list[Piece]:
    scored = []
    for at, fact in enumerate(facts):
        if fact.kind not in ("point", "sentence") or not usable(fact.text, locale) or CARE.search(fact.text):
            continue
        if fact.kind == "sentence" and DANGLING.match(fact.text):
            continue
        value = shared_words(fact.text, interest) * 3 + (0.4 if fact.kind == "point" else 0.0)
        value += 0.05 * len(telling & set(fact.text.lower().split())) - 0.03 * at + rng.random() * 0.6
        scored.append((-value, at, Piece(stopped(fact.text, locale), fact.label)))
    return [piece for _, _, piece in sorted(scored, key=lambda entry: entry[:2])]


def _attributes(
    facts: Sequence[Fact], interest: set[str], reads_chinese: bool, rng: random.Random
) -> list[tuple[str, Piece]]:
    """(column as it is read, values as one piece), what describes a product most often first."""
    values: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.kind == "attribute" and weight(fact.text) <= 40:
            values.setdefault(fact.key, []).append(fact)
    found = []
    for key, there in values.items():
        shown = [(_spoken(fact.text, reads_chinese), fact) for fact in there]
        shown = [(word, fact) for word, fact in shown if word][:4]
        column = column_name(key, reads_chinese)
        if not shown or not column:
            continue
        rank = LISTED.index(key) if key in LISTED else len(LISTED)
        value = (
            shared_words(" ".join(word for word, _ in shown), interest) * 3 - rank * 0.05 + rng.random() * 0.3
        )
        words = ("、" if reads_chinese else ", ").join(word for word, _ in shown)
        found.append((-value, column, Piece(words, f"{key}: {' | '.join(fact.text for _, fact in shown)}")))
    return [(column, piece) for _, column, piece in sorted(found, key=lambda entry: entry[:2])]


def _spoken(value: str, reads_chinese: bool) -> str:
    if not reads_chinese:
        return value if HAN.search(value) is None else ""
    return value if HAN.search(value) else CHINESE_WORDS.get(value.lower(), "")


def column_name(key: str, reads_chinese: bool) -> str:
    """A column as a heading: ``style bags`` → Style, 款式; "" where it has no name in the language."""
    head = key.split(" ")[0] if key.split(" ")[0] in ("features", "style", "strap") else key
    if reads_chinese:
        columns: dict[str, str] = table("columns_zh")
        return head if HAN.search(head) else columns.get(key, columns.get(head, ""))
    return "" if HAN.search(head) else head[:1].upper() + head[1:]
