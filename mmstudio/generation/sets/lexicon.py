"""Mood words in English and Chinese, and where each of them stands. Written for this project.

Energy follows what is called arousal and valence what is called pleasure in studies of emotion (Russell, "A
circumplex model of affect", J. Personality and Social Psychology 39, 1980): calm and happy are far apart in
one and near in the other. The numbers are plain judgements, 0 to 1 with 0.5 as the middle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

Values = tuple[float | None, float | None, float | None, float | None]  # energy, valence, warmth, brightness

# English forms | Chinese forms, energy, valence, warmth, brightness; None where the word says nothing of it.
# The first form of each language is the one that is written.
_TABLE: tuple[tuple[str, str, float | None, float | None, float | None, float | None], ...] = (
    ("calm|calming|relaxed|relaxing|rest|restful|yoga|meditation|spa",
     "宁静|平静|放松|瑜伽|冥想|休息", 0.12, 0.62, None, None),
    ("quiet|silent|silence|still|hushed|sleep|sleepy|lullaby|bedtime",
     "安静|静|睡|摇篮曲", 0.08, 0.52, None, 0.42),
    ("gentle|soft|tender|delicate|light-hearted|baby",
     "温柔|柔和|轻柔|柔|宝宝|婴儿", 0.2, 0.66, 0.58, 0.64),
    ("dreamy|dream|floating|hazy|misty|mist|fog",
     "梦幻|梦|雾|朦胧", 0.18, 0.58, 0.42, 0.6),
    ("slow|unhurried|leisurely|lazy|evening|dusk",
     "悠闲|缓慢|慢|傍晚|黄昏", 0.15, 0.5, None, 0.4),
    ("peaceful|serene|tranquil|zen|sea|ocean|lake|river|rain",
     "祥和|禅|海|湖|河|江|雨|水", 0.16, 0.62, 0.32, None),
    ("lively|active|training|sport|sports|sporty|gym|workout|fitness|run|running|runner|race",
     "活力|运动|健身|跑步|跑|训练|比赛", 0.86, 0.66, None, 0.6),
    ("energetic|energy|power|powerful|intense|fast|quick|speed|strong|bold",
     "强劲|能量|力量|快|速度|强|大胆", 0.92, 0.6, None, None),
    ("wild|storm|stormy|thunder|loud|fierce|fire|rock",
     "狂野|暴风|风暴|雷|激烈|火", 0.95, 0.42, 0.62, 0.4),
    ("festive|party|celebration|celebrate|dance|dancing|carnival|new year",
     "欢庆|派对|庆祝|跳舞|舞|节日|新年|春节", 0.9, 0.9, 0.7, 0.72),
    ("playful|fun|funny|toy|toys|game|kids|child|children|cute",
     "俏皮|好玩|有趣|玩具|游戏|儿童|孩子|可爱", 0.74, 0.85, 0.6, 0.72),
    ("happy|joy|joyful|glad|cheerful|smile|laugh|love",
     "快乐|高兴|开心|欢乐|喜悦|笑|爱|喜", 0.7, 0.94, 0.64, 0.7),
    ("bright|light|sunny|sun|sunshine|summer|morning|day|dawn|lemon",
     "明亮|阳光|太阳|夏|早晨|清晨|晨|日|晓|光", 0.6, 0.78, 0.64, 0.88),
    ("fresh|spring|crisp|clean|breeze|green|garden|leaf|leaves|breathable",
     "清新|春|清爽|微风|花园|绿|叶", 0.52, 0.76, 0.42, 0.76),
    ("warm|cozy|cosy|autumn|fleece|wool|home|coffee|tea|bread|fireplace",
     "温暖|暖|秋|羊毛|家|咖啡|茶|面包", 0.34, 0.68, 0.88, 0.52),
    ("romantic|rose|wedding|kiss|valentine|flower|flowers",
     "浪漫|玫瑰|婚礼|情人|花", 0.34, 0.8, 0.76, 0.62),
    ("elegant|luxury|luxurious|refined|silk|premium|classic",
     "优雅|奢华|高级|精致|丝|经典", 0.3, 0.64, 0.52, 0.4),
    ("natural|nature|earth|organic|wood|wooden|forest|mountain|hike|hiking|outdoor",
     "自然|大地|有机|木|林|森林|山|徒步|户外", 0.42, 0.64, 0.58, 0.42),
    ("modern|technology|tech|digital|future|city|urban|electronic|minimal",
     "现代|科技|数字|未来|城市|都市|电子|极简", 0.62, 0.52, 0.26, 0.5),
    ("cool|cold|ice|icy|winter|snow|snowy|frost",
     "清凉|冷|寒|冰|冬|雪|霜", 0.34, 0.44, 0.06, 0.74),
    ("dark|night|black|shadow|midnight|moon|moonlight",
     "深沉|黑|夜|影|午夜|月|暗", 0.3, 0.34, 0.32, 0.12),
    ("mysterious|mystery|secret|strange|magic",
     "神秘|谜|秘密|魔法", 0.42, 0.36, 0.3, 0.2),
    ("sad|lonely|alone|melancholy|tears|cry|lost|sorrow|farewell",
     "忧伤|悲|愁|孤独|孤|泪|哭|离别|别", 0.2, 0.08, 0.3, 0.28),
    ("nostalgic|memory|memories|old|vintage|retro|past",
     "怀旧|回忆|忆|旧|复古|故", 0.28, 0.46, 0.66, 0.38),
    ("serious|formal|grave|solemn|business",
     "庄重|严肃|正式|商务", 0.32, 0.42, 0.36, 0.34),
    ("adventurous|adventure|travel|journey|explore|trip|trail",
     "冒险|旅行|旅|探索|远行|行", 0.7, 0.7, 0.56, 0.56),
    ("heroic|epic|brave|victory|win|champion",
     "英勇|史诗|勇|胜利|冠军", 0.84, 0.7, 0.56, 0.5),
)  # fmt: skip
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_NOT = re.compile(r"(?:\b(?:not|no|never|without|isn't|don't)\s+(?:\w+\s+)?|不|没有|没|无|别)$")
_WORDS_LENGTH = 20_000  # characters that are read: the mood of a long text shows early


@dataclass(frozen=True, slots=True)
class MoodWord:
    """One mood: its word in English and Chinese, and (energy, valence, warmth, brightness)."""

    english: str
    chinese: str
    values: Values

    def said(self, chinese: bool) -> str:
        """The word in one of the two languages."""
        return self.chinese if chinese else self.english


@cache
def words() -> tuple[MoodWord, ...]:
    """All moods of the table."""
    return tuple(
        MoodWord(row[0].split("|")[0], row[1].split("|")[0], (row[2], row[3], row[4], row[5]))
        for row in _TABLE
    )


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(rf"\b(?:{row[0]})\b|(?:{'|'.join(sorted(row[1].split('|'), key=len, reverse=True))})")
        for row in _TABLE
    )


def found_in(text: str) -> list[tuple[MoodWord, float]]:
    """The moods that a text names, with 1 for each mention and -1 for one after a "not", in their order."""
    lowered = text[:_WORDS_LENGTH].lower()
    found: list[tuple[int, MoodWord, float]] = []
    for mood, pattern in zip(words(), _patterns(), strict=True):
        for match in pattern.finditer(lowered):
            before = lowered[max(0, match.start() - 16) : match.start()]
            found.append((match.start(), mood, -1.0 if _NOT.search(before) else 1.0))
    return [(mood, sign) for _, mood, sign in sorted(found, key=lambda one: one[0])]


def has_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return _HAN.search(text) is not None
