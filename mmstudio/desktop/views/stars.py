"""Five stars to rate with, by mouse or by the keys 0 to 5 and the arrows."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import paint_icon
from mmstudio.desktop.texts import say
from mmstudio.i18n import mark, tr

_SIDE, _GAP = 20, 4


class Stars(QWidget):
    """A rating from 0 to 5; ``rated`` tells what the person chose."""

    rated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rating = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        say(self, mark("Rating, 0 to 5 stars"), "setAccessibleName")
        say(self, mark("Rating: click a star, or press 0 to 5"), "setToolTip")

    @property
    def rating(self) -> int:
        """The rating shown."""
        return self._rating

    def set_rating(self, rating: int) -> None:
        """Show a rating without telling."""
        self._rating = rating
        self.setAccessibleDescription(tr("{n} stars", n=rating))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(5 * (_SIDE + _GAP), _SIDE + 4)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for n in range(5):
            box = QRectF(n * (_SIDE + _GAP) + 2, 2, _SIDE, _SIDE)
            filled = n < self._rating
            paint_icon(painter, box, "star-fill" if filled else "star", "warning" if filled else "muted")
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isEnabled():
            star = min(5, int(event.position().x() // (_SIDE + _GAP)) + 1)
            self._choose(0 if star == self._rating else star)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self._choose(max(0, min(5, self._rating + step)))
        elif event.text() in "012345" and event.text():
            self._choose(int(event.text()))
        else:
            super().keyPressEvent(event)

    def _choose(self, rating: int) -> None:
        self.set_rating(rating)
        self.rated.emit(rating)
