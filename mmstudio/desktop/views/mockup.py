"""Where an ad will be seen: a feed, a story, an e-mail, a web card, drawn round its frame.

Own drawings of no particular service: they show the room an ad gets, what stands beside and over it, and
how it sits on light and dark. Measures are those of a phone of 390 x 844 and a window of 1280 x 800 points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from mmstudio.i18n import mark, tr

Place = Literal["plain", "feed", "story", "email", "web"]
Device = Literal["phone", "desktop"]
PLACES: dict[Place, str] = {
    "plain": mark("Alone"),
    "feed": mark("In a feed"),
    "story": mark("As a story"),
    "email": mark("In an e-mail"),
    "web": mark("As a web card"),
}
_SIZES: dict[Device, tuple[float, float]] = {"phone": (390.0, 844.0), "desktop": (1280.0, 800.0)}


@dataclass(frozen=True, slots=True)
class Mockup:
    """A place, the device it is seen on, and whether that is dark."""

    place: Place = "plain"
    device: Device = "phone"
    dark: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of the ad that stand beside its picture."""

    brand: str = ""
    headline: str = ""
    line: str = ""
    price: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    ground: str
    card: str
    text: str
    muted: str
    line: str
    block: str
    accent: str
    on_accent: str


_LIGHT = _Look("#f0f2f5", "#ffffff", "#14171a", "#667079", "#dfe3e8", "#e7eaee", "#1f5fd6", "#ffffff")
_DARK = _Look("#0f1113", "#1b1e22", "#eef0f2", "#9aa3ad", "#30353b", "#2a2f35", "#8ab0ff", "#0f1420")


def fits(mockup: Mockup, ratio: float) -> bool:
    """Whether a picture of this width over height belongs there: a story is upright."""
    return mockup.place != "story" or ratio < 0.8


def picture_rect(mockup: Mockup, area: QRectF, ratio: float) -> QRectF:
    """Where in ``area`` the frame of an ad of a shape (width over height) stands, in its coordinates."""
    if mockup.place == "plain":
        size = QSizeF(ratio, 1.0).scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return _centred(size, area)
    scale, origin = _fit(mockup, area)
    spot = _spot(mockup, ratio)
    return QRectF(
        origin.x() + spot.x() * scale,
        origin.y() + spot.y() * scale,
        spot.width() * scale,
        spot.height() * scale,
    )


def paint_mockup(painter: QPainter, area: QRectF, mockup: Mockup, frame: QImage, words: Words) -> QRectF:
    """Draw the place with the frame in it; returns where the frame stands."""
    ratio = frame.width() / frame.height()
    target = picture_rect(mockup, area, ratio)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if mockup.place == "plain":
        painter.drawImage(target, frame)
        return target
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale, origin = _fit(mockup, area)
    painter.translate(origin)
    painter.scale(scale, scale)
    look = _DARK if mockup.dark else _LIGHT
    width, height = _SIZES[mockup.device]
    device = QPainterPath()
    device.addRoundedRect(QRectF(0, 0, width, height), *((44, 44) if mockup.device == "phone" else (12, 12)))
    painter.fillPath(device, QColor(look.ground))
    painter.setClipPath(device)
    pen = _Pen(painter, look)
    spot = _spot(mockup, ratio)
    draw = {"feed": _feed, "story": _story, "email": _email, "web": _web}[mockup.place]
    draw(pen, mockup, spot, words, frame)
    if mockup.device == "phone":
        _phone_bars(pen, over=mockup.place == "story")
    else:
        _window_bar(pen)
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#3a4047" if mockup.dark else "#aeb5bd"), 2.5))
    painter.drawPath(device)
    painter.restore()
    return target


def _fit(mockup: Mockup, area: QRectF) -> tuple[float, QPointF]:
    width, height = _SIZES[mockup.device]
    scale = min(area.width() / (width + 8), area.height() / (height + 8))
    place = _centred(QSizeF(width * scale, height * scale), area)
    return scale, place.topLeft()


def _centred(size: QSizeF, area: QRectF) -> QRectF:
    return QRectF(
        area.x() + (area.width() - size.width()) / 2,
        area.y() + (area.height() - size.height()) / 2,
        size.width(),
        size.height(),
    )


def _spot(mockup: Mockup, ratio: float) -> QRectF:
    """Where the frame stands on the device, in points."""
    phone = mockup.device == "phone"
    match mockup.place:
        case "feed":
            box = QRectF(0, 168, 390, 500) if phone else QRectF(405, 170, 470, 470)
        case "story":
            box = QRectF(0, 0, 390, 844) if phone else QRectF(440, 60, 400, 711)
        case "email":
            box = QRectF(16, 228, 358, 358) if phone else QRectF(520, 204, 560, 360)
        case _:
            box = QRectF(16, 176, 358, 400) if phone else QRectF(80, 150, 352, 400)
    if ratio >= box.width() / box.height():
        high = box.width() / ratio
        free = box.height() - high if mockup.place == "story" and ratio > 0.7 else 0.0
        return QRectF(box.x(), box.y() + free / 2, box.width(), high)
    wide = box.height() * ratio
    # a feed and a page show an upright picture with room at its sides
    return QRectF(box.x() + (box.width() - wide) / 2, box.y(), wide, box.height())


class _Pen:
    """Words and boxes in a look."""

    def __init__(self, painter: QPainter, look: _Look) -> None:
        self.painter, self.look = painter, look

    def box(self, rect: QRectF, colour: str, radius: float = 0.0, line: str = "") -> None:
        self.painter.setPen(QPen(QColor(line), 1) if line else Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(colour))
        self.painter.drawRoundedRect(rect, radius, radius)

    def bars(self, x: float, y: float, *widths: float, height: float = 10.0, gap: float = 10.0) -> float:
        """Lines of text that is not ours; returns where they end."""
        for width in widths:
            self.box(QRectF(x, y, width, height), self.look.block, height / 2)
            y += height + gap
        return y

    def words(
        self,
        rect: QRectF,
        text: str,
        size: float,
        colour: str = "",
        *,
        bold: bool = False,
        centre: bool = False,
        lines: int = 1,
    ) -> float:
        """At most ``lines`` lines, cut with an ellipsis; returns the height used."""
        font = QFont(self.painter.font())
        font.setPixelSize(max(round(size), 1))
        font.setBold(bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(colour or self.look.text))
        metrics = QFontMetricsF(font)
        flags = Qt.TextFlag.TextWordWrap | (
            Qt.AlignmentFlag.AlignHCenter if centre else Qt.AlignmentFlag.AlignLeft
        )
        kept = " ".join(text.split())[:400]
        most = metrics.height() * lines + 1
        while (
            kept and metrics.boundingRect(QRectF(0, 0, rect.width(), 9999), int(flags), kept).height() > most
        ):
            kept = kept[: max(len(kept) - max(len(kept) // 12, 2), 0)].rstrip() + "…" if len(kept) > 4 else ""
            kept = kept.replace("……", "…")
        bound = metrics.boundingRect(QRectF(0, 0, rect.width(), 9999), int(flags), kept)
        self.painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), most), int(flags), kept)
        return bound.height() if kept else 0.0

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(colour))
        self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def icon(self, rect: QRectF, name: str, colour: str = "") -> None:
        from mmstudio.desktop.icons import paint_glyph

        paint_glyph(self.painter, rect, name, QColor(colour or self.look.text))

    def button(self, rect: QRectF, text: str) -> None:
        self.box(rect, self.look.accent, 6)
        inner = rect.adjusted(8, (rect.height() - 20) / 2, -8, 0)
        self.words(inner, text, 15, self.look.on_accent, bold=True, centre=True)


def _avatar(pen: _Pen, x: float, y: float, brand: str) -> None:
    """The round mark of a brand, its first letter in it, around a point."""
    pen.dot(x, y, 18, pen.look.accent)
    pen.words(
        QRectF(x - 10, y - 11, 20, 22), brand[:1].upper(), 16, pen.look.on_accent, bold=True, centre=True
    )


def _feed(pen: _Pen, mockup: Mockup, spot: QRectF, words: Words, frame: QImage) -> None:
    phone = mockup.device == "phone"
    left, wide = (0.0, 390.0) if phone else (405.0, 470.0)
    pen.box(QRectF(left, 56 if phone else 44, wide, 900), pen.look.card)
    if phone:
        pen.words(QRectF(16, 60, 260, 30), tr("Today"), 22, bold=True)
        pen.icon(QRectF(346, 60, 26, 26), "bell")
    else:
        for n in range(6):
            pen.dot(120, 120 + 58 * n, 16, pen.look.block)
            pen.bars(148, 115 + 58 * n, 130.0 - 12 * (n % 3))
        for n in range(4):
            pen.box(QRectF(920, 110 + 96 * n, 280, 76), pen.look.card, 10)
            pen.bars(940, 130 + 96 * n, 180.0, 120.0)
    top = spot.y() - 62
    _avatar(pen, left + 34, top + 31, words.brand)
    pen.words(QRectF(left + 62, top + 13, wide - 120, 20), words.brand, 15, bold=True)
    pen.words(QRectF(left + 62, top + 33, wide - 120, 18), tr("Sponsored"), 12, pen.look.muted)
    pen.icon(QRectF(left + wide - 40, top + 19, 24, 24), "dots-three")
    pen.box(QRectF(left, spot.y(), wide, spot.height()), pen.look.block)
    pen.painter.drawImage(spot, frame)
    under = spot.bottom() + 12
    for n, name in enumerate(("heart", "chat-circle", "paper-plane-tilt")):
        pen.icon(QRectF(left + 16 + 42 * n, under, 26, 26), name)
    pen.icon(QRectF(left + wide - 42, under, 26, 26), "bookmark-simple")
    used = pen.words(QRectF(left + 16, under + 36, wide - 32, 40), words.headline, 15, bold=True, lines=2)
    pen.words(QRectF(left + 16, under + 40 + used, wide - 32, 60), words.line, 14, pen.look.muted, lines=2)


def _story(pen: _Pen, mockup: Mockup, spot: QRectF, words: Words, frame: QImage) -> None:
    phone = mockup.device == "phone"
    panel = QRectF(0, 0, 390, 844) if phone else QRectF(440, 60, 400, 711)
    pen.box(QRectF(0, 0, 1280, 900), "#101214" if mockup.dark or phone else "#c9ced4")
    pen.box(panel, "#000000", 0 if phone else 14)
    whole = QSizeF(frame.width(), frame.height()).scaled(
        panel.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding
    )
    pen.painter.save()
    clip = QPainterPath()
    clip.addRoundedRect(panel, 14, 14)
    if not phone:
        pen.painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
    pen.painter.setOpacity(0.35)
    soft = frame.scaled(  # so small that no word is read in it
        7, 12, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    pen.painter.drawImage(_centred(whole, panel), soft)
    pen.painter.setOpacity(1.0)
    pen.painter.drawImage(spot, frame)
    pen.painter.restore()
    top = panel.y() + (58 if phone else 12)
    each = (panel.width() - 24 - 12) / 3
    for n in range(3):
        pen.box(
            QRectF(panel.x() + 12 + n * (each + 6), top, each, 3), "#ffffff" if n == 0 else "#80ffffff", 1.5
        )
    pen.dot(panel.x() + 32, top + 28, 16, pen.look.accent)
    shade = "#ffffff"
    pen.painter.setPen(QColor(0, 0, 0, 120))
    pen.words(QRectF(panel.x() + 59, top + 19, 220, 20), words.brand, 14, "#90000000", bold=True)
    pen.words(QRectF(panel.x() + 58, top + 18, 220, 20), words.brand, 14, shade, bold=True)
    pen.icon(QRectF(panel.right() - 40, top + 16, 24, 24), "x", shade)
    foot = panel.bottom() - (74 if phone else 58)
    field = QRectF(panel.x() + 16, foot, panel.width() - 110, 40)
    pen.painter.setPen(QPen(QColor(255, 255, 255, 190), 1.5))
    pen.painter.setBrush(QColor(0, 0, 0, 60))
    pen.painter.drawRoundedRect(field, 20, 20)
    pen.words(field.adjusted(16, 10, -8, 0), tr("Send a message"), 14, "#e8ffffff")
    pen.icon(QRectF(panel.right() - 80, foot + 7, 26, 26), "heart", shade)
    pen.icon(QRectF(panel.right() - 42, foot + 7, 26, 26), "paper-plane-tilt", shade)
    if not phone:
        for x, name in ((380.0, "caret-left"), (868.0, "caret-right")):
            pen.dot(x + 16, 416, 20, pen.look.card)
            pen.icon(QRectF(x + 4, 404, 24, 24), name)


def _email(pen: _Pen, mockup: Mockup, spot: QRectF, words: Words, frame: QImage) -> None:
    phone = mockup.device == "phone"
    if phone:
        pen.box(QRectF(0, 56, 390, 800), pen.look.card)
        pen.icon(QRectF(14, 66, 26, 26), "caret-left", pen.look.accent)
        left, wide, top = 16.0, 358.0, 108.0
    else:
        pen.box(QRectF(0, 44, 400, 760), pen.look.ground)
        for n in range(7):
            y = 64.0 + 98 * n
            if n == 0:
                pen.box(QRectF(8, y - 8, 384, 88), pen.look.card, 8)
            if n == 0:
                pen.words(QRectF(28, y + 2, 330, 20), words.brand, 14, bold=True)
                pen.words(QRectF(28, y + 24, 340, 20), words.headline, 14)
                pen.words(QRectF(28, y + 45, 340, 20), words.line, 13, pen.look.muted)
            else:
                pen.bars(28, y + 6, 120.0 + 20 * (n % 3), 300.0 - 30 * (n % 2), 240.0)
        pen.box(QRectF(400, 44, 880, 760), pen.look.card)
        left, wide, top = 520.0, 560.0, 70.0
    used = pen.words(QRectF(left, top, wide, 60), words.headline, 22, bold=True, lines=2)
    line = top + used + 16
    _avatar(pen, left + 18, line + 20, words.brand)
    pen.words(QRectF(left + 48, line + 2, wide - 130, 20), words.brand, 15, bold=True)
    pen.words(QRectF(left + 48, line + 22, wide - 130, 18), tr("to you"), 13, pen.look.muted)
    pen.words(QRectF(left + wide - 60, line + 2, 60, 18), "09:41", 13, pen.look.muted)
    pen.painter.drawImage(spot, frame)
    y = spot.bottom() + 18
    y += pen.words(QRectF(left, y, wide, 26), words.headline, 18, bold=True, lines=1) + 6
    y += pen.words(QRectF(left, y, wide, 60), words.line, 15, pen.look.muted, lines=2) + 14
    if words.button:
        pen.button(QRectF(left, y, 180, 42), words.button)


def _web(pen: _Pen, mockup: Mockup, spot: QRectF, words: Words, frame: QImage) -> None:
    phone = mockup.device == "phone"
    if phone:
        pen.box(QRectF(0, 56, 390, 52), pen.look.card)
        pen.icon(QRectF(14, 69, 26, 26), "list")
        pen.words(QRectF(60, 70, 270, 26), words.brand, 17, bold=True, centre=True)
        pen.icon(QRectF(350, 69, 26, 26), "shopping-bag")
        pen.bars(16, 132, 150.0, height=16)
        cards = [QRectF(16, 176, 358, 0)]
    else:
        pen.box(QRectF(0, 44, 1280, 56), pen.look.card)
        pen.words(QRectF(80, 60, 300, 26), words.brand, 18, bold=True)
        for n in range(4):
            pen.bars(560.0 + 110 * n, 67, 76.0)
        pen.icon(QRectF(1172, 60, 26, 26), "shopping-bag")
        pen.bars(80, 118, 220.0, height=14)
        cards = [QRectF(80 + 384 * n, 150, 352, 0) for n in range(3)]
    for n, card in enumerate(cards):
        high = max(spot.height(), 300.0) if n == 0 else 300.0
        shape = replace_height(card, high + 160)
        pen.box(shape, pen.look.card, 12, pen.look.line)
        if n:
            pen.box(QRectF(card.x(), card.y(), card.width(), 300), pen.look.block, 12)
            pen.bars(card.x() + 20, card.y() + 324, 220.0, 160.0, 90.0)
            continue
        pen.painter.save()
        clip = QPainterPath()
        clip.addRoundedRect(shape, 12, 12)
        pen.painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
        pen.box(QRectF(card.x(), card.y(), card.width(), spot.height()), pen.look.block)
        pen.painter.drawImage(spot, frame)
        pen.painter.restore()
        y = card.y() + high + 14
        y += pen.words(QRectF(card.x() + 20, y, card.width() - 40, 24), words.headline, 17, bold=True) + 4
        y += pen.words(
            QRectF(card.x() + 20, y, card.width() - 40, 44), words.line, 14, pen.look.muted, lines=2
        )
        pen.words(QRectF(card.x() + 20, shape.bottom() - 44, 160, 28), words.price, 20, bold=True)
        if words.button:
            pen.button(QRectF(card.right() - 156, shape.bottom() - 52, 136, 38), words.button)


def replace_height(rect: QRectF, height: float) -> QRectF:
    """The rectangle, as high as said."""
    return QRectF(rect.x(), rect.y(), rect.width(), height)


def _phone_bars(pen: _Pen, over: bool) -> None:
    shade = "#ffffff" if over else pen.look.text
    pen.words(QRectF(34, 20, 60, 20), "09:41", 15, shade, bold=True)
    pen.painter.setPen(QPen(QColor(shade), 1.2))
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    pen.painter.drawRoundedRect(QRectF(330, 22, 25, 12), 3.5, 3.5)
    pen.box(QRectF(332, 24, 17, 8), shade, 2)
    pen.box(QRectF(130, 828, 130, 5), shade, 2.5)


def _window_bar(pen: _Pen) -> None:
    pen.box(QRectF(0, 0, 1280, 44), pen.look.block)
    for n in range(3):
        pen.dot(24 + 20 * n, 22, 6, pen.look.muted)
    pen.box(QRectF(340, 9, 600, 26), pen.look.card, 13)


def other_look(mockup: Mockup) -> Mockup:
    """The same place, dark where it was light and light where it was dark."""
    return replace(mockup, dark=not mockup.dark)
