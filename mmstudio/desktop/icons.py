"""Line icons of one set (Phosphor, as shipped with QtAwesome), tinted by the theme at paint time.

The font is read straight from QtAwesome's folder: importing the package itself costs 0.15 s at start-up.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap
from shiboken6 import isValid

from mmstudio.desktop import theme


@lru_cache(maxsize=1)
def _font_files() -> tuple[Path, Path]:
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("qtawesome")
    folder = Path(spec.submodule_search_locations[0]) / "fonts"
    return next(folder.glob("phosphor-[0-9]*.ttf")), next(folder.glob("phosphor-charmap-*.json"))


@lru_cache(maxsize=1)
def _charmap() -> dict[str, str]:
    return {
        name: chr(int(code, 16))
        for name, code in json.loads(_font_files()[1].read_text(encoding="utf-8")).items()
    }


@lru_cache(maxsize=1)
def _family() -> str:
    font_id = QFontDatabase.addApplicationFont(str(_font_files()[0]))
    families = QFontDatabase.applicationFontFamilies(font_id)
    return families[0] if families else ""


def names() -> frozenset[str]:
    """Every icon name of the set."""
    return frozenset(_charmap())


def paint_icon(painter: QPainter, rect: QRect | QRectF, name: str, role: str = "text") -> None:
    """Paint an icon into ``rect`` in the colour of a theme role; used by delegates."""
    paint_glyph(painter, rect, name, theme.color(role))


def paint_glyph(painter: QPainter, rect: QRect | QRectF, name: str, colour: QColor) -> None:
    """Paint an icon into ``rect`` in a colour of its own, whatever the theme."""
    glyph = _charmap().get(name, "")
    font = QFont(_family())
    font.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(QRectF(rect), Qt.AlignmentFlag.AlignCenter, glyph)
    painter.restore()


class _Engine(QIconEngine):
    """Draws a glyph afresh each time, so a change of theme needs no new icons and every scale is sharp."""

    def __init__(self, name: str, role: str, checked_role: str) -> None:
        super().__init__()
        self._name, self._role, self._checked_role = name, role, checked_role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        role = self._checked_role if state == QIcon.State.On else self._role
        if mode == QIcon.Mode.Disabled:
            role = "disabled"
        paint_icon(painter, rect, self._name, role)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if size.isEmpty():  # a button that has no room yet
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        # Qt owns the clone, but Python would delete it with its last reference: keep one while Qt has it.
        made = _Engine(self._name, self._role, self._checked_role)
        _clones[:] = [engine for engine in _clones if isValid(engine)]
        _clones.append(made)
        return made


_clones: list[_Engine] = []


def icon(name: str, role: str = "text", checked_role: str = "") -> QIcon:
    """An icon by its Phosphor name, e.g. ``icon("play")`` or ``icon("trash", "danger")``.

    Args:
        name: a name of :func:`names` (``-fill`` and ``-bold`` variants exist).
        role: a theme role (``text``, ``muted``, ``accent``, ``danger``, ``on_accent`` …).
        checked_role: role while the button is checked; the same as ``role`` when empty.
    """
    return QIcon(_Engine(name, role, checked_role or role))


KIND_ICONS = {"image": "image", "audio": "music-notes", "video": "film-strip", "text": "article"}
"""Icon of each media kind."""
