"""System fonts for pictures of text; Pillow looks the names up in the system's font folders."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

# (file name, face index): the faces with simplified Chinese forms come first.
_CJK = (
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.ttf", 0),
    ("PingFang.ttc", 0),
    ("Hiragino Sans GB.ttc", 0),
    ("STHeiti Light.ttc", 0),
    ("msyh.ttc", 0),
    ("simhei.ttf", 0),
    ("wqy-microhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("Arial Unicode.ttf", 0),
)
_LATIN = (
    ("DejaVuSans.ttf", 0),
    ("segoeui.ttf", 0),
    ("HelveticaNeue.ttc", 0),
    ("Arial.ttf", 0),
    ("arial.ttf", 0),
    ("LiberationSans-Regular.ttf", 0),
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=1)
def _found() -> dict[bool, tuple[str, int] | None]:
    def first(names: tuple[tuple[str, int], ...]) -> tuple[str, int] | None:
        for name, index in names:
            try:
                return str(ImageFont.truetype(name, 12, index=index).path), index
            except OSError:
                continue
        return None

    cjk, latin = first(_CJK), first(_LATIN)
    return {True: cjk or latin, False: latin or cjk}


def has_cjk(text: str) -> bool:
    """Whether ``text`` holds Chinese, Japanese or Korean characters."""
    return any(
        "\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" or "\uff00" <= c <= "\uffef" for c in text
    )


@lru_cache(maxsize=32)
def font(size: int, cjk: bool = False) -> Font:
    """A text font of ``size`` px; Pillow's own where the system has none."""
    found = _found()[cjk]
    if found is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(found[0], size, index=found[1])
