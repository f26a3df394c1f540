"""The colours that a picture is described and searched by."""

from __future__ import annotations

# English name → sRGB of a typical example. Names are what table ``colour`` holds.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (18, 18, 20),
    "grey": (128, 128, 130),
    "white": (250, 250, 250),
    "red": (205, 40, 45),
    "orange": (240, 135, 35),
    "brown": (120, 78, 48),
    "beige": (222, 202, 170),
    "yellow": (245, 215, 60),
    "green": (70, 150, 65),
    "teal": (30, 150, 145),
    "blue": (45, 95, 200),
    "purple": (125, 70, 165),
    "pink": (240, 140, 175),
}

# Other words for the same: lower case, Chinese too.
COLOUR_WORDS: dict[str, str] = {
    **{name: name for name in COLOURS},
    "gray": "grey", "silver": "grey", "cyan": "teal", "turquoise": "teal", "navy": "blue", "violet": "purple",
    "magenta": "pink", "rose": "pink", "cream": "beige", "tan": "beige", "gold": "yellow", "olive": "green",
    "黑": "black", "黑色": "black", "灰": "grey", "灰色": "grey", "银色": "grey",
    "白": "white", "白色": "white", "红": "red", "红色": "red", "橙": "orange", "橙色": "orange",
    "棕": "brown", "棕色": "brown", "褐色": "brown", "米色": "beige", "米白": "beige",
    "黄": "yellow", "黄色": "yellow", "金色": "yellow", "绿": "green", "绿色": "green",
    "青": "teal", "青色": "teal", "蓝绿色": "teal", "蓝": "blue", "蓝色": "blue",
    "紫": "purple", "紫色": "purple", "粉": "pink", "粉色": "pink", "粉红": "pink", "粉红色": "pink",
}  # fmt: skip
