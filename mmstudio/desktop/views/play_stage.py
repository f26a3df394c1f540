"""The large picture of Play, and tiles that hold a picture which lies in no file."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from mmstudio.desktop import icons, theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.canvas import PictureCanvas, fitted
from mmstudio.desktop.views.painting import paint_picture, sized
from mmstudio.desktop.views.search_drop import like_token
from mmstudio.i18n import mark, tr


class PlayStage(PictureCanvas):
    """The picture of the current point; takes a picture that is dropped on it.

    Signals:
        dropped: QMimeData with an asset or a file.
    """

    dropped = Signal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = ""
        self._over = False
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(
            self,
            mark("The picture"),
            mark("What the model draws here. Drop a picture on it to put it into the model."),
        )

    @property
    def note(self) -> str:
        """The words in the corner."""
        return self._note

    def set_note(self, words: str) -> None:
        """A few words in the corner of the picture; nothing where empty."""
        if words != self._note:
            self._note = words
            self.setAccessibleDescription(words)
            self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if like_token(event.mimeData()) is not None:
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        if like_token(event.mimeData()) is not None:
            event.acceptProposedAction()
            self.dropped.emit(event.mimeData())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._over:
            back = theme.color("surface")
            back.setAlpha(225)
            painter.fillRect(self.rect(), back)
            area = self.rect().adjusted(16, 16, -16, -16)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
            painter.setFont(sized(self.font(), theme.HEADING))
            painter.setPen(theme.color("text"))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), tr("Put it into the model"))
        elif self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2))
            ring = self.rect() if self.image.isNull() else fitted(self.image.size(), self.rect())
            painter.drawRect(ring.adjusted(1, 1, -1, -1))
        if self._note:
            painter.setFont(sized(self.font(), theme.SMALL))
            width = painter.fontMetrics().horizontalAdvance(self._note) + 16
            corner = self.rect() if self.image.isNull() else fitted(self.image.size(), self.rect())
            box = QRect(corner.x() + 8, corner.y() + 8, min(width, corner.width() - 16), 24)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("overlay"))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(theme.color("on_overlay"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._note)


class ImageTile(QAbstractButton):
    """A picture in memory as a button; ``badge`` is a letter in its corner, ``icon`` shown while empty."""

    def __init__(
        self, side: int = 0, *, badge: str = "", icon: str = "image", parent: QWidget | None = None
    ) -> None:
        """``side`` pixels; 0 fills the room there is."""
        super().__init__(parent)
        self._pixmap: QPixmap | None = QPixmap()
        self._badge, self._icon = badge, icon
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if side:
            self.setFixedSize(side, side)
        else:
            self.setMinimumSize(48, 48)

    def set_image(self, image: QImage | None) -> None:
        """Show a picture; a skeleton where None, the icon where null."""
        self._pixmap = None if image is None else QPixmap.fromImage(image)
        self.update()

    @property
    def filled(self) -> bool:
        """True where a picture is shown."""
        return self._pixmap is not None and not self._pixmap.isNull()

    def sizeHint(self) -> QSize:
        return QSize(96, 96)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.rect()
        if self._pixmap is not None and not self._pixmap.isNull():
            size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            shown = QRect(
                (self.width() - size.width()) // 2,
                (self.height() - size.height()) // 2,
                size.width(),
                size.height(),
            )
        paint_picture(painter, shown, self._pixmap, icon=self._icon)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse() or self.isChecked():
            painter.setPen(QPen(theme.color("focus" if self.hasFocus() or self.isChecked() else "muted"), 2))
            painter.drawRoundedRect(shown.adjusted(1, 1, -1, -1), theme.RADIUS - 2, theme.RADIUS - 2)
        if self._badge:
            paint_badge(painter, QRect(shown.x() + 3, shown.y() + 3, 18, 18), self._badge)


def paint_badge(painter: QPainter, box: QRect, words: str) -> None:
    """A letter or number on a dark disc, readable on any picture."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("overlay"))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setFont(sized(painter.font(), theme.SMALL, bold=True))
    painter.setPen(theme.color("on_overlay"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
    painter.restore()


class NeighbourGrid(QWidget):
    """Eight neighbours around the current picture; the middle one goes back.

    Signals:
        picked: place of a neighbour, 0 to 7. left: the current picture stays.
    """

    picked = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        self.tiles: list[ImageTile] = []
        self.middle = ImageTile()
        name(self.middle, mark("The current picture: press to keep it"))
        self.middle.setCheckable(True)
        self.middle.setChecked(True)
        self.middle.clicked.connect(self._keep)
        for cell in range(9):
            if cell == 4:
                layout.addWidget(self.middle, 1, 1)
                continue
            tile = ImageTile()
            place = len(self.tiles)
            tile.clicked.connect(lambda _on=False, place=place: self._pick(place))
            self.tiles.append(tile)
            layout.addWidget(tile, cell // 3, cell % 3)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the neighbours again."""
        for place, tile in enumerate(self.tiles, 1):
            tile.setAccessibleName(tr("Variation {n}", n=place))
            tile.setToolTip(tr("Variation {n}: press to go there", n=place))

    def begin(self, current: QImage) -> None:
        """Skeletons around the current picture."""
        self.middle.set_image(current)
        for tile in self.tiles:
            tile.set_image(None)

    def put(self, place: int, image: QImage) -> None:
        """One neighbour arrived."""
        self.tiles[place].set_image(image)

    def _pick(self, place: int) -> None:
        if self.tiles[place].filled:
            self.picked.emit(place)

    def _keep(self) -> None:
        self.middle.setChecked(True)
        self.left.emit()


def paint_check(painter: QPainter, box: QRect) -> None:
    """The sign of something saved."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("overlay"))
    painter.drawEllipse(box)
    icons.paint_icon(painter, box.adjusted(2, 2, -2, -2), "check", "on_overlay")
    painter.restore()
