"""Two places to drop something on while it is dragged over the library: bring it in, or find its like."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import paint_icon
from mmstudio.desktop.models.asset_model import dropped_assets
from mmstudio.desktop.views.painting import sized
from mmstudio.i18n import mark, tr
from mmstudio.media.kinds import kind_of

_GAP = 16
IMPORT, SIMILAR = "import", "similar"
_SAID = {
    IMPORT: ("folder-plus", mark("Add to the library")),
    SIMILAR: ("magnifying-glass-plus", mark("Find what is like it")),
}


class DropZones(QWidget):
    """Lies over a pane during a drag; where neither zone fits what is dragged, it stays away."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._zones: list[str] = []
        self._here = ""
        self.hide()

    def offer(self, data: QMimeData, *, writing: bool) -> bool:
        """Show the zones for what is dragged; False where nothing can be done with it."""
        self._zones = []
        if writing and local_files(data):
            self._zones.append(IMPORT)
        if like_token(data) is not None:
            self._zones.append(SIMILAR)
        if self._zones:
            self.setGeometry(self._over.rect())
            self.raise_()
            self.show()
        return bool(self._zones)

    def hover(self, at: QPointF) -> None:
        """Light up the zone under the pointer."""
        here = self.zone_at(at)
        if here != self._here:
            self._here = here
            self.update()

    def zone_at(self, at: QPointF) -> str:
        """The zone at a place of the pane; the first one where no zones are shown."""
        if not self.isVisible():
            return IMPORT
        for zone, rect in zip(self._zones, self._rects(), strict=True):
            if rect.contains(at.toPoint()):
                return zone
        return ""

    def centre_of(self, zone: str) -> QPointF:
        """The middle of a zone that is shown."""
        return QPointF(self._rects()[self._zones.index(zone)].center())

    def end(self) -> None:
        """The drag is over."""
        self._here = ""
        self.hide()

    def _rects(self) -> list[QRect]:
        area = self.rect().adjusted(_GAP, _GAP, -_GAP, -_GAP)
        count = max(1, len(self._zones))
        width = (area.width() - _GAP * (count - 1)) // count
        return [
            QRect(area.x() + n * (width + _GAP), area.y(), width, area.height())
            for n in range(len(self._zones))
        ]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        back = theme.color("surface")
        back.setAlpha(225)
        painter.fillRect(self.rect(), back)
        for zone, rect in zip(self._zones, self._rects(), strict=True):
            lit = zone == self._here
            pen = QPen(theme.color("accent" if lit else "border"), 2)
            pen.setStyle(Qt.PenStyle.SolidLine if lit else Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(theme.color("selection") if lit else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, theme.RADIUS, theme.RADIUS)
            icon, words = _SAID[zone]
            box = QRect(0, 0, 32, 32)
            box.moveCenter(rect.center())
            box.translate(0, -20)
            paint_icon(painter, box, icon, "accent" if lit else "muted")
            painter.setFont(sized(self.font(), theme.HEADING))
            painter.setPen(theme.color("text"))
            painter.drawText(rect.adjusted(8, 40, -8, 0), int(Qt.AlignmentFlag.AlignCenter), tr(words))


def local_files(data: QMimeData) -> list[str]:
    """Files and folders of this computer that a drag carries; none where it carries assets of the library."""
    if dropped_assets(data) or not data.hasUrls():
        return []
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def like_token(data: QMimeData) -> str | None:
    """What ``like:`` takes for what is dragged: the number of its first asset, or its one media file."""
    assets = dropped_assets(data)
    if assets:
        return str(assets[0])
    files = local_files(data)
    if len(files) == 1 and '"' not in files[0] and kind_of(Path(files[0])) is not None:
        return files[0]
    return None
