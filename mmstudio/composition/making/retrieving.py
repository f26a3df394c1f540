"""Sentences of the library that answer a question, word for word; nothing is written, so nothing is invented.

Words weigh by how rarely the library says them (inverse document frequency, Spärck Jones 1972). A sentence
answers when it, with the title of what it is about, says at least half the weight of the question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.errors import StudioError
from mmstudio.features.texts.sentences import sentences
from mmstudio.features.texts.words import tokens
from mmstudio.generation.copywriting.facts import Fact, known_of, plain
from mmstudio.generation.copywriting.guard import check
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.library import Item

ENOUGH = 0.5  # of the question's weight
_ITEMS, _TEXTS = 12, 12
_SMALL = 300  # items up to which every review is looked at
_SENTENCES = 400  # of one text
_ASKING_LIST = """
does did was were will tell please show many there any kind sort need want know give
吗 呢 吧 什么 怎么 怎样 如何 请问 哪 哪个 哪些 多少 是否 可以 能 有没有 关于 告诉
"""
_ASKING = frozenset(_ASKING_LIST.split())
# What a catalogue calls something, and what a question does.
_SAYINGS = {
    "price": "cost much expensive cheap 钱 多少钱 价格 价钱",
    "color": "colour 颜色",
    "material": "made fabric 材料 材质",
    "size": "big large 尺寸 大小",
    "weight": "heavy 重量",
}
_CALLED = {said: name for name, sayings in _SAYINGS.items() for said in sayings.split()}


@dataclass(slots=True)
class Answer:
    """Sentences of one source; ``facts`` as they are kept beside the copy.

    ``item_id`` or ``asset_id`` (a text) says where it is from; ``coverage`` is 0 to 1.
    """

    facts: list[Fact]
    title: str
    item_id: int | None = None
    asset_id: int | None = None
    coverage: float = 0.0
    score: float = 0.0


@dataclass(slots=True)
class _Asked:
    """The words of a question with their weights."""

    weights: dict[str, float] = field(default_factory=dict)

    def weight(self, words: Iterable[str]) -> float:
        return sum(self.weights.get(word, 0.0) for word in set(words))


def answer(draft: Draft, question: str) -> Answer | None:
    """The best answer of the library, or None where nothing fits."""
    wanted = [_CALLED.get(w, w) for w in [*tokens(question), *_whole_chinese(question)] if w not in _ASKING]
    wanted = list(dict.fromkeys(wanted))[:24]
    if not wanted:
        return None
    library = draft.library
    items_of = {w: set(library.items.ids(_quoted(w))) for w in wanted}
    texts_of = {w: set(library.assets.ids(AssetFilter(text=_quoted(w), kinds=("text",)))) for w in wanted}
    count = library.items.count() + library.assets.count(AssetFilter(kinds=("text",))) + 1
    asked = _Asked({w: math.log(1 + count / (1 + len(items_of[w]) + len(texts_of[w]))) for w in wanted})
    items = _best(items_of, asked, _ITEMS)
    if draft.item is not None:
        items = [draft.item.id]
    else:
        items += [one for one in _by_meaning(draft, question) if one not in items]
        if library.items.count() <= _SMALL:
            items += [one for one in library.items.ids() if one not in items]
    found: list[Answer] = []
    for item in library.items.get_many(items):
        draft.breathe()
        found += _of_item(draft, item.in_locale(draft.board.locale), asked)
    for asset_id in _best(texts_of, asked, _TEXTS) if draft.item is None else []:
        draft.breathe()
        found += _of_text(draft, asset_id, asked)
    fitting = [one for one in found if one.coverage >= ENOUGH]
    fitting.sort(key=lambda one: (-one.score, one.item_id or 0, one.asset_id or 0))
    best = next((one for one in fitting if _holds(draft, one)), None)
    return None if best is None else _with_more(draft, best, fitting)


def _holds(draft: Draft, one: Answer) -> bool:
    """Whether the fact guard finds nothing in a sentence that the item's facts do not support."""
    if one.item_id is None:
        return True  # a text is its own source, quoted word for word
    item = draft.library.items.get(one.item_id)
    facts = known_of(item, draft.library.items.reviews_of(item.id), draft.board.locale)
    return not any(span.blocks for span in check(one.facts[0].text, facts, draft.board.locale))


def _with_more(draft: Draft, best: Answer, fitting: list[Answer]) -> Answer:
    """A second sentence of the same source where it says nearly as much."""
    said = set(tokens(best.facts[0].text))
    for other in fitting:
        same = (other.item_id, other.asset_id) == (best.item_id, best.asset_id) and _voice(other) == _voice(
            best
        )
        if same and other is not best and other.score >= 0.8 * best.score and _holds(draft, other):
            words = set(tokens(other.facts[0].text))
            if len(words & said) < 0.6 * len(words):
                best.facts.append(other.facts[0])
                break
    return best


def _of_item(draft: Draft, item: Item, asked: _Asked) -> list[Answer]:
    reviews = draft.library.items.reviews_of(item.id)
    facts = known_of(item, reviews, draft.board.locale)
    title = plain(item.title) or item.sku
    about = {*_named(title), *_named(item.sku), *_named(item.category)}
    found = []
    for fact in facts:
        if fact.kind in ("title", "category", "sku", "rating"):
            continue
        words = {*_named(fact.text), *(_named(fact.key) if fact.kind != "review" else ()), *_kinds(fact)}
        made = _rated(Answer([fact], title, item.id), words, about, asked)
        if made is not None:
            found.append(made)
    return found


def _voice(one: Answer) -> str:
    """Who says it: the catalogue, or one review."""
    return one.facts[0].key if one.facts[0].kind == "review" else ""


def _of_text(draft: Draft, asset_id: int, asked: _Asked) -> list[Answer]:
    asset = draft.library.assets.get(asset_id)
    about = set(_named(asset.title))
    found = []
    for sentence in sentences(draft.library.assets.text_of(asset_id))[:_SENTENCES]:
        text = plain(sentence.lstrip("#*- "))
        if not 8 <= len(text) <= 400 or text == asset.title:
            continue
        fact = Fact("sentence", f"text “{asset.title}”", text)
        made = _rated(Answer([fact], asset.title, None, asset_id), set(_named(text)), about, asked)
        if made is not None:
            found.append(made)
    return found


def _rated(made: Answer, words: set[str], about: set[str], asked: _Asked) -> Answer | None:
    """The answer with its coverage; None where it says nothing that was asked but its title."""
    all_of_it = asked.weight(asked.weights)
    own = asked.weight(words & set(asked.weights))
    beyond = asked.weight(words - about)
    only_named = asked.weight(set(asked.weights) - about) == 0.0
    if not beyond and not (only_named and made.facts[0].kind == "sentence"):
        return None
    made.coverage = asked.weight(words | about) / all_of_it
    brief = 0.1 / (1 + len(made.facts[0].text) / 80)
    made.score = made.coverage + 0.5 * own / all_of_it + brief + 0.05 * (made.facts[0].kind == "attribute")
    return made


def _kinds(fact: Fact) -> list[str]:
    return ["price"] if fact.kind == "price" else []


def _named(text: str) -> list[str]:
    return [_CALLED.get(word, word) for word in [*tokens(text), *_whole_chinese(text)]]


def _whole_chinese(text: str) -> list[str]:
    return [word for word in ("多少钱",) if word in text]


def _best(found: dict[str, set[int]], asked: _Asked, most: int) -> list[int]:
    scores: dict[int, float] = {}
    for word, ids in found.items():
        for one in ids:
            scores[one] = scores.get(one, 0.0) + asked.weights[word]
    return sorted(scores, key=lambda one: (-scores[one], one))[:most]


def _by_meaning(draft: Draft, question: str) -> list[int]:
    """Items near the question in meaning, where features were extracted."""
    if draft.features is None:
        return []
    try:
        hits = draft.features.search(text=_unsigned(question), kind="item", k=_ITEMS)
    except StudioError:
        return []
    return [hit.item_id for hit in hits if hit.item_id is not None]


def _unsigned(text: str) -> str:
    """Words alone: a question is no query line."""
    return " ".join(tokens(text))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', "") + '"'
