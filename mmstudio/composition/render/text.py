"""Text set into a box: wrapped and shaped by Qt, shrunk to fit, in the end cut with an ellipsis.

Everything is laid out at one size (:data:`EM`) and scaled, so that a text has the same shape at every size;
letters are drawn from their outlines (see :mod:`mmstudio.composition.render.glyphs`).
"""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, QTextBoundaryFinder
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QGlyphRun,
    QImage,
    QPainter,
    QPainterPath,
    QTextLayout,
    QTextLine,
    QTextOption,
    QTransform,
)

from mmstudio.composition.direction import is_rtl
from mmstudio.composition.render.glyphs import Face, face_of, glyphs_of
from mmstudio.composition.render.pictures import colour, painting, scaled
from mmstudio.composition.render.typefaces import JOINED, UNSPACED, families, need_fonts, scripts_of

EM = 256  # pixels a text is laid out at
_MOST_LINES = 60
_ELLIPSIS = "…"
_RUNS = (
    QTextLayout.GlyphRunRetrievalFlag.RetrieveGlyphIndexes
    | QTextLayout.GlyphRunRetrievalFlag.RetrieveGlyphPositions
    | QTextLayout.GlyphRunRetrievalFlag.RetrieveStringIndexes
)
Align = Literal["left", "center", "right"]
_drawing = threading.Lock()  # a path makes its own cache when it is first filled; set texts are shared


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How to set a text; sizes in pixels, tracking in em. ``direction`` as in :class:`TextLayer`."""

    pixels: float
    least: float
    weight: int
    lines: int
    leading: float
    tracking: float
    locale: str
    family: str = ""
    italic: bool = False
    direction: str = "auto"


@dataclass(frozen=True, slots=True)
class Letter:
    """One glyph at its place: number in its face, pixels from the left and from the top to the baseline."""

    face: Face
    index: int
    x: float
    y: float
    at: int  # the UTF-16 unit of ``SetText.text`` it stands for, as Qt tells it


@dataclass(frozen=True, slots=True)
class SetText:
    """A text set into a width; plain data that any thread may draw. Sizes in pixels.

    ``widths`` are those of the lines, ``missing`` the characters no font has, ``rtl`` whether the paragraph
    runs from right to left; ``measure`` what :func:`lay` needs to set it again.
    """

    text: str
    style: TextStyle
    pixels: float
    width: float
    height: float
    widths: tuple[float, ...]
    rtl: bool
    letters: tuple[Letter, ...]
    path: QPainterPath
    box: QRectF  # round the outlines
    pictures: tuple[tuple[QImage, QRectF], ...]
    missing: str
    measure: float
    shifts: tuple[QPointF, ...]

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.widths)

    @property
    def faces(self) -> list[Face]:
        """Fonts it is drawn with, each once."""
        return list(dict.fromkeys(letter.face for letter in self.letters))


def clean(text: str) -> str:
    """Text without control characters and direction overrides, white space collapsed."""
    kept = "".join(" " if c in "\n\r\t\v\f" else c for c in text if c in "\n\r\t\v\f" or _printable(c))
    return " ".join(kept.split())


def _printable(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category not in ("Cc", "Cs", "Co")
        and not _is_noncharacter(char)
        and char not in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff"
    )


def _is_noncharacter(char: str) -> bool:
    """U+FDD0…FDEF and the last two of each plane; other unassigned ones may be newer than this Python."""
    return 0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE


def font_of(style: TextStyle, text: str, pixels: float = EM) -> QFont:
    """The font of a style for a text at a size."""
    font = QFont()
    font.setFamilies(families(style.locale, text, style.family))
    font.setPixelSize(max(round(pixels), 1))
    font.setWeight(QFont.Weight(style.weight))
    font.setItalic(style.italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    if style.tracking and not scripts_of(text) & JOINED:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, style.tracking * pixels)
    return font


def undrawable(text: str, font: QFont) -> str:
    """Symbols (emoji, say) of a text that no font of this machine has, each once."""
    metrics = QFontMetricsF(font)
    found = ""
    for char in dict.fromkeys(text):
        symbol = ord(char) > 0x2000 and unicodedata.category(char) in ("So", "Sk", "Cf", "Mn", "Me", "Cn")
        if symbol and ord(char) not in (0xFE0F, 0x200D) and not metrics.inFontUcs4(ord(char)):
            found += char
    return found


def _unbroken(text: str) -> str:
    """Short compounds (T-shirt, short-sleeve) kept on one line by word joiners."""
    words = text.split(" ")
    return " ".join(w.replace("-", "-\u2060") if len(w) <= 16 and w.strip("-") else w for w in words)


def lay(text: str, font: QFont, width: float, rtl: bool) -> QTextLayout:
    """A text broken into lines of a width (pixels of the font's size), every line at the left and the top."""
    layout = QTextLayout(text, font)
    option = QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    for _ in range(_MOST_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0.0, 0.0))
    layout.endLayout()
    return layout


class _Setter:
    """One text on its way into a box."""

    def __init__(self, text: str, style: TextStyle) -> None:
        self.text = text
        self.style = style
        self.rtl = style.direction == "rtl" or (style.direction != "ltr" and is_rtl(text, style.locale))
        self.font = font_of(style, text)
        self.metrics = QFontMetricsF(self.font)
        words = [word for word in text.split() if not scripts_of(word) & UNSPACED]
        self.longest = max(
            (self.metrics.horizontalAdvance(w) for w in sorted(words, key=len)[-3:]), default=0.0
        )
        # letters that hang below and stand above the Latin ones need their room
        tall = 1.3 if scripts_of(text) & JOINED else 1.0
        self.leading = max(style.leading, tall)

    def lines(self, pixels: float, width: float) -> int:
        """Number of lines at a size in a width."""
        return int(lay(self.text, self.font, width * EM / pixels, self.rtl).lineCount())

    def breaks_words(self, pixels: float, width: float) -> bool:
        """Whether a word is wider than a line."""
        return self.longest > width * EM / pixels

    def fits(self, pixels: float, width: float, height: float) -> bool:
        """Whether the text fits with its words whole."""
        if self.breaks_words(pixels, width):
            return False
        lines = self.lines(pixels, width)
        return lines <= self.style.lines and lines * pixels * self.leading <= height + 1.0


def set_text(text: str, width: float, height: float, style: TextStyle, align: Align = "left") -> SetText:
    """Set a text into width × height pixels at the largest size that fits ``style.lines`` lines.

    Lines are balanced: the text takes the narrowest measure that keeps their number. "left" is where a line
    begins: at the right in a text that runs from right to left, and "right" at the left.
    """
    lost = "".join(c for c in dict.fromkeys(text[:4000]) if unicodedata.category(c) == "Co")
    return _set(clean(text)[:4000], round(width, 3), round(height, 3), style, align, lost)


@lru_cache(maxsize=256)
def _set(text: str, width: float, height: float, style: TextStyle, align: Align, lost: str) -> SetText:
    need_fonts()
    missing = undrawable(text, font_of(style, text))
    if missing:
        text = " ".join("".join(char for char in text if char not in missing).split())
    missing = lost + missing
    one = _Setter(_unbroken(text), style)
    pixels = _size(one, width, height)
    lines = one.lines(pixels, width)
    room = max(1, min(style.lines, int((height + 1.0) // (pixels * one.leading))))
    measure = width
    if lines > room:
        one = _Setter(_cut(one, pixels, width, room), style)
    elif lines > 1:
        measure = _balanced(one, pixels, width, lines)
    return _placed(one, pixels, width, measure, align, missing)


def _size(one: _Setter, width: float, height: float) -> float:
    """The largest letter size in whole pixels that fits."""
    style = one.style
    high, low = max(round(style.pixels), 1), max(round(style.pixels * style.least), 1)
    if one.fits(high, width, height):
        return high
    if not one.fits(low, width, height):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if one.fits(middle, width, height) else (low, middle)
    return low


def _balanced(one: _Setter, pixels: float, width: float, lines: int) -> float:
    """The narrowest measure that keeps the number of lines."""
    narrow, wide = width * 0.3, width
    for _ in range(8):
        middle = (narrow + wide) / 2
        ok = one.lines(pixels, middle) <= lines and not one.breaks_words(pixels, middle)
        narrow, wide = (narrow, middle) if ok else (middle, wide)
    return min(width, wide + 1.0)


def _cut(one: _Setter, pixels: float, width: float, room: int) -> str:
    """The longest beginning that leaves ``room`` lines with an ellipsis behind it, between whole letters."""
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, one.text)
    ends = []
    while (at := finder.toNextBoundary()) > 0:
        ends.append(at)
    units = one.text.encode("utf-16-le", "surrogatepass")

    def head(count: int) -> str:
        kept = units[: 2 * ends[count - 1]].decode("utf-16-le", "replace") if count else ""
        return kept.rstrip(" \u2060-,;:") + _ELLIPSIS

    low, high = 0, len(ends)
    while high - low > 1:
        middle = (low + high) // 2
        rows = lay(head(middle), one.font, width * EM / pixels, one.rtl).lineCount()
        low, high = (middle, high) if rows <= room else (low, middle)
    return head(low)


def _placed(one: _Setter, pixels: float, width: float, measure: float, align: Align, missing: str) -> SetText:
    scale = pixels / EM
    layout = lay(one.text, one.font, measure / scale, one.rtl)
    rows = [layout.lineAt(number) for number in range(layout.lineCount())]
    ascent = max([one.metrics.ascent(), *(row.ascent() for row in rows)])
    descent = max([one.metrics.descent(), *(row.descent() for row in rows)])
    step = pixels * one.leading
    first = (step - (ascent + descent) * scale) / 2 + ascent * scale
    letters: list[Letter] = []
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    pictures: list[tuple[QImage, QRectF]] = []
    shifts, widths = [], []
    for number, row in enumerate(rows):
        wide = row.naturalTextWidth() * scale
        widths.append(wide)
        at_right = {"left": one.rtl, "right": not one.rtl}.get(align, False)
        left = (width - wide) / 2 if align == "center" else width - wide if at_right else 0.0
        base = round(first + number * step)
        shifts.append(QPointF(left, base - row.ascent() * scale))
        for run in _runs(row):
            raw = run.rawFont()
            face = face_of(raw)
            indexes = run.glyphIndexes()
            places = zip(
                indexes, run.positions(), run.stringIndexes(), glyphs_of(raw, face, indexes), strict=True
            )
            for index, spot, at, glyph in places:
                x, y = left + spot.x() * scale, base + (spot.y() - row.ascent()) * scale
                letters.append(Letter(face, index, x, y, at))
                if glyph.picture is not None and glyph.box is not None:
                    box = glyph.box
                    place = QRectF(
                        x + box.x() * pixels,
                        y + box.y() * pixels,
                        box.width() * pixels,
                        box.height() * pixels,
                    )
                    pictures.append((glyph.picture, place))
                else:
                    path.addPath(QTransform(pixels, 0, 0, pixels, x, y).map(glyph.path))
    if any(letter.index == 0 for letter in letters):
        # not by the glyph's place: Qt misplaces those of a right-to-left run that two fonts share
        missing += "".join(
            char
            for char in dict.fromkeys(one.text)
            if char not in missing and _seen(char) and not one.metrics.inFontUcs4(ord(char))
        )
    return SetText(
        one.text, one.style, pixels, min(max(widths, default=0.0), width), len(rows) * step, tuple(widths),
        one.rtl, tuple(letters), path, path.boundingRect(), tuple(pictures), missing, measure / scale,
        tuple(shifts),
    )  # fmt: skip


def _runs(row: QTextLine) -> list[QGlyphRun]:
    found: list[QGlyphRun] = row.glyphRuns(-1, -1, _RUNS)
    return found


def _seen(char: str) -> bool:
    """Whether a character leaves a mark on paper."""
    return not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc", "Zs")


def draw_text(done: SetText, ink: str, width: float) -> tuple[QImage, int]:
    """A set text as a transparent picture, and the margin round it that accents and descenders may use."""
    box = done.box
    over = max(-box.left(), -box.top(), box.right() - width, box.bottom() - done.height, 0.0)
    margin = max(round(done.pixels * 0.3), round(over) + 1, 2)
    size = QRectF(0, 0, width + 2 * margin, done.height + 2 * margin).toAlignedRect().size()
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with painting(image, QPainter.RenderHint.Antialiasing) as painter:
        painter.translate(margin, margin)
        paint_text(painter, done, ink)
    return image, margin


def paint_text(painter: QPainter, done: SetText, ink: str) -> None:
    """Fill a set text's outlines and draw its emoji, from the painter's origin on."""
    with _drawing:
        if not done.path.isEmpty():
            painter.fillPath(done.path, colour(ink))
    for picture, box in done.pictures:
        size = QSizeF(box.width(), box.height())
        painter.drawImage(
            QPointF(round(box.x()), round(box.y())), scaled(picture, size.width(), size.height())
        )


def paint_as_text(painter: QPainter, done: SetText, ink: str) -> None:
    """Draw a set text as text, for devices that embed fonts (PDF): it can be selected and searched."""
    font = font_of(done.style, done.text)
    layout = lay(done.text, font, done.measure, done.rtl)
    scale = done.pixels / EM
    painter.save()
    painter.setPen(colour(ink))
    for number, shift in enumerate(done.shifts[: layout.lineCount()]):
        painter.save()
        painter.translate(shift)
        painter.scale(scale, scale)
        for run in _runs(layout.lineAt(number)):
            if not face_of(run.rawFont()).colour:
                painter.drawGlyphRun(QPointF(0, 0), run)
        painter.restore()
    painter.restore()
    for picture, box in done.pictures:
        painter.drawImage(box, picture)
