"""The picture on the stage: alone or in its mock-up, with the pins of remarks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.mockup import Mockup, Words, paint_mockup, picture_rect
from mmstudio.desktop.views.painting import sized
from mmstudio.i18n import mark

_PIN = 11  # pixels: radius of a pin
Pin = tuple[int, float, float, bool]  # number shown, fractions of the frame, dealt with


class StageCanvas(PictureCanvas):
    """Clicking it plays or pauses, the focus ring shows where keys go.

    Signals:
        clicked: a click that is no remark.
        pointed: fractions of the frame, while :attr:`pointing`, or by the right button.
        pin_clicked: the number of the pin.
    """

    clicked = Signal()
    pointed = Signal(float, float)
    pin_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mockup = Mockup()
        self.words = Words()
        self.pins: list[Pin] = []
        self._pointing = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name(
            self,
            mark("Preview"),
            mark("Space plays, comma and full stop step, J K L shuttle; the right button leaves a remark"),
        )

    def set_mockup(self, mockup: Mockup) -> None:
        """Show the frame in a place."""
        self.mockup = mockup
        self.resized.emit(self.device_size())
        self.update()

    def set_words(self, words: Words) -> None:
        """Texts that stand beside the frame in a mock-up."""
        self.words = words
        self.update()

    def set_pins(self, pins: list[Pin]) -> None:
        """Remarks with a place, at the moment shown."""
        if pins != self.pins:
            self.pins = pins
            self.update()

    @property
    def pointing(self) -> bool:
        """Whether the next click leaves a remark."""
        return self._pointing

    @pointing.setter
    def pointing(self, pointing: bool) -> None:
        self._pointing = pointing
        self.setCursor(Qt.CursorShape.CrossCursor if pointing else Qt.CursorShape.ArrowCursor)

    def frame_size(self, width: int, height: int) -> QSize:
        """Device pixels at which a frame of this shape is shown now."""
        area = QRectF(0, 0, self.device_size().width(), self.device_size().height())
        shown = picture_rect(self.mockup, area, width / height)
        return QSize(round(shown.width()), round(shown.height()))

    def frame_rect(self, image: QImage | None = None) -> QRectF:
        """Where the frame stands, in pixels of the widget; empty where there is none."""
        picture = self.image if image is None else image
        if picture.isNull():
            return QRectF()
        return picture_rect(self.mockup, QRectF(self.rect()), picture.width() / picture.height())

    def place_of(self, at: QPointF) -> tuple[float, float] | None:
        """Fractions of the frame under a point of the widget."""
        rect = self.frame_rect()
        if rect.isEmpty() or not rect.contains(at):
            return None
        return (at.x() - rect.x()) / rect.width(), (at.y() - rect.y()) / rect.height()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.image.isNull():
            return
        at = event.position()
        pin = self._pin_at(at)
        place = self.place_of(at)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and pin is not None:
            self.pin_clicked.emit(pin)
        elif place is not None and (
            event.button() == Qt.MouseButton.RightButton or (left and self._pointing)
        ):
            self.pointed.emit(*place)
        elif left:
            self.clicked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        rect = paint_mockup(painter, QRectF(self.rect()), self.mockup, self.image, self.words)
        for number, x, y, done in self.pins:
            self._paint_pin(painter, self._centre(rect, x, y), number, done)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _centre(self, rect: QRectF, x: float, y: float) -> QPointF:
        return QPointF(rect.x() + x * rect.width(), rect.y() + y * rect.height())

    def _pin_at(self, at: QPointF) -> int | None:
        rect = self.frame_rect()
        for number, x, y, _done in self.pins:
            away = self._centre(rect, x, y) - at
            if away.x() ** 2 + away.y() ** 2 <= (_PIN + 2) ** 2:
                return number
        return None

    def _paint_pin(self, painter: QPainter, centre: QPointF, number: int, done: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(Qt.GlobalColor.white, 2))
        painter.setBrush(theme.color("success" if done else "accent"))
        painter.drawEllipse(centre, _PIN, _PIN)
        painter.setFont(sized(self.font(), theme.SMALL, bold=True))
        painter.setPen(theme.color("on_accent"))
        box = QRect(round(centre.x()) - _PIN, round(centre.y()) - _PIN, 2 * _PIN, 2 * _PIN)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number) if number else "+")
