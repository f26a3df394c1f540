"""Letter shapes as outlines, and emoji as pictures: the same from every thread and after any history.

Qt's FreeType engine leaves the fraction of a pixel at which it last drew a small letter in the face, and
shifts the next outline by it (up to a font unit: 15 of 255 at a letter's edge). Loading a glyph's box with an
engine that is still empty puts the face straight; outlines are then taken in font units, once per glyph, and
kept.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGlyphRun, QImage, QPainterPath, QRawFont, QTransform

from mmstudio.composition.render.pictures import painting

_COLOUR_TABLES = ("CBDT", "sbix", "COLR", "SVG ")
_PICTURE = 136.0  # em of an emoji's picture in pixels: the size of Noto's own
_kept: dict[tuple[str, int], Glyph] = {}
_faces: dict[str, Face] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Face:
    """A font as a text is drawn with it; ``key`` is the same wherever its outlines are."""

    key: str
    family: str
    style: str
    units: float
    colour: bool
    head: bytes


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter's outline in em (y down), or an emoji's picture with its place in em."""

    path: QPainterPath
    picture: QImage | None = None
    box: QRectF | None = None


def face_of(raw: QRawFont) -> Face:
    """What a raw font is."""
    head = bytes(raw.fontTable("head").data())
    name = f"{raw.familyName()}\0{raw.styleName()}\0{raw.weight()}\0{raw.style().value}"
    key = hashlib.sha256(head + name.encode()).hexdigest()[:24]
    with _lock:
        face = _faces.get(key)
        if face is None:
            colour = any(raw.fontTable(table).size() for table in _COLOUR_TABLES)
            face = Face(key, raw.familyName(), raw.styleName(), raw.unitsPerEm() or 1000.0, colour, head)
            _faces[key] = face
    return face


def glyphs_of(raw: QRawFont, face: Face, indexes: list[int]) -> list[Glyph]:
    """The shapes of glyphs of a face, in their order."""
    missing = [index for index in dict.fromkeys(indexes) if (face.key, index) not in _kept]
    if missing:
        made = _pictures(raw, missing) if face.colour else _outlines(raw, face, missing)
        with _lock:
            for index, glyph in zip(missing, made, strict=True):
                _kept.setdefault((face.key, index), glyph)
    return [_kept[face.key, index] for index in indexes]


def _outlines(raw: QRawFont, face: Face, indexes: list[int]) -> list[Glyph]:
    clean = QRawFont(raw)
    # an engine of its own with nothing loaded: another size than any text uses
    clean.setPixelSize(face.units + 0.5)
    clean.setPixelSize(face.units)
    clean.boundingRect(indexes[0])
    small = QTransform.fromScale(1.0 / face.units, 1.0 / face.units)
    made = []
    for index in indexes:
        path = small.map(clean.pathForGlyph(index))
        path.setFillRule(Qt.FillRule.WindingFill)
        made.append(Glyph(path))
    return made


def _pictures(raw: QRawFont, indexes: list[int]) -> list[Glyph]:
    sized = QRawFont(raw)
    sized.setPixelSize(_PICTURE)
    made = []
    for index in indexes:
        box = sized.boundingRect(index)
        if box.isEmpty():
            made.append(Glyph(QPainterPath()))
            continue
        box = QRectF(box.toAlignedRect().adjusted(-1, -1, 1, 1))
        image = QImage(box.size().toSize(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        run = QGlyphRun()
        run.setRawFont(sized)
        run.setGlyphIndexes([index])
        run.setPositions([QPointF(-box.x(), -box.y())])
        with painting(image) as painter:
            painter.setPen(Qt.GlobalColor.black)
            painter.drawGlyphRun(QPointF(0, 0), run)
        em = QRectF(box.x() / _PICTURE, box.y() / _PICTURE, box.width() / _PICTURE, box.height() / _PICTURE)
        made.append(Glyph(QPainterPath(), image, em))
    return made
