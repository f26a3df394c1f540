"""Text set into a box: wrapped by Qt's shaper, shrunk to fit, in the end cut with an ellipsis."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QTextLayout,
    QTextOption,
)

from mmstudio.composition.render.pictures import colour, painting

_LATIN = (
    "Inter",
    "SF Pro Display",
    "Helvetica Neue",
    "Segoe UI",
    "Noto Sans",
    "Source Sans 3",
    "Roboto",
    "Arial",
)
_HAN = {
    "zh": ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    "ja": ("Hiragino Sans", "Yu Gothic", "Noto Sans CJK JP"),
    "ko": ("Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans CJK KR"),
}
_EMOJI = ("Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji")


def families(locale: str, han: bool = True) -> list[str]:
    """Font families to try in order, for a locale such as ``en_GB`` or ``zh_CN``; the system fills the rest.

    Args:
        han: whether the text has Han characters; without, Noto's Korean cut comes first, whose quotation
            marks are as narrow as Latin ones.
    """
    language = locale.replace("-", "_").split("_")[0].lower()
    own = _HAN.get(language, _HAN["zh"] if han else ("Noto Sans CJK KR",))
    # CJK families carry good Latin of their own: they stand before generic fallbacks, behind real Latin ones
    return [*_LATIN, *own, *_HAN["zh"], "DejaVu Sans", *_EMOJI]


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How to set a text; sizes in pixels."""

    pixels: float
    least: float
    weight: int
    lines: int
    leading: float
    tracking: float
    locale: str
    han: bool = True


@dataclass(slots=True)
class SetText:
    """A text set into a width: its lines with their places, and the size it came to."""

    layout: QTextLayout
    font: QFont
    width: float
    height: float
    lines: int


def clean(text: str) -> str:
    """Text without control characters and direction overrides, white space collapsed."""
    kept = "".join(" " if c in "\n\r\t\v\f" else c for c in text if c in "\n\r\t\v\f" or _printable(c))
    return " ".join(kept.split())


def _printable(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category not in ("Cc", "Cs", "Co", "Cn")
        and char not in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff"
    )


def font_of(style: TextStyle, pixels: float) -> QFont:
    """The font of a style at a size."""
    font = QFont()
    font.setFamilies(families(style.locale, style.han))
    font.setPixelSize(max(round(pixels), 1))
    font.setWeight(QFont.Weight(style.weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    if style.tracking:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, style.tracking * pixels)
    return font


def without_missing(text: str, font: QFont) -> str:
    """Drop symbols (emoji, say) that no font of this machine can draw, so that no empty box is exported."""
    metrics = QFontMetricsF(font)
    kept = []
    for char in text:
        symbol = ord(char) > 0x2000 and unicodedata.category(char) in ("So", "Sk", "Cf", "Mn", "Me")
        if symbol and not _drawable(char, metrics):
            continue
        kept.append(char)
    return " ".join("".join(kept).split())


def _drawable(char: str, metrics: QFontMetricsF) -> bool:
    if ord(char) in (0xFE0F, 0x200D):
        return True
    return metrics.inFontUcs4(ord(char))


def _unbroken(text: str) -> str:
    """Short compounds (T-shirt, short-sleeve) kept on one line by word joiners."""
    words = text.split(" ")
    return " ".join(w.replace("-", "-\u2060") if len(w) <= 16 and w.strip("-") else w for w in words)


def _lay(
    text: str, font: QFont, width: float, style: TextStyle, flags: Qt.AlignmentFlag
) -> tuple[QTextLayout, int, float, float]:
    layout = QTextLayout(text, font)
    option = QTextOption(flags)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    step = font.pixelSize() * style.leading
    layout.beginLayout()
    count, widest = 0, 0.0
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0.0, count * step + (step - line.height()) / 2))
        widest = max(widest, line.naturalTextWidth())
        count += 1
        if count > 60:
            break
    layout.endLayout()
    return layout, count, count * step, widest


def _breaks_words(text: str, font: QFont, width: float) -> bool:
    metrics = QFontMetricsF(font)
    longest = max((word for word in text.split() if word.isascii()), key=len, default="")
    return metrics.horizontalAdvance(longest) > width


def set_text(text: str, width: float, height: float, style: TextStyle, align: str = "left") -> SetText:
    """Set a text into width × height pixels at the largest size that fits ``style.lines`` lines.

    Lines are balanced: the text takes the narrowest measure that keeps their number.
    """
    flags = {
        "left": Qt.AlignmentFlag.AlignLeading,
        "center": Qt.AlignmentFlag.AlignHCenter,
        "right": Qt.AlignmentFlag.AlignTrailing,
    }[align]
    style = replace(style, han=any("\u3000" <= c <= "\u9fff" for c in text))
    text = _unbroken(without_missing(clean(text), font_of(style, style.pixels))[:4000])
    high, low = style.pixels, style.pixels * style.least

    def fits(pixels: float) -> bool:
        font = font_of(style, pixels)
        _, lines, tall, _ = _lay(text, font, width, style, flags)
        return lines <= style.lines and tall <= height + 1.0 and not _breaks_words(text, font, width)

    if not fits(high):
        if fits(low):
            for _ in range(7):
                middle = (low + high) / 2
                low, high = (middle, high) if fits(middle) else (low, middle)
        high = low
    font = font_of(style, high)
    layout, lines, tall, widest = _lay(text, font, width, style, flags)
    room = max(1, min(style.lines, int((height + 1.0) // (font.pixelSize() * style.leading))))
    if lines > room:
        text = _cut(layout, text, room, font, width)
        layout, lines, tall, widest = _lay(text, font, width, style, flags)
    elif lines > 1:
        narrow, wide = widest * 0.5, width
        for _ in range(8):
            middle = (narrow + wide) / 2
            _, count, _, _ = _lay(text, font, middle, style, flags)
            ok = count <= lines and not _breaks_words(text, font, middle)
            narrow, wide = (narrow, middle) if ok else (middle, wide)
        measure = min(width, wide + 1.0)
        layout, lines, tall, widest = _lay(text, font, width if align == "center" else measure, style, flags)
        if align == "center":
            layout, lines, tall, widest = _centred(text, font, measure, width, style, flags)
    return SetText(layout, font, min(widest, width), tall, lines)


def _centred(
    text: str, font: QFont, measure: float, width: float, style: TextStyle, flags: Qt.AlignmentFlag
) -> tuple[QTextLayout, int, float, float]:
    layout, lines, tall, widest = _lay(text, font, measure, style, flags)
    shift = (width - measure) / 2
    for index in range(layout.lineCount()):
        line = layout.lineAt(index)
        line.setPosition(QPointF(line.position().x() + shift, line.position().y()))
    return layout, lines, tall, widest


def _cut(layout: QTextLayout, text: str, room: int, font: QFont, width: float) -> str:
    """The text up to ``room`` lines, its last line ending in an ellipsis."""
    last = layout.lineAt(room - 1)
    head, rest = text[: last.textStart()], text[last.textStart() :]
    short = QFontMetricsF(font).elidedText(rest, Qt.TextElideMode.ElideRight, width * 0.985)
    return head + short


def draw_text(done: SetText, ink: str, width: float) -> tuple[QImage, int]:
    """A set text as a transparent picture, and the margin round it that accents and descenders may use."""
    margin = max(round(done.font.pixelSize() * 0.3), 2)
    size = QRectF(0, 0, width + 2 * margin, done.height + 2 * margin).toAlignedRect().size()
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with painting(image, QPainter.RenderHint.TextAntialiasing) as painter:
        painter.setPen(colour(ink))
        done.layout.draw(painter, QPointF(margin, margin))
    return image, margin
