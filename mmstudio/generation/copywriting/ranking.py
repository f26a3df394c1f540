"""Which of several texts comes first: length, audience, readability, what the guard found, and variety."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.guarding.folding import HAN, fold, words_of
from mmstudio.generation.copywriting.lines import interest_of, weight

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief, Task, Variant

# The share of its limit that a text of a task fills best.
_FULL: dict[Task, float] = {
    "headline": 0.5,
    "one_liner": 0.55,
    "description": 0.6,
    "bullets": 0.55,
    "call_to_action": 0.55,
    "story_outline": 0.6,
    "script": 0.6,
    "character_sheet": 0.5,
    "lesson_outline": 0.6,
    "reply": 0.5,
    "report_summary": 0.5,
    "explanation": 0.5,
}
_BLOCKED = 1.0  # what every span that blocks takes away
_ALIKE = 0.8  # what a text loses that says the same as a better one


def rate(variant: Variant, brief: Brief) -> float:
    """How good a text is by itself, about 0 to 3 less 1 for every span that blocks.

    Length fit is a bell around the best share of the limit; interest the words shared with the audience's
    brief and the wished words; readability falls with the length of sentences and words; resting on facts
    counts.
    """
    text = variant.text
    full = weight(text) / max(brief.longest, 1)
    fit = math.exp(-(((full - _FULL[brief.task]) / 0.4) ** 2)) if full <= 1 else -1.0
    words = words_of(fold(text))
    wished = {word for given in brief.words for word in words_of(fold(given))}
    own = {word for given in interest_of(brief.audience) for word in words_of(given)}
    near = min(len(own & set(words)), 3) / 3 + len(wished & set(words)) / max(len(wished), 1) * bool(wished)
    said = [word for word in brief.words if HAN.search(word) and word in text]
    near += 0.5 * bool(said)
    rests = min(len(variant.facts), 3) / 3
    blocked = sum(span.blocks for span in variant.spans)
    return round(fit + near + 0.6 * readability(text) + 0.4 * rests - _BLOCKED * blocked, 4)


def readability(text: str) -> float:
    """1 for short sentences of short words, down to 0; a Han character counts as half a word.

    In the spirit of the automated readability index (Smith and Senter 1967), which needs no syllables.
    """
    sentences = [s for s in re.split(r"[.!?。！？\n]+", text) if s.strip()]
    words = re.findall(r"[^\W\d_\u3400-\u9fff]+", text)
    han = len(HAN.findall(text))
    count = len(words) + han / 2
    if not sentences or not count:
        return 0.5
    long_sentences = max(count / len(sentences) - 8, 0) / 20
    long_words = max(sum(map(len, words)) / max(len(words), 1) - 5, 0) / 5 if words else 0.0
    return max(1.0 - long_sentences - long_words, 0.0)


def ranked(variants: Sequence[Variant], brief: Brief) -> list[Variant]:
    """The best ``brief.count`` variants, each chosen for its own worth and its distance from those before.

    Maximal marginal relevance (Carbonell and Goldstein 1998) over the words of the texts.
    """
    left = [replace(variant, score=rate(variant, brief)) for variant in variants]
    bags = {id(variant): _bag(variant.text) for variant in left}
    chosen: list[Variant] = []
    while left and len(chosen) < brief.count:
        best = max(
            left,
            key=lambda v: (
                v.score - _ALIKE * max((_alike(bags[id(v)], bags[id(c)]) for c in chosen), default=0.0)
            ),
        )
        left.remove(best)
        chosen.append(best)
    return chosen


def _bag(text: str) -> frozenset[str]:
    folded = fold(text)
    han = HAN.findall(folded)
    return frozenset([*words_of(folded), *(a + b for a, b in pairwise(han))])


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)
