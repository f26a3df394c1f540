"""Colour words of a sentence as a palette: the thin way in which words steer a picture."""

from __future__ import annotations

import re

RGB = tuple[int, int, int]

# English word(s), Chinese word(s), colour. Longer Chinese words come before the ones they contain.
_WORDS: tuple[tuple[str, str, RGB], ...] = (
    ("turquoise|cyan", "青色|湖蓝", (40, 178, 190)),
    ("teal", "青绿|水鸭", (22, 128, 128)),
    ("navy", "深蓝|藏青", (28, 46, 98)),
    ("blue|sky|ocean|sea", "蓝|天空|海", (45, 105, 200)),
    ("lavender", "薰衣草", (160, 140, 210)),
    ("purple|violet", "紫", (118, 70, 170)),
    ("pink|rose", "粉|玫瑰", (232, 130, 160)),
    ("burgundy|wine", "酒红", (120, 30, 55)),
    ("red|cherry", "红", (205, 52, 52)),
    ("coral|peach", "珊瑚|桃", (244, 132, 104)),
    ("orange|sunset|autumn", "橙|夕阳|秋", (236, 134, 42)),
    ("gold|golden|mustard", "金|芥末", (206, 160, 50)),
    ("yellow|lemon|sun|sunny|summer", "黄|柠檬|阳光|夏", (245, 205, 70)),
    ("lime|spring", "青柠|春", (150, 200, 70)),
    ("mint", "薄荷", (140, 214, 180)),
    ("olive|khaki", "橄榄|卡其", (128, 128, 60)),
    ("green|forest|grass|leaf", "绿|森林|草", (58, 142, 84)),
    ("brown|chocolate|coffee|wood", "棕|褐|巧克力|咖啡|木", (120, 80, 52)),
    ("beige|sand|cream", "米色|沙|奶油", (222, 202, 170)),
    ("grey|gray|silver|stone", "灰|银|石", (140, 142, 146)),
    ("black|night|dark", "黑|夜", (40, 42, 50)),
    ("white|snow|winter|ice", "白|雪|冬|冰", (225, 236, 244)),
    ("warm", "暖", (232, 150, 90)),
    ("cool|fresh", "冷|清新", (90, 160, 200)),
)


def palette_of(text: str) -> list[RGB]:
    """The colours that the words of ``text`` name (English or Chinese), in their order; maybe none."""
    found: list[tuple[int, RGB]] = []
    rest = text.lower()
    for english, chinese, colour in _WORDS:
        found += [(match.start(), colour) for match in re.finditer(rf"\b(?:{english})\b|{chinese}", rest)]
        rest = re.sub(chinese, lambda match: " " * len(match.group()), rest)
    return [colour for _, colour in sorted(found)]
