"""What reviews speak about (size, straps, price …), how well they speak of it, and an example."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.texts.sentences import is_whole
from mmstudio.features.texts.words import is_stop_word, tagged_chinese, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mmstudio.features.texts.sentiment import Sentiment

_WORD = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’-][^\W\d_\u3400-\u9fff]+)*|[.,;:!?]"
)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
# Before a noun stands one of these, or an adjective after one of these.
_BEFORE_LIST = """
the a an this that these those my your its his her our their some any no more
"""
_BEFORE = frozenset(_BEFORE_LIST.split())
_AFTER = frozenset(["is", "are", "was", "were", "has", "have", "had", "of", "in", "on", "for", "with"])
_NOT_A_NOUN_LIST = """
i'm it's i've thing things one ones lot lots bit way day days time times week weeks month months year years
everything anything something nothing stuff people someone everyone kind sort reason fact first last same
best most only other new great good nice perfect little few many much more less whole right wrong favorite
favourite size-up product item review star stars amount number case son daughter husband wife girlfriend
boyfriend friend mom dad kid kids guy girl man woman i'd two three four five once big small long short large
tight loose bad place end part half couple pair second top point issue problem idea while minute hour
morning night today guys side back course element elements front water rest job work gym trip school home
house room compliment compliments use fan life love money-back don't can't didn't doesn't isn't wasn't won't
wouldn't
"""
_NOT_A_NOUN = frozenset(_NOT_A_NOUN_LIST.split())
# Words that stand for an aspect without naming it (Liu 2012, implicit aspects); the key is how it is named.
_IMPLIED = {
    "comfort": "comfort comfortable comfy uncomfortable cozy comfortably comfier",
    "size": "size sizes sizing fit fits fitted small large tight loose big roomy snug bigger smaller",
    "price": "price priced cost costs cheap expensive overpriced money worth bargain value pricey",
    "quality": "quality durable sturdy well-made flimsy durability broke broken ripped tore construction",
    "look": "look looks style stylish design cute ugly beautiful flattering fashionable appearance",
    "colour": "color colors colour colours",
    "fabric": "fabric material materials cloth cotton",
    "warmth": "warm warmth warmer heat",
    "weight": "weight lightweight heavy light",
    "smell": "smell smells odor stink stinks",
    "delivery": "delivery shipping arrived shipped package packaging",
    "sound": "sound audio volume",
    "舒适": "舒适 舒服 柔软 难受 不舒服",
    "尺寸": "尺寸 大小 尺码 合身 合适 太小 太大 偏小 偏大 小了 大了",
    "价格": "价格 价钱 便宜 贵 太贵 划算 实惠 性价比 值得 超值",
    "质量": "质量 做工 品质 结实 耐用 牢固 坏 坏了 开线",
    "外观": "外观 样子 漂亮 好看 款式 难看 颜值 设计 时尚",
    "颜色": "颜色 色差 掉色 褪色",
    "物流": "物流 快递 发货 包装 送货",
}
_NAMED = {word: aspect for aspect, words in _IMPLIED.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that reviews speak about.

    Attributes:
        name: as reviews call it, in small letters.
        mentions: sentences that speak of it.
        sentiment: mean over them, -1 (complaint) to 1 (praise).
        example: a whole sentence that speaks of it as most do.
    """

    name: str
    mentions: int
    sentiment: float
    example: str


@dataclass(slots=True)
class NounCounts:
    """How often each word stands where nouns stand, over all reviews of a library: no grammar is needed."""

    seen: Counter[str] = field(default_factory=Counter)
    placed: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str) -> None:
        """Count one sentence in a spaced language."""
        words = [word.casefold() for word in _WORD.findall(sentence)]
        for at, word in enumerate(words):
            if not word[0].isalpha() or _HAN.match(word):
                continue
            self.seen[word] += 1
            before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else "."
            ends = after in _AFTER or not after[0].isalpha()
            if before in _BEFORE:  # "the zip": likely; "the zip is": surely
                self.placed[word] += 2 if ends else 1
            elif ends and at > 1 and words[at - 2] in _BEFORE:  # "the front zip is"
                self.placed[word] += 1

    def is_noun(self, word: str) -> bool:
        """Whether it was seen often enough in a noun's place."""
        return self.placed[word] >= max(2, 0.35 * self.seen[word])


def aspects(
    spoken: Sequence[str],
    sentiment: Sentiment,
    nouns: NounCounts,
    sold: Collection[str] = (),
    most: int = 8,
    least: int = 2,
) -> list[Aspect]:
    """The things that most of these sentences speak about, the most mentioned first.

    Args:
        spoken: whole sentences of reviews.
        sold: words that say what is sold (of titles); they are no aspects.
        least: mentions below which a thing is not listed.
    """
    where: dict[str, set[int]] = defaultdict(set)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for at, sentence in enumerate(spoken):
        for key, name in _named_in(sentence, nouns):
            if key in sold and key not in _IMPLIED:
                continue
            where[key].add(at)
            names[key][name] += 1
    common = [key for key, found in where.items() if len(found) >= least]
    common.sort(key=lambda key: (-len(where[key]), key))
    scores = sentiment.scores(list(spoken)) if spoken else np.zeros(0, np.float32)
    found = []
    for key in common[:most]:
        rows = sorted(where[key])
        mean = float(np.mean(scores[rows]))
        name = min(names[key].items(), key=lambda pair: (-pair[1], pair[0]))[0]
        found.append(Aspect(name, len(rows), round(mean, 3), _example(spoken, scores, rows, mean)))
    return found


def _example(spoken: Sequence[str], scores: np.ndarray, rows: Iterable[int], mean: float) -> str:
    """A sentence near the mean, of a length that reads well."""

    def unfit(at: int) -> tuple[float, int]:
        length = len(spoken[at]) * (2 if _HAN.search(spoken[at]) else 1)
        wrong_side = 1.0 if mean * float(scores[at]) < 0 else 0.0
        careless = 0.0 if is_whole(spoken[at]) else 0.5
        return careless + wrong_side + abs(length - 70) / 140 - 0.3 * abs(float(scores[at])), at

    return spoken[min(rows, key=unfit)]


def _named_in(sentence: str, nouns: NounCounts) -> list[tuple[str, str]]:
    """(key, name) of each aspect a sentence speaks of, once."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(sentence):
        piece = match.group()
        if _HAN.match(piece):
            for word, noun in tagged_chinese(piece):
                if word in _NAMED:
                    found.setdefault(_NAMED[word], _NAMED[word])
                elif noun and len(word) >= 2:
                    found.setdefault(word, word)
            continue
        word = piece.casefold().replace("’", "'")
        if word in _NAMED:
            found.setdefault(_NAMED[word], _NAMED[word])
        elif len(word) > 2 and word not in _NOT_A_NOUN and not is_stop_word(word) and nouns.is_noun(word):
            stem = tokens(word)
            if len(stem) == 1:
                found.setdefault(_NAMED.get(stem[0], stem[0]), _NAMED.get(stem[0], stem[0]))
    return list(found.items())
