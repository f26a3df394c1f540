"""Which families to try for a text: by its scripts, its locale, and what this machine has."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from mmstudio.errors import StudioError

_LATIN = (
    "Inter", "SF Pro Display", "Helvetica Neue", "Segoe UI", "Noto Sans", "Source Sans 3", "Roboto", "Arial",
)  # fmt: skip
_HAN = {
    "zh": ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    "zh_tw": ("PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", "Source Han Sans TC"),
    "ja": ("Hiragino Sans", "Yu Gothic", "Noto Sans CJK JP", "Source Han Sans"),
    "ko": ("Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans CJK KR", "Source Han Sans K"),
}
_SCRIPTS = {
    "arabic": ("SF Arabic", "Noto Sans Arabic", "Noto Naskh Arabic", "Geeza Pro", "Segoe UI", "Tahoma"),
    "hebrew": ("SF Hebrew", "Noto Sans Hebrew", "Arial Hebrew", "Segoe UI", "Arial"),
    "devanagari": ("Kohinoor Devanagari", "Noto Sans Devanagari", "Nirmala UI", "Mangal"),
    "thai": ("Noto Sans Thai", "Thonburi", "Leelawadee UI"),
}
_EMOJI = ("Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji")
_RANGES = (
    ("hebrew", 0x0590, 0x05FF), ("hebrew", 0xFB1D, 0xFB4F),
    ("arabic", 0x0600, 0x06FF), ("arabic", 0x0750, 0x077F), ("arabic", 0x08A0, 0x08FF),
    ("arabic", 0xFB50, 0xFDFF), ("arabic", 0xFE70, 0xFEFC),
    ("devanagari", 0x0900, 0x097F), ("devanagari", 0xA8E0, 0xA8FF),
    ("indic", 0x0980, 0x0DFF), ("thai", 0x0E00, 0x0E7F), ("lao", 0x0E80, 0x0EFF), ("khmer", 0x1780, 0x17FF),
    ("kana", 0x3040, 0x30FF), ("kana", 0x31F0, 0x31FF),
    ("hangul", 0x1100, 0x11FF), ("hangul", 0x3130, 0x318F), ("hangul", 0xAC00, 0xD7A3),
    ("han", 0x3000, 0x303F), ("han", 0x3400, 0x9FFF), ("han", 0xF900, 0xFAFF), ("han", 0xFF00, 0xFFEF),
    ("han", 0x20000, 0x3FFFF),
)  # fmt: skip
# letters of a word hang together: no tracking between them, and no room is taken from above and below
JOINED = frozenset({"arabic", "devanagari", "indic"})
# words are not parted by spaces, or may break between any two letters
UNSPACED = frozenset({"han", "kana", "thai", "lao", "khmer"})


@lru_cache(maxsize=4096)
def scripts_of(text: str) -> frozenset[str]:
    """Scripts other than Latin, Greek and Cyrillic that a text uses: "arabic", "han", "kana", …"""
    found: set[str] = set()
    for char in set(text):
        code = ord(char)
        if code < 0x0590:
            continue
        for name, first, last in _RANGES:
            if first <= code <= last:
                found.add(name)
                break
    return frozenset(found)


@lru_cache(maxsize=1)
def installed() -> frozenset[str]:
    """Families that this machine has."""
    return frozenset(QFontDatabase.families())


@lru_cache(maxsize=1)
def need_fonts() -> None:
    """Look whether this machine has a font at all: without one Qt ends the program where a letter is drawn.

    Raises:
        StudioError: it has none (a bare server or container).
    """
    if not QFontInfo(QFont()).family():
        raise StudioError(
            "This machine has no fonts: letters cannot be drawn.",
            hint="Install one, such as Noto Sans (package fonts-noto-core), then start again.",
        )


def families(locale: str, text: str = "", family: str = "", han: bool | None = None) -> list[str]:
    """Font families to try in order for a text; the system fills the rest.

    Args:
        locale: such as ``en_GB`` or ``zh_CN``: decides between Chinese, Japanese and Korean shapes.
        text: what is set; its scripts bring their families.
        family: a family to try first.
        han: whether the text has Han characters (None: looked up). Without, Noto's Korean cut comes first,
            whose quotation marks are as narrow as Latin ones.
    """
    scripts = scripts_of(text)
    tag = locale.replace("-", "_").lower()
    language = tag.split("_")[0]
    if "kana" in scripts:
        language = "ja"
    elif "hangul" in scripts:
        language = "ko"
    if han is None:
        han = bool(scripts & {"han", "kana", "hangul"})
    traditional = language == "zh" and any(part in tag for part in ("tw", "hk", "mo", "hant"))
    own = _HAN.get("zh_tw" if traditional else language, _HAN["zh"] if han else ("Noto Sans CJK KR",))
    wanted = [family] if family else []
    # CJK families carry good Latin of their own: they stand before generic fallbacks, behind real Latin ones
    wanted += _LATIN
    for name in sorted(scripts):
        wanted += _SCRIPTS.get(name, ())
    wanted += (*own, *_HAN["zh"], "DejaVu Sans", *_EMOJI)
    there = installed()
    kept = [name for name in dict.fromkeys(wanted) if name in there]
    return kept or list(dict.fromkeys(wanted))
