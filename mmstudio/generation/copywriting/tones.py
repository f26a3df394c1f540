"""The tones a text can take, found in the words people use for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.contract import TONES, Tone

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief

_WORDS: dict[Tone, str] = {
    "warm": (
        "warm friendly kind caring heartfelt cosy cozy personal emotional gentle 温暖 亲切 友好 "
        "温馨 感性 贴心"
    ),
    "playful": (
        "playful fun funny witty humorous cheeky young lively bold quirky casual 活泼 俏皮 幽默 "
        "有趣 年轻 调皮 轻松"
    ),
    "formal": (
        "formal professional serious factual business elegant polite expert premium 正式 专业 严肃 "
        "商务 庄重 礼貌"
    ),
    "urgent": (
        "urgent energetic direct dynamic powerful loud short snappy fast 紧迫 急 直接 有力 热血 快节奏 促销"
    ),
    "calm": "calm quiet relaxed soft minimal mindful slow serene 平静 安静 舒缓 沉稳 克制 禅意 慢",
    "neutral": "neutral plain simple clear honest 中性 平实 简单 客观",
}


def tone_of(words: str) -> Tone:
    """The tone that a person's words ask for: their first word that is known; neutral where none is."""
    return known_tone(words) or "neutral"


def known_tone(words: str) -> Tone | None:
    """The tone that a person's words name first; None where they name none."""
    found: list[tuple[int, Tone]] = []
    said = words.lower()
    for tone in TONES:
        for word in (tone, *_WORDS[tone].split()):
            pattern = re.escape(word) if not word.isascii() else rf"\b{re.escape(word)}"
            if match := re.search(pattern, said):
                found.append((match.start(), tone))
    return min(found)[1] if found else None


def tone_for(brief: Brief) -> Tone:
    """The tone of a brief: its own, else the audience's, else the brand's."""
    return tone_of(brief.manner[0])
